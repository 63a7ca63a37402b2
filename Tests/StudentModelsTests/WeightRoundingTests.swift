import Foundation
import StudentModels
import Tensor
import Testing

/// Weights that were merged in Float32 take the type that their folder had.
@Suite struct WeightRoundingTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "rounding-\(UUID().uuidString)")

  private func write(_ tensors: [String: Tensor], as type: Tensor.SafetensorsFile.ElementType, to name: String) throws
    -> URL
  {
    let place = folder.appending(path: name)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    try Tensor.writeSafetensors(tensors, as: { _ in type }, to: place.appending(path: "model.safetensors"))
    try Data(#"{"dtype": "float32", "text_config": {"torch_dtype": "float32"}}"#.utf8).write(
      to: place.appending(path: "config.json"))
    return place
  }

  /// 1 + 2^-8 lies between 1 and 1 + 2^-7 of bfloat16: the even one, 1. 1 + 3 * 2^-8 goes to 1 + 2^-6. Float16 has both.
  @Test(arguments: [
    (Tensor.SafetensorsFile.ElementType.bfloat16, "bfloat16", [1, 1.015625, -2.5, 0]),
    (.float16, "float16", [1.00390625, 1.01171875, -2.5, 0]), (.float32, "float32", [1.00390625, 1.01171875, -2.5, 0]),
  ])
  func `weights are rounded once, to the nearest`(
    _ type: Tensor.SafetensorsFile.ElementType, _ name: String, _ rounded: [Float]
  ) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let tensors = ["w": Tensor([1.00390625, 1.01171875, -2.5, 0], shape: [2, 2])]
    let base = try write(tensors, as: type, to: "base")
    for chosen in [nil, type] {
      let merged = try write(tensors, as: .float32, to: "merged")
      try roundWeights(of: merged, to: chosen, as: base)
      let read = try Tensor.SafetensorsFolder(contentsOf: merged)
      #expect(read.dtype(of: "w") == type)
      #expect(try read.tensor(named: "w").scalars == rounded)
      let text = try String(contentsOf: merged.appending(path: "config.json"), encoding: .utf8)
      #expect(text.components(separatedBy: "\"\(name)\"").count == 3)
    }
  }

  @Test func `a weight beyond the range of float16 is refused, and the folder stays as it was`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let merged = try write(["w": Tensor([1, 70_000], shape: [2])], as: .float32, to: "merged")
    #expect(throws: Tensor.SafetensorsError.self) { try roundWeights(of: merged, to: .float16, as: merged) }
    #expect(try Tensor.SafetensorsFolder(contentsOf: merged).tensor(named: "w").scalars == [1, 70_000])
  }
}
