public import Foundation
package import LanguageModel
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
/// Reads folders of sentence-transformers, and any folder of the BERT family, whose tokens are then averaged.
public struct SentenceEmbedder: Sendable {
  /// How a text's hidden rows become one vector.
  package enum Pooling: Sendable, Equatable {
    /// The mean over all tokens.
    case mean
    /// The first token's.
    case first
  }

  package let encoder: TextEncoder
  /// How a text's hidden rows become one vector.
  package let pooling: Pooling
  /// What may be put before texts, by name: what the folder's `config_sentence_transformers.json` says.
  package let prompts: [String: String]
  /// Whether the prompt's rows are part of the vector; false leaves them out after they were read with the text.
  package let poolsPrompt: Bool
  /// What is put before each text. A folder's default prompt, where it has one.
  package var prompt: String
  private let reader: TextReader

  /// An embedder of these parts.
  ///
  /// - Parameters:
  ///   - prompts: what may be put before texts, by name. The default is none.
  ///   - prompt: what is put before each text. The default is nothing.
  ///   - poolsPrompt: whether the prompt's rows are part of the vector. The default is true.
  ///   - maximumTokens: a lower limit than the encoder's and the tokenizer's. The default is none.
  ///   - name: what errors call the tokenizer.
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)`` where the tokenizer does not fit the encoder.
  package init(
    encoder: TextEncoder, tokenizer: Tokenizer, pooling: Pooling = .mean, prompts: [String: String] = [:],
    prompt: String = "", poolsPrompt: Bool = true, maximumTokens: Int? = nil, name: String = "the tokenizer"
  ) throws {
    precondition(maximumTokens ?? 1 > 0, "at most \(maximumTokens ?? 1) tokens of a text")
    (self.encoder, self.pooling) = (encoder, pooling)
    (self.prompts, self.prompt, self.poolsPrompt) = (prompts, prompt, poolsPrompt)
    reader = try TextReader(tokenizer, for: encoder.configuration, limit: maximumTokens, name: name)
  }

  /// Reads a folder of sentence-transformers, or of any model of the BERT, RoBERTa or XLM-R family.
  ///
  /// `modules.json` says how rows are pooled, `sentence_bert_config.json` where texts are cut and
  /// `config_sentence_transformers.json` what is put before them; without them it is the mean, the limit of tokenizer and
  /// encoder, and nothing.
  ///
  /// - Throws: ``StudentError`` or the error of the file that can't be used; a tensor that is missing, unknown or of
  ///   another shape stops the load with the whole list.
  public init(contentsOf folder: URL) throws {
    let modules = try SentenceModules(contentsOf: folder)
    let parts = try TextModelFolder(contentsOf: modules.transformer)
    let encoder = try TextEncoder(parts.configuration, from: parts.weights)
    try self.init(
      encoder: encoder, tokenizer: parts.tokenizer, pooling: modules.pooling, prompts: modules.prompts,
      prompt: modules.prompt, poolsPrompt: modules.poolsPrompt, maximumTokens: modules.maximumTokens, name: folder.path)
  }

  /// Elements of a vector.
  public var dimensions: Int { encoder.configuration.hiddenSize }
  /// Text to tokens and back.
  package var tokenizer: Tokenizer { reader.tokenizer }
  /// The most tokens of a text, special ones included; what goes beyond is not read.
  package var maximumTokens: Int { reader.maximumTokens }

  /// One vector of length 1 a text, [texts][dimensions], in order; `prompt` is put before each.
  ///
  /// - Throws: ``StudentError/tokenWithoutRow(_:number:rows:)`` where a text has a token that the model has no row for.
  public func vectors(for texts: [String]) throws -> [[Float]] {
    let left = try leftOutTokens
    return try reader.map(texts.map { prompt + $0 }) { batch in
      if pooling == .first, left == 0, batch.allSatisfy({ $0.count > 0 }) {
        let first = encoder.firstRows(batch.map(reader.sequence))
        return batch.indices.map { row in first.withScalars { unitVector($0, rows: row..<(row + 1)) } }
      }
      let hidden = encoder(batch.map(reader.sequence))
      var start = 0
      return batch.map { text in
        let all = start..<(start + text.count)
        start = all.upperBound
        return hidden.withScalars { unitVector($0, rows: pooled(all, without: left)) }
      }
    }
  }

  /// The rows that are averaged. Of a text that ends within its prompt nothing is left, and the mean is 0.
  private func pooled(_ rows: Range<Int>, without left: Int) -> Range<Int> {
    let rest = rows.dropFirst(left)
    switch pooling {
    case .mean: return rest.isEmpty ? rows.upperBound..<rows.upperBound : rest.startIndex..<rows.upperBound
    case .first: return (rest.first ?? rows.lowerBound)..<((rest.first ?? rows.lowerBound) + 1)
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

  /// The direction of the sum of rows: that of their mean.
  private func unitVector(_ hidden: UnsafeBufferPointer<Float>, rows: Range<Int>) -> [Float] {
    var sum = [Float](repeating: 0, count: dimensions)
    for row in rows { for i in 0..<dimensions { sum[i] += hidden[row * dimensions + i] } }
    let square = sum.reduce(0.0) { $0 + Double($1) * Double($1) }
    let scale = square > 0 ? Float(1 / square.squareRoot()) : 0
    return sum.map { $0 * scale }
  }
}
