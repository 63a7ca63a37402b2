import Foundation
import LanguageModel
import StudentModels
import Tensor
import TestSupport
import Testing

/// `Golden/make_split.py` wrote the model of `qwen2.gguf` in three files with the format's own package.
@Suite struct GGUFPartsTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

  @Test func `a model in several files is read from the first of them`() throws {
    let url = Self.folder.appending(path: "qwen2-00001-of-00003.gguf")
    let (student, whole) = (
      try StudentFamily.student(contentsOf: url),
      try StudentFamily.student(contentsOf: Self.folder.appending(path: "qwen2.gguf"))
    )
    let ids = Array(0..<40)
    #expect(student.logits(of: ids, images: []).isIdentical(to: whole.logits(of: ids, images: [])))
    #expect(try GGUFModel(at: url)?.paths.count == 3)
    let fault = #expect(throws: Tensor.GGUFError.self) {
      try StudentFamily.student(contentsOf: Self.folder.appending(path: "qwen2-00002-of-00003.gguf"))
    }
    #expect(fault.map { "\($0)" }?.contains("-00001-of-00003.gguf") == true)
  }

  @Test func `files of a model that do not belong together are named`() throws {
    func parts(_ folder: URL) -> [URL] { (1...3).map { folder.appending(path: "qwen2-0000\($0)-of-00003.gguf") } }
    func reading(_ change: ([URL]) throws -> URL) throws -> String {
      try withTemporaryFolder { folder in
        for (from, to) in zip(parts(Self.folder), parts(folder)) { try FileManager.default.copyItem(at: from, to: to) }
        let url = try change(parts(folder))
        do {
          _ = try StudentFamily.student(contentsOf: url)
          return "no error"
        } catch { return "\(error)".replacing("\(folder.path)/", with: "") }
      }
    }
    let manager = FileManager.default
    #expect(try reading { $0[0] } == "no error")
    #expect(
      try reading {
        try manager.removeItem(at: $0[1])
        return $0[0]
      }.hasPrefix("qwen2-00002-of-00003.gguf: "))
    #expect(
      try reading {
        try Data(Data(contentsOf: $0[1]).dropLast(2000)).write(to: $0[1])
        return $0[0]
      }.hasPrefix("qwen2-00002-of-00003.gguf: tensor"))
    #expect(
      try reading {
        try manager.removeItem(at: $0[2])
        try manager.copyItem(at: $0[1], to: $0[2])
        return $0[0]
      }.hasPrefix("qwen2-00003-of-00003.gguf: split.no: "))
    #expect(
      try reading {
        let other = $0[0].deletingLastPathComponent().appending(path: "model.gguf")
        try manager.moveItem(at: $0[0], to: other)
        return other
      }.hasPrefix("model.gguf: split.count: "))
  }
}
