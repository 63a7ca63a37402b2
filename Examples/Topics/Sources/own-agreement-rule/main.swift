import Annotations
import Foundation
import TeacherProtocol

/// The majority decides, unless the named teacher is against it: its veto makes a conflict, which people decide.
struct VetoRule: AgreementRule {
  let teacher: String

  func verdict(on votes: [Vote]) -> Verdict {
    let majority = MajorityRule().verdict(on: votes)
    guard case .agreed(let label) = majority else { return majority }
    return votes.contains { $0.teacher == teacher && $0.label != label } ? .conflict : majority
  }
}

let labels = try LabelSet([.init(name: "urgent"), .init(name: "routine")])
let teachers = [
  ScriptedTeacher("expert", answers: ["leak": "urgent", "lamp": "routine", "drill": "routine"]),
  ScriptedTeacher("hasty", answers: ["leak": "urgent", "lamp": "urgent", "drill": "urgent"]),
  ScriptedTeacher("careful", answers: ["leak": "urgent", "lamp": "routine", "drill": "urgent"]),
]
let folder = FileManager.default.temporaryDirectory.appendingPathComponent("topic-\(UUID().uuidString)")
defer { try? FileManager.default.removeItem(at: folder) }

// Replies are kept in a file; a question that is answered there is not asked again.
let template = try PromptTemplate("Is this urgent? {text}")
let annotator = try Annotator(
  store: JSONLinesAnnotationStore(folder.appendingPathComponent("replies.jsonl")), labels: labels,
  assignments: teachers.map { .init(teacher: $0, template: template) })
let items = ["leak", "lamp", "drill"].map { Item(id: $0, fields: ["text": $0]) }
let judgements = try await annotator.annotate(Dataset(items: items, root: folder))
  .judgements(by: VetoRule(teacher: "expert"))

for judgement in judgements {
  print(judgement.item.id, judgement.label ?? "conflict, which a person decides", separator: ": ")
}
precondition(judgements.map(\.verdict) == [.agreed("urgent"), .agreed("routine"), .conflict])

// What every rule must keep, over all ways in which three teachers can vote.
let problems = AgreementCheck(labels: labels.names, teachers: teachers.map(\.name))
  .problems(of: VetoRule(teacher: "expert"))
precondition(problems.isEmpty, problems.joined(separator: "\n"))
print("AgreementCheck finds nothing")
