import Annotations
import Foundation
import TeacherProtocol
import Testing

/// A teacher hears the labels' answers alone, so another name for a label is no other question.
@Suite struct RenamedLabelsTests {
  let scratch: Scratch
  let store: JSONLinesAnnotationStore
  let data: Dataset

  init() throws {
    scratch = try Scratch()
    store = try JSONLinesAnnotationStore(scratch.path("replies.jsonl"), isDurable: false)
    data = Dataset(items: (0..<20).map { Item(id: "i\($0)", fields: ["text": "text \($0)"]) }, root: scratch.url)
  }

  private func labels(_ names: [String], answers: [String] = ["No", "Yes", "Perhaps"]) throws -> LabelSet {
    try LabelSet(zip(names, answers).map { .init(name: $0, answer: $1) }, positive: names[1])
  }

  private func ask(_ labels: LabelSet, _ asked: Locked<Int>) async throws -> [String?] {
    let teacher = ScriptedTeacher("a") { request in
      asked.withLock { $0 += 1 }
      let answers = request.labels.labels.map(\.answer)
      let number = Int(request.prompt.split(separator: " ").last ?? "") ?? 0
      return TeacherReply(reading: answers[number % answers.count], with: AnswerReader(labels: request.labels))
    }
    let annotator = try Annotator(
      store: store, labels: labels, assignments: [.init(teacher: teacher, template: try PromptTemplate("{text}"))])
    return try await annotator.annotate(data).annotations.map { $0.first?.reply.label }
  }

