import Annotations
import Distillation
import Foundation
import SQLiteStore
import TeacherProtocol
import TestSupport
import Testing

@Suite struct AgreementSourceTests {
  /// Four items; a and b agree on three of them; gold is that of a on all four.
  private static let rows = """
    {"key": 1, "truth": "x", "teachers": {"a": {"label": "x"}, "b": {"label": "x"}}}
    {"key": 2, "truth": "y", "teachers": {"a": {"label": "y"}, "b": {"label": "y"}}}
    {"key": 3, "truth": "y", "teachers": {"a": {"label": "y"}, "b": {"label": "x"}}}
    {"key": 4, "truth": "x", "teachers": {"a": {"label": "x"}, "b": {"label": "x"}}}

    """

  private func inFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "agree-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder)
  }

  @Test func `a file of replies is read with the columns that are named`() async throws {
    try await inFolder { folder in
      let file = folder.appending(path: "replies.jsonl")
      try Data(Self.rows.utf8).write(to: file)
      let plain = try await AgreementSource.report(of: file).report
      #expect(plain.pairs.first?.agreement == 0.75)
      #expect(plain.pairs.first?.accuracyWhereAgreed == nil)
      let full = try await AgreementSource.report(of: file, idColumns: ["key"], goldColumn: "truth").report
      #expect(full.teachers.map(\.accuracy) == [1, 0.75])
      #expect(full.pairs.first?.conflicts == 1)
      #expect(full.pairs.first?.agreedPlusLabels == 1)
      // Chance: a has x, y half each; b has x three quarters. 0.5 * 0.75 + 0.5 * 0.25 = 0.5; (0.75 - 0.5) / 0.5 = 0.5.
      #expect(full.pairs.first?.kappa == 0.5)
      await #expect(throws: TeacherProtocolError.self) {
        try await AgreementSource.report(of: file, goldColumn: "turth")
      }
    }
  }

  @Test func `a finished step of a run is read from its figures`() async throws {
    try await inFolder { folder in
      let file = folder.appending(path: "replies.jsonl")
      try Data(Self.rows.utf8).write(to: file)
      let report = try await AgreementSource.report(of: file).report
      try Data(report.json().utf8).write(to: folder.appending(path: "agreement.json"))
      #expect(try await AgreementSource.report(of: folder).report == report)
      try Data("{".utf8).write(to: folder.appending(path: "agreement.json"))
      await #expect(throws: CheckingError.self) { try await AgreementSource.report(of: folder) }
    }
  }

  @Test(.timeLimit(.minutes(1))) func `a pipe is no file of replies, and nobody waits for its writer`() async throws {
    try await inFolder { folder in
      let pipe = folder.appending(path: "pipe")
      #expect(mkfifo(pipe.path, 0o600) == 0)
      await #expect(throws: CheckingError.self) { try await AgreementSource.report(of: pipe) }
    }
  }

  @Test func `a store is read in either form`() async throws {
    let annotations = [("1", "a", "x"), ("1", "b", "x"), ("2", "a", "y"), ("2", "b", "x")].map { item, teacher, label in
      Annotation(
        key: item + teacher, item: item, teacher: teacher, model: "m", promptVersion: "p",
        reply: TeacherReply(outcome: .answered(label), raw: label), time: 1)
    }
    try await inFolder { folder in
      let file = folder.appending(path: "annotations.jsonl")
      try await JSONLinesAnnotationStore(file).append(annotations)
      for place in [file, folder] {
        let report = try await AgreementSource.report(of: place).report
        #expect(report.pairs.map(\.agreement) == [0.5])
        #expect(report.teachers.map(\.name) == ["a", "b"])
      }
    }
  }

  @Test func `labels of a random sample anchor a file and a store alike`() async throws {
    try await inFolder { folder in
      var (annotations, sample) = ([Annotation](), "item,label\n")
      for item in 0..<60 {
        for (teacher, wrong) in [("a", 5), ("b", 7), ("c", 3)] {
          let label = (item % 2 == 0) == (item % wrong == 0) ? "x" : "y"
          annotations.append(
            Annotation(
              key: "\(item)\(teacher)", item: "\(item)", teacher: teacher, model: "m", promptVersion: "p",
              reply: TeacherReply(outcome: .answered(label), raw: label), time: 1))
        }
        if item < 30 { sample += "\(item),\(item % 2 == 0 ? "y" : "x")\n" }
      }
      let anchors = folder.appending(path: "sample.csv")
      try Data(sample.utf8).write(to: anchors)
      let file = folder.appending(path: "annotations.jsonl")
      try await JSONLinesAnnotationStore(file).append(annotations)
      let expected = try await AgreementSource.report(of: file, anchors: anchors).report
      #expect(expected.teachers.allSatisfy { $0.anchoredAccuracy != nil })
      #expect(try await AgreementSource.report(of: folder, anchors: anchors).report == expected)
      #if Run
        try FileManager.default.removeItem(at: file)
        try await SQLiteAnnotationStore(folder.appending(path: "annotations.sqlite")).append(annotations)
        // Replies come in another order there, so sums differ in their last bits.
        #expect(try await AgreementSource.report(of: folder, anchors: anchors).report.text == expected.text)
      #endif
      // The figures of a finished step hold no replies that could be held against the sample.
      try Data(expected.json().utf8).write(to: folder.appending(path: "agreement.json"))
      await #expect(throws: CheckingError.self) { try await AgreementSource.report(of: folder, anchors: anchors) }
    }
  }

  @Test func `anchors that contradict each other or do not belong to the replies are named`() async throws {
    try await inFolder { folder in
      let file = folder.appending(path: "replies.jsonl")
      try Data(Self.rows.replacing("key", with: "id").utf8).write(to: file)
      let anchors = folder.appending(path: "sample.csv")
      try Data("item,label\n1,X\n1,y\n2,z\n99,x\n3,\n".utf8).write(to: anchors)
      let (report, setAside) = try await AgreementSource.report(of: file, anchors: anchors)
      #expect(setAside.map(\.line) == [3, 4, 5])
      let first = folder.appending(path: "first.csv")
      try Data("item,label\n1,x\n".utf8).write(to: first)
      #expect(try await AgreementSource.report(of: file, anchors: first).report == report)
    }
  }

  @Test func `a place without replies is named with the reason`() async throws {
    try await inFolder { folder in
      await #expect(
        throws: CheckingError.noReplies(
          folder.relativePath, reason: "the folder has no agreement.json and no annotations.sqlite")
      ) {
        try await AgreementSource.report(of: folder)
      }
      try Data().write(to: folder.appending(path: "config.yaml"))
      await #expect(
        throws: CheckingError.noReplies(folder.relativePath, reason: "the run has not come to its step agree")
      ) {
        try await AgreementSource.report(of: folder)
      }
      let none = folder.appending(path: "none.jsonl")
      await #expect(throws: CheckingError.noReplies(none.relativePath, reason: "there is no such file or folder")) {
        try await AgreementSource.report(of: none)
      }
    }
  }
}
