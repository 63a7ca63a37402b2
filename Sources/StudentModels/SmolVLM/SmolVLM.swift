internal import Foundation
internal import ImageDecoding
internal import LanguageModel
internal import Layers
internal import Tensor
internal import Tokenization
internal import VisionEncoder

/// A SmolVLM or Idefics3 student.
///
/// ```swift
/// let student = try SmolVLM(contentsOf: folder)
/// ```
package typealias SmolVLM = FamilyStudent<SmolVLMModel>

extension SmolVLM {
  /// A student with random weights and a tokenizer trained on these texts.
  ///
  /// ```swift
  /// var sizes = SmolVLM.FreshSizes()
  /// sizes.hiddenSize = 96
  /// let student = try SmolVLM(sizes, textsForTokenizer: captions, using: &generator)
  /// ```
  package init(
    _ sizes: FreshSizes, textsForTokenizer texts: [String], using generator: inout some RandomNumberGenerator
  ) throws {
    try self.init(
      sizes.configuration, vocabularySize: sizes.vocabularySize, splitsImages: false, textsForTokenizer: texts,
      using: &generator)
  }

  /// A student with random weights of any sizes and a tokenizer trained on these texts.
  ///
  /// - Parameters:
  ///   - configuration: the sizes; vocabulary and image token are set from the tokenizer.
  ///   - vocabularySize: the most tokens, special ones and bytes included.
  ///   - splitsImages: whether large images are cut into parts of the tower's size.
  ///   - texts: what the tokenizer is trained on.
  package init(
    _ configuration: SmolVLMConfiguration, vocabularySize: Int, splitsImages: Bool,
    textsForTokenizer texts: [String], using generator: inout some RandomNumberGenerator
  ) throws {
    var trainer = BPETrainer(vocabularySize: vocabularySize, specialTokens: SmolVLM.specialTokens)
    trainer.roles = [
      .beginning: "<|im_start|>", .end: "<end_of_utterance>", .padding: "<|im_end|>", .unknown: "<|endoftext|>",
    ]
    trainer.chatTemplate = SmolVLM.chatTemplate
    let trained = try trainer.train(on: texts)
    var configuration = configuration
    configuration.text.vocabularySize = trained.tokenizer.vocabularyCount
    configuration.imageToken = trained.tokenizer.id(of: "<image>") ?? 0
    let processor = try processorFiles(configuration, splitsImages: splitsImages)
    try self.init(
      model: SmolVLMModel(configuration, using: &generator), tokenizer: trained.tokenizer,
      template: ChatTemplate(SmolVLM.chatTemplate),
      processor: Idefics3ImageProcessor(
        json: Array(processor["preprocessor_config.json"] ?? Data()), name: "preprocessor_config.json"))
    files = [
      "tokenizer.json": Data(trained.json.utf8), "tokenizer_config.json": Data(trained.configuration.utf8),
      "chat_template.jinja": Data(SmolVLM.chatTemplate.utf8),
    ]
    files.merge(processor) { $1 }
  }

  /// The sizes of a student made from nothing; small defaults that train in minutes on two cores.
  package struct FreshSizes: Sendable, Equatable, Codable {
    /// Tokens of the vocabulary, special ones and bytes included. The default is 1024.
    package var vocabularySize = 1024
    /// The decoder's width. The default is 128.
    package var hiddenSize = 128
    /// The decoder's inner width. The default is 256.
    package var intermediateSize = 256
    /// The decoder's layers. The default is 4.
    package var layers = 4
    /// The decoder's heads; divides ``hiddenSize``. The default is 4.
    package var heads = 4
    /// The decoder's key heads; divides ``heads``. The default is 2.
    package var keyHeads = 2
    /// The longest sequence. The default is 512.
    package var maxPositions = 512
    /// The tower's width. The default is 96.
    package var visionHiddenSize = 96
    /// The tower's inner width. The default is 192.
    package var visionIntermediateSize = 192
    /// The tower's layers. The default is 3.
    package var visionLayers = 3
    /// The tower's heads. The default is 4.
    package var visionHeads = 4
    /// The side of an image in pixels. The default is 64.
    package var imageSize = 64
    /// The side of a patch in pixels. The default is 8.
    package var patchSize = 8
    /// Patches along each side that become one image token. The default is 2.
    package var scaleFactor = 2

    package init() {}

    /// The model configuration of these sizes.
    package var configuration: SmolVLMConfiguration {
      var result = SmolVLMConfiguration()
      (result.text.vocabularySize, result.text.maxPositions, result.text.epsilon) = (vocabularySize, maxPositions, 1e-5)
      (result.text.hiddenSize, result.text.intermediateSize) = (hiddenSize, intermediateSize)
      (result.text.layers, result.text.heads, result.text.keyHeads) = (layers, heads, keyHeads)
      (result.vision.hiddenSize, result.vision.intermediateSize) = (visionHiddenSize, visionIntermediateSize)
      (result.vision.layers, result.vision.heads) = (visionLayers, visionHeads)
      (result.vision.imageSize, result.vision.patchSize, result.scaleFactor) = (imageSize, patchSize, scaleFactor)
      return result
    }
  }

  /// The special tokens of SmolVLM's tokenizer, in an order of our own.
  package static let specialTokens =
    [
      "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>", "<fake_token_around_image>", "<global-img>",
      "<end_of_utterance>",
    ] + (1...6).flatMap { row in (1...6).map { "<row_\(row)_col_\($0)>" } }

  /// A chat template that renders what ``tree(question:images:answers:)`` builds.
  static let chatTemplate =
    "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}"
    + "{% if message['content'][0]['type'] == 'image' %}{{ ':' }}{% else %}{{ ': ' }}{% endif %}"
    + "{% for part in message['content'] %}{% if part['type'] == 'text' %}{{ part['text'] }}"
    + "{% elif part['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}"
    + "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
}

/// preprocessor_config.json and processor_config.json of a fresh student: values in ±1, one square tile or many.
private func processorFiles(_ c: SmolVLMConfiguration, splitsImages: Bool) throws -> [String: Data] {
  struct Edge: Encodable { var longest_edge: Int }
  struct ImageProcessor: Encodable {
    var image_processor_type = "Idefics3ImageProcessor"
    var do_convert_rgb = true
    var do_resize = true
    var size: Edge
    var do_image_splitting: Bool
    var max_image_size: Edge
    var do_rescale = true
    var rescale_factor = 1.0 / 255
    var do_normalize = true
    var image_mean = [0.5, 0.5, 0.5]
    var image_std = [0.5, 0.5, 0.5]
    var do_pad = true
    var resample = 1
  }
  struct Processor: Encodable {
    var processor_class = "Idefics3Processor"
    var image_seq_len: Int
  }
  let edge = Edge(longest_edge: c.vision.imageSize)
  return [
    "preprocessor_config.json": try prettyJSON(
      ImageProcessor(
        size: splitsImages ? Edge(longest_edge: 4 * c.vision.imageSize) : edge, do_image_splitting: splitsImages,
        max_image_size: edge)),
    "processor_config.json": try prettyJSON(Processor(image_seq_len: c.tokensPerTile)),
  ]
}
