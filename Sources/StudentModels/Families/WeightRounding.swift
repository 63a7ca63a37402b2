package import Foundation
internal import JSON
internal import Tokenization
package import Tensor

/// Rounds the Float32 weights of a folder that was written to another type, and says so in its config.json.
///
/// - Parameters:
///   - type: the type of all weights; nil for that which each has in the folder they come from, and where it has none of the
///     name the one that most have there; Float32 where they come from a GGUF file.
///   - base: the folder, or the GGUF file, they come from.
/// - Throws: `SafetensorsError`, or an error of the file system.
package func roundWeights(
  of folder: URL, to type: Tensor.SafetensorsFile.ElementType?, as base: URL
) throws {
  let old = GGUFModel.isFile(base) ? nil : try Tensor.SafetensorsFolder(contentsOf: base)
  func written(_ name: String) -> Tensor.SafetensorsFile.ElementType? {
    old?.dtype(of: name).flatMap { [.float32, .bfloat16, .float16].contains($0) ? $0 : nil }
  }
  var sizes: [String: Int] = [:]
  for name in old?.names ?? [] {
    if let type = written(name) { sizes[type.rawValue, default: 0] += old?.shape(of: name)?.reduce(1, *) ?? 0 }
  }
  let most = sizes.max { ($0.value, $0.key) < ($1.value, $1.key) }
  let usual = most.flatMap { Tensor.SafetensorsFile.ElementType(rawValue: $0.key) } ?? .float32
  let chosen = { (name: String) in type ?? written(name) ?? usual }
  let new = try Tensor.SafetensorsFolder(contentsOf: folder)
  guard new.names.contains(where: { chosen($0) != .float32 }) else { return }
  let tensors = try Dictionary(uniqueKeysWithValues: new.names.map { ($0, try new.tensor(named: $0)) })
  try Tensor.writeSafetensors(tensors, as: chosen, to: folder.appending(path: "model.safetensors"))
  let file = folder.appending(path: "config.json")
  let names: [Tensor.SafetensorsFile.ElementType: String] = [.bfloat16: "bfloat16", .float16: "float16"]
  try tokenizerJSON(Array(readRegularFile(file)), file: "config.json")
    .ofWeights(names[type ?? usual] ?? "float32").configurationText.write(to: file, options: .atomic)
}
