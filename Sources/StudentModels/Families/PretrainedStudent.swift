public import Foundation
public import ImageDecoding
public import LanguageModel
public import Layers
public import Tensor
public import Tokenization

/// A student of a known model family: network, tokenizer, prompt format and image processor of one model folder.
///
/// ```swift
/// var student = try StudentFamily.student(contentsOf: folder)   // any PretrainedStudent
/// let photo = try student.image(picture)
/// let text = try student.rendered(student.messages(question: "Fits it?", imagesAt: [0], answer: "No"), addingGenerationPrompt: false)
/// let ids = try student.ids(of: text, images: [photo])
/// student.logits(of: ids, images: [photo]).shape                // [tokens, vocabulary]
/// ```
public protocol PretrainedStudent: Student, TokenizedModel {
  /// The longest prompt with one answer, in tokens.
  var maximumTokens: Int { get set }
  /// The token that ends an answer.
  var endOfTurn: Int { get }
  /// The token that stands in a prompt for each row of an image's features; nil in families that read text alone.
  var imageToken: Int? { get }
  /// The decoder's sizes, with as many tokens as its table has rows.
  var decoder: LlamaConfiguration { get }
  /// Whether training computes the decoder's activations again in place of keeping them (gradient checkpointing): about a
  /// third more time, and memory for one layer's activations in place of all. Gradients keep their bits.
  var recomputesActivations: Bool { get set }
  /// The vision tower's size; nil in families that read text alone.
  var tower: TowerSize? { get }

  /// Images as tensors under the names and in the layout of the family's processor in transformers, `pixel_values` among
  /// them, in the order of the images. Empty in families that read text alone, and without images.
  func processorTensors(_ images: [RGBImage]) throws -> [String: Tensor]

  /// An image of this size without its content, which costs as many tokens as any other: what to count tokens with.
  func blankImage(width: Int, height: Int) throws -> PromptImage

  /// Rows of image features, and so image tokens, of an image.
  func tokenCount(of image: PromptImage) -> Int

  /// A question about images, and the answer to it if one is given, as the turns that the template takes: in parts where
  /// the family reads images, in plain text where it does not.
  ///
  /// - Parameter places: where each image stands: how many bytes of the question's UTF-8 stand before it.
  /// - Precondition: places rise, and each is between two characters of the question.
  func messages(question: String, imagesAt places: [Int], answer: String?) -> [ChatMessage]

  /// A conversation as the folder's chat template writes it, image tokens not expanded; without a template the turns'
  /// texts one after the other.
  ///
  /// - Parameter addingGenerationPrompt: whether the text ends with what opens the model's answer.
  /// - Throws: `TokenizerError` where the template fails or refuses the conversation.
  func rendered(_ messages: [ChatMessage], addingGenerationPrompt: Bool) throws -> String

  /// A conversation up to the model's answer, as the text that learned answers follow. It is what
  /// ``rendered(_:addingGenerationPrompt:)`` gives with the generation prompt, but for the end of that prompt which a
  /// whole conversation does not have: templates that open a thought there let answers follow without one.
  ///
  /// - Throws: as ``rendered(_:addingGenerationPrompt:)``.
  func prompt(_ messages: [ChatMessage]) throws -> String

  /// The text that the chat template writes between a prompt and every answer: mostly none, or a space. ``text(of:)`` leaves it
  /// out.
  var answerOpening: String { get }

  /// Which prompts begin with the tokenizer's beginning-of-text token. The default is ``PromptBeginning/ofFolder``.
  var promptBeginning: PromptBeginning { get set }

  /// What the chat template is told as `enable_thinking` (Qwen3, SmolLM3): false lets it close a thought before it was begun, in
  /// the prompt. nil, the default, tells it nothing, so that what the template then writes before an answer belongs to it.
  var thinking: Bool? { get }

  /// Tells the chat template whether a thought is to be opened.
  ///
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)`` where the template does not read `enable_thinking`, or does not
  ///   let answers follow its prompts then.
  mutating func setThinking(_ isOn: Bool?) throws

  /// The tokens of a rendered conversation: each image token expanded as the family's processor does, then tokenised as
  /// one text, with one beginning-of-text token where ``promptBeginning`` says so.
  ///
  /// - Throws: ``StudentError/imageCount(expected:found:)`` where the text has other than one image token an image,
  ///   ``StudentError/tokenWithoutRow(_:number:rows:)`` where it has a token that the embedding table has no row for.
  func ids(of text: String, images: [PromptImage]) throws -> [Int]

  /// The logits after each token of one sequence, [tokens, vocabulary]. Differentiable.
  ///
  /// - Precondition: as many image tokens as the images have rows of features.
  func logits(of tokens: [Int], images: [PromptImage]) -> Tensor

  /// The most probable tokens after a prompt, whatever they are: exactly `count`, ends of turns among them.
  func greedyTokens(after prompt: [Int], images: [PromptImage], count: Int) -> [Int]

  /// A batch of no sequences yet, for answers that must have a form, and for callers that read every probability.
  func emptyBatch() -> DecodingBatch

  /// Reads a prompt, which becomes the last sequence of a batch.
  ///
  /// - Parameters:
  ///   - room: the most tokens that are written after it; memory is taken for all of them.
  ///   - proceeding: called before each part of the pass; what it throws ends the pass, and the batch is as it was.
  /// - Precondition: the prompt has a token.
  func read(
    _ prompt: [Int], images: [PromptImage], room: Int, into batch: inout DecodingBatch, proceeding: () throws -> Void
  ) rethrows

  /// Writes a further token in each sequence of a batch. All are computed together, each as if it were alone.
  ///
  /// - Parameter tokens: one a sequence.
  func write(_ tokens: [Int], in batch: inout DecodingBatch)

  /// The text of an answer's tokens, without special tokens and without what the template puts before every answer.
  func text(of tokens: [Int]) -> String

  /// Writes a model folder that this package and transformers load. Adapters are not part of it: merge or save them apart.
  func save(to folder: URL) throws
}

extension PretrainedStudent {
  /// Reads a prompt to its end, which becomes the last sequence of a batch.
  public func read(_ prompt: [Int], images: [PromptImage], room: Int, into batch: inout DecodingBatch) {
    read(prompt, images: images, room: room, into: &batch, proceeding: {})
  }
}

/// Which of a student's prompts begin with the token that its tokenizer puts before texts (`<s>`, say).
public enum PromptBeginning: String, Sendable, Codable, CaseIterable {
  /// Those that transformers 5 would begin with it. In folders that read text alone a chat template says all that a prompt
  /// has, so that it begins with the token where the template writes it; without a template every text does. Processors of
  /// folders that read images put the token before a rendered conversation that does not begin with it.
  case ofFolder = "folder"
  /// All, whatever the folder reads: what version 0.1 trained adapters with at first.
  case always
}

extension PretrainedStudent {
  /// Whether the output head is the token table. What is stored decides: a head that is stored with other values than the table is
  /// not tied to it, whatever config.json says.
  package var isHeadTable: Bool {
    !parameters().contains { $0.path == "lm_head.weight" || $0.path.hasSuffix(".lm_head.weight") }
  }
}
