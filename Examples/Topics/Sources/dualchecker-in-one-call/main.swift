import DualChecker
import TeacherProtocol

let labels = try LabelSet(
  [.init(name: "urgent", answer: "Yes"), .init(name: "routine", answer: "No")], positive: "urgent")

/// A student that learns while the teacher labels: it adds up which labels the words of a text had.
struct CountingStudent: OnlineStudent {
  private var seen: [Substring: [String: Double]] = [:]

  mutating func fit(_ batch: [TrainingExample]) async throws {
    for example in batch {
      guard case .label(let label) = example.answer else { continue }
      for word in example.item.text.split(separator: " ") {
        seen[word, default: [:]][label, default: 0] += example.weight
      }
    }
  }

  func predictions(for items: [Item]) async throws -> [StudentPrediction] {
    items.map { item in
      let words = item.text.split(separator: " ").compactMap { seen[$0] }
      let sums = labels.names.map { label in
        words.reduce(1) { $0 * (0.1 + ($1[label] ?? 0)) / (0.2 + $1.values.reduce(0, +)) }
      }
      return StudentPrediction(
        answer: .label(sums[0] >= sums[1] ? labels.names[0] : labels.names[1]),
        probabilities: sums.map { $0 / (sums[0] + sums[1]) })
    }
  }
}

let teacher = ScriptedTeacher("expert") { request in
  let isUrgent = ["fire", "leak", "smoke"].contains(where: request.item.text.contains)
  return TeacherReply(
    outcome: .answered(isUrgent ? "urgent" : "routine"), rationale: isUrgent ? "It is dangerous." : "It can wait.",
    confidence: Confidence(0.9, source: .verbalised), raw: isUrgent ? "Yes." : "No.")
}
let places = ["lobby", "kitchen", "garage", "cellar", "office"]
let texts = places.flatMap { place in
  ["fire", "leak", "smoke", "lamp", "chair", "door"].map { "\($0) in the \(place)" }
}
let items = texts.map { Item(id: $0, fields: ["text": $0]) }
// A few gold labels: demonstrations for the teacher's prompt, and the only ones that the method sees.
let pool = [(items[0], "urgent"), (items[3], "routine")].map { LabelledPool.Entry(item: $0, answer: .label($1)) }

let loop = DualCheckerLoop(
  task: try LabellingTask(binary: labels), teacher: teacher,
  aligner: try await ContextAligner(
    pool: LabelledPool(pool), selection: .labelBalanced, encoder: HashedNGramEncoder()),
  items: items.filter { item in !pool.contains { $0.item == item } },
  template: LabellingTemplate(instructions: ["Is this message to the help desk urgent?"]))
let (student, state) = try await loop.run(CountingStudent())

let agreement = state.rounds.map(\.studentAgreement)
print("\(state.labelled.count) items labelled with \(state.questions) questions")
print("the student agreed with the teacher, round by round: \(agreement)")
precondition(state.labelled.count == 28 && state.failures.isEmpty, "\(state.failures)")
let new = try await student.predictions(for: [Item(id: "new", fields: ["text": "smoke in the attic"])]).map(\.answer)
precondition(agreement.last == 1 && new == [.label("urgent")], "the student did not learn")
