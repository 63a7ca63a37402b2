internal import JSON
import TeacherProtocol

/// Texts of messages, in the spellings of TRL (`role`, `content`) and of ShareGPT (`from`, `value`).
enum Conversation {
  private static let assistants: Set<String> = [
    "assistant", "gpt", "model", "chatgpt", "bot", "bing", "bard", "claude",
  ]
  private static let users: Set<String> = ["user", "human", "prompter"]

  /// The answer in a text, a message, or a list of messages, of which the last must be the assistant's. Nil without one.
  static func answer(_ value: JSONValue) -> String? {
    guard let elements = value.elements else { return text(value) }
    guard let last = elements.last else { return nil }
    // Parts of one message's content have no role.
    guard let role = role(of: last) else { return text(value) }
    return assistants.contains(role) ? text(last) : nil
  }

  /// The last question in a text, a message, or a list of messages. Nil without one.
  static func question(_ value: JSONValue) -> String? {
    guard let elements = value.elements, let first = elements.first, role(of: first) != nil else { return text(value) }
    return elements.last { role(of: $0).map(users.contains) ?? false }.flatMap(text)
  }

  /// The messages without the last one where it is the assistant's; anything else as it is.
  static func withoutAnswer(_ value: JSONValue) -> JSONValue {
    guard let elements = value.elements, let last = elements.last, let role = role(of: last), assistants.contains(role)
    else { return value }
    return .array(elements.dropLast())
  }

  /// Everything that was said, with the speakers: `user`, `assistant`, or what else the role is; a text has none.
  static func turns(_ value: JSONValue) -> [(role: String, text: String)] {
    guard let elements = value.elements, elements.contains(where: { role(of: $0) != nil }) else {
      return [(role(of: value).map(speaker) ?? "", text(value) ?? "")]
    }
    return elements.map { (role(of: $0).map(speaker) ?? "", text($0) ?? "") }
  }

  private static func speaker(_ role: String) -> String {
    users.contains(role) ? "user" : assistants.contains(role) ? "assistant" : role
  }

  /// What stands in parts of messages beside text: images by their path or address, and all else as it is.
  static func images(_ value: JSONValue) -> [JSONValue] {
    if let elements = value.elements { return elements.flatMap(images) }
    guard case .object(let members) = value else { return [] }
    if let content = value["content"] ?? value["value"] { return images(content) }
    // A mark of where an image stands says nothing about it.
    guard value["text"]?.string == nil, role(of: value) == nil,
      members.contains(where: { $0.name != "type" && $0.value != .null })
    else {
      return []
    }
    let image = value["image"] ?? value["image_url"] ?? value["path"] ?? value["url"]
    return [image?["url"] ?? image?["path"] ?? image ?? value]
  }

  /// The text of a string, a message, a part of a message, or a list of parts. Nil where there is none.
  static func text(_ value: JSONValue) -> String? {
    if let text = value.string { return text }
    if let content = value["content"] ?? value["value"] { return text(content) }
    if let text = value["text"]?.string { return text }
    guard let elements = value.elements else { return nil }
    return elements.compactMap(text).filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private static func role(of message: JSONValue) -> String? {
    (message["role"] ?? message["from"])?.string?.lowercased()
  }

  /// Prompt and answers of a pair of whole texts, as TRL's `extract_prompt` divides them: behind what both begin with, taken
  /// back to the beginning of a word. Nil where that leaves one of them without an answer.
  static func split(_ chosen: String, _ rejected: String) -> (prompt: String, chosen: String, rejected: String)? {
    let common = zip(chosen, rejected).prefix { $0 == $1 }.count
    var prompt = chosen.prefix(common)
    func continues(_ text: String) -> Bool {
      let next = text.index(text.startIndex, offsetBy: common)
      return next < text.endIndex && !text[next].isWhitespace
    }
    // An answer of which the other is the beginning, or a word that both begin alike: the whole word is part of the answer.
    if continues(chosen) || continues(rejected) {
      while let last = prompt.last, !last.isWhitespace { prompt.removeLast() }
    }
    let answers = [chosen, rejected].map { $0.dropFirst(prompt.count).drop(while: \.isWhitespace) }
    guard answers.allSatisfy({ !$0.isEmpty }) else { return nil }
    return (String(prompt), String(answers[0]), String(answers[1]))
  }
}
