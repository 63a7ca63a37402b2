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
  /// Images to tiles.
  public let processor: any ImageProcessor
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
  /// - Parameter processor: cuts images into tiles. The default makes one square tile of the tower's size.
  /// - Throws: ``StudentError/missingToken(_:folder:)`` where the tokenizer lacks a token of the prompt format,
  ///   ``StudentError/unusableFile(_:expected:found:)`` where it has more tokens than the model has embeddings.
  public init(
    model: SmolVLMModel, tokenizer: Tokenizer, processor: (any ImageProcessor)? = nil, name: String = "the tokenizer"
  ) throws {
    func id(_ token: String) throws -> Int {
      guard let id = tokenizer.id(of: token) else { throw StudentError.missingToken(token, folder: name) }
      return id
    }
    let rows = model.configuration.text.vocabularySize
    guard tokenizer.vocabularyCount <= rows else {
      throw StudentError.unusableFile(
        name, expected: "at most the model's \(rows) tokens", found: "\(tokenizer.vocabularyCount) tokens")
    }
    self.model = model
    self.tokenizer = tokenizer
    var square = Idefics3ImageProcessor.Configuration()
    square.size = .longestEdge(model.configuration.vision.imageSize)
    square.tileSide = model.configuration.vision.imageSize
    square.splits = false
    self.processor = processor ?? Idefics3ImageProcessor(square)
    maximumTokens = model.configuration.text.maxPositions
    tokens = SpecialTokens(
      start: try id("<|im_start|>"), endOfTurn: try id("<end_of_utterance>"),
      aroundImage: try id("<fake_token_around_image>"), globalImage: try id("<global-img>"),
      image: model.configuration.imageToken)
  }

  /// The image cut into tiles as the model folder's preprocessor_config.json says.
  public func image(_ image: RGBImage) throws -> StudentImage {
    let processed = processor.process(image)
    let side = model.configuration.vision.imageSize
    guard Array(processed.pixels.shape[1...]) == [3, side, side] else {
      throw StudentError.unusableFile(
        "preprocessor_config.json", expected: "tiles of 3 x \(side) x \(side), the vision tower's",
        found: "\(processed.pixels.shape)")
    }
    return StudentImage(.pixels(processed.pixels), rows: processed.grid.rows, columns: processed.grid.columns)
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
      imageTokens += rows(of: image)
      prompt += try self.tokens(of: image)
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

  /// The tokens of an image: each part announced by its row and column, a line break after each row, the whole image last.
  private func tokens(of image: StudentImage) throws -> [Int] {
    let tiles = image.rows * image.columns + 1
    let each = Array(repeating: tokens.image, count: rows(of: image) / tiles)
    var result: [Int] = []
    for row in 0..<image.rows {
      for column in 0..<image.columns {
        let name = "<row_\(row + 1)_col_\(column + 1)>"
        guard let place = tokenizer.id(of: name) else { throw StudentError.missingToken(name, folder: "the tokenizer") }
        result += [tokens.aroundImage, place] + each
      }
      result += try text(row + 1 < image.rows ? "\n" : "\n\n")
    }
    return result + [tokens.aroundImage, tokens.globalImage] + each + [tokens.aroundImage]
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
