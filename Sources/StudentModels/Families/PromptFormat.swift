internal import Foundation
internal import JSON
internal import Tokenization

/// How a model folder's chat template frames questions and answers, in text and in tokens.
///
/// Nothing of a family's format is written down here: what stands before an answer and what closes it is what the template
/// renders. Without a template a prompt is the question as it is, and an answer follows it at once.
struct PromptFormat: Sendable {
  let tokenizer: Tokenizer
  let template: ChatTemplate?
  /// Which prompts begin with the tokenizer's beginning-of-text token.
  var beginningRule = PromptBeginning.ofFolder
  /// Whether the folder has a processor of images, which tokenises rendered conversations in a way of its own.
  private let readsImages: Bool
  /// The token that ends an answer.
  let endOfTurn: Int
  /// What the template puts between the generation prompt and the answer: mostly nothing or a space.
  let opening: String
  /// The same without special tokens, as decoding gives it.
  let spokenOpening: String
  /// What it puts after the answer: the end of the turn, and what follows it.
  private let closing: String
  private let closingHasEnd: Bool
  /// What of it stands before the end of the turn: mostly nothing, a space in some templates.
  private let gap: String
  /// What the generation prompt ends with and a whole conversation does not have there, such as an opened thought: it is
  /// no part of a prompt, since no answer that is learned follows it. Mostly nothing.
  let unanswered: String
  /// What the tokenizer puts before every text: a beginning-of-text token, or nothing.
  private let beginning: [Int]

  /// Finds out what surrounds an answer by rendering a short conversation.
  ///
  /// - Parameters:
  ///   - probe: a question, the same with an answer, and that answer, a letter.
  ///   - readsImages: whether the folder's prompts are made by a processor of images.
  ///   - name: what errors call the folder.
  init(
    tokenizer: Tokenizer, template: ChatTemplate?,
    probe: (asked: [ChatMessage], answered: [ChatMessage], answer: String), readsImages: Bool, name: String
  ) throws {
    (self.tokenizer, self.template, self.readsImages) = (tokenizer, template, readsImages)
    let word = tokenizer.encode("x", addingSpecialTokens: false)
    let framed = tokenizer.encode("x", addingSpecialTokens: true)
    beginning = framed.indices.first { framed[$0...].starts(with: word) }.map { Array(framed[..<$0]) } ?? []
    guard let template else {
      (opening, spokenOpening, closing, closingHasEnd, gap, unanswered) = ("", "", "", false, "", "")
      endOfTurn = try PromptFormat.end(of: tokenizer, name)
      return
    }
    let asked = try template.render(probe.asked, addingGenerationPrompt: true)
    let answered = try template.render(probe.answered)
    unanswered = PromptFormat.unanswered(
      asked, answered, after: try template.render(probe.asked), tokenizer: tokenizer)
    let rest = try PromptFormat.continuation(
      of: String(decoding: asked.utf8.dropLast(unanswered.utf8.count), as: UTF8.self), in: answered, name: name)
    guard let place = rest.range(of: probe.answer) else {
      throw StudentError.unusableFile(
        name, expected: "a chat template that renders the assistant's answer", found: rest.debugDescription)
    }
    opening = String(rest[..<place.lowerBound])
    spokenOpening = tokenizer.encode(opening, addingSpecialTokens: false).filter(tokenizer.isSpecial).reduce(opening) {
      spoken, id in tokenizer.token(of: id).map { spoken.replacing($0, with: "") } ?? spoken
    }
    let rear = String(rest[place.upperBound...])
    closing = rear
    if let end = tokenizer.encode(rear, addingSpecialTokens: false).first(where: tokenizer.isSpecial) {
      (endOfTurn, closingHasEnd) = (end, true)
      let place = tokenizer.token(of: end).flatMap { rear.range(of: $0)?.lowerBound } ?? rear.startIndex
      gap = String(rear[..<place])
    } else {
      (endOfTurn, closingHasEnd, gap) = (try PromptFormat.end(of: tokenizer, name), false, "")
    }
  }

