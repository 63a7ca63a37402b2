import Annotations
import Foundation
import TeacherProtocol
import Testing

/// Stores of parts that were asked about apart, put together.
@Suite struct StoreMergeTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func store(_ name: String, _ annotations: [(key: String, time: Double, label: String)]) async throws
    -> JSONLinesAnnotationStore
  {
    let store = try JSONLinesAnnotationStore(scratch.path(name), isDurable: false)
    try await store.append(
      annotations.map { key, time, label in
        var one = annotation(key, label: label)
        (one.time, one.reply.raw) = (time, label)
        return one
      })
    return store
  }

  @Test func `of a question that was answered twice the earliest answer counts, whichever store comes first`()
    async throws
  {
    let a = try await store("a.jsonl", [("k1", 5, "pristine"), ("k2", 1, "pristine"), ("k3", 9, "falsified")])
    let b = try await store("b.jsonl", [("k2", 2, "falsified"), ("k1", 4, "falsified"), ("k3", 9, "falsified")])
    let before = try [scratch.text("a.jsonl"), scratch.text("b.jsonl")]
    var results: [[Annotation]] = []
    for (number, order) in [[a, b], [b, a]].enumerated() {
      let target = try await store("t\(number).jsonl", [])
      let merge = try await StoreMerge(of: order)
      #expect(merge.read == 6 && merge.repeated == 2)
      var done = try await merge.add(to: target)
      #expect(done.added == 3 && done.known == 0 && done.others == 0)
      // A second time there is nothing to add.
      done = try await StoreMerge(of: order).add(to: target)
      #expect(done.added == 0 && done.known == 3 && done.others == 0)
      results.append(try await target.all())
    }
    #expect(results[0] == results[1])
    #expect(results[0].map(\.key) == ["k2", "k1", "k3"])
    #expect(results[0].map(\.reply.raw) == ["pristine", "falsified", "falsified"])
    #expect(try [scratch.text("a.jsonl"), scratch.text("b.jsonl")] == before)
  }

  @Test func `what the target has stays, and is counted where it is another answer`() async throws {
    let a = try await store("a.jsonl", [("k1", 1, "pristine"), ("k2", 1, "pristine")])
    let target = try await store("t.jsonl", [("k1", 5, "falsified")])
    let done = try await StoreMerge(of: [a]).add(to: target)
    #expect(done.added == 1 && done.known == 1 && done.others == 1)
    #expect(try await target.annotations(forKeys: ["k1"])["k1"]?.reply.raw == "falsified")
  }

  @Test func `a part's store over the run's asks for nothing that either has, and writes into its own alone`()
    async throws
  {
    let base = try await store("base.jsonl", [("k1", 1, "pristine")])
    let own = try await store("own.jsonl", [("k2", 2, "pristine")])
    let before = try scratch.text("base.jsonl")
    let layered = LayeredStore(own, over: base)
    let problems = try await AnnotationStoreCheck().problems {
      LayeredStore(
        try JSONLinesAnnotationStore(scratch.path("o.jsonl"), isDurable: false),
        over: try JSONLinesAnnotationStore(scratch.path("b.jsonl"), isDurable: false))
    }
    #expect(problems == [])
    #expect(try await Set(layered.annotations(forKeys: ["k1", "k2", "k3"]).keys) == ["k1", "k2"])
    try await layered.append([annotation("k1"), annotation("k3")])
    #expect(try await layered.all().map(\.key) == ["k1", "k2", "k3"])
    #expect(try await own.all().map(\.key) == ["k2", "k3"])
    #expect(try scratch.text("base.jsonl") == before)
  }

  @Test func `what was spent in several books adds up, once`() throws {
    let a = try scratch.file(
      "a.txt",
      "1a 1 gpt asked 1 100 50 0.5\n1a 1 gpt again 1 0 0 0.0\n1a 1 gpt again 1 0 0 0.0\n1a 1 gpt paid 1 90 10 0.25\n")
    // A question under way when its process ended, and a torn line.
    let b = try scratch.file("b.txt", "2b 1 gpt asked 1 100 50 0.5\n2b 2 gpt asked 1 10")
    let target = try scratch.file("t.txt", "3c 1 gpt asked 1 7 7 1.0\n3c 1 gpt paid 1 5 5 0.5\n")
    let before = try [scratch.text("a.txt"), scratch.text("b.txt")]
    #expect(try SpendingBook.merge([a, b], into: target) == 5)
    let whole = try scratch.text("t.txt")
    #expect(try SpendingBook.merge([a, b, a], into: target) == 0)
    #expect(try scratch.text("t.txt") == whole)
    #expect(try [scratch.text("a.txt"), scratch.text("b.txt")] == before)
    let spent = try SpendingBook(target).before
    #expect(
      spent.requests == 5 && spent.inputTokens == 195 && spent.outputTokens == 65 && abs(spent.cost - 1.25) < 1e-12)
    let none = scratch.path("new.txt")
    #expect(try SpendingBook.merge([a, b], into: none) == 5)
    let bad = try scratch.file("bad.txt", "no entry\n")
    #expect(throws: AnnotationsError.self) { try SpendingBook.merge([bad], into: target) }
    #expect(try scratch.text("t.txt") == whole)
  }
}
