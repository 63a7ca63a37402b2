import Evaluation
import Foundation
import Testing

@Suite struct TestSplitTests {
  @Test func `items without a prediction, without a label or with an unknown one are wrong`() {
    let answers = EvaluationSample.split().answers(
      of: EvaluationSample.predictions(["1": "pristine", "2": nil, "3": "no idea", "4": "pristine", "99": "falsified"]))
    #expect(answers == ["pristine", nil, nil, "pristine", nil])
    #expect(
      EvaluationSample.split().correctness(
        of: EvaluationSample.predictions(["1": "pristine", "4": "pristine", "5": "falsified"]))
        == [true, false, false, false, true])
  }

  @Test func `a slice is a split of its own`() throws {
    #expect(EvaluationSample.split().sliceNames == ["random", "similar"])
    let similar = try #require(EvaluationSample.split().slice("similar"))
    #expect(similar.items.map(\.id) == ["3", "4", "5"])
    #expect(similar.labels == EvaluationSample.labels && similar.positive == "falsified")
    #expect(EvaluationSample.split().slice("unheard of") == nil)
  }

  @Test func `a prediction is read and written as one flat object`() throws {
    let json = #"{"id":"7","label":"falsified","probabilities":{"falsified":0.75,"pristine":0.25},"rationale":"Rain."}"#
    let prediction = try JSONDecoder().decode(Prediction.self, from: Data(json.utf8))
    #expect(prediction.confidence == 0.75 && prediction.rationale == "Rain.")
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(String(decoding: try encoder.encode(prediction), as: UTF8.self) == json)

    let silent = try JSONDecoder().decode(Prediction.self, from: Data(#"{"id":"8"}"#.utf8))
    #expect(silent == Prediction(itemID: "8", label: nil))
    #expect(silent.confidence == nil)
    #expect(String(decoding: try encoder.encode(silent), as: UTF8.self) == #"{"id":"8"}"#)

    // Between equals there is no label, and the line says so.
    let tied = Prediction(itemID: "9", label: nil, probabilities: ["falsified": 0.5, "pristine": 0.5])
    let line = #"{"id":"9","probabilities":{"falsified":0.5,"pristine":0.5},"tied":true}"#
    #expect(String(decoding: try encoder.encode(tied), as: UTF8.self) == line)
    #expect(try JSONDecoder().decode(Prediction.self, from: Data(line.utf8)) == tied)
    #expect(!prediction.isTied && !silent.isTied)
  }

  @Test func `an item that is predicted twice traps`() async {
    await #expect(processExitsWith: .failure) {
      let split = TestSplit(items: [.init(id: "1", label: "a", group: "g")], labels: ["a"], positive: nil)
      _ = split.answers(of: [Prediction(itemID: "1", label: "a"), Prediction(itemID: "1", label: nil)])
    }
  }

  @Test func `an empty split traps`() async {
    await #expect(processExitsWith: .failure) { _ = TestSplit(items: [], labels: ["a"], positive: nil) }
  }
}
