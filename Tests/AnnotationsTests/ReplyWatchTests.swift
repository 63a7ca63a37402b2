import Annotations
import Foundation
import TeacherProtocol
import Testing

/// What is said of a teacher's replies while and after they come.
@Suite struct ReplyWatchTests {
  private let data = Dataset(
    items: (0..<30).map { Item(id: "i\($0)", fields: ["text": "text \($0)"]) }, root: URL(filePath: "/"))

  private func annotator(_ replies: @escaping @Sendable (Int) -> String, name: String = "gpt") throws -> Annotator {
    let teacher = ScriptedTeacher(name) { request in
      let number = Int(request.prompt.split(separator: " ").last ?? "") ?? 0
      return TeacherReply(reading: replies(number), with: AnswerReader(labels: request.labels))
    }
    return try Annotator(
      store: MemoryAnnotationStore(), labels: .outOfContext,
      assignments: [.init(teacher: teacher, template: PromptTemplate("{text}"), concurrency: 1)])
  }

  @Test func `ten replies without a label are told once, with one of them on one line and nothing that may be a key`()
    async throws
  {
    let said = Locked<[String]>([])
    var annotator = try annotator { _ in
      "Once upon\na time\u{1B}[31m sk-abcdefghij0123456789XYZ " + String(repeating: "far ", count: 80)
    }
    annotator.tell = { line in said.withLock { $0.append(line) } }
    let run = try await annotator.annotate(data)
    let lines = said.withLock { $0 }
    #expect(lines.count == 1)
    let line = try #require(lines.first)
    #expect(
      line.hasPrefix("teacher gpt: none of its first 10 replies has a label (10 unreadable); the one on item 'i0': \""))
    #expect(line.contains("Once upon\\na time\\u{1b}[31m [...] far far"))
    #expect(!line.contains("sk-") && !line.contains("\u{1B}") && !line.contains("\n") && line.count < 400)
    #expect(run.annotations.count { !$0.isEmpty } == 30 && run.stopped == nil)
  }

  @Test func `by the key a teacher is asked no more, and what it said is kept`() async throws {
    var annotator = try annotator { _ in "Hm" }
    annotator.stopsWithoutLabels = true
    let run = try await annotator.annotate(data)
    #expect(run.annotations.count { !$0.isEmpty } == ReplyWatch.first)
    #expect(run.failures.count == 20)
    #expect(run.stopped?.teacher == "gpt")
    #expect(run.stopped?.reason.contains("\"Hm\"") == true)
  }

  @Test func `one label among the first replies is enough`() async throws {
    let said = Locked(0)
    var annotator = try annotator { $0 == 9 ? "Yes" : "Hm" }
    annotator.stopsWithoutLabels = true
    annotator.tell = { _ in said.withLock { $0 += 1 } }
    let run = try await annotator.annotate(data)
    #expect(said.withLock { $0 } == 0 && run.stopped == nil && run.failures.isEmpty)
  }

  @Test func `a closing line counts what came of a teacher's questions`() async throws {
    let annotator = try annotator { number in
      switch number {
      case 0..<20: "Yes. It is."
      case 20..<24: #"{"label": "No", "rationale": "It fi"#
      case 24..<26: "Hm"
      case 26: "I don't know"
      case 27: "I'm sorry, but I can't help with that."
      case 28: "{"
      default: ""
      }
    }
    let part = try await annotator.annotate(data, items: Array(data.items.prefix(5)))
    #expect(part.closingLines() == ["teacher gpt: of 5 items 5 answered"])
    let run = try await annotator.annotate(data)
    #expect(
      run.closingLines() == [
        "teacher gpt: of 30 items 24 answered (4 with reasons cut off), 1 cut off, 2 unreadable, 1 empty, 1 refused, "
          + "1 without an opinion, 5 of them stored before",
        // 5 of 30 are a tenth or more; an opinion that is not there is a readable reply.
        "  5 of them without a label, the first on item 'i24': \"Hm\". See whether its prompt, answer and max_tokens suit the model",
      ])
    #expect(run.closingLines(advising: false).count == 1)
  }

  @Test func `what can be done depends on what came in place of an answer`() async throws {
    for (reply, remedy) in [
      (TeacherReply(outcome: .cutOff, raw: "<think>Hm"), "still thinking at the limit of its length: raise max_tokens"),
      (
        TeacherReply(outcome: .unreadable("a thought that never ends"), raw: "<think>Hm"),
        "without an end of its thought, not at a limit of length"
      ),
      (
        TeacherReply(outcome: .cutOff, raw: "{\"label\""),
        "See whether its prompt, answer and max_tokens suit the model"
      ),
      (
        TeacherReply(reading: "<think>Hm</think>", with: AnswerReader(labels: .outOfContext)),
        "thinks and gives no answer"
      ),
      (TeacherReply(outcome: .unreadable(TeacherReply.Outcome.toolCall), raw: "[]"), "is offered no tools here"),
      (TeacherReply(outcome: .empty, raw: ""), "See whether its prompt, answer and max_tokens suit the model"),
    ] {
      let teacher = ScriptedTeacher("gpt") { _ in reply }
      let annotator = try Annotator(
        store: MemoryAnnotationStore(), labels: .outOfContext,
        assignments: [.init(teacher: teacher, template: PromptTemplate("{text}"), concurrency: 1)])
      let lines = try await annotator.annotate(data).closingLines()
      #expect(lines.last?.contains(remedy) == true, "\(lines)")
    }
  }

  /// A recorded teacher that writes "urgent" where the label is called otherwise has no prompt to look at.
  @Test func `a spelling that no label has is told with the key that takes it, and a few such replies are not`()
    async throws
  {
    func lines(unknown: Int) async throws -> [String] {
      let said = Locked<[String]>([])
      let teacher = ScriptedTeacher("file") { request in
        let number = Int(request.prompt.split(separator: " ").last ?? "") ?? 0
        return number < unknown
          ? TeacherReply(outcome: .unknownLabel("fits"), raw: "fits")
          : TeacherReply(outcome: .answered("pristine"), raw: "")
      }
      var annotator = try Annotator(
        store: MemoryAnnotationStore(), labels: .outOfContext,
        assignments: [.init(teacher: teacher, template: PromptTemplate("{text}"), concurrency: 1)])
      annotator.tell = { line in said.withLock { $0.append(line) } }
      let run = try await annotator.annotate(data)
      return said.withLock { $0 } + run.closingLines()
    }
    let advice = "If it is a spelling of a label, add it to that label's aliases"
    #expect(
      try await lines(unknown: 10) == [
        "teacher file: none of its first 10 replies has a label (10 with an unknown label); the one on item 'i0': \"fits\". "
          + advice,
        "teacher file: of 30 items 20 answered, 10 with an unknown label",
        "  10 of them without a label, the first on item 'i0': \"fits\". \(advice)",
      ])
    #expect(
      try await lines(unknown: 2) == ["teacher file: of 30 items 28 answered, 2 with an unknown label"],
      "2 of 30 are fewer")
  }

  @Test func `a failed question is counted as one without a reply`() async throws {
    struct Fault: Error {}
    let teacher = ScriptedTeacher("t") { request in
      if request.item.id == "i3" { throw Fault() }
      return TeacherReply(reading: "No", with: AnswerReader(labels: request.labels))
    }
    let annotator = try Annotator(
      store: MemoryAnnotationStore(), labels: .outOfContext,
      assignments: [.init(teacher: teacher, template: PromptTemplate("{text}"))])
    let run = try await annotator.annotate(data)
    #expect(run.closingLines() == ["teacher t: of 30 items 29 answered, 1 without a reply"])
  }

  /// 100 replies of a file at once, 40 stored ones, and a service that answers one in ten seconds: 57 that are left take
  /// 570 s, whatever came for nothing.
  @Test func `the time left is that of what has to be asked`() {
    let time = Locked(0.0)
    let counter = ProgressCounter(
      items: 100, isInstant: [true, false], ledger: SpendingLedger(), clock: { time.withLock { $0 } }, report: nil)
    counter.add(of: 0, read: 100, opened: 100)
    counter.add(of: 0, settled: 100, answered: 100)
    #expect(counter.progress.secondsLeft == nil, "nothing is known of the service")
    counter.add(of: 1, read: 100, opened: 60, alreadyStored: 40)
    for second in [10.0, 20, 30] {
      time.withLock { $0 = second }
      counter.add(of: 1, settled: 1, answered: 1)
    }
    #expect(counter.progress.done == 143 && counter.progress.alreadyStored == 40)
    #expect(abs(counter.progress.rate - 0.1) < 1e-9)
    #expect(abs((counter.progress.secondsLeft ?? 0) - 570) < 1e-6)
  }

  /// Ten answers within ten seconds, and none for sixteen, as a busy server of one's own gives them: 24 a minute, whenever one
  /// looks, and not 4 where the first one comes after the gap.
  @Test func `answers that come in bursts have the rate of several bursts`() {
    let time = Locked(0.0)
    let counter = ProgressCounter(
      items: 400, isInstant: [false], ledger: SpendingLedger(), clock: { time.withLock { $0 } }, report: nil)
    counter.add(of: 0, read: 400, opened: 400)
    var rates: [Double] = []
    for burst in 1...8 {
      for answer in 0..<10 {
        time.withLock { $0 = Double(burst) * 25 + Double(answer) }
        counter.add(of: 0, settled: 1, answered: 1)
        if burst > 3 { rates.append(counter.progress.rate * 60) }
      }
    }
    #expect(rates.allSatisfy { (12...36).contains($0) }, "\(rates)")
  }

  /// Of 1,000 items 500 were looked up, and a half of those had to be asked; so has a half of the others.
  @Test func `items that were not looked up count by the share that had to be asked`() {
    let time = Locked(0.0)
    let counter = ProgressCounter(
      items: 1000, isInstant: [false], ledger: SpendingLedger(), clock: { time.withLock { $0 } }, report: nil)
    counter.add(of: 0, read: 500, opened: 250, alreadyStored: 250)
    time.withLock { $0 = 50 }
    counter.add(of: 0, settled: 50, answered: 50)
    // 200 known ones and 250 expected ones, one a second.
    #expect(abs((counter.progress.secondsLeft ?? 0) - 450) < 1e-6)
  }
}
