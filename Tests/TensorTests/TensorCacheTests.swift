import Foundation
import Tensor
import TestSupport
import Testing

@Suite struct TensorCacheTests {
  private func withCache(limit: Int = 1 << 20, _ body: (Tensor.Cache) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "cache-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(Tensor.Cache(folder, limit: limit))
  }

  private func files(_ cache: Tensor.Cache) -> [URL] {
    let all = FileManager.default.enumerator(at: cache.folder, includingPropertiesForKeys: nil)
    return (all?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "safetensors" }
  }

  @Test
  func `what is kept comes back with every bit, and only under its key`() throws {
    try withCache { cache in
      let tensors = ["a": randomTensor([3, 5], seed: 1), "b": Tensor([.nan, -0.0, .infinity], shape: [3])]
      #expect(cache.tensors(for: "ab12") == nil)
      #expect(cache.keep(tensors, for: "ab12"))
      let kept = try #require(cache.tensors(for: "ab12"))
      #expect(kept.count == 2)
      for (name, tensor) in tensors { #expect(kept[name]?.isIdentical(to: tensor) == true) }
      #expect(cache.tensors(for: "ab13") == nil)
    }
  }

  @Test
  func `a damaged entry counts as none and is replaced`() throws {
    try withCache { cache in
      cache.keep(["a": .ones([4])], for: "cd34")
      let file = try #require(files(cache).first)
      try Data("half an ent".utf8).write(to: file)
      #expect(cache.tensors(for: "cd34") == nil)
      cache.keep(["a": .ones([4])], for: "cd34")
      #expect(cache.tensors(for: "cd34")?["a"]?.scalars == [1, 1, 1, 1])
    }
  }

  @Test
  func `beyond its limit the entries go that were not read for the longest time`() throws {
    try withCache(limit: 5000) { cache in
      for (age, key) in ["aa", "bb", "cc", "dd"].enumerated() {
        cache.keep(["x": .ones([400])], for: key)
        let file = try #require(files(cache).first { $0.lastPathComponent == "\(key).safetensors" })
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSinceNow: Double(age) * 10 - 1000)], ofItemAtPath: file.path)
      }
      let other = cache.folder.appending(path: "model/model.safetensors")
      try FileManager.default.createDirectory(at: other.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(count: 4000).write(to: other)
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 0)], ofItemAtPath: other.path)
      #expect(cache.tensors(for: "aa") != nil, "read now, so it is the last to go")
      #expect(cache.trim() == 2)
      #expect(["aa", "bb", "cc", "dd"].map { cache.tensors(for: $0) != nil } == [true, false, false, true])
      #expect(cache.trim() == 0)
      #expect(FileManager.default.fileExists(atPath: other.path), "not the cache's, however old")
    }
  }

  @Test
  func `a folder that can't be written keeps nothing and stops nothing`() throws {
    try withCache { cache in
      try Data().write(to: cache.folder)
      #expect(!cache.keep(["x": .ones([1])], for: "ee"))
      #expect(cache.tensors(for: "ee") == nil)
      #expect(cache.trim() == 0)
    }
  }
}
