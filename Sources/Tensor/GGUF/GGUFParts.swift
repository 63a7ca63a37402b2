internal import Foundation

extension Tensor.GGUFFile {
  /// The paths of the files, this one's first.
  package var paths: [String] { [path] + others.map(\.path) }

  /// Opens the further files of a model that was split; this is the first, which has all of the metadata.
  mutating func openOthers(_ url: URL) throws {
    let count = try integer("split.count") ?? 1
    guard count != 1 else { return }
    // As many as five digits are ever needed for.
    guard (2...999).contains(count) else { throw invalid("split.count", "1 to 999 files", "\(count)") }
    let name = url.lastPathComponent
    func ending(_ number: Int) -> String { "-\(Self.digits(number))-of-\(Self.digits(count)).gguf" }
    guard try integer("split.no") ?? 0 == 0 else {
      throw Tensor.GGUFError.unsupported(
        file: path, field: "split.no", expected: "the first file of the model, NAME\(ending(1))",
        found: "file \(try integer("split.no") ?? 0) of \(count), counted from 0")
    }
    guard name.hasSuffix(ending(1)) else {
      throw invalid("split.count", "a name with \(ending(1)) at its end, beside which the others are found", name)
    }
    var taken = Set(ownNames)
    for number in 2...count {
      let next = url.deletingLastPathComponent().appending(path: name.dropLast(ending(1).count) + ending(number))
      let part = try Tensor.GGUFFile(alone: next)
      guard try part.integer("split.count") == count, try part.integer("split.no") == number - 1 else {
        throw part.invalid("split.no", "file \(number - 1) of \(count), counted from 0", "another")
      }
      for tensor in part.ownNames {
        guard taken.insert(tensor).inserted else {
          throw part.invalid("tensor \"\(tensor)\"", "one tensor of this name in all files", "two")
        }
        places[tensor] = others.count
      }
      others.append(part)
    }
    if let all = try integer("split.tensors.count"), all != taken.count {
      throw invalid("split.tensors.count", "\(taken.count), as many as the files have", "\(all)")
    }
  }

  private static func digits(_ number: Int) -> String {
    String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)"
  }
}
