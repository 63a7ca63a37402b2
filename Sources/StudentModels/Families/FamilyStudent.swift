internal import Foundation
package import JSON
package import ImageDecoding
package import LanguageModel
package import Layers
internal import Tensor
package import Tokenization

/// A student of one model family: network, tokenizer, prompt format and image processor together.
///
/// ```swift
/// let student = try SmolVLM(contentsOf: folder)
/// let photo = student.encoded(try student.image(picture))
/// let tree = try student.tree(question: "Does the caption fit?", images: [photo], answers: ["No", "Yes"])
/// student.answerProbabilities([tree])  // [[0.48, 0.52]]
/// ```
package struct FamilyStudent<Model: FamilyModel>: TemplatedStudent, ContinuingStudent, BeginningSharer {
  package var model: Model
  /// Text to tokens and back.
  package let tokenizer: Tokenizer
  /// Images to tiles; nil in families that read text alone.
  package let processor: (any ImageProcessor)?
  /// The longest prompt with one answer, in tokens. The default is what the decoder was made for.
  package var maximumTokens: Int
  private(set) var format: PromptFormat
  /// What the chat template is told as `enable_thinking`; see ``PretrainedStudent/thinking``.
  package let thinking: Bool?
  /// The text that the template writes for an image; nil in families that read text alone.
  let placeholder: String?
  /// Tokenizer and processor files as they were read or made, for writing the folder again.
  var files: [String: Data] = [:]

  /// A student of these parts.
  ///
  /// - Parameters:
  ///   - template: frames questions and answers; nil puts them one after the other.
  ///   - processor: cuts images into tiles; nil in families that read text alone.
  ///   - thinking: what the template is told as `enable_thinking`. The default tells it nothing.
  ///   - name: what errors call the folder that the parts come from.
  /// - Throws: ``StudentError/missingToken(_:folder:)`` where the tokenizer lacks a token that prompts need,
  ///   ``StudentError/unusableFile(_:expected:found:)`` where the template writes a token that the model has no row for,
  ///   or does not let answers follow the prompt.
  package init(
    model: Model, tokenizer: Tokenizer, template: ChatTemplate?, processor: (any ImageProcessor)?,
    thinking: Bool? = nil, name: String = "the tokenizer"
  ) throws {
    let template = template.map { $0.told(thinking: thinking) }
    self.thinking = thinking
    placeholder = try model.configuration.templateToken.map { id in
      guard let token = tokenizer.token(of: id) else { throw StudentError.missingToken("number \(id)", folder: name) }
      return token
    }
    guard placeholder == nil || template != nil else {
      throw StudentError.unusableFile(name, expected: "a chat template, which says where images stand", found: "none")
    }
    (self.model, self.tokenizer, self.processor) = (model, tokenizer, processor)
    maximumTokens = model.text.configuration.maxPositions
    let asked = conversation("q", imagesAt: [], answer: nil, inParts: placeholder != nil)
    // A letter that the template does not write itself, so that it is found where the answer stands.
    let word = ["x", "z", "j", "X", "Z", "J"].first { template?.source.contains($0) == false } ?? "x"
    let answered = conversation("q", imagesAt: [], answer: word, inParts: placeholder != nil)
    format = try PromptFormat(
      tokenizer: tokenizer, template: template, probe: (asked, answered, word), readsImages: placeholder != nil,
      name: name)
    // A token without a row that every prompt has is a fault of the folder, not of a text.
    let needed = try template.map { _ in try format.ids(of: format.rendered(answered, addingGenerationPrompt: false)) }
    do { try checkRows((needed ?? []) + [endOfTurn]) } catch {
      throw StudentError.unusableFile(
        name, expected: "a row of the model for every token of its prompts", found: "\(error)")
    }
  }

  package var endOfTurn: Int { format.endOfTurn }
  package var imageToken: Int? { model.configuration.placeholderToken }
  /// The decoder's sizes, with as many tokens as its table has rows, which an adapter may change.
  package var decoder: LlamaConfiguration {
    var sizes = model.text.configuration
    sizes.vocabularySize = model.text.embedding.weight.value.shape[0]
    return sizes
  }
  /// Whether training computes the decoder's activations again in place of keeping them; see
  /// ``PretrainedStudent/recomputesActivations``. The default is false.
  package var recomputesActivations: Bool {
    get { model.text.recomputesActivations }
    set { model.text.recomputesActivations = newValue }
  }
  package var tower: TowerSize? { model.configuration.tower }

  package func messages(question: String, imagesAt places: [Int], answer: String?) -> [ChatMessage] {
    conversation(question, imagesAt: places, answer: answer, inParts: placeholder != nil)
  }

  /// A question and its answers as tokens, in the format of the folder's chat template. Prompt and answers meet at a token
  /// boundary that is never guessed from text: the prompt has the same tokens whatever the answers are.
  ///
  /// - Throws: ``StudentError``: an empty question or answer, text that spells one of the model's own tokens, images for
  ///   a family that reads none, or more tokens than the model takes. Nothing is ever cut.
  package func tree(question: String, images: [PromptImage], answers: [String]) throws -> AnswerTree {
    try tree(question, images, answers, endsTurn: true)
  }

  /// A question and beginnings of answers to it as tokens; see ``StudentModels/tree(question:images:beginnings:)``.
  ///
  /// - Throws: as ``tree(question:images:answers:)``.
  package func tree(question: String, images: [PromptImage], beginnings: [String]) throws -> AnswerTree {
    try tree(question, images, beginnings, endsTurn: false)
  }

  private func tree(
    _ question: String, _ images: [PromptImage], _ answers: [String], endsTurn: Bool
  ) throws -> AnswerTree {
    guard !question.isEmpty || !images.isEmpty else { throw StudentError.empty("question") }
    guard images.isEmpty || placeholder != nil else { throw StudentError.readsNoImages }
    let places = images.map(\.place)
    for piece in pieces(of: question, cutAt: places) { try checkPlain(piece) }
    func turns(_ answer: String?) -> [ChatMessage] {
      messages(question: question, imagesAt: places, answer: answer)
    }
    let prompt = try expanded(format.prompt(turns(nil)), images)
    let ids = format.ids(of: prompt)
    guard !ids.isEmpty else { throw StudentError.empty("question") }
    try check(ids, images: images)
    let replies = try answers.map { answer -> [Int] in
      guard !answer.isEmpty else { throw StudentError.empty("answer") }
      try checkPlain(answer)
      let whole = try expanded(format.rendered(turns(answer), addingGenerationPrompt: false), images)
      let tokens = try format.answer(after: (prompt, ids), in: whole, endsTurn: endsTurn, name: "the chat template")
      try check(tokens, images: [], after: ids.count)
      return tokens
    }
    let longest = ids.count + (replies.map(\.count).max() ?? 0) + (endsTurn ? 0 : 1)
    guard longest <= maximumTokens else {
      let imageTokens = images.reduce(0) { $0 + model.tokenCount(of: $1) }
      throw StudentError.tooLong(tokens: longest, limit: maximumTokens, imageTokens: imageTokens)
    }
    return AnswerTree(prompt: ids, images: images, answers: replies)
  }

  /// Refuses text that spells one of the model's own tokens: it would be read as that token, and an "<image>" in a caption
  /// as an image.
  private func checkPlain(_ text: String) throws {
    let ids = tokenizer.encode(text, addingSpecialTokens: false)
    if let reserved = ids.first(where: tokenizer.isSpecial) {
      throw StudentError.reservedToken(tokenizer.token(of: reserved) ?? "\(reserved)")
    }
  }

  /// Refuses tokens that the embedding table has no row for: tokenizers may have some that were added later, and they do no
  /// harm while no text has them.
  func checkRows(_ ids: [Int]) throws {
    let rows = model.text.embedding.weight.value.shape[0]
    if let id = ids.first(where: { $0 >= rows }) {
      throw StudentError.tokenWithoutRow(tokenizer.token(of: id) ?? "\(id)", number: id, rows: rows)
    }
  }

  /// Refuses tokens that the network can't take: without a row in the table, with other image tokens than the images have rows of
  /// features, or more than there are positions for.
  ///
  /// - Parameter kept: tokens that stand before these.
  func check(_ ids: [Int], images: [PromptImage], after kept: Int = 0) throws {
    try checkRows(ids)
    let limit = decoder.maxPositions
    guard !decoder.extendsDynamically || kept + ids.count <= limit else {
      throw StudentError.tooLong(tokens: kept + ids.count, limit: limit, imageTokens: 0)
    }
    guard let token = imageToken else { return }
    let (rows, places) = (images.reduce(0) { $0 + model.tokenCount(of: $1) }, ids.count { $0 == token })
    guard rows == places else {
      throw StudentError.unusableFile(
        "config.json", expected: "an image token that stands for images alone, \(rows) times in this text",
        found: "\(token) (\(tokenizer.token(of: token) ?? "no token")), \(places) times")
    }
  }

  /// How many image tokens a text spells.
  func imageCount(in text: String) -> Int {
    placeholder.map { ByteSearch(Array($0.utf8)).pieces(of: text).count - 1 } ?? 0
  }

  /// The text with each image token replaced by what stands for that image.
  func expanded(_ text: String, _ images: [PromptImage]) throws -> String {
    guard let placeholder else { return text }
    let pieces = ByteSearch(Array(placeholder.utf8)).pieces(of: text)
    guard pieces.count == images.count + 1 else {
      throw StudentError.imageCount(expected: images.count, found: pieces.count - 1)
    }
    var result = pieces[0]
    for (image, piece) in zip(images, pieces.dropFirst()) {
      result += try model.expansion(of: image, placeholder: placeholder, tokenizer: tokenizer) + piece
    }
    return result
  }

  /// A conversation as the chat template writes it; see ``PretrainedStudent/rendered(_:addingGenerationPrompt:)``.
  package func rendered(_ messages: [ChatMessage], addingGenerationPrompt: Bool) throws -> String {
    try format.rendered(messages, addingGenerationPrompt: addingGenerationPrompt)
  }

  /// A conversation up to the model's answer; see ``PretrainedStudent/prompt(_:)``.
  package func prompt(_ messages: [ChatMessage]) throws -> String { try format.prompt(messages) }

  package var answerOpening: String { format.opening }

  package var promptBeginning: PromptBeginning {
    get { format.beginningRule }
    set { format.beginningRule = newValue }
  }

  /// Tells the chat template whether to open a thought; see ``PretrainedStudent/setThinking(_:)``.
  package mutating func setThinking(_ isOn: Bool?) throws {
    guard isOn != thinking else { return }
    guard isOn == nil || format.template?.names.read.contains("enable_thinking") == true else {
      throw StudentError.unusableFile(
        "the chat template", expected: "enable_thinking in it, for thinking to be set", found: "none")
    }
    var student = try FamilyStudent(
      model: model, tokenizer: tokenizer, template: format.template, processor: processor, thinking: isOn)
    (student.maximumTokens, student.promptBeginning, student.files) = (maximumTokens, promptBeginning, files)
    self = student
  }

  /// A student whose chat template has these variables besides; see ``TemplatedStudent/telling(_:)``.
  package func telling(_ variables: [JSONValue.Member]) throws -> FamilyStudent {
    guard var template = format.template else { return self }
    let read = template.names.read
    let told = variables.filter { read.contains($0.name) }
    guard !told.isEmpty else { return self }
    let isOn = told.last { $0.name == "enable_thinking" }?.value.bool
    // The last of a name counts.
    template.variables += told
    var student = try FamilyStudent(
      model: model, tokenizer: tokenizer, template: template, processor: processor, thinking: isOn ?? thinking)
    (student.maximumTokens, student.promptBeginning, student.files) = (maximumTokens, promptBeginning, files)
    return student
  }

  /// The tokens of a rendered conversation; see ``PretrainedStudent/ids(of:images:)``.
  package func ids(of text: String, images: [PromptImage]) throws -> [Int] {
    let ids = try format.ids(of: expanded(text, images))
    try check(ids, images: images)
    return ids
  }

  /// Shows the network's parameters.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    model.visit(&visitor, at: path)
  }
}