  /// The end of a generation prompt that a conversation with an answer does not have: what follows the last place up to
  /// which both have the same text and the same tokens.
  ///
  /// TRL 1.16 trains from that place (`common_prefix_length` of its data_utils). It is looked for within what the
  /// generation prompt adds: a template that changes the question itself under an answer is none to train with.
  ///
  /// - Parameter turns: the conversation without generation prompt.
  /// - Returns: an empty text where the answer follows the generation prompt, and where there is no such place.
  private static func unanswered(
    _ asked: String, _ answered: String, after turns: String, tokenizer: Tokenizer
  ) -> String {
    guard !answered.utf8.starts(with: asked.utf8), asked.utf8.starts(with: turns.utf8) else { return "" }
    func ids(_ text: some StringProtocol) -> [Int] { tokenizer.encode(String(text), addingSpecialTokens: false) }
    let (prompt, whole) = (ids(asked), ids(answered))
    let (first, second) = (asked.unicodeScalars, answered.unicodeScalars)
    var place = first.index(
      first.startIndex, offsetBy: zip(first, second).prefix { $0 == $1 }.count)
    while asked[..<place].utf8.count >= turns.utf8.count, place > first.startIndex {
      let tokens = ids(asked[..<place])
      if prompt.starts(with: tokens), whole.starts(with: tokens) { return String(asked[place...]) }
      place = first.index(before: place)
    }
    return ""
  }

  private static func end(of tokenizer: Tokenizer, _ name: String) throws -> Int {
    guard let end = tokenizer.specialTokens.end else { throw StudentError.missingToken("eos_token", folder: name) }
    return end
  }

  /// The text of a conversation.
  ///
  /// - Parameter variables: further ones of the template. The default is none.
  func rendered(
    _ messages: [ChatMessage], addingGenerationPrompt: Bool, variables: [JSONValue.Member] = []
  ) throws -> String {
    guard let template else { return messages.map(\.plainText).joined() }
    return try template.render(messages, addingGenerationPrompt: addingGenerationPrompt, variables: variables)
  }

  /// The text of a conversation up to the model's answer: the generation prompt as far as answers follow it.
  func prompt(_ messages: [ChatMessage]) throws -> String {
    let text = try rendered(messages, addingGenerationPrompt: true)
    guard !unanswered.isEmpty, text.utf8.suffix(unanswered.utf8.count).elementsEqual(unanswered.utf8) else {
      return text
    }
    return String(decoding: text.utf8.dropLast(unanswered.utf8.count), as: UTF8.self)
  }

  /// The tokens of a text, with the beginning-of-text token where there is to be one, and never two.
  func ids(of text: String) -> [Int] {
    let plain = tokenizer.encode(text, addingSpecialTokens: false)
    return !putsBeginning || plain.starts(with: beginning) ? plain : beginning + plain
  }

  /// The tokens of a text that another template than the folder's wrote, by another tokenizer: it has the beginning-of-text token
  /// where it writes it, and where a processor of images would put it.
  func ids(ofTemplated text: String, by tokenizer: Tokenizer) -> [Int] {
    let plain = tokenizer.encode(text, addingSpecialTokens: false)
    return !(readsImages || beginningRule == .always) || plain.starts(with: beginning) ? plain : beginning + plain
  }

  /// The texts of the tokens that a prompt gets before what the template writes.
  func added(before text: String) -> String {
    let plain = tokenizer.encode(text, addingSpecialTokens: false)
    guard ids(of: text).count > plain.count else { return "" }
    return beginning.compactMap(tokenizer.token).joined()
  }

  /// Whether a text that does not begin with the beginning-of-text token gets it, if the tokenizer has one.
  private var putsBeginning: Bool { beginningRule == .always || readsImages || template == nil }

  /// The tokens of an answer, with the end of its turn or as a beginning that more may follow.
  ///
  /// They are what follows the prompt's tokens in the tokens of the whole conversation. Where the tokenizer would join the
  /// end of the prompt with the beginning of the answer, the answer is tokenised apart, as generation would have to spell
  /// it: the prompt's tokens are never changed by what follows them.
  ///
  /// - Parameters:
  ///   - prompt: the prompt's text and tokens.
  ///   - whole: the conversation's text with the answer.
  ///   - endsTurn: whether the end of its turn belongs to it.
  /// - Throws: ``StudentError/empty(_:)`` where nothing of the answer is left.
  func answer(
    after prompt: (text: String, ids: [Int]), in whole: String, endsTurn: Bool, name: String
  ) throws -> [Int] {
    var rest = try PromptFormat.continuation(of: prompt.text, in: whole, name: name)
    let length = closing.utf8.count
    if !closingHasEnd || !endsTurn && !gap.isEmpty, rest.utf8.suffix(length).elementsEqual(closing.utf8) {
      rest = String(decoding: rest.utf8.dropLast(length), as: UTF8.self)
    }
    let joined = ids(of: prompt.text + rest)
    var answer = joined.starts(with: prompt.ids) ? Array(joined.dropFirst(prompt.ids.count)) : apart(rest, prompt.ids)
    if closingHasEnd, let end = answer.firstIndex(of: endOfTurn) { answer.removeSubrange(end...) }
    guard !answer.isEmpty else { throw StudentError.empty("answer") }
    return endsTurn ? answer + [endOfTurn] : answer
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
