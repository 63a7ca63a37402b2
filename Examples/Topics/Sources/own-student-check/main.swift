import DualChecker
import TeacherProtocol

/// Picks the cases from which DualChecker refines its prompt: alarms that the student would miss, its surest first.
struct MissedAlarms: StudentCheck {
  func borderline(among cases: [StudentCase]) -> [StudentCase] {
    cases.filter { $0.answer == .label("urgent") && $0.prediction.answer != $0.answer }
      .sorted { ($1.prediction.confidence, $0.item.id) < ($0.prediction.confidence, $1.item.id) }
  }
}

/// What the teacher said of a message, and how probable "urgent" is to the student.
func studentCase(_ text: String, teacher: String, urgent: Double) -> StudentCase {
  StudentCase(
    item: Item(id: text, fields: ["text": text]), answer: .label(teacher), sureness: 0.9,
    prediction: StudentPrediction(
      answer: .label(urgent > 0.5 ? "urgent" : "routine"), probabilities: [urgent, 1 - urgent]))
}

let cases = [
  studentCase("fire in the lobby", teacher: "urgent", urgent: 0.95),
  studentCase("the cellar is wet", teacher: "urgent", urgent: 0.45),
  studentCase("strange smell in the kitchen", teacher: "urgent", urgent: 0.1),
  studentCase("broken lamp", teacher: "routine", urgent: 0.48),
]
let missed = MissedAlarms().borderline(among: cases)
for found in missed { print("missed: '\(found.item.text)', \(found.prediction.confidence) sure that it is routine") }
precondition(missed.map(\.item.id) == ["strange smell in the kitchen", "the cellar is wet"])

// The checks of the library choose otherwise: the margin check takes what is hardly decided, right or wrong.
let narrow = MarginCheck(threshold: 0.2).borderline(among: cases).map(\.item.text)
print("hardly decided: \(narrow)")
precondition(narrow == ["broken lamp", "the cellar is wet"])
