public import TeacherProtocol

/// An example in a prompt: a text, its gold label, and why it is labelled so.
public struct Demonstration: Sendable, Equatable, Codable {
  /// The labelled item it comes from; an item is never its own example.
  public var item: String
  /// The text.
  public var text: String
  /// The gold label's name; for spans the ``TaskAnswer/key``.
  public var label: String
  /// The explanation of the label; empty where there is none.
  public var reason: String

  /// A demonstration.
  public init(item: String, text: String, label: String, reason: String = "") {
    self.item = item
    self.text = text
    self.label = label
    self.reason = reason
  }
}

/// How demonstrations stand in a prompt.
///
/// ```swift
/// var item = item
/// item.fields["demonstrations"] = try DemonstrationFormat().text(demonstrations, labels: labels)
/// let prompt = try PromptTemplate("[[{demonstrations}\n\n]]Text: {text}\nAnswer:").prompt(for: item, labels: labels)
/// ```
public struct DemonstrationFormat: Sendable, Equatable {
  /// Longest text of a demonstration in characters; longer ones are cut at a word and end in "…". The default is 400.
  public var maximumCharacters: Int = 400
  /// Writes label and reason.
  public var answer = AnswerTemplate()

  /// A format with the default answers.
  public init(maximumCharacters: Int = 400) { self.maximumCharacters = maximumCharacters }

  /// The demonstrations of a task as one text; those whose answer the task does not have are left out.
  ///
  /// - Throws: `TeacherProtocolError.unknownLabel`.
  public func text(_ demonstrations: [Demonstration], task: LabellingTask) throws(TeacherProtocolError) -> String {
    var blocks: [String] = []
    for demonstration in demonstrations {
      guard let answer = task.answer(key: demonstration.label) else { continue }
      let written = try task.written(answer, about: demonstration.text, reason: demonstration.reason)
      // Spans of words that were cut away would teach to invent them.
      let text = task.kind == .spans ? demonstration.text : cut(demonstration.text)
      blocks.append("Text: \(PromptBuilder.oneLine(text))\nAnswer: \(PromptBuilder.oneLine(written))")
    }
    return blocks.joined(separator: "\n\n")
  }

  /// The demonstrations as one text, in their order, with an empty line between two.
  ///
  /// - Throws: `TeacherProtocolError.unknownLabel`.
  public func text(_ demonstrations: [Demonstration], labels: LabelSet) throws(TeacherProtocolError) -> String {
    var blocks: [String] = []
    for demonstration in demonstrations {
      let answer = try answer.answer(demonstration.label, rationale: demonstration.reason, labels: labels)
      blocks.append("Text: \(cut(demonstration.text))\nAnswer: \(answer)")
    }
    return blocks.joined(separator: "\n\n")
  }

  private func cut(_ text: String) -> String {
    guard text.count > maximumCharacters else { return text }
    let start = text.prefix(maximumCharacters)
    let end = start.lastIndex(where: \.isWhitespace).map { start[..<$0] } ?? start
    return end + "…"
  }
}
