import DualChecker
import Foundation
import TeacherProtocol
import TestSupport
import Testing

@Suite struct SpanVoteTests {
  // Rain 0-4, made 5-9, the 10-13, road 14-18, wet 19-22 and the full stop.
  private let text = "Rain made the road wet."

  /// An exchange whose answer is the spans of this key; nil for a reply that can't be read.
  private func exchange(_ key: String?, _ confidence: Double?) throws -> Exchange {
    let request = try TeacherRequest(
      item: Fixture.item("1", text), template: try PromptTemplate("{text}"), labels: try Fixture.causes().labels)
    return Exchange(
      request: request,
      reply: TeacherReply(
        outcome: key.map { .answered($0) } ?? .unreadable("no JSON"),
        confidence: confidence.map { Confidence($0, source: .verbalised) }, raw: "{}"))
  }

  private func checked(_ replies: [(String?, Double?)]) throws -> CheckedReply {
    let exchanges = try replies.map { try exchange($0.0, $0.1) }
    return AcceptanceRule.vote.checked(exchanges, vote: SpanVote(try Fixture.causes()))
  }

  @Test func `of two replies that differ at an end the surer one has it`() throws {
    // Odds of 4 and 1: "the" begins the effect by four fifths, and "road" goes on with it by as much.
    let whole = try checked([("cause:0-4 effect:10-18", 0.8), ("cause:0-4 effect:14-18", 0.5)])
    #expect(whole.reply.label == "cause:0-4 effect:10-18" && whole.accepted == 0 && !whole.isChanged)
    // The votes for its three words are all, 0.8 and 0.8 of them.
    let share = (1 + 0.8 + 0.8) / 3
    #expect(abs((whole.reply.confidence?.value ?? 0) - 0.8 * share) < 1e-12)
    let part = try checked([("cause:0-4 effect:10-18", 0.5), ("cause:0-4 effect:14-18", 0.8)])
    #expect(part.reply.label == "cause:0-4 effect:14-18" && part.accepted == 1 && part.isChanged)
  }

  @Test func `three replies come to what two of them say at each place and none says as a whole`() throws {
    let replies: [(String?, Double?)] = [
      ("cause:0-9 effect:10-18", 0.5), ("cause:0-9 effect:14-22", 0.5), ("cause:0-4 effect:10-22", 0.5),
    ]
    let found = try checked(replies)
    #expect(found.reply.label == "cause:0-9 effect:10-22")
    #expect(found.exchanges.map(\.reply.label) == replies.map(\.0) && found.isChanged)
    // "Rain" has all votes, the other four words two thirds.
    #expect(abs((found.reply.confidence?.value ?? 0) - 0.5 * (1 + 4 * 2.0 / 3) / 5) < 1e-12)
    // Odds of 4 outvote 1 and 1, and those of 1.5 do not.
    func first(_ confidence: Double) throws -> String? {
      try checked([(replies[0].0, confidence), ("effect:14-22", 0.5), ("effect:14-22", 0.5)]).reply.label
    }
    #expect(try first(0.8) == "cause:0-9 effect:10-18")
    #expect(try first(0.6) == "effect:14-22")
  }

