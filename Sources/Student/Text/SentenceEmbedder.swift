public import Foundation
public import LanguageModel
internal import Layers
internal import Tensor
public import Tokenizers

/// Texts as unit vectors whose products say how alike the texts are (Reimers and Gurevych 2019).
///
/// ```swift
/// let embedder = try SentenceEmbedder(contentsOf: folder)   // all-MiniLM-L6-v2, say
/// let vectors = embedder.vectors(for: ["A dog runs.", "A dog is running.", "Stocks fell."])
/// // the first two are near to each other, the third to neither
/// ```
///
/// Reads folders of sentence-transformers, and any folder of the BERT family, whose tokens are then averaged.
public struct SentenceEmbedder: Sendable {
  /// How a text's hidden rows become one vector.
  public enum Pooling: Sendable, Equatable {
    /// The mean over all tokens.
    case mean
    /// The first token's.
    case first
  }

  /// The network.
  public let encoder: TextEncoder
  /// How a text's hidden rows become one vector.
  public let pooling: Pooling
  private let reader: TextReader

  /// An embedder of these parts.
  ///
  /// - Parameters:
  ///   - maximumTokens: a lower limit than the encoder's and the tokenizer's. The default is none.
  ///   - name: what errors call the tokenizer.
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)`` where the tokenizer does not fit the encoder.
  public init(
    encoder: TextEncoder, tokenizer: Tokenizer, pooling: Pooling = .mean, maximumTokens: Int? = nil,
    name: String = "the tokenizer"
  ) throws {
    precondition(maximumTokens ?? 1 > 0, "at most \(maximumTokens ?? 1) tokens of a text")
    self.encoder = encoder
    self.pooling = pooling
    reader = try TextReader(tokenizer, for: encoder.configuration, limit: maximumTokens, name: name)
  }

  /// Reads a folder of sentence-transformers, or of any model of the BERT, RoBERTa or XLM-R family.
  ///
  /// `modules.json` says how rows are pooled and `sentence_bert_config.json` where texts are cut; without them it is the
  /// mean, and the limit of tokenizer and encoder.
  ///
  /// - Throws: ``StudentError`` or the error of the file that can't be used; a tensor that is missing, unknown or of
  ///   another shape stops the load with the whole list.
  public init(contentsOf folder: URL) throws {
    let modules = try SentenceModules(contentsOf: folder)
    let parts = try TextModelFolder(contentsOf: modules.transformer)
    let encoder = try TextEncoder(parts.configuration, from: parts.weights)
    try self.init(
      encoder: encoder, tokenizer: parts.tokenizer, pooling: modules.pooling, maximumTokens: modules.maximumTokens,
      name: folder.path)
  }

  /// Elements of a vector.
  public var dimensions: Int { encoder.configuration.hiddenSize }
  /// Text to tokens and back.
  public var tokenizer: Tokenizer { reader.tokenizer }
  /// The most tokens of a text, special ones included; what goes beyond is not read.
  public var maximumTokens: Int { reader.maximumTokens }

  /// One vector of length 1 a text, [texts][dimensions], in order.
  public func vectors(for texts: [String]) -> [[Float]] {
    reader.map(texts) { batch in
      let hidden = encoder(batch.map(reader.sequence))
      var start = 0
      return batch.map { text in
        let rows = pooling == .mean ? start..<(start + text.count) : start..<(start + 1)
        start += text.count
        return hidden.withScalars { unitVector($0, rows: rows) }
      }
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
