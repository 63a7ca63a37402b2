internal import Tensor

/// Reads the keys of a model's file that begin with the name of its architecture.
struct GGUFKeyReader {
  let file: Tensor.GGUFFile
  /// `general.architecture`.
  let architecture: String

  func key(_ name: String) -> String { "\(architecture).\(name)" }

  /// A whole number; of an array, which has one for each layer, the one that all have.
  func integer(_ name: String) throws -> Int? {
    guard file.isArray(key(name)) else { return try file.integer(key(name)) }
    let all = Set(try file.integers(key(name)) ?? [])
    guard all.count == 1 else {
      throw file.unsupported(key(name), expected: "one number for all layers", found: "\(all.sorted().prefix(4))")
    }
    return all.first
  }

  func required(_ name: String) throws -> Int {
    guard let value = try integer(name) else {
      throw file.invalid(key(name), expected: "a whole number", found: "no such key")
    }
    return value
  }

  /// A number of layers, which a network is made of before their tensors are read.
  func layers() throws -> Int {
    let layers = try required("block_count")
    guard (0...(1 << 12)).contains(layers) else {
      throw file.invalid(key("block_count"), expected: "0 to \(1 << 12) layers", found: "\(layers)")
    }
    return layers
  }

  /// Stops the load where a key has another value than what is computed.
  func require(_ name: String, _ value: Int) throws {
    if let found = try integer(name), found != value {
      throw file.unsupported(key(name), expected: "\(value)", found: "\(found)")
    }
  }

  /// Stops the load where a tensor has other extents than those of the metadata.
  func demand(_ tensor: String, _ shape: [Int]) throws {
    let found = file.shape(of: tensor)
    guard found == shape else {
      throw file.invalid(
        "tensor \"\(tensor)\"", expected: "\(shape), by the keys of \(architecture)",
        found: found.map { "\($0)" } ?? "none")
    }
    try file.demand(tensor)
  }

  /// The matrix of the tokens' rows, [tokens, width].
  func table() throws -> [Int] {
    guard let table = file.shape(of: "token_embd.weight"), table.count == 2 else {
      throw file.invalid("tensor \"token_embd.weight\"", expected: "a matrix", found: "none")
    }
    return table
  }

  /// What is added to variances or mean squares.
  func epsilon(_ name: String) throws -> Float {
    guard let value = try file.float(key(name)), value.isFinite, value >= 0 else {
      throw file.invalid(key(name), expected: "a number from 0 on", found: "none, or another")
    }
    return value
  }

  /// Stops the load at a key that is not known.
  func refuse(otherThan known: Set<String>) throws {
    for key in file.keys where key.hasPrefix(architecture + ".") {
      guard known.contains(String(key.dropFirst(architecture.count + 1))) else {
        throw file.unsupported(key, expected: "no such key, since what it asks for is not computed here", found: "it")
      }
    }
  }
}
