internal import TeacherProtocol

/// The content of a prompt, read without any other knowledge.
struct InContextPrompt {
  struct Example {
    var text: String
    /// Its longer text; empty where none is shown.
    var detail: String
    var answer: String
    /// What it is compared by.
    var wholeText: String { Item.wholeText(text, detail) }
  }

  /// Texts with answers, in order.
  var examples: [Example] = []
  /// What the labels' answers mean, as far as it is said.
  var meanings: [String: String] = [:]
  /// The text in question.
  var text = ""
  /// Its longer text; empty where none is shown.
  var detail = ""
  /// The answer that is to be explained; nil where an answer is asked for.
  var toExplain: String?

  init(_ prompt: String, labels: LabelSet) {
    var isExplanation = false
    for line in Self.lines(of: prompt) {
      if let rest = Self.rest(of: line, after: "Text:") {
        (text, detail) = (rest, "")
      } else if let rest = Self.rest(of: line, after: "Detail:") {
        detail = rest
      } else if let rest = Self.rest(of: line, after: "Answer:") {
        if !rest.isEmpty { examples.append(Example(text: text, detail: detail, answer: rest)) }
      } else if line.hasPrefix("Explanation:") {
        isExplanation = true
      } else if let label = labels.labels.first(where: { line.hasPrefix($0.answer + ": ") }) {
        meanings[label.name] = String(line.dropFirst(label.answer.count + 2))
      }
    }
    if isExplanation { toExplain = examples.popLast()?.answer }
  }

  /// The lines that are not empty. A line end stands for itself but behind a carriage return, with which it is one character.
  private static func lines(of prompt: String) -> [Substring] {
    prompt.utf8.contains(0x0D)
      ? prompt.split(separator: "\n") : prompt.utf8.split(separator: 0x0A).map { Substring($0) }
  }

  private static func rest(of line: Substring, after head: String) -> String? {
    // Bytes first, since characters take longer.
    guard line.utf8.starts(with: head.utf8), line.hasPrefix(head) else { return nil }
    return String(line.dropFirst(head.count).drop(while: \.isWhitespace))
  }
}