  @Test func `types that cross are settled word by word`() throws {
    #expect(try checked([("cause:0-9", 0.75), ("effect:5-13", 0.5)]).reply.label == "cause:0-9")
    #expect(
      try checked([("cause:0-9", 0.5), ("effect:5-13", 0.5), ("cause:0-4 effect:5-13", 0.5)]).reply.label
        == "cause:0-4 effect:5-13")
    // Both a cause and an effect of the same words: by the odds, else the type that comes first in the task.
    #expect(try checked([("cause:10-18", 0.5), ("effect:10-18", 0.6)]).reply.label == "effect:10-18")
    #expect(try checked([("effect:10-18", 0.5), ("cause:10-18", 0.5)]).reply.label == "cause:10-18")
    // As many words are outside as inside.
    #expect(try checked([("effect:10-18", 0.5), ("no span", 0.5)]).reply.label == "no span")
  }

  @Test func `replies that can't be read have no vote, and one alone counts as it is`() throws {
    for replies: [(String?, Double?)] in [
      [("effect:10-18", 0.6)], [("effect:10-18", 0.6), (nil, 0.9)], [(nil, 0.9), ("effect:10-18", 0.6)],
      [("effect:10-18", 0.5), ("effect:10-18", 0.6)],
    ] {
      let found = try checked(replies)
      #expect(found.voted == nil && found.reply.label == "effect:10-18")
      #expect(found.reply.confidence?.value == 0.6)
    }
    let none = try checked([(nil, 0.9), (nil, 0.9)])
    #expect(none.voted == nil && none.reply.label == nil && none.accepted == 1)
    // Without confidences each has one vote.
    let unsaid = try checked([("effect:10-18", nil), ("effect:10-22", nil), ("effect:10-22", nil)])
    #expect(unsaid.reply.label == "effect:10-22" && unsaid.reply.confidence == nil)
  }

  @Test func `a confidence counts by what it is worth`() throws {
    let contrary = SpanVote(try Fixture.causes()) { 1 - ($0?.value ?? 0) }
    let exchanges = [try exchange("effect:10-18", 0.9), try exchange("effect:14-18", 0.2)]
    #expect(AcceptanceRule.vote.checked(exchanges, vote: contrary).reply.label == "effect:14-18")
    #expect(abs(contrary.odds(of: Confidence(0.25, source: .recorded)) - 3) < 1e-12)
    #expect(abs(contrary.odds(of: nil) - 99) < 1e-9, "no reply is sure beyond doubt")
    #expect(abs(contrary.odds(of: Confidence(1, source: .recorded)) - 1 / 99.0) < 1e-12)
  }

  @Test func `a span may begin and end within a word where a reply says so`() throws {
    #expect(try checked([("cause:1-4", 0.75), ("cause:0-4", 0.5)]).reply.label == "cause:1-4")
    #expect(try checked([("cause:1-4", 0.5), ("cause:0-4", 0.75)]).reply.label == "cause:0-4")
  }

  @Test func `classes are voted as they are summed`() throws {
    let exchanges = try [("a", 0.4), ("b", 0.5), ("a", 0.3)].map { try exchange($0.0, $0.1) }
    let voted = AcceptanceRule.vote.checked(exchanges, vote: nil)
    #expect(voted.accepted == AcceptanceRule.sum.checked(exchanges, vote: nil).accepted)
    #expect(voted.accepted == 0 && voted.voted == nil)
  }

  @Test func `what is voted is well-formed, the same in any order, and what all say where they agree`() throws {
    var generator = SplitMix(state: 23)
    let task = try LabellingTask(spanTypes: ["a", "b", "c"].map { .init(name: $0) })
    let vote = SpanVote(task)
    for _ in 0..<400 {
      let words = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
        String(repeating: "x", count: Int.random(in: 1...4, using: &generator))
      }
      let text = words.joined(separator: " ")
      func spans() -> [LabelledSpan] {
        let drawn = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
          let tokens = WordToken.tokens(of: text)
          let first = Int.random(in: 0..<tokens.count, using: &generator)
          let last = Int.random(in: first..<min(tokens.count, first + 4), using: &generator)
          // Now and then within a word.
          let isInner = tokens[first].range.count > 1 && Int.random(in: 0..<6, using: &generator) == 0
          let start = tokens[first].range.lowerBound + (isInner ? 1 : 0)
          return LabelledSpan(
            label: task.names.randomElement(using: &generator) ?? "a", range: start..<tokens[last].range.upperBound)
        }
        return task.overlap.settled(drawn, types: task.names) ?? []
      }
      let drawn = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
        (spans: spans(), weight: Double.random(in: 0.05...9, using: &generator))
      }
      let ballots = drawn.map { SpanVote.Ballot($0.spans, weight: $0.weight) }
      let (found, share) = vote.voted(ballots, about: text)
      #expect(0 < share && share <= 1)
      #expect(task.overlap.settled(found, types: task.names) == found, "in order, and no two overlap")
      let ends = Set(WordToken.tokens(of: text).flatMap { [$0.range.lowerBound, $0.range.upperBound] })
        .union(drawn.flatMap(\.spans).flatMap { [$0.range.lowerBound, $0.range.upperBound] })
      #expect(found.allSatisfy { ends.contains($0.range.lowerBound) && ends.contains($0.range.upperBound) })
      let other = vote.voted(ballots.shuffled(using: &generator), about: text)
      #expect(other.spans == found && other.share == share)
      let own = spans()
      let agreed = vote.voted(drawn.map { SpanVote.Ballot(own, weight: $0.weight) }, about: text)
      #expect(agreed.spans == own && abs(agreed.share - 1) < 1e-12)
    }
  }
}
