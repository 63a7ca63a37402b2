import Annotations
import Foundation
import LetterStudent
import TeacherProtocol
import TwoStage

let labels = try LabelSet([.init(name: "urgent", answer: "Yes"), .init(name: "routine", answer: "No")])

/// A teacher that finds some words urgent and others, which count more, routine.
func teacher(_ name: String, urgent: [String], routine: [String] = []) -> ScriptedTeacher {
  ScriptedTeacher(name) { request in
    let words = request.item.text.split(separator: " ").map(String.init)
    let isUrgent = !words.contains(where: routine.contains) && words.contains(where: urgent.contains)
    return TeacherReply(outcome: .answered(isUrgent ? "urgent" : "routine"), raw: isUrgent ? "Yes." : "No.")
  }
}
let teachers = [
  teacher("alarmed", urgent: ["fire", "smoke", "leak"]),
  teacher("careful", urgent: ["fire", "smoke", "leak"], routine: ["drill"]),
  teacher("hasty", urgent: ["fire", "smoke", "leak"]),
]

// Messages for training and, about another place, for the test. The truth: a danger is urgent unless it is a drill.
func messages(_ places: [String]) -> [Item] {
  places.flatMap { place in
    ["fire", "smoke", "leak", "lamp", "chair", "door"].flatMap { matter in
      ["\(matter) in the \(place)", "drill \(matter) in the \(place)"].map { Item(id: $0, fields: ["text": $0]) }
    }
  }
}
func truth(_ item: Item) -> String {
  ["fire", "smoke", "leak"].contains(where: item.text.contains) && !item.text.contains("drill") ? "urgent" : "routine"
}
let folder = FileManager.default.temporaryDirectory.appendingPathComponent("topic-\(UUID().uuidString)")
defer { try? FileManager.default.removeItem(at: folder) }
let data = Dataset(items: messages(["lobby", "kitchen", "garage", "cellar"]), root: folder)
let gold = GoldAnswers(Dictionary(uniqueKeysWithValues: data.items.map { ($0.id, truth($0)) }))

// Both stages: teachers answer, an adapter learns where they agree, people label six of the conflicts, and the adapter
// learns to prefer the answers with their labels.
var method = TwoStageDistillation(labels: labels, prompt: try PromptTemplate("Is this urgent? {text}"))
method.options.adapter.targets = .names(["head"])
(method.options.stage1.epochs, method.options.stage1.learningRate) = (20, 0.05)
(method.options.stage2.epochs, method.options.stage2.learningRate) = (20, 0.05)
method.options.replay = 2  // two agreed messages beside each labelled conflict
let outcome = try await method.distill(
  data, into: LetterStudent(), teachers: teachers, people: OracleLabelSource(gold: gold, budget: 6),
  store: JSONLinesAnnotationStore(folder.appendingPathComponent("replies.jsonl")))

let test = Dataset(items: messages(["attic"]), root: folder)
func right(_ student: LetterStudent) async throws -> Int {
  let predictions = try await method.predictions(for: test.items, in: test, by: student)
  return zip(test.items, predictions).count { truth($0) == $1.label }
}
let (stage1, both) = (try await right(outcome.stage1), try await right(outcome.student))
print("\(outcome.conflicts.count) conflicts of \(data.items.count), \(outcome.humanLabels.count) human labels")
print("right of \(test.items.count): \(stage1) after stage 1, \(both) after both")
precondition(outcome.humanLabels.count == 6 && stage1 < both, "stage 2 did not help")
