import TeacherProtocol

/// A teacher has a name and answers a question. This one counts words; another asks a service or a model.
struct WordCounter: Teacher {
  let name = "word counter"

  func reply(to request: TeacherRequest) async throws -> TeacherReply {
    let count = request.item.text.split(separator: " ").count
    // A reply without a label is a result, not an error.
    guard count > 0 else { return TeacherReply(outcome: .abstained, raw: "There is no text.") }
    let text = count > 5 ? "Yes. It has \(count) words." : "No. It has \(count) words."
    // The reader finds label and rationale in a text as models write it.
    return TeacherReply(reading: text, with: AnswerReader(labels: request.labels))
  }
}

let labels = try LabelSet([.init(name: "long", answer: "Yes"), .init(name: "short", answer: "No")])
let question = try PromptTemplate("Is this long? {text}")
let texts = ["a leak in the cellar since yesterday", "broken lamp", ""]
let requests = try texts.enumerated().map { number, text in
  try TeacherRequest(item: Item(id: "\(number)", fields: ["text": text]), template: question, labels: labels)
}

let teacher = WordCounter()
var answers: [String?] = []
for request in requests {
  let reply = try await teacher.reply(to: request)
  print("'\(request.item.text)' -> \(reply.label ?? "no label"): \(reply.rationale)")
  answers.append(reply.label)
}
precondition(answers == ["long", "short", nil], "the labels are \(answers)")

// What every teacher must keep, checked from outside: also asked concurrently, also twice.
let problems = await TeacherCheck(requests: requests).problems(of: teacher)
precondition(problems.isEmpty, problems.joined(separator: "\n"))
print("TeacherCheck finds nothing")
