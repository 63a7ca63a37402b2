import Annotations
import Foundation
import TeacherProtocol
import Testing

/// What is said where another worker over the same store asks, and for long brings nothing. Time is that of the pauses that are
/// asked for, and passes at once.
@Suite struct ClaimWaitTests {
  /// A store whose questions are another worker's until so many seconds have passed.
  private struct Claimed: ClaimingStore {
    let kept = MemoryAnnotationStore()
    let passed: Locked<Double>
    let until: Double
    let by: ClaimHolder?

    func append(_ annotations: [Annotation]) async throws { try await kept.append(annotations) }
    func annotations(forKeys keys: [String]) async throws -> [String: Annotation] {
      try await kept.annotations(forKeys: keys)
    }
    func annotations(forItems items: [String]?) async throws -> [Annotation] {
      try await kept.annotations(forItems: items)
    }
    func claim(_ keys: [String]) async throws -> (mine: Set<String>, answered: Set<String>) {
      (passed.withLock { $0 } < until ? [] : Set(keys), [])
    }
    func release(_ keys: [String]?) async {}
    func holder(of key: String) async -> ClaimHolder? { by }
  }

  private let passed = Locked(0.0)
  private let said = Locked<[(words: String, at: Double)]>([])

  private func store(until: Double, by holder: ClaimHolder? = nil) -> Claimed {
    Claimed(passed: passed, until: until, by: holder)
  }

  private var patience: ClaimPatience {
    ClaimPatience { [passed] seconds in
      passed.withLock { $0 += seconds }
      await Task.yield()
    }
  }

  private var ledger: SpendingLedger {
    let ledger = SpendingLedger()
    ledger.tell.withLock { [said, passed] tell in
      tell = { words in said.withLock { $0.append((words, passed.withLock { $0 })) } }
    }
    return ledger
  }

  private let teacher = ScriptedTeacher("gpt") { TeacherReply(reading: "Yes", with: AnswerReader(labels: $0.labels)) }

  private func annotate(_ items: Int, over store: Claimed) async throws -> Int {
    var annotator = try Annotator(
      store: store, labels: .outOfContext,
      assignments: [.init(teacher: teacher, template: try PromptTemplate("{text}"))], ledger: ledger)
    annotator.patience = patience
    let data = Dataset(
      items: (0..<items).map { Item(id: "i\($0)", fields: ["text": "text \($0)"]) }, root: .temporaryDirectory)
    return try await annotator.annotate(data).annotations.reduce(0) { $0 + $1.count }
  }

  @Test func `who waits for a stopped process says so once, with what lets it go on`() async throws {
    let store = store(until: 300, by: ClaimHolder(name: "process 4711", process: 4711, isStopped: true))
    #expect(try await annotate(20, over: store) == 20)
    let said = said.withLock { $0 }
    #expect(
      said.map(\.words) == [
        "teacher gpt: waits for 20 questions that process 4711 is asking over the same store, and it is stopped, as by Ctrl-Z: "
          + "'kill -CONT 4711' lets it go on; 'kill -KILL 4711' ends it, and what it did not ask is asked here"
      ])
    // Half a minute, and at most one pause more.
    #expect(said.allSatisfy { $0.at >= 30 && $0.at < 31.6 })
  }

  @Test func `a wait that is soon over is not told`() async throws {
    #expect(try await annotate(5, over: store(until: 29, by: ClaimHolder(name: "process 7", process: 7))) == 5)
    #expect(said.withLock { $0.isEmpty })
  }

  @Test func `questions one by one wait in the same way, and are told of once`() async throws {
    var asker = Asker(teacher, store: store(until: 100, by: ClaimHolder(name: "process 7", process: 7)), ledger: ledger)
    asker.patience = patience
    let template = try PromptTemplate("{text}")
    for text in ["a", "b"] {
      passed.withLock { $0 = 0 }
      let item = Item(id: text, fields: ["text": text])
      _ = try await asker.reply(to: TeacherRequest(item: item, template: template, labels: .outOfContext))
    }
    let words = said.withLock { $0.map(\.words) }
    #expect(words.count == 1 && words[0].contains("waits for 1 question that process 7 is asking"), "\(words)")
    #expect(words[0].contains("'kill 7' ends it"), "\(words)")
  }

  @Test(arguments: [
    (ClaimHolder(name: "process 7 on anna"), "process 7 on anna is asking over the same store; once it ends"),
    (
      nil, "another process is asking over the same store. If it is stopped, let it go on ('kill -CONT' and its number)"
    ),
  ])
  func `of a holder elsewhere no number is given that would end another process here`(
    holder: ClaimHolder?, expected: String
  ) async throws {
    #expect(try await annotate(1, over: store(until: 40, by: holder)) == 1)
    let words = said.withLock { $0.map(\.words) }
    #expect(words.count == 1 && words[0].contains(expected) && !words[0].contains("'kill 7'"), "\(words)")
  }
}
