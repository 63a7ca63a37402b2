import Annotations
import Distillation
import Foundation
import TeacherProtocol
import TestSupport
import Testing
import Wording

@Suite struct RunFolderTests {
  private let file = URL(filePath: "/configurations/news.yaml")
  private let current = URL(filePath: "/work")

  private func place(_ run: RunConfiguration, given: URL? = nil, seed: Int? = nil) -> String {
    RunFolder.url(for: run, configurationFile: file, given: given, seed: seed, current: current).path
  }

  @Test func `what is given wins over the configuration and that over the name`() {
    var run = RunConfiguration.shortest
    #expect(place(run) == "/work/runs/news")
    run.out = "/results/one"
    #expect(place(run) == "/results/one")
    #expect(place(run, given: URL(filePath: "/mine"), seed: 7) == "/mine")
  }

  @Test func `another seed goes to another folder`() {
    var run = RunConfiguration.shortest
    #expect(place(run, seed: 1) == "/work/runs/news", "1 is the configuration's own seed")
    #expect(place(run, seed: 7) == "/work/runs/news-seed7")
    run.out = "/results/one"
    #expect(place(run, seed: 7) == "/results/one-seed7")
  }
}

@Suite struct FaultTextTests {
  private struct Plain: Error {}
  private struct Row: Decodable { var name: String }

  @Test func `errors that speak for themselves are left alone`() {
    #expect(FaultText.sentence(for: RunError.missing("a.jsonl")) == "a.jsonl: there is no such file or folder")
  }

  @Test func `errors of the system name the file`() {
    do {
      _ = try Data(contentsOf: URL(filePath: "/none/of/this"))
      Issue.record("the file is there")
    } catch {
      let text = FaultText.sentence(for: error)
      #expect(text.contains("/none/of/this") || text.contains("this"))
      #expect(!text.contains("Error Domain") && !text.contains("NSError"))
    }
  }

  /// Things that the system refuses whoever asks, root too, with the words of `strerror(3)`.
  private static let refusals: [(words: String, action: @Sendable (URL) throws -> Void)] = [
    ("F can't be written: Is a directory; give a file's name", { try Data("x".utf8).write(to: $0, options: .atomic) }),
    ("F can't be written: Is a directory; give a file's name", { try Data("x".utf8).write(to: $0) }),
    ("F can't be written: Is a directory; give a file's name", { try OwnerOnly.write(Data("x".utf8), to: $0) }),
    ("F can't be read: Is a directory", { _ = try Data(contentsOf: $0) }),
    (
      "F/file/y can't be written: Not a directory; a file stands where a folder is needed",
      {
        try FileManager.default.createDirectory(at: $0.appending(path: "file/y"), withIntermediateDirectories: true)
      }
    ),
    (
      "F/file can't be written: File exists; a file stands where a folder is needed",
      { try OwnerOnly.makeFolder($0.appending(path: "file/y")) }
    ),
    (
      "F/file can't be written: File exists; a file stands where a folder is needed",
      { try OwnerOnly.makeFolder($0.appending(path: "file")) }
    ),
    (
      "F/none: No such file or directory; look at the path, or give a folder that can be made",
      { _ = try FileHandle(forWritingTo: $0.appending(path: "none")) }
    ),
  ]

  @Test(arguments: refusals.indices)
  func `an error of the system says which path, what was tried, why, and what to do`(number: Int) throws {
    try withTemporaryFolder { folder in
      try Data().write(to: folder.appending(path: "file"))
      let (words, action) = Self.refusals[number]
      do {
        try action(folder)
        Issue.record("it was done")
      } catch {
        let text = FaultText.sentence(for: error)
        #expect(text == words.replacing(/^F/, with: folder.path))
      }
    }
  }

  @Test func `no words of Foundation's numbers reach a person`() throws {
    let full = CocoaError(.fileWriteUnknown, userInfo: [NSUnderlyingErrorKey: POSIXError(.ENOSPC)])
    #expect(
      FaultText.sentence(for: full) == "No space left on device; make room there, or give another place")
    #expect(FaultText.reason(of: full) == "No space left on device")
    #expect(FaultText.sentence(for: POSIXError(.EACCES)) == "Permission denied; give a place in which you may write")
    #expect(FaultText.sentence(for: CocoaError(.fileWriteUnknown)) == "the system refused it (error 512)")
    #expect(FaultText.reason(of: RunError.missing("a.jsonl")) == "a.jsonl: there is no such file or folder")
  }

  @Test func `errors of decoding name the place`() {
    for (json, words) in [(#"{"nom": 1}"#, "the key 'name' is missing"), (#"{"name": 1}"#, "(at name)")] {
      do {
        _ = try JSONDecoder().decode(Row.self, from: Data(json.utf8))
        Issue.record("\(json) was read")
      } catch {
        #expect(FaultText.sentence(for: error).contains(words))
      }
    }
  }

  @Test func `errors without words are said to be unexpected`() {
    #expect(FaultText.sentence(for: Plain()).hasPrefix("an unexpected error ("))
    #expect(FaultText.sentence(for: CancellationError()) == "stopped; the same command goes on from here")
  }
}

@Suite struct ConfigurationDraftTests {
  @Test func `the draft can be read and is not replaced unasked`() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "new/run.yaml")
      try ConfigurationDraft.write(.multiTeacher, to: file)
      #expect(try RunConfiguration(contentsOf: file).teachers.count == 2)
      try Data("mine".utf8).write(to: file)
      #expect(throws: CheckingError.fileExists(file.relativePath)) {
        try ConfigurationDraft.write(.multiTeacher, to: file)
      }
      #expect(try String(contentsOf: file, encoding: .utf8) == "mine")
      try ConfigurationDraft.write(.multiTeacher, to: file, replacing: true)
      #expect(try String(contentsOf: file, encoding: .utf8) == ConfigurationTemplate.text(for: .multiTeacher))
    }
  }

  @Test func `a place that cannot be written is named`() throws {
    try withTemporaryFolder { folder in
      try Data("x".utf8).write(to: folder.appending(path: "file"))
      let file = folder.appending(path: "file/run.yaml")
      let error = #expect(throws: CheckingError.self) { try ConfigurationDraft.write(.multiTeacher, to: file) }
      #expect(error?.description.hasPrefix("\(file.relativePath) can't be written: ") == true)
    }
  }
}

@Suite struct PredictionFileTests {
  @Test func `a prediction is a line with sorted keys`() throws {
    let lines = try PredictionFile.jsonLines([
      Prediction(itemID: "b", label: "yes", probabilities: ["yes": 0.75, "no": 0.25], rationale: "a/b"),
      Prediction(itemID: "a", label: nil),
    ])
    #expect(
      String(decoding: lines, as: UTF8.self)
        == #"{"id":"b","label":"yes","probabilities":{"no":0.25,"yes":0.75},"rationale":"a/b"}"# + "\n"
        + #"{"id":"a"}"# + "\n")
  }

  @Test func `the version is of three numbers`() {
    #expect(PackageVersion.current.split(separator: ".").compactMap { Int($0) }.count == 3)
  }
}
