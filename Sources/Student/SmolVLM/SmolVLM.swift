internal import Foundation
public import ImageDecoding
public import LanguageModel
public import Layers
public import Tensor
public import Tokenizers
internal import VisionEncoder

/// A SmolVLM or Idefics3 student: network, tokenizer, prompt format and image processor together.
///
/// ```swift
/// let student = try SmolVLM(contentsOf: folder)
/// let photo = student.encoded(try student.image(picture))
/// let tree = try student.tree(question: "Does the caption fit?", images: [photo], answers: ["No", "Yes"])
/// student.answerProbabilities([tree])  // [[0.48, 0.52]]
/// ```
public struct SmolVLM: Student {
  /// The network.
  public var model: SmolVLMModel
  /// Text to tokens and back.
  public let tokenizer: Tokenizer
  /// The tokens that prompts are built from.
  public let tokens: SpecialTokens
  /// The longest prompt with one answer, in tokens. The default is what the decoder was made for.
  public var maximumTokens: Int
  /// Tokenizer and processor files as they were read or made, for writing the folder again.
  var files: [String: Data] = [:]

  /// The tokens that SmolVLM's prompts are built from.
  public struct SpecialTokens: Sendable, Equatable {
    /// Opens a conversation.
    public var start: Int
    /// Closes a turn; what an answer ends with.
    public var endOfTurn: Int
    /// Stands before and after the images' tokens.
    public var aroundImage: Int
    /// Announces the whole image.
    public var globalImage: Int
    /// Stands for one row of features.
    public var image: Int
  }

  /// A student of these parts.
  ///
  /// - Throws: ``StudentError/missingToken(_:folder:)`` where the tokenizer lacks a token of the prompt format.
  public init(model: SmolVLMModel, tokenizer: Tokenizer, name: String = "the tokenizer") throws {
    func id(_ token: String) throws -> Int {
      guard let id = tokenizer.id(of: token) else { throw StudentError.missingToken(token, folder: name) }
      return id
    }
    self.model = model
    self.tokenizer = tokenizer
    maximumTokens = model.configuration.text.maxPositions
    tokens = SpecialTokens(
      start: try id("<|im_start|>"), endOfTurn: try id("<end_of_utterance>"),
      aroundImage: try id("<fake_token_around_image>"), globalImage: try id("<global-img>"),
      image: model.configuration.imageToken)
  }

  /// The image as one square tile of the tower's size, scaled to ±1.
  public func image(_ image: RGBImage) throws -> StudentImage {
    let side = model.configuration.vision.imageSize
    let square =
      image.width == side && image.height == side ? image : image.resized(width: side, height: side, by: .lanczos)
    let plane = side * side
    let pixels = Tensor(shape: [1, 3, side, side]) { out in
      square.pixels.withUnsafeBufferPointer { bytes in
        for i in 0..<plane {
          for channel in 0..<3 { out[channel * plane + i] = Float(bytes[3 * i + channel]) / 127.5 - 1 }
        }
      }
    }
    return StudentImage(.pixels(pixels))
  }

  /// The image as the decoder sees it; the tower and the connector run here and not again.
  public func encoded(_ image: StudentImage) -> StudentImage {
    guard case .pixels(let pixels) = image.content else { return image }
    var result = image
    result.content = .features(model.imageFeatures(pixels).detached())
    return result
  }

  /// A question and its answers as tokens, in the format of SmolVLM's chat template:
  /// `<|im_start|>User:` images, question, `<end_of_utterance>`, newline, `Assistant:`; an answer is a space, its text and
  /// `<end_of_utterance>`. Prompt and answers are tokenised apart, so where an answer begins is never guessed.
  public func tree(question: String, images: [StudentImage], answers: [String]) throws -> AnswerTree {
    guard !question.isEmpty || !images.isEmpty else { throw StudentError.empty("question") }
    var prompt = try [tokens.start] + text(images.isEmpty ? "User: " : "User:")
    var imageTokens = 0
    for image in images {
      let count = rows(of: image)
      imageTokens += count
      prompt += [tokens.aroundImage, tokens.globalImage]
      prompt += Array(repeating: tokens.image, count: count)
      prompt.append(tokens.aroundImage)
    }
    prompt += try text(question) + [tokens.endOfTurn] + text("\nAssistant:")
    let replies = try answers.map { answer -> [Int] in
      let tokens = try text(" " + answer)
      guard !answer.isEmpty, !tokens.isEmpty else { throw StudentError.empty("answer") }
      return tokens + [self.tokens.endOfTurn]
    }
    let longest = prompt.count + (replies.map(\.count).max() ?? 0)
    guard longest <= maximumTokens else {
      throw StudentError.tooLong(tokens: longest, limit: maximumTokens, imageTokens: imageTokens)
    }
    return AnswerTree(prompt: prompt, images: images.map(\.content), answers: replies)
  }

  /// The tokens of plain text.
  ///
  /// - Throws: ``StudentError/reservedToken(_:)`` where the text spells one of the model's own tokens: it would be read as
  ///   that token, and an "<image>" in a caption as an image.
  private func text(_ text: String) throws -> [Int] {
    let ids = tokenizer.encode(text, addingSpecialTokens: false)
    if let reserved = ids.first(where: tokenizer.isSpecial) {
      throw StudentError.reservedToken(tokenizer.token(of: reserved) ?? "\(reserved)")
    }
    return ids
  }

  private func rows(of image: StudentImage) -> Int {
    switch image.content {
    case .features(let features): features.shape[0]
    case .pixels(let pixels): pixels.shape[0] * model.configuration.tokensPerTile
    }
  }

  /// The log-probability of each answer token; the prompt of each tree is computed once.
  public func logProbabilities(of trees: [AnswerTree]) -> AnswerScores { model.logProbabilities(of: trees) }

  /// Continues each prompt until the end of its turn, all side by side.
  public func generate(
    _ prompts: [AnswerTree], maximumTokens: Int, sampling: Sampling, using generator: inout Tensor.Generator
  ) -> [Generation] {
    model.continuations(
      of: prompts, stop: tokens.endOfTurn, maximumTokens: maximumTokens, sampling: sampling, using: &generator
    ).map { tokens, stopped in
      let text = tokenizer.decode(tokens, skippingSpecialTokens: true)
      return Generation(
        tokens: tokens, text: text.hasPrefix(" ") ? String(text.dropFirst()) : text, isComplete: stopped)
    }
  }

  /// Shows the network's parameters.
  public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    model.visit(&visitor, at: path)
  }
}
