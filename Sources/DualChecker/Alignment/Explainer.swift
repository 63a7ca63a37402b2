package import TeacherProtocol

/// Asks a teacher why an item is labelled as it is: the reason of a demonstration.
package struct Explainer: Sendable {
  /// Who is asked.
  package let teacher: any Teacher
  /// What the items are labelled for.
  package let task: LabellingTask
  /// Most tokens of a reason. The default is that of ``DualCheckerOptions/explanationTokens``.
  package var maximumTokens = DualCheckerOptions().explanationTokens

  package init(teacher: any Teacher, task: LabellingTask) {
    self.teacher = teacher
    self.task = task
  }

  /// The question why an item has an answer.
  ///
  /// - Throws: `TeacherProtocolError`.
  package func request(for item: Item, answer: TaskAnswer) throws(TeacherProtocolError) -> TeacherRequest {
    var filled = item
    filled.fields["definitions"] = task.definitions
    filled.fields["text"] = item.text.onOneLine
    filled.fields["answer"] = try task.written(answer, about: item.text)
    let template = try PromptTemplate(Self.layout)
    return TeacherRequest(
      item: item, prompt: try template.prompt(for: filled, labels: task.labels).text,
      promptVersion: template.version, labels: task.labels, parameters: .init(maximumTokens: maximumTokens))
  }

  /// The reason; empty for a span task, whose demonstrations carry none, and for a teacher that says nothing.
  package func reason(for item: Item, answer: TaskAnswer) async throws -> String {
    guard task.kind != .spans else { return "" }
    let reply = try await teacher.reply(to: try request(for: item, answer: answer))
    let text = reply.rationale.isEmpty ? reply.raw : reply.rationale
    return text.onOneLine
  }

  /// The version of its questions, by which they are told from those for a label.
  package static let promptVersion = (try? PromptTemplate(layout).version) ?? ""

  static let layout = """
    [[{definitions}

    ]]Text: {text}
    Answer: {answer}
    In one sentence, why is this the right answer?
    Explanation:
    """
}