  @Test func `another name for one label or two asks nobody, and replies have the new names`() async throws {
    let asked = Locked(0)
    let before = try await ask(labels(["fits", "false", "open"]), asked)
    #expect(asked.withLock { $0 } == 20 && before.prefix(3) == ["fits", "false", "open"])
    #expect(try await ask(labels(["fits", "falsified", "open"]), asked).prefix(3) == ["fits", "falsified", "open"])
    #expect(
      try await ask(labels(["true", "falsified", "unclear"]), asked).prefix(3) == ["true", "falsified", "unclear"])
    #expect(asked.withLock { $0 } == 20)
  }

  @Test func `any number of names and any order ask nobody, labels that no reply has among them`() async throws {
    let asked = Locked(0)
    let answers = ["A", "B", "C", "D", "E"]
    // The teacher never says E.
    let teacher = ScriptedTeacher("a") { request in
      asked.withLock { $0 += 1 }
      let number = Int(request.prompt.split(separator: " ").last ?? "") ?? 0
      return TeacherReply(reading: answers[number % 4], with: AnswerReader(labels: request.labels))
    }
    func ask(_ labels: LabelSet) async throws -> [String?] {
      let annotator = try Annotator(
        store: store, labels: labels, assignments: [.init(teacher: teacher, template: try PromptTemplate("{text}"))])
      return try await annotator.annotate(data).annotations.map { $0.first?.reply.label }
    }
    _ = try await ask(labels(["one", "two", "three", "four", "five"], answers: answers))
    let renamed = try await ask(labels(["i", "ii", "iii", "iv", "v"], answers: answers))
    #expect(renamed.prefix(4) == ["i", "ii", "iii", "iv"])
    let turned = try await ask(labels(["v", "iv", "iii", "ii", "i"], answers: answers.reversed()))
    #expect(turned == renamed)
    // Names that change places with one another.
    let both = try await ask(labels(["ii", "i", "x", "y", "z"], answers: ["C", "A", "E", "D", "B"]))
    #expect(both.prefix(4) == ["i", "z", "ii", "y"])
    #expect(asked.withLock { $0 } == 20)
  }

  @Test func `the probabilities of a reply go with the labels' names, and what a teacher reads besides is asked anew`()
    async throws
  {
    struct Decider: Teacher {
      let name = "d"
      let asked: Locked<Int>
      var seen = ""
      func particulars(of request: TeacherRequest) -> String { seen }
      func reply(to request: TeacherRequest) async throws -> TeacherReply {
        asked.withLock { $0 += 1 }
        let names = request.labels.names
        var reply = TeacherReply(outcome: .answered(names[1]), raw: "{}")
        reply.probabilities = [names[0]: 0.25, names[1]: 0.75, names[2]: 0]
        return reply
      }
    }
    let asked = Locked(0)
    func ask(_ labels: LabelSet, seen: String = "") async throws -> TeacherReply? {
      let annotator = try Annotator(
        store: store, labels: labels,
        assignments: [.init(teacher: Decider(asked: asked, seen: seen), template: try PromptTemplate("{text}"))])
      return try await annotator.annotate(data).annotations.first?.first?.reply
    }
    _ = try await ask(labels(["fits", "false", "open"]))
    let renamed = try await ask(labels(["open", "falsified", "fits"], answers: ["Perhaps", "Yes", "No"]))
    #expect(renamed?.probabilities == ["fits": 0.25, "falsified": 0.75, "open": 0])
    #expect(asked.withLock { $0 } == 20)
    _ = try await ask(labels(["fits", "false", "open"]), seen: "another field")
    #expect(asked.withLock { $0 } == 40)
  }

  @Test func `replies that an older version kept without their labels are found under other names`() async throws {
    let asked = Locked(0)
    _ = try await ask(labels(["fits", "false", "open"]), asked)
    // As stores were written before: without the labels.
    let older = try JSONLinesAnnotationStore(scratch.path("older.jsonl"), isDurable: false)
    try await older.append(
      await store.annotations(forItems: nil).map {
        var one = $0
        one.question?.labels = nil
        return one
      })
    let labels = try labels(["true", "falsified", "unclear"])
    let teacher = ScriptedTeacher("a") { _ in
      asked.withLock { $0 += 1 }
      return TeacherReply(outcome: .abstained, raw: "")
    }
    let annotator = try Annotator(
      store: older, labels: labels, assignments: [.init(teacher: teacher, template: try PromptTemplate("{text}"))])
    let found = try await annotator.annotate(data).annotations.map { $0.first?.reply.label }
    #expect(found.prefix(3) == ["true", "falsified", "unclear"] && asked.withLock { $0 } == 20)
  }

  @Test func `another answer or one label more is another question`() async throws {
    let asked = Locked(0)
    _ = try await ask(labels(["fits", "false"]), asked)
    _ = try await ask(labels(["fits", "wrong"], answers: ["No", "Sure"]), asked)
    _ = try await ask(labels(["fits", "wrong", "open"]), asked)
    #expect(asked.withLock { $0 } == 60)
  }

  @Test func `where repairs are switched on, only what has no label is asked again`() async throws {
    let asked = Locked([String]())
    /// Every fourth reply has no label: three ways of having none in turn.
    let teacher = ScriptedTeacher("a") { request in
      asked.withLock { $0.append(request.item.id) }
      let number = Int(request.prompt.split(separator: " ").last ?? "") ?? 0
      let without: [TeacherReply.Outcome] = [.unreadable("no label"), .empty, .unknownLabel("Maybe")]
      let with: [TeacherReply.Outcome] = [.answered(request.labels.labels[0].name), .abstained, .refused, .cutOff]
      let isRead = number % 4 != 0 || request.parameters.isRepaired
      return TeacherReply(outcome: isRead ? with[number % 4] : without[number / 4 % 3], raw: "?")
    }
    func ask(_ labels: LabelSet, isRepaired: Bool) async throws -> Int {
      asked.withLock { $0 = [] }
      let assignment = Annotator.Assignment(
        teacher: teacher, template: try PromptTemplate("{text}"), parameters: .init(isRepaired: isRepaired))
      let run = try await Annotator(store: store, labels: labels, assignments: [assignment]).annotate(data)
      #expect(run.annotations.allSatisfy { $0.count == 1 })
      return asked.withLock { $0.count }
    }
    let names = try labels(["fits", "false", "open"])
    #expect(try await ask(names, isRepaired: false) == 20)
    #expect(try await ask(names, isRepaired: true) == 5)
    #expect(Set(asked.withLock { $0 }) == ["i0", "i4", "i8", "i12", "i16"])
    // Off again, and on again, and with other names besides.
    for isRepaired in [false, true] { #expect(try await ask(names, isRepaired: isRepaired) == 0) }
    #expect(try await ask(labels(["true", "false", "open"]), isRepaired: true) == 0)
  }
}
