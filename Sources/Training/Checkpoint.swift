public import Foundation
package import Layers
internal import Tensor

/// One file from which a stage goes on: trainable parameters, optimiser moments and the number of updates.
///
/// Written whole or not at all, so that a process killed at any instant leaves the one before or the new one.
public struct Checkpoint: Sendable, Equatable {
  /// A safetensors file.
  package let url: URL
  /// What the stage was started from; a checkpoint of other inputs is not taken up.
  package let key: String

  /// A checkpoint at this place for these inputs.
  public init(url: URL, key: String) {
    (self.url, self.key) = (url, key)
  }

  /// Writes the state after `step` updates.
  package func save(_ model: some Module, _ optimizer: AdamW, step: Int) throws {
    let trained = model.parameters().filter(\.parameter.isTrainable)
    var tensors = Dictionary(uniqueKeysWithValues: trained.map { ("model." + $0.path, $0.parameter.value) })
    for (name, tensor) in optimizer.state(paths: trained.map(\.path)) { tensors[name] = tensor }
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Tensor.writeSafetensors(tensors, metadata: ["format": "pt", "step": "\(step)", "key": key], to: url)
  }

  /// Takes up the state if there is one for these inputs.
  ///
  /// - Returns: the updates made, or nil with nothing changed.
  package func restore(_ model: inout some Module, _ optimizer: inout AdamW) throws -> Int? {
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    let file = try Tensor.SafetensorsFile(contentsOf: url)
    guard file.metadata["key"] == key else { return nil }
    guard let step = Self.steps(of: file) else {
      throw TrainingError.unusableCheckpoint(url.path, "it does not say how many updates were made")
    }
    let trained = model.parameters().filter(\.parameter.isTrainable)
    let shapes = trained.map { ($0.path, $0.parameter.value.shape) }
    let tensors = try Dictionary(uniqueKeysWithValues: file.names.map { ($0, try file.tensor(named: $0)) })
    var filler = Filler(tensors: tensors)
    model.visit(&filler, at: "")
    guard filler.missing.isEmpty, optimizer.restore(step: step, shapes: shapes, from: { tensors[$0] }) else {
      throw TrainingError.unusableCheckpoint(url.path, "it lacks \(filler.missing.first ?? "the optimiser's moments")")
    }
    return step
  }

  /// The updates that a checkpoint of these inputs has made; nil if there is none.
  package func steps() throws -> Int? {
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    let file = try Tensor.SafetensorsFile(contentsOf: url)
    return file.metadata["key"] == key ? Self.steps(of: file) : nil
  }

  private static func steps(of file: Tensor.SafetensorsFile) -> Int? {
    file.metadata["step"].flatMap(Int.init).flatMap { $0 < 0 ? nil : $0 }
  }

  /// Deletes the file, once the stage's result is written.
  package func remove() { try? FileManager.default.removeItem(at: url) }

  private struct Filler: ModuleVisitor {
    let tensors: [String: Tensor]
    var missing: [String] = []

    mutating func visit(_ parameter: inout Parameter, at path: String) {
      guard parameter.isTrainable else { return }
      guard let tensor = tensors["model." + path], tensor.shape == parameter.value.shape else {
        missing.append(path)
        return
      }
      parameter.value = tensor
    }
  }
}
