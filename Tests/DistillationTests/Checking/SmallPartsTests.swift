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

  @Test func whatIsGivenWinsOverTheConfigurationAndThatOverTheName() {
    var run = RunConfiguration.shortest
    #expect(place(run) == "/work/runs/news")
    run.out = "/results/one"
    #expect(place(run) == "/results/one")
    #expect(place(run, given: URL(filePath: "/mine"), seed: 7) == "/mine")
  }

  @Test func anotherSeedGoesToAnotherFolder() {
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

  @Test func errorsThatSpeakForThemselvesAreLeftAlone() {
    #expect(FaultText.sentence(for: RunError.missing("a.jsonl")) == "a.jsonl: there is no such file or folder")
  }

  @Test func errorsOfTheSystemNameTheFile() {
    do {
      _ = try Data(contentsOf: URL(filePath: "/none/of/this"))
      Issue.record("the file is there")
    } catch {
      let text = FaultText.sentence(for: error)
      #expect(text.contains("/none/of/this") || text.contains("this"))
      #expect(!text.contains("Error Domain") && !text.contains("NSError"))
    }
  }

  @Test func errorsOfDecodingNameThePlace() {
    for (json, words) in [(#"{"nom": 1}"#, "the key 'name' is missing"), (#"{"name": 1}"#, "(at name)")] {
      do {
        _ = try JSONDecoder().decode(Row.self, from: Data(json.utf8))
        Issue.record("\(json) was read")
      } catch {
        #expect(FaultText.sentence(for: error).contains(words))
      }
    }
  }

  @Test func errorsWithoutWordsAreSaidToBeUnexpected() {
    #expect(FaultText.sentence(for: Plain()).hasPrefix("an unexpected error ("))
    #expect(FaultText.sentence(for: CancellationError()) == "stopped; the same command goes on from here")
  }
}

@Suite struct ConfigurationDraftTests {
  @Test func theDraftCanBeReadAndIsNotReplacedUnasked() throws {
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

  @Test func aPlaceThatCannotBeWrittenIsNamed() throws {
    try withTemporaryFolder { folder in
      try Data("x".utf8).write(to: folder.appending(path: "file"))
      let file = folder.appending(path: "file/run.yaml")
      let error = #expect(throws: CheckingError.self) { try ConfigurationDraft.write(.multiTeacher, to: file) }
      #expect(error?.description.hasPrefix("\(file.relativePath) can't be written: ") == true)
    }
  }
}

@Suite struct PredictionFileTests {
  @Test func aPredictionIsALineWithSortedKeys() throws {
    let lines = try PredictionFile.jsonLines([
      Prediction(itemID: "b", label: "yes", probabilities: ["yes": 0.75, "no": 0.25], rationale: "a/b"),
      Prediction(itemID: "a", label: nil),
    ])
    #expect(
      String(decoding: lines, as: UTF8.self)
        == #"{"id":"b","label":"yes","probabilities":{"no":0.25,"yes":0.75},"rationale":"a/b"}"# + "\n"
        + #"{"id":"a"}"# + "\n")
  }

  @Test func theVersionIsOfThreeNumbers() {
    #expect(PackageVersion.current.split(separator: ".").compactMap { Int($0) }.count == 3)
  }
}
