internal import JSON
internal import LanguageModel
package import Layers
package import Tokenization

/// A student that is asked several questions about one text, whatever the text spells.
package protocol QuestionReader: PretrainedStudent {
  /// The tokens of a conversation up to the model's answer: the whole generation prompt, with thoughts switched off where the
  /// template knows of `enable_thinking`. A token of the model's own that a turn spells is read as text.
  ///
  /// - Throws: `TokenizerError` where the template refuses the conversation, ``StudentError`` where its tokens can't be used.
  func literalIDs(of messages: [ChatMessage], images: [PromptImage]) throws -> [Int]

  /// How many tokens of these prompts are not computed when they are scored together, since prompts before them begin with
  /// the same.
  func sharedTokens(of trees: [AnswerTree]) -> Int
}

extension FamilyStudent: QuestionReader {
  package func sharedTokens(of trees: [AnswerTree]) -> Int {
    model.sharedRuns(of: trees).reduce(0) { $0 + ($1.trees.count - 1) * $1.beginning.tokens }
  }

  package func literalIDs(of messages: [ChatMessage], images: [PromptImage]) throws -> [Int] {
    let control = tokenizer.controlTokens(of: format.template)
    let text = try format.rendered(
      messages.map(control.marked), addingGenerationPrompt: true,
      variables: [JSONValue.Member("enable_thinking", .bool(false))])
    var ids: [Int] = []
    var rest = images[...]
    for (number, piece) in control.pieces(of: text).enumerated() {
      switch piece {
      case .plain(let plain):
        let count = imageCount(in: plain)
        guard count <= rest.count else { throw StudentError.imageCount(expected: images.count, found: count) }
        let expanded = try expanded(plain, Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
        if number == 0 {
          ids = format.ids(of: expanded)
        } else if !expanded.isEmpty {
          ids += tokenizer.encode(following: expanded, isLiteral: false)
        }
      case .literal(let spelled):
        let tokens = tokenizer.encode(following: spelled, isLiteral: true)
        // A vocabulary may spell it by itself.
        if let own = tokenizer.id(of: spelled), tokens.contains(own) { throw StudentError.reservedToken(spelled) }
        ids += tokens
      }
    }
    guard rest.isEmpty else { throw StudentError.imageCount(expected: images.count, found: images.count - rest.count) }
    try checkRows(ids)
    return ids
  }
}
