import Annotations
import Foundation
import TeacherProtocol
import Testing

/// One teacher, asked question by question.
@Suite struct AskerTests {
  let template: PromptTemplate

  init() throws { template = try PromptTemplate("{text}") }

  func request(_ text: String) throws -> TeacherRequest {
    try TeacherRequest(
      item: Item(id: "i", fields: ["text": text]), template: template, labels: .outOfContext,
      parameters: .init(maximumTokens: 10))
  }

  /// A service that counts questions; each answer takes 10 and 5 tokens.
  func service(_ asked: Locked<Int>, says text: String = "No") -> ScriptedTeacher {
    ScriptedTeacher("t") { request in
      try request.meter?.countRequest()
      asked.withLock { $0 += 1 }
      return TeacherReply(
        reading: text, with: AnswerReader(labels: request.labels), usage: .init(inputTokens: 10, outputTokens: 5))
    }
  }

  @Test func `a question is asked once, and its reply is what an annotator finds`() async throws {
    let (asked, store) = (Locked(0), MemoryAnnotationStore())
    let asker = Asker(service(asked), store: store)
    let first = try await asker.reply(to: request("a"))
    let second = try await Asker(service(asked), store: store).reply(to: request("a"))
    #expect(second == first && asked.withLock { $0 } == 1)
    let data = Dataset(items: [Item(id: "other", fields: ["text": "a"])], root: .temporaryDirectory)
    let annotator = try Annotator(
      store: store, labels: .outOfContext,
      assignments: [.init(teacher: service(asked), template: template, parameters: .init(maximumTokens: 10))])
    let run = try await annotator.annotate(data)
    #expect(run.asked == 0 && run.annotations[0].map(\.reply) == [first])
  }

  @Test func `the budget is kept, and what is stored costs nothing`() async throws {
    let (asked, store) = (Locked(0), MemoryAnnotationStore())
    // A price of one a token: a question is thought to cost at most 64 tokens, its text's third, and ten of the answer.
    let price = TokenPrice(input: 1e6, output: 1e6)
    let ledger = SpendingLedger(limit: SpendingLimit(cost: 100))
    let asker = Asker(service(asked), store: store, price: price, ledger: ledger)
    _ = try await asker.reply(to: request("a"))
    #expect(ledger.spent.cost == 15)
    _ = try await asker.reply(to: request("b"))
    await #expect(throws: BudgetExhausted(limit: "100.0 in cost")) { try await asker.reply(to: request("c")) }
    _ = try await asker.reply(to: request("b"))
    #expect(ledger.spent.cost == 30 && ledger.spent.requests == 2 && asked.withLock { $0 } == 2)
  }

  @Test func `a reply with a label that the question did not allow is kept as that`() async throws {
    let store = MemoryAnnotationStore()
    let strange = ScriptedTeacher("t") { _ in TeacherReply(outcome: .answered("elsewhere"), raw: "Elsewhere") }
    let reply = try await Asker(strange, store: store).reply(to: request("a"))
    #expect(reply.outcome == .unknownLabel("elsewhere"))
    #expect(try await store.all().map(\.reply.outcome) == [.unknownLabel("elsewhere")])
  }

  @Test func `of two replies at one time both askers have the one that is kept`() async throws {
    let (asked, store) = (Locked(0), MemoryAnnotationStore())
    let changing = ScriptedTeacher("t") { request in
      let number = asked.withLock { count in
        count += 1
        return count
      }
      while asked.withLock({ $0 }) < 2 { await Task.yield() }
      return TeacherReply(reading: "No. \(number)", with: AnswerReader(labels: request.labels))
    }
    let asker = Asker(changing, store: store)
    async let one = asker.reply(to: request("a"))
    async let other = asker.reply(to: request("a"))
    let replies = try await [one, other]
    #expect(asked.withLock { $0 } == 2 && replies[0] == replies[1])
  }

  @Test func `a store that takes no reply is read, and no question is asked`() async throws {
    let asked = Locked(0)
    let asker = Asker(service(asked), store: ReadOnlyStore())
    await #expect(throws: TeacherUnavailable.self) { try await asker.reply(to: request("a")) }
    #expect(asked.withLock { $0 } == 0)
  }

  struct ReadOnlyStore: AnnotationStore {
    var isReadOnly: Bool { true }
    func append(_ annotations: [Annotation]) throws { throw AnnotationsError.readOnly(file: "archive") }
    func annotations(forKeys keys: [String]) -> [String: Annotation] { [:] }
    func annotations(forItems items: [String]?) -> [Annotation] { [] }
  }
}
