package import Foundation
internal import LanguageModel
internal import Layers
internal import StudentModels
internal import Tensor
internal import Tokenization

/// A small encoder of the RoBERTa family made from nothing, with a vocabulary of its own: a student for a machine without
/// downloads.
///
/// ```swift
/// try FreshEncoder().write(to: folder, texts: summaries, seed: 1)
/// let student = try EncoderStudent(task: task, encoderIn: folder, seed: 1)
/// ```
///
/// It knows nothing but what it is taught: expect it to need some hundreds of labels.
package struct FreshEncoder: Sendable, Equatable {
  /// Elements of a hidden row. The default is 64.
  package var hiddenSize = 64
  package var layers = 2
  /// Attention heads, which divide the hidden size. The default is 4.
  package var heads = 4
  /// Tokens of the vocabulary. The default is 2,000.
  package var vocabularySize = 2_000
  /// Most tokens of a text. The default is 256.
  package var maximumTokens = 256

  package init() {}

  /// Makes the encoder and writes its folder: config.json, tokenizer.json and weights.
  ///
  /// - Parameters:
  ///   - texts: what the vocabulary is learned from; no labels are needed.
  ///   - seed: of the weights.
  /// - Throws: an error of the tokenizer or the file system.
  package func write(to folder: URL, texts: [String], seed: UInt64) throws {
    var trainer = BPETrainer(vocabularySize: vocabularySize, specialTokens: ["<s>", "<pad>", "</s>", "<unk>"])
    trainer.splitting = .gpt2
    trainer.roles = [.beginning: "<s>", .padding: "<pad>", .end: "</s>", .unknown: "<unk>"]
    let trained = try trainer.train(on: texts)
    try trained.write(to: folder)
    // An encoder's texts stand between two marks, which a vocabulary for generation does not ask for.
    let marks =
      #""post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": true, "#
      + #""add_prefix_space": false}"#
    let json = trained.json.replacing(#""post_processor": null"#, with: marks, maxReplacements: 1)
    try Data(json.utf8).write(to: folder.appending(path: "tokenizer.json"), options: .atomic)
    var configuration = TextEncoderConfiguration(family: .roberta)
    (configuration.vocabularySize, configuration.segments) = (trained.tokenizer.vocabularyCount, 1)
    (configuration.hiddenSize, configuration.intermediateSize) = (hiddenSize, 4 * hiddenSize)
    (configuration.layers, configuration.heads) = (layers, heads)
    configuration.maxPositions = maximumTokens + 2
    // Rows are as small as in a large model otherwise, and a small one would hardly move.
    configuration.initialDeviation = 1 / Float(hiddenSize).squareRoot() / 2
    var generator = Tensor.Generator(seed: seed).fork("fresh encoder")
    let model = SequenceClassifier(configuration, using: &generator)
    let classifier = try TextClassifier(
      model: model, tokenizer: Tokenizer(contentsOf: folder), name: folder.path)
    try classifier.save(to: folder)
  }
}
