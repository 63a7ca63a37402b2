import DualChecker
import Foundation
import Testing

@Suite struct TaskScoreTests {
  @Test func `tokens are words, marks and single characters of scripts without spaces`() {
    #expect(WordToken.tokens(of: "0.25 µm 水素-a").map(\.text) == ["0", ".", "25", "µm", "水", "素", "-", "a"])
    #expect(WordToken.tokens(of: " a  b").map(\.range) == [1..<2, 4..<5])
    #expect(WordToken.tokens(of: "").isEmpty)
  }

  @Test func `only a B begins an entity, and only its own type goes on`() {
    func entities(_ tags: String) -> [String] {
      TagSequence.entities(in: tags.split(separator: " ").map(String.init)).map {
        "\($0.label)\($0.range.lowerBound)\($0.range.upperBound)"
      }
    }
    #expect(entities("B-x I-x O I-x") == ["x02"])
    #expect(entities("B-x B-x I-y I-x") == ["x01", "x12"])
    #expect(entities("I-x I-x") == [])
    #expect(entities("B-x I-y B-y I-y") == ["x01", "y24"])
    #expect(entities("") == [])
  }

  @Test func `spans become tags, and tags the same spans, for every set of spans`() {
    let tokens = WordToken.tokens(of: "a b c d e")
    for first in 0..<5 {
      for last in first..<5 {
        let span = LabelledSpan(label: "x", range: tokens[first].range.lowerBound..<tokens[last].range.upperBound)
        let entities = TagSequence.entities(in: TagSequence.tags(of: [span], over: tokens))
        #expect(entities == [LabelledSpan(label: "x", range: first..<(last + 1))])
      }
    }
  }

  @Test func `macro F1 is the mean over classes that occur`() throws {
    let task = try Fixture.green()
    func score(_ answers: [String?], _ gold: [String]) -> TaskScore {
      task.score(answers.map { $0.map { .label($0) } }, against: gold.map { .label($0) }, texts: gold)
    }
    let some = score(["green", "green", "other", nil], ["green", "other", "other", "green"])
    // green: 1 of 2 given, 2 wanted; other: 1 of 1 given, 2 wanted.
    #expect(abs(some.macroF1 - (0.5 + 2.0 / 3) / 2) < 1e-12)
    #expect(some.accuracy == 0.5)
    #expect(score(["green"], ["green"]).macroF1 == 1)
    #expect(score([], []).macroF1 == 0)
    #expect(some.tokenF1 == nil)
  }

  @Test func `a span that is not there costs as much as one that is missing`() throws {
    let task = try Fixture.causes()
    let text = "a b c d"
    func f1(_ answer: [LabelledSpan], _ gold: [LabelledSpan]) -> (entities: Double, tokens: Double?) {
      let score = task.score([.spans(answer)], against: [.spans(gold)], texts: [text])
      return (score.macroF1, score.tokenF1)
    }
    let (short, long) = (LabelledSpan(label: "cause", range: 0..<1), LabelledSpan(label: "cause", range: 0..<3))
    #expect(f1([short], [short]) == (1, 1))
    #expect(f1([long], [short]) == (0, 2.0 / 3), "one end is wrong: no entity, one of two tokens")
    #expect(f1([short], [long]) == (0, 2.0 / 3))
    #expect(f1([short], []) == (0, 0))
    #expect(f1([], []) == (0, 0))
  }

  @Test func `scores of tags are those of seqeval in its strict mode`() throws {
    struct Case: Decodable {
      var gold: [String]
      var answered: [String]
      var micro: Double
      var macro: Double
    }
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/seqeval.json")
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
    #expect(cases.count >= 30)
    for example in cases {
      func tags(_ lines: [String]) -> [[String]] { lines.map { $0.split(separator: " ").map(String.init) } }
      let score = TaskScore(tags: tags(example.answered), against: tags(example.gold))
      #expect(abs(score.microF1 - example.micro) < 1e-12)
      #expect(abs(score.macroF1 - example.macro) < 1e-12)
    }
  }
}
