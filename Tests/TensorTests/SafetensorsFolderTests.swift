import Foundation
import Tensor
import TestSupport
import Testing

@Suite struct SafetensorsFolderTests {
  private func writeShards(_ folder: URL, index: String) throws {
    try Tensor.writeSafetensors(
      ["a": Tensor([1], shape: [1]), "c": Tensor([3], shape: [1])],
      to: folder.appendingPathComponent("model-00001-of-00002.safetensors"))
    try Tensor.writeSafetensors(
      ["b": Tensor([2], shape: [1, 1])], to: folder.appendingPathComponent("model-00002-of-00002.safetensors"))
    try Data(index.utf8).write(to: folder.appendingPathComponent("model.safetensors.index.json"))
  }

  static let index = #"""
    {
      "metadata": {"total_size": 1.2e1, "more": [{"deep": null}]},
      "weight_map": {
        "b": "model-00002-of-00002.safetensors",
        "a": "model-00001-of-00002.safetensors",
        "c": "model-00001-of-00002.safetensors"
      }
    }
    """#

  @Test
  func `a folder in parts reads like one file`() throws {
    try withTemporaryFolder { folder in
      try writeShards(folder, index: Self.index)
      let model = try Tensor.SafetensorsFolder(contentsOf: folder)
      #expect(model.names == ["a", "b", "c"])
      #expect(try model.names.map { try model.tensor(named: $0).scalar } == [1, 2, 3])
      #expect(model.shape(of: "b") == [1, 1])
      #expect(model.dtype(of: "c") == .float32)
      #expect(model.shape(of: "d") == nil)
      #expect(model.dtype(of: "d") == nil)
      #expect(try model.file(of: "b").path.hasSuffix("model-00002-of-00002.safetensors"))
      #expect(throws: Tensor.SafetensorsError.missingTensor(file: folder.path, tensor: "d", available: model.names)) {
        try model.tensor(named: "d")
      }
      #expect(throws: Tensor.SafetensorsError.self) { try model.integers(named: "a") }
    }
  }

  @Test
  func `a whole file goes before an index`() throws {
    try withTemporaryFolder { folder in
      try writeShards(folder, index: "damaged")
      try Tensor.writeSafetensors(["w": Tensor(5)], to: folder.appendingPathComponent("model.safetensors"))
      let model = try Tensor.SafetensorsFolder(contentsOf: folder)
      #expect(model.names == ["w"])
      #expect(try model.tensor(named: "w").scalar == 5)
    }
  }

  @Test(
    arguments: [
      (index.replacingOccurrences(of: #""c":"#, with: #""d":"#), "no tensor of that name there"),
      (index.replacingOccurrences(of: "00002-of-00002.s", with: "00003-of-00002.s"), "No such file"),
      (index.replacingOccurrences(of: "model-00002", with: "../model-00002"), "plain name"),
      (index.replacingOccurrences(of: "model-00002", with: "/model-00002"), "plain name"),
      (index.replacingOccurrences(of: "-00002.safetensors", with: "-00002.bin"), "plain name"),
      (index.replacingOccurrences(of: #""c":"#, with: #""a":"#), "a second time"),
      (index.replacingOccurrences(of: "weight_map", with: "weights"), "the key \"weight_map\""),
      ("", "the index"), (index + "}", "nothing but spaces"),
    ])
  func `an index that leads nowhere, or out of its folder, is an error`(index: String, message: String) throws {
    try withTemporaryFolder { folder in
      try writeShards(folder, index: index)
      let error = #expect(throws: Tensor.SafetensorsError.self) { try Tensor.SafetensorsFolder(contentsOf: folder) }
      #expect(error?.description.contains(message) == true, "\(error as Any)")
    }
  }

  @Test
  func `an index beyond the bound of a header is refused before it is read`() throws {
    try withTemporaryFolder { folder in
      try writeShards(folder, index: "")
      let url = folder.appendingPathComponent("model.safetensors.index.json")
      let handle = try FileHandle(forWritingTo: url)
      try handle.truncate(atOffset: 100_000_001)  // takes no space: the file has a hole
      try handle.close()
      #expect(throws: Tensor.SafetensorsError.oversizedHeader(file: url.path, limit: 100_000_000, found: 100_000_001)) {
        try Tensor.SafetensorsFolder(contentsOf: folder)
      }
    }
  }

  @Test
  func `a folder with neither is an error that names the file it looked for`() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("model.safetensors").path
      #expect(throws: Tensor.SafetensorsError.unreadable(file: path, reason: "No such file or directory")) {
        try Tensor.SafetensorsFolder(contentsOf: folder)
      }
    }
  }
}
