import Annotations
import Foundation
import TeacherProtocol
import Testing

@Suite struct AnnotatorTests {
  let scratch: Scratch
  let store: JSONLinesAnnotationStore
  let data: Dataset
  let template: PromptTemplate

  init() throws {
    scratch = try Scratch()
    store = try JSONLinesAnnotationStore(scratch.path("replies.jsonl"), isDurable: false)
    data = Dataset(
      items: (0..<40).map { Item(id: "i\($0)", fields: ["text": "text \($0)"]) }, root: scratch.url)
    template = try PromptTemplate("{text}")
  }

  func annotator(
    _ teachers: [any Teacher], store other: (any AnnotationStore)? = nil, concurrency: Int? = nil
  ) throws -> Annotator {
    try Annotator(
      store: other ?? store, labels: .outOfContext,
      assignments: teachers.map { .init(teacher: $0, template: template, concurrency: concurrency) })
  }

  /// Counts what it is asked, and says Yes to even numbers.
  final class Counting: Teacher {
    let name: String
    let asked = Locked<[String]>([])
    let inFlight = Locked((now: 0, most: 0))

    init(_ name: String) { self.name = name }

    func reply(to request: TeacherRequest) async throws -> TeacherReply {
      inFlight.withLock { count in
        count.now += 1
        count.most = max(count.most, count.now)
      }
      defer { inFlight.withLock { $0.now -= 1 } }
      asked.withLock { $0.append(request.prompt) }
      try await Task.sleep(for: .milliseconds(1))
      let number = Int(request.prompt.split(separator: " ").last ?? "") ?? 0
      return TeacherReply(
        reading: number % 2 == 0 ? "Yes. even" : "No. odd", with: AnswerReader(labels: request.labels))
    }
  }

