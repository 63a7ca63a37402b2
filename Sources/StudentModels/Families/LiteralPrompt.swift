package import JSON
internal import LanguageModel
package import Layers
package import Tokenization

/// How a student's folder frames a question, for templates that others read.
package struct PromptFraming: Sendable {
  /// What the folder's chat template is told as `enable_thinking`; nil for nothing.
  package let thinking: Bool?
  /// The folder's chat template; nil where it has none.
  package let template: String?
  /// What every rendering has: the texts of special tokens.
  package let variables: [JSONValue.Member]
  /// What the template's generation prompt ends with and no prompt has that the student was trained on; mostly nothing.
  package let unanswered: String
  /// What prompts begin with that the template does not write; mostly nothing.
  package let beginning: String
  /// The text that stands for an image; nil in families that read text alone.
  package let image: String?
  /// The tokens of the model's own, which a text may spell.
  package let control: [String]
}

/// A student that is asked several questions about one text, whatever the text spells.
package protocol QuestionReader: PretrainedStudent {
  /// The tokens of a conversation up to the model's answer: the whole generation prompt, with thoughts switched off where the
  /// template knows of `enable_thinking`. A token of the model's own that a turn spells is read as text.
  ///
  /// - Throws: `TokenizerError` where the template refuses the conversation, ``StudentError`` where its tokens can't be used.
  func literalIDs(of messages: [ChatMessage], images: [PromptImage]) throws -> [Int]

  /// The tokens of a prompt that a template of its own writes, and where it marks that something is read.
  ///
  /// - Parameters:
  ///   - marks: texts that are tokens of this prompt alone and are left out of it; places are those of the first.
  ///   - inputs: what is said to the template. Texts in it, but for members' names, are read as texts, whatever they spell.
  ///   - images: in the order in which the template writes their tokens.
  /// - Returns: tokens, and for each place how many of them stand before it.
  /// - Throws: as ``literalIDs(of:images:)``; ``StudentError/reservedToken(_:)`` where a member's name spells a token.
  func literalIDs(
    of template: ChatTemplate, marks: [String], inputs: [JSONValue.Member], images: [PromptImage]
  ) throws -> (ids: [Int], places: [Int])

  /// The first token of the model's own that a text spells; nil where it spells none.
  ///
  /// - Parameter template: what else writes such tokens; nil for the folder's chat template.
  func controlToken(in text: String, of template: ChatTemplate?) -> String?

  /// The log-probability of each tree's whole answers, as ``Student/answerTotals(of:batch:)`` gives them, but that what prompts
  /// begin with is taken from what was kept of earlier ones, and is kept. What was kept changes no bit of the result.
  func answerTotals(of trees: [AnswerTree], batch: Int, keeping kept: KeptBeginnings) -> [[Double]]

  /// What stands around a question.
  var framing: PromptFraming { get throws }

  /// How many tokens of these prompts are not computed when they are scored together, since prompts before them begin with
  /// the same.
  func sharedTokens(of trees: [AnswerTree]) -> Int
}

extension FamilyStudent: QuestionReader {
  package func sharedTokens(of trees: [AnswerTree]) -> Int {
    model.sharedRuns(of: trees).reduce(0) { $0 + ($1.trees.count - 1) * $1.beginning.tokens }
  }

  package var framing: PromptFraming {
    get throws {
      let probe = messages(question: "q", imagesAt: [], answer: nil)
      return PromptFraming(
        thinking: thinking, template: format.template?.source, variables: format.template?.variables ?? [],
        unanswered: format.unanswered,
        beginning: format.added(before: try format.prompt(probe)), image: placeholder,
        control: tokenizer.controlTokens(of: format.template).tokens)
    }
  }

  package func literalIDs(of messages: [ChatMessage], images: [PromptImage]) throws -> [Int] {
    let control = tokenizer.controlTokens(of: format.template)
    let text = try format.rendered(
      messages.map(control.marked), addingGenerationPrompt: true,
      variables: [JSONValue.Member("enable_thinking", .bool(false))])
    let ids = try ids(of: control.pieces(of: text), images, by: tokenizer) { format.ids(of: $0) }
    try check(ids, images: images)
    return ids
  }

  package func literalIDs(
    of template: ChatTemplate, marks: [String], inputs: [JSONValue.Member], images: [PromptImage]
  ) throws -> (ids: [Int], places: [Int]) {
    let marking = tokenizer.adding(specialTokens: marks)
    let control = marking.controlTokens(of: template)
    if let spelled = control.spelled(inNamesOf: .object(inputs)) { throw StudentError.reservedToken(spelled) }
    var variables = inputs.map { JSONValue.Member($0.name, control.marked($0.value)) }
    // A processor of images hands on what its own template knows of.
    if tower == nil || format.template?.names.read.contains("enable_thinking") == true {
      variables.append(JSONValue.Member("enable_thinking", .bool(false)))
    }
    let text = try template.render([.user("")], addingGenerationPrompt: true, variables: variables)
    let all = try ids(of: control.pieces(of: text), images, by: marking) {
      format.ids(ofTemplated: $0, by: marking)
    }
    let numbers = marks.map { marking.id(of: $0) }
    var (ids, places): ([Int], [Int]) = ([], [])
    for id in all {
      if id == numbers.first { places.append(ids.count) }
      if !numbers.contains(id) { ids.append(id) }
    }
    try check(ids, images: images)
    return (ids, places)
  }

  package func controlToken(in text: String, of template: ChatTemplate?) -> String? {
    tokenizer.controlTokens(of: template ?? format.template).first(in: text)
  }

  /// The tokens of a rendered text with its images; `beginning` makes those of the first stretch.
  private func ids(
    of pieces: [ControlTokens.Piece], _ images: [PromptImage], by tokenizer: Tokenizer, beginning: (String) -> [Int]
  ) throws -> [Int] {
    var ids: [Int] = []
    var rest = images[...]
    for (number, piece) in pieces.enumerated() {
      switch piece {
      case .plain(let plain):
        let count = imageCount(in: plain)
        guard count <= rest.count else { throw StudentError.imageCount(expected: images.count, found: count) }
        let expanded = try expanded(plain, Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
        if number == 0 {
          ids = beginning(expanded)
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
    return ids
  }
}
