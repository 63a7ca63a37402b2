public import Foundation
internal import LanguageModel
internal import Layers
internal import Tensor
package import Tokenization

/// Texts as unit vectors whose products say how alike the texts are (Reimers and Gurevych 2019).
///
/// ```swift
/// let embedder = try SentenceEmbedder(contentsOf: folder)   // all-MiniLM-L6-v2, say
/// let vectors = try embedder.vectors(for: ["A dog runs.", "A dog is running.", "Stocks fell."])
/// // the first two are near to each other, the third to neither
/// ```
///
/// Reads folders of sentence-transformers on an encoder or on a decoder, and any folder of a model of these families, whose
/// tokens are then averaged.
public struct SentenceEmbedder: Sendable {
  /// How a text's hidden rows become one vector.
  package enum Pooling: Sendable, Equatable {
    /// The mean over all tokens.
    case mean
    /// The first token's.
    case first
    /// The last token's.
    case last

    /// Which rows of a text they are.
    package var words: String {
      switch self {
      case .mean: "the mean of all rows"
      case .first: "the first row"
      case .last: "the last row"
      }
    }
  }

  /// Whether a folder is one of sentence-transformers.
  package static func isFolder(_ folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: "modules.json").path)
  }

  /// What is done to a pooled vector.
  package enum Step: Sendable {
    /// A map to another vector.
    case dense(SentenceDense)
    /// To length 1.
    case normalize
  }

  package let network: SentenceNetwork
  /// How a text's hidden rows become one vector.
  package let pooling: Pooling
  /// What may be put before texts, by name: what the folder's `config_sentence_transformers.json` says.
  package let prompts: [String: String]
  /// Whether the prompt's rows are part of the vector; false leaves them out after they were read with the text.
  package let poolsPrompt: Bool
  /// What is put before each text. A folder's default prompt, where it has one.
  package var prompt: String
  /// What is done to the pooled vector before it is brought to length 1.
  private let steps: [Step]
  private let reader: TextReader

  /// An embedder of these parts.
  ///
  /// - Parameters:
  ///   - steps: what is done to the pooled vector before it is brought to length 1. The default is nothing.
  ///   - prompts: what may be put before texts, by name. The default is none.
  ///   - prompt: what is put before each text. The default is nothing.
  ///   - poolsPrompt: whether the prompt's rows are part of the vector. The default is true.
  ///   - maximumTokens: a lower limit than the encoder's and the tokenizer's. The default is none.
  ///   - name: what errors call the tokenizer.
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)`` where the tokenizer does not fit the network.
  package init(
    network: SentenceNetwork, tokenizer: Tokenizer, pooling: Pooling = .mean, steps: [Step] = [],
    prompts: [String: String] = [:], prompt: String = "", poolsPrompt: Bool = true, maximumTokens: Int? = nil,
    name: String = "the tokenizer"
  ) throws {
    precondition(maximumTokens ?? 1 > 0, "at most \(maximumTokens ?? 1) tokens of a text")
    (self.network, self.pooling, self.steps) = (network, pooling, steps)
    (self.prompts, self.prompt, self.poolsPrompt) = (prompts, prompt, poolsPrompt)
    reader = try network.reader(tokenizer, limit: maximumTokens, name: name)
  }

  /// Reads a folder of sentence-transformers, or of any model on an encoder or a decoder for text; or the GGUF file of a BERT,
  /// which says how rows are pooled.
  ///
  /// `modules.json` says how rows are pooled and what their vector is mapped to, `sentence_bert_config.json` where texts are cut and
  /// `config_sentence_transformers.json` what is put before them; without them it is the mean, the limit of tokenizer and
  /// encoder, and nothing.
  ///
  /// - Throws: ``StudentError`` or the error of the file that can't be used; a tensor that is missing, unknown or of
  ///   another shape stops the load with the whole list.
  public init(contentsOf folder: URL) throws {
    if let file = try GGUFEncoder(at: folder, as: "a sentence model") {
      let parts = try TextModelFolder(file)
      let network = try SentenceNetwork.encoder(TextEncoder(parts.configuration, from: parts.weights))
      try network.refuseNonFiniteWeights(of: folder)
      try self.init(network: network, tokenizer: parts.tokenizer, pooling: file.pooling(), name: folder.path)
      return
    }
    let modules = try SentenceModules(contentsOf: folder)
    let network = try SentenceNetwork(contentsOf: modules.transformer)
    try modules.checkSteps(width: network.width, name: folder.path)
    try network.refuseNonFiniteWeights(of: modules.transformer)
    try self.init(
      network: network, tokenizer: Tokenizer(contentsOf: modules.transformer), pooling: modules.pooling,
      steps: modules.steps, prompts: modules.prompts, prompt: modules.prompt, poolsPrompt: modules.poolsPrompt,
      maximumTokens: modules.maximumTokens, name: folder.path)
  }

  /// Elements of a vector.
  public var dimensions: Int {
    steps.reduce(network.width) { size, step in
      if case .dense(let map) = step { map.dimensions.output } else { size }
    }
  }
  /// Text to tokens and back.
  package var tokenizer: Tokenizer { reader.tokenizer }
  /// The most tokens of a text, special ones included; what goes beyond is not read.
  package var maximumTokens: Int { reader.maximumTokens }

  /// One vector of length 1 a text, [texts][dimensions], in order; `prompt` is put before each.
  ///
  /// - Throws: ``StudentError/tokenWithoutRow(_:number:rows:)`` where a text has a token that the model has no row for.
  public func vectors(for texts: [String]) throws -> [[Float]] {
    let left = try leftOutTokens
    return try reader.map(texts.map { prompt + $0 }) { vectors(for: $0, without: left) }
  }

  /// The same for texts that are tokens already, each with the prompt before it: what ``encoding(of:)`` gives.
  ///
  /// - Throws: as ``vectors(for:)``.
  package func vectors(ofTokens texts: [[Int]]) throws -> [[Float]] {
    let left = try leftOutTokens
    return try reader.map(texts, reading: { Encoding(ids: $0) }) { vectors(for: $0, without: left) }
  }

  private func vectors(for batch: [Encoding], without left: Int) -> [[Float]] {
    let tokens = batch.map(reader.sequence)
    switch pooling {
    case .first where left == 0: return singleRows(network.firstRows(tokens))
    case .last: return singleRows(network.lastRows(tokens))
    case .mean, .first: break
    }
    let hidden = network.rows(tokens)
    var start = 0
    return batch.map { text in
      let all = start..<(start + text.count)
      start = all.upperBound
      return hidden.withScalars { vector($0, rows: pooled(all, without: left)) }
    }
  }

  /// The tokens of a text with the prompt before it.
  ///
  /// - Throws: ``StudentError/tokenWithoutRow(_:number:rows:)``.
  package func encoding(of text: String) throws -> Encoding { try reader.encoding(of: prompt + text) }

  private func singleRows(_ rows: Tensor) -> [[Float]] {
    (0..<rows.shape[0]).map { row in rows.withScalars { vector($0, rows: row..<(row + 1)) } }
  }

  /// The rows that are averaged. Of a text that ends within its prompt nothing is left, and the mean is 0.
  private func pooled(_ rows: Range<Int>, without left: Int) -> Range<Int> {
    let rest = rows.dropFirst(left)
    switch pooling {
    case .mean: return rest.isEmpty ? rows.upperBound..<rows.upperBound : rest.startIndex..<rows.upperBound
    case .first, .last: return (rest.first ?? rows.lowerBound)..<((rest.first ?? rows.lowerBound) + 1)
    }
  }

  /// Tokens at the beginning that are no part of the vector: those of the prompt alone but for a special one at its end,
  /// as sentence-transformers 6.2 counts them.
  private var leftOutTokens: Int {
    get throws {
      guard !poolsPrompt, !prompt.isEmpty else { return 0 }
      let ids = try reader.encoding(of: prompt).ids
      return ids.last.map(tokenizer.isSpecial) == true ? ids.count - 1 : ids.count
    }
  }

  /// The unit vector of some rows: the direction of their mean, or of what the steps make of that.
  private func vector(_ hidden: UnsafeBufferPointer<Float>, rows: Range<Int>) -> [Float] {
    let width = network.width
    var sum = [Float](repeating: 0, count: width)
    for row in rows { for i in 0..<width { sum[i] += hidden[row * width + i] } }
    if steps.contains(where: { if case .dense = $0 { true } else { false } }) {
      let share = 1 / Float(max(1, rows.count))
      for i in 0..<width { sum[i] *= share }
      for step in steps {
        switch step {
        case .dense(let map): sum = map(sum)
        case .normalize: sum = unit(sum)
        }
      }
    }
    return unit(sum)
  }

  private func unit(_ vector: [Float]) -> [Float] {
    let square = vector.reduce(0.0) { $0 + Double($1) * Double($1) }
    let scale = square > 0 ? Float(1 / square.squareRoot()) : 0
    return vector.map { $0 * scale }
  }
}
