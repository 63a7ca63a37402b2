internal import Layers
internal import Tensor

/// The tensors of a projector's file under llama.cpp's names, those in one that the towers here have in one: the inputs of a
/// layer's attention in `attn_qkv`, and the patches' maps of both frames in `v.patch_embd.weight`. Deep mergers (`v.deepstack`),
/// which files count by their layers, are counted from 0.
struct GGUFTowerWeights: TensorSource {
  private let file: Tensor.GGUFFile
  /// Whether it is of Qwen2-VL or of a successor.
  private let joins: Bool
  /// Whether the MLP's matrices bear each other's name, as early converters gave them.
  private let isSwapped: Bool
  /// The layers that have a deep merger, in order.
  let deepLayers: [Int]

  init(_ file: Tensor.GGUFFile) {
    self.file = file
    joins = file.shape(of: Self.secondFrame) != nil
    let (up, width) = (file.shape(of: "v.blk.0.ffn_up.weight"), file.shape(of: "v.blk.0.ln1.weight"))
    deepLayers = Set(file.names.filter { $0.hasPrefix(Self.deep) }.compactMap { Self.number(of: $0) }).sorted()
    isSwapped = up?.count == 2 && up?[1] != width?.first && up?[0] == width?.first
  }

  /// What the names of deep mergers begin with.
  static let deep = "v.deepstack."

  /// The number of a deep merger.
  private static func number(of name: String) -> Int? {
    name.dropFirst(deep.count).split(separator: ".").first.flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
  }

  /// The name of a deep merger's tensor with another number for its own.
  private static func renumbered(_ name: String, _ change: (Int) -> Int?) -> String {
    guard name.hasPrefix(deep), let number = number(of: name), let new = change(number) else { return name }
    return "\(deep)\(new)\(name.dropFirst("\(deep)\(number)".count))"
  }

  private static let firstFrame = "v.patch_embd.weight", secondFrame = "v.patch_embd.weight.1"

  var path: String { file.path }

  var names: [String] {
    guard joins else { return file.names }
    return Set(
      file.names.filter { $0 != Self.secondFrame }.map { name in
        Self.renumbered(
          ["q", "k", "v"].reduce(name) { $0.replacing(".attn_\($1).", with: ".attn_qkv.") }, deepLayers.firstIndex)
      }
    ).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  func shape(of name: String) -> [Int]? {
    let shapes = parts(of: name).map { file.shape(of: $0) }
    guard let first = shapes.first, let shape = first, shapes.allSatisfy({ $0 == shape }) else { return nil }
    guard shapes.count > 1 else { return shape }
    return name == Self.firstFrame && shape.count == 4
      ? [shape[0], shape[1], shapes.count, shape[2], shape[3]]
      : [shape[0] * shapes.count] + shape.dropFirst()
  }

  func tensor(named name: String) throws -> Tensor {
    let tensors = try parts(of: name).map { try file.tensor(named: $0) }
    guard tensors.count > 1 else { return tensors[0] }
    guard name == Self.firstFrame else { return .concatenated(tensors) }
    let shape = tensors[0].shape
    let rows = shape[0] * shape[1]
    let frames = Tensor.concatenated(tensors.map { $0.reshaped([1, rows, shape[2] * shape[3]]) })
    return frames.permuted([1, 0, 2]).reshaped([shape[0], shape[1], tensors.count, shape[2], shape[3]])
  }

  /// The tensors of the file that make one here.
  private func parts(of name: String) -> [String] {
    if name.hasPrefix(Self.deep) {
      return [Self.renumbered(name) { deepLayers.indices.contains($0) ? deepLayers[$0] : nil }]
    }
    if isSwapped, name.contains(".ffn_up.") { return [name.replacing(".ffn_up.", with: ".ffn_down.")] }
    if isSwapped, name.contains(".ffn_down.") { return [name.replacing(".ffn_down.", with: ".ffn_up.")] }
    guard joins, file.shape(of: name) == nil || name == Self.firstFrame else { return [name] }
    if name == Self.firstFrame { return [name, Self.secondFrame] }
    guard name.contains(".attn_qkv.") else { return [name] }
    return ["q", "k", "v"].map { name.replacing(".attn_qkv.", with: ".attn_\($0).") }
  }

  /// A parameter under the names that files have: the inverse of what is read.
  ///
  /// - Parameter deepLayers: the layers with a deep merger of Qwen3-VL, whose attention has its inputs in one in files too; nil
  ///   for other towers.
  static func parts(of name: String, _ tensor: Tensor, deepLayers: [Int]?) -> [(name: String, tensor: Tensor)] {
    if name == firstFrame, tensor.rank == 5 {
      let shape = tensor.shape
      let frames = tensor.reshaped([shape[0] * shape[1], shape[2], shape[3] * shape[4]]).permuted([1, 0, 2])
      return [firstFrame, secondFrame].enumerated().map { frame, name in
        (name, frames.rows(frame..<(frame + 1)).reshaped([shape[0], shape[1], shape[3], shape[4]]))
      }
    }
    if let deepLayers { return [(renumbered(name) { deepLayers[$0] }, tensor)] }
    guard name.contains(".attn_qkv.") else { return [(name, tensor)] }
    let each = tensor.shape[0] / 3
    return ["q", "k", "v"].enumerated().map { place, part in
      (name.replacing(".attn_qkv.", with: ".attn_\(part)."), tensor.rows((place * each)..<((place + 1) * each)))
    }
  }
}