  @Test func `a stored reply whose label was whole when it was cut is read anew, where that is wanted`() async throws {
    let item = data.items[0]
    let teacher = Counting("a")
    let texts = [#"{"label": "Yes", "rationale": "A do"#, "It may be"]
    for (item, text) in zip(data.items, texts) {
      let request = try TeacherRequest(item: item, template: template, labels: .outOfContext)
      try await store.append([
        Annotation(teacher: teacher, request: request, reply: TeacherReply(outcome: .cutOff, raw: text), time: 1)
      ])
    }
    var annotator = try annotator([teacher])
    let read = try await annotator.annotate(data, items: Array(data.items.prefix(2))).annotations.map { $0[0].reply }
    #expect(read.map(\.label) == ["falsified", nil])
    #expect((read[0].rationale, read[0].isRationaleCut) == ("A do", true))
    #expect(read[1].outcome == .cutOff)
    annotator.readsCutReplies = false
    let kept = try await annotator.annotate(data, items: [item]).annotations[0][0].reply
    #expect(kept == TeacherReply(outcome: .cutOff, raw: texts[0]))
    #expect(teacher.asked.withLock(\.count) == 0)
  }

  @Test func `over a read-only store nobody is asked, and what it has counts`() async throws {
    let counting = Counting("a")
    let few = Array(data.items.prefix(3))
    _ = try await annotator([counting]).annotate(data, items: few)
    let archive = JSONLinesAnnotationStore(try LineFile(scratch.path("replies.jsonl"), isReadOnly: true))
    let run = try await annotator([counting], store: archive).annotate(data)
    #expect(counting.asked.withLock(\.count) == 3 && run.asked == 0)
    #expect(run.annotations.count { !$0.isEmpty } == 3 && run.failures.count == 37)
    #expect(run.failures.allSatisfy { $0.reason.contains("read-only") })
  }

  @Test func `every teacher is asked about every item once and never again`() async throws {
    let (a, b) = (Counting("a"), Counting("b"))
    let steps = Locked<[AnnotationProgress]>([])
    let run = try await annotator([a, b], concurrency: 4).annotate(data) { step in steps.withLock { $0.append(step) } }
    #expect(run.asked == 80)
    #expect(run.failures.isEmpty)
    #expect(run.annotations.map { $0.map(\.teacher) } == Array(repeating: ["a", "b"], count: 40))
    #expect(zip(run.items, run.annotations).allSatisfy { item, row in row.allSatisfy { $0.item == item.id } })
    #expect(run.annotations[3].map(\.reply.label) == ["pristine", "pristine"])
    #expect(a.asked.withLock { $0.sorted() } == data.items.map(\.text).sorted())
    #expect(a.inFlight.withLock { $0.most } <= 4)
    let last = try #require(steps.withLock { $0.last })
    #expect((last.done, last.total, last.alreadyStored, last.failed) == (80, 80, 0, 0))
    #expect(steps.withLock { $0.map(\.done) } == steps.withLock { $0.map(\.done).sorted() })

    let again = try await annotator([a, b]).annotate(data)
    #expect(again.asked == 0)
    #expect(again.annotations == run.annotations)
    #expect(a.asked.withLock { $0.count } == 40)
    #expect(run.votes == VoteTable(run.annotations.flatMap(\.self)))
  }

  @Test func `one failing question is listed and stops nothing`() async throws {
    struct Fault: Error {}
    let teacher = ScriptedTeacher("t") { request in
      if request.item.id == "i7" { throw Fault() }
      return TeacherReply(reading: "Yes", with: AnswerReader(labels: request.labels))
    }
    let run = try await annotator([teacher]).annotate(data)
    #expect(run.asked == 39)
    #expect(run.failures == [.init(item: "i7", teacher: "t", reason: "Fault()")])
    #expect(run.annotations[7].isEmpty)
    #expect("\(run.failures[0])" == "item 'i7', teacher 't': Fault()")
  }

  /// A batch teacher that fails as a whole where the batch holds item i7, or gives a reply too few.
  struct Fragile: BatchTeacher {
    let name = "t"
    let batchSize = 16
    let loses: Bool
    let sizes = Locked<[Int]>([])
    struct Fault: Error {}

    func replies(to requests: [TeacherRequest]) async throws -> [TeacherReply] {
      sizes.withLock { $0.append(requests.count) }
      var replies = requests.map { TeacherReply(reading: "Yes. \($0.prompt)", with: AnswerReader(labels: $0.labels)) }
      if requests.contains(where: { $0.item.id == "i7" }) {
        guard loses else { throw Fault() }
        if requests.count > 1 { replies.removeLast() }
      }
      return replies
    }
  }

  @Test func `a batch that fails is asked one by one and nothing is misaligned`() async throws {
    let throwing = Fragile(loses: false)
    let run = try await annotator([throwing]).annotate(data)
    #expect(run.failures.map(\.item) == ["i7"])
    #expect(throwing.sizes.withLock { $0.max() } == 16)
    #expect(zip(run.items, run.annotations).allSatisfy { $1.first.map { $0.reply.rationale } ?? $0.text == $0.text })
    let other = try JSONLinesAnnotationStore(scratch.path("other.jsonl"), isDurable: false)
    let second = try await annotator([Fragile(loses: true)], store: other).annotate(data)
    #expect(second.failures.isEmpty)
    #expect(zip(second.items, second.annotations).allSatisfy { $1.map(\.reply.rationale) == [$0.text] })
  }

  @Test func `a teacher that is unavailable is asked no more and others go on`() async throws {
    let asked = Locked(0)
    let gone = ScriptedTeacher("gone") { request in
      asked.withLock { $0 += 1 }
      if request.item.id == "i5" { throw TeacherUnavailable(teacher: "gone", reason: "the quota is used up") }
      return TeacherReply(reading: "Yes", with: AnswerReader(labels: request.labels))
    }
    let run = try await annotator([gone, Counting("b")], concurrency: 1).annotate(data)
    #expect(asked.withLock { $0 } == 6)
    #expect(run.failures.count == 35)
    #expect(run.failures.allSatisfy { $0.teacher == "gone" && $0.reason == "the quota is used up" })
    #expect(run.annotations.map(\.count) == (0..<40).map { $0 < 5 ? 2 : 1 })
  }

  @Test func `the same question about two items is asked once and answers both`() async throws {
    let twins = Dataset(
      items: [Item(id: "a", fields: ["text": "same 2"]), Item(id: "b", fields: ["text": "same 2"])], root: scratch.url)
    let teacher = Counting("t")
    let run = try await annotator([teacher]).annotate(twins)
    #expect(teacher.asked.withLock { $0.count } == 1)
    #expect(run.annotations.map { $0.map(\.item) } == [["a"], ["b"]])
    #expect(run.asked == 1)
    struct Fault: Error {}
    let failing = ScriptedTeacher("f") { _ in throw Fault() }
    #expect(try await annotator([failing]).annotate(twins).failures.map(\.reason) == ["Fault()", "Fault()"])
  }

  @Test func `a teacher that answers by item is asked about each twin`() async throws {
    let twins = Dataset(
      items: [Item(id: "a", fields: ["text": "same"]), Item(id: "b", fields: ["text": "same"])], root: scratch.url)
    let run = try await annotator([ScriptedTeacher("t", answers: ["a": "Yes", "b": "No"])]).annotate(twins)
    #expect(run.annotations.map { $0.map(\.reply.label) } == [["falsified"], ["pristine"]])
  }

  @Test func `a label that is not in the set is kept as such`() async throws {
    let teacher = ScriptedTeacher("t") { _ in TeacherReply(outcome: .answered("maybe"), raw: "maybe so") }
    let run = try await annotator([teacher]).annotate(data, items: Array(data.items.prefix(1)))
    #expect(run.annotations[0][0].vote == nil)
    #expect(run.annotations[0][0].reply.outcome == .unknownLabel("maybe"))
    #expect(run.annotations[0][0].reply.raw == "maybe so")
  }

  @Test func `an item of which the prompt shows nothing is not asked about, unless the teacher is sent its fields`()
    async throws
  {
    struct OfFields: Teacher {
      let name: String
      let sent: String
      func particulars(of request: TeacherRequest) -> String { sent }
      func reply(to request: TeacherRequest) async throws -> TeacherReply {
        TeacherReply(reading: "Yes", with: AnswerReader(labels: request.labels))
      }
    }
    let data = Dataset(
      items: [Item(id: "1", fields: ["text": " "]), Item(id: "2", fields: ["text": "a"])], root: .temporaryDirectory)
    let template = try PromptTemplate("{text}Is it?")
    let run = try await Annotator(
      store: MemoryAnnotationStore(), labels: .outOfContext,
      assignments: [("words", ""), ("fields", "{}")].map {
        .init(teacher: OfFields(name: $0, sent: $1), template: template)
      }
    ).annotate(data)
    #expect(run.failures.map { "\($0.item) \($0.teacher) \($0.wasAsked)" } == ["1 words false"])
    #expect(run.failures[0].reason.contains("shows nothing of this item"))
    #expect(run.annotations.map { $0.map(\.teacher).sorted() } == [["fields"], ["fields", "words"]])
  }

  @Test func `a missing image fails its item and no other`() async throws {
    _ = try scratch.file("a.jpg", "bytes")
    let photos = Dataset(
      items: [
        Item(id: "a", image: "a.jpg", fields: ["text": "1"]), Item(id: "b", image: "none.jpg", fields: ["text": "1"]),
      ], root: scratch.url)
    let run = try await annotator([Counting("t")]).annotate(photos)
    #expect(run.failures.map(\.item) == ["b"])
    #expect(run.failures[0].reason.contains("none.jpg"))
    #expect(run.annotations[0].count == 1)
  }

  @Test func `a store that fails stops the run`() async throws {
    struct Full: AnnotationStore {
      func append(_ annotations: [Annotation]) async throws {
        throw AnnotationsError.cannotWrite(file: "f", reason: "full")
      }
      func annotations(forKeys keys: [String]) async throws -> [String: Annotation] { [:] }
      func annotations(forItems items: [String]?) async throws -> [Annotation] { [] }
    }
    for teacher: any Teacher in [Counting("t"), Fragile(loses: false)] {
      await #expect(throws: AnnotationsError.cannotWrite(file: "f", reason: "full")) {
        try await annotator([teacher], store: Full()).annotate(data)
      }
    }
  }

  @Test func `cancellation keeps every reply that came`() async throws {
    let answered = Locked<Set<String>>([])
    let teacher = ScriptedTeacher("t") { request in
      if request.item.id == "i20" { try await Task.sleep(for: .seconds(60)) }
      answered.withLock { _ = $0.insert(request.item.id) }
      return TeacherReply(reading: "Yes", with: AnswerReader(labels: request.labels))
    }
    let annotator = try annotator([teacher], concurrency: 2)
    let task = Task { [data] in try await annotator.annotate(data) }
    while answered.withLock({ $0.count }) < 25 { try await Task.sleep(for: .milliseconds(1)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(Set(try await store.all().map(\.item)) == answered.withLock { $0 })
    #expect(!answered.withLock { $0.contains("i20") })
  }

  @Test func `two teachers of one name are refused`() throws {
    #expect(throws: AnnotationsError.teacherTwice("t")) { try annotator([Counting("t"), Counting("t")]) }
  }
}
