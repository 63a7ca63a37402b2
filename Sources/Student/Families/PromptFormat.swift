internal import Foundation
internal import Tokenizers

/// How a model folder's chat template frames questions and answers, in text and in tokens.
///
/// Nothing of a family's format is written down here: what stands before an answer and what closes it is what the template
/// renders. Without a template a prompt is the question as it is, and an answer follows it at once.
struct PromptFormat: Sendable {
  let tokenizer: Tokenizer
  let template: ChatTemplate?
  /// The token that ends an answer.
  let endOfTurn: Int
  /// What the template puts between the generation prompt and the answer: mostly nothing or a space.
  let opening: String
  /// What it puts after the answer: the end of the turn, and what follows it.
  private let closing: String
  private let closingHasEnd: Bool
  /// What the tokenizer puts before every text: a beginning-of-text token, or nothing.
  private let beginning: [Int]

  /// Finds out what surrounds an answer by rendering a short conversation.
  ///
  /// - Parameters:
  ///   - probe: a question, and the same with the answer "x".
  ///   - name: what errors call the folder.
  init(
    tokenizer: Tokenizer, template: ChatTemplate?, probe: (asked: [ChatMessage], answered: [ChatMessage]), name: String
  ) throws {
    self.tokenizer = tokenizer
    self.template = template
    let word = tokenizer.encode("x", addingSpecialTokens: false)
    let framed = tokenizer.encode("x", addingSpecialTokens: true)
    beginning = framed.indices.first { framed[$0...].starts(with: word) }.map { Array(framed[..<$0]) } ?? []
    guard let template else {
      (opening, closing, closingHasEnd) = ("", "", false)
      endOfTurn = try PromptFormat.end(of: tokenizer, name)
      return
    }
    let asked = try template.render(probe.asked, addingGenerationPrompt: true)
    let rest = try PromptFormat.continuation(
      of: asked, in: template.render(probe.answered), name: name)
    guard let place = rest.firstIndex(of: "x") else {
      throw StudentError.unusableFile(
        name, expected: "a chat template that renders the assistant's answer", found: rest.debugDescription)
    }
    opening = String(rest[..<place])
    closing = String(rest[rest.index(after: place)...])
    if let end = tokenizer.encode(closing, addingSpecialTokens: false).first(where: tokenizer.isSpecial) {
      (endOfTurn, closingHasEnd) = (end, true)
    } else {
      (endOfTurn, closingHasEnd) = (try PromptFormat.end(of: tokenizer, name), false)
    }
  }

  private static func end(of tokenizer: Tokenizer, _ name: String) throws -> Int {
    guard let end = tokenizer.specialTokens.end else { throw StudentError.missingToken("eos_token", folder: name) }
    return end
  }

  /// The text of a conversation.
  func rendered(_ messages: [ChatMessage], addingGenerationPrompt: Bool) throws -> String {
    guard let template else { return messages.map(\.plainText).joined() }
    return try template.render(messages, addingGenerationPrompt: addingGenerationPrompt)
  }

  /// The tokens of a text, with the beginning-of-text token if the tokenizer puts one there, and never two.
  func ids(of text: String) -> [Int] {
    let plain = tokenizer.encode(text, addingSpecialTokens: false)
    return plain.starts(with: beginning) ? plain : beginning + plain
  }

  /// The tokens of an answer with the end of its turn.
  ///
  /// They are what follows the prompt's tokens in the tokens of the whole conversation. Where the tokenizer would join the
  /// end of the prompt with the beginning of the answer, the answer is tokenised apart, as generation would have to spell
  /// it: the prompt's tokens are never changed by what follows them.
  ///
  /// - Parameters:
  ///   - prompt: the prompt's text and tokens.
  ///   - whole: the conversation's text with the answer.
  /// - Throws: ``StudentError/empty(_:)`` where nothing of the answer is left.
  func answer(after prompt: (text: String, ids: [Int]), in whole: String, name: String) throws -> [Int] {
    var rest = try PromptFormat.continuation(of: prompt.text, in: whole, name: name)
    let length = closing.utf8.count
    if !closingHasEnd, rest.utf8.suffix(length).elementsEqual(closing.utf8) {
      rest = String(decoding: rest.utf8.dropLast(length), as: UTF8.self)
    }
    let joined = ids(of: prompt.text + rest)
    var answer = joined.starts(with: prompt.ids) ? Array(joined.dropFirst(prompt.ids.count)) : apart(rest, prompt.ids)
    if closingHasEnd, let end = answer.firstIndex(of: endOfTurn) { answer.removeSubrange(end...) }
    guard !answer.isEmpty else { throw StudentError.empty("answer") }
    return answer + [endOfTurn]
  }

  /// The tokens of a text that goes on after a prompt. Tokenizers that mark the beginning of a text as a word's do so here
  /// too, so a space that opens the text is left to that mark where this spells the text rightly.
  private func apart(_ text: String, _ prompt: [Int]) -> [Int] {
    let plain = tokenizer.encode(text, addingSpecialTokens: false)
    guard text.hasPrefix(" ") else { return plain }
    let wanted = tokenizer.decode(prompt) + text
    if tokenizer.decode(prompt + plain) == wanted { return plain }
    let marked = tokenizer.encode(String(text.dropFirst()), addingSpecialTokens: false)
    return tokenizer.decode(prompt + marked) == wanted ? marked : plain
  }

  /// What follows `beginning` in `text`, byte by byte.
  private static func continuation(of beginning: String, in text: String, name: String) throws -> String {
    guard text.utf8.starts(with: beginning.utf8) else {
      throw StudentError.unusableFile(
        name, expected: "a chat template that goes on from its generation prompt with the answer",
        found: "one that renders a conversation with an answer in another way")
    }
    return String(decoding: text.utf8.dropFirst(beginning.utf8.count), as: UTF8.self)
  }
}

extension ChatMessage {
  /// The turn's texts, without what a template would put around them.
  fileprivate var plainText: String {
    switch content {
    case .text(let text): text
    case .parts(let parts): parts.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }
  }
}
