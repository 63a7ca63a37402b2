import Foundation
import LanguageModel
import Layers
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization

@Suite struct TokenTaggerTests {
  private let text = "Rain made the road wet."
  /// What ``text``'s tokens should be: [CLS] rain made the road wet . [SEP].
  private let classes: [Int?] = [nil, 1, 0, 3, 4, 4, 0, nil]
  private let spans = [TextSpan(label: "cause", range: 0..<4), TextSpan(label: "effect", range: 10..<22)]

  private func tagger() throws -> TokenTagger {
    try TokenTagger(model: TinyText.tagger(), tokenizer: TinyText.tokenizer())
  }

  @Test func `spans become classes of tokens`() throws {
    let tagger = try tagger()
    let encoding = try tagger.encoding(of: text)
    #expect(try tagger.classes(of: encoding, spans: spans) == classes)
    #expect(spans.map { $0.text(in: text) } == ["Rain", "the road wet"])
    // Half a token is a token; what the first span has, the second has not.
    let overlapping = [TextSpan(label: "effect", range: 6..<7), TextSpan(label: "cause", range: 5..<11)]
    #expect(try tagger.classes(of: encoding, spans: overlapping) == [nil, 0, 3, 1, 0, 0, 0, nil])
    #expect(throws: StudentError.unknownLabel("B-place or place", known: tagger.labels)) {
      try tagger.classes(of: encoding, spans: [TextSpan(label: "place", range: 0..<4)])
    }
  }

  @Test func `a tagger that has learnt a text marks its spans`() throws {
    var tagger = try tagger()
    let encoding = try tagger.encoding(of: text)
    var optimizer = AdamW()
    for _ in 0..<60 {
      let (_, gradients) = tagger.valueAndGradients { $0.loss([encoding], classes: [classes]) }
      _ = optimizer.update(&tagger, gradients: gradients, learningRate: 0.01)
    }
    let found = try tagger.spans(in: ["", text])
    #expect(found.count == 2)
    #expect(found[1].map(\.label) == ["cause", "effect"] && found[1].map(\.range) == [0..<4, 10..<22])
    #expect(found[1].allSatisfy { $0.probability > 0.5 && $0.probability <= 1 })
  }

  @Test func `the loss counts the tokens that have a class`() throws {
    let tagger = try tagger()
    let encoding = try tagger.encoding(of: "a dog")
    let logits = tagger.logits([encoding])
    #expect(logits.shape == [4, 5])
    let rows = logits.logSoftmax()
    expectClose(tagger.loss([encoding], classes: [[nil, 2, 0, nil]]), Tensor(-(rows[1, 2] + rows[2, 0]) / 2))
  }

  @Test func `a folder that was written is read again, with another head too`() throws {
    let tagger = try tagger()
    try withTemporaryFolder { folder in
      try tagger.save(to: folder)
      try Data(TinyText.tokenizerJSON.utf8).write(to: folder.appending(path: "tokenizer.json"))
      let again = try TokenTagger(contentsOf: folder)
      #expect(again.labels == tagger.labels && again.maximumTokens == 24)
      #expect(try again.spans(in: TinyText.texts) == tagger.spans(in: TinyText.texts))
      var generator = Tensor.Generator(seed: 4)
      #expect(try TokenTagger(encoderIn: folder, labels: ["O", "name"], using: &generator).labels == ["O", "name"])
    }
  }

  @Test(arguments: [
    (["O", "B-a", "I-a", "O"], ["a 1-3"]), (["B-a", "B-a", "I-b", "I-b"], ["a 0-1", "a 1-2", "b 2-4"]),
    (["I-a", "O", "I-a", "B-a"], ["a 0-1", "a 2-3", "a 3-4"]), (["x", "x", "y", "O"], ["x 0-2", "y 2-3"]),
    (["O", "O", "O", "O"], []),
  ])
  func `classes of tokens become spans`(classes: [String], expected: [String]) throws {
    #expect(
      TextSpan.spans(of: classes.enumerated().map { ($1, $0..<($0 + 1), 1) }).map {
        "\($0.label) \($0.range.lowerBound)-\($0.range.upperBound)"
      } == expected)
  }

  @Test func `a span's probability is the mean of its tokens', and its ends are no white space`() throws {
    let spans = TextSpan.spans(of: [("B-a", 0..<3, 0.5), ("I-a", 3..<7, 1), ("I-a", 7..<8, 0.75)])
    #expect(spans == [TextSpan(label: "a", range: 0..<8, probability: 0.75)])
    #expect(spans[0].trimmed(in: "  ab cd\n") == TextSpan(label: "a", range: 2..<7, probability: 0.75))
    #expect(spans[0].trimmed(in: " \t  \n   ") == nil)
    // Scalars, not characters: the family is one character of five.
    #expect(TextSpan(label: "a", range: 2..<3).text(in: "👩‍👩‍👧x") == "👩")
  }
}
