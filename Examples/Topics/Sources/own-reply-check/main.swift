import DualChecker
import TeacherProtocol

/// Looks at a teacher's replies and asks once more, with a hint, where an alarm may be a drill.
struct DrillCheck: ReplyCheck {
  func followUp(to exchanges: [Exchange]) async throws -> TeacherRequest? {
    guard exchanges.count == 1, let first = exchanges.first, first.reply.label == "urgent",
      first.request.item.text.contains("drill")
    else { return nil }
    var request = first.request
    request.prompt = "A drill is no emergency.\n" + request.prompt
    request.promptVersion += "+drill"  // another question, which is remembered by itself
    return request
  }
}

let labels = try LabelSet([.init(name: "urgent", answer: "Yes"), .init(name: "routine", answer: "No")])
/// A teacher that forgets drills unless it is told of them.
let teacher = ScriptedTeacher("forgetful") { request in
  let isDrill = request.item.text.contains("drill") && request.prompt.contains("no emergency")
  let answer = request.item.text.contains("fire") && !isDrill ? "Yes. There is a fire." : "No. Nothing burns."
  return TeacherReply(reading: answer, with: AnswerReader(labels: request.labels))
}
// The last reply counts; others are the surest one, or the one with most confidence over all replies.
let checker = TeacherChecker(teacher: teacher, check: DrillCheck(), acceptance: .latest)
let question = try PromptTemplate("Is this urgent? {text}")

var answers: [String?] = []
for text in ["fire in the lobby", "fire drill in the lobby", "broken lamp"] {
  let item = Item(id: text, fields: ["text": text])
  let checked = try await checker.ask(TeacherRequest(item: item, template: question, labels: labels))
  print("'\(text)' -> \(checked.reply.label ?? "no label"), asked \(checked.exchanges.count) times")
  answers.append(checked.reply.label)
  precondition(checked.isChanged == text.contains("drill"), "the second answer to '\(text)' must be another one")
}
precondition(answers == ["urgent", "routine", "routine"], "the labels are \(answers)")