extension ChatTemplate {
  /// The template with this value of `enable_thinking` in every rendering; nil for none.
  fileprivate func told(thinking: Bool?) -> ChatTemplate {
    var template = self
    template.variables.removeAll { $0.name == "enable_thinking" }
    if let thinking { template.variables.append(JSONValue.Member("enable_thinking", .bool(thinking))) }
    return template
  }
}

/// A question with its images at their places, and an answer, in parts or in plain text.
private func conversation(_ question: String, imagesAt places: [Int], answer: String?, inParts: Bool) -> [ChatMessage] {
  guard inParts else { return [.user(question)] + (answer.map { [.assistant($0)] } ?? []) }
  let texts = pieces(of: question, cutAt: places).map { $0.isEmpty ? [] : [ChatMessage.Part.text($0)] }
  let parts = Array(texts.joined(separator: [.image]))
  return [.user(parts)] + (answer.map { [.assistant([.text($0)])] } ?? [])
}

/// A question cut at its images' places: one piece more than there are images, some of them empty.
private func pieces(of question: String, cutAt places: [Int]) -> [String] {
  let bytes = question.utf8
  let cuts = [0] + places + [bytes.count]
  return zip(cuts, cuts.dropFirst()).map { start, end in
    precondition(start <= end && end <= bytes.count, "images at \(places) of a question of \(bytes.count) bytes")
    return String(decoding: bytes.dropFirst(start).prefix(end - start), as: UTF8.self)
  }
}
