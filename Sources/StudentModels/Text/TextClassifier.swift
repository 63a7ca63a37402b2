public import Foundation
package import LanguageModel
public import Layers
public import Tensor
public import Tokenization

/// A model that says which class a text belongs to: an encoder with its tokenizer.
///
/// ```swift
/// let classifier = try TextClassifier(contentsOf: folder)
/// classifier.labels                                    // ["negative", "positive"]
/// try classifier.probabilities(for: ["What a day!"])       // [[0.02, 0.98]]
/// ```
///
/// It is a `Module`: adapters attach to its projections (`bert.encoder.layer.0.attention.self.query`, …), and its head
/// stands under `classifier`, where adapter files keep it whole.
public struct TextClassifier: TokenizedModel {
  private var parts: TextModel<SequenceClassifier>

  /// A classifier of these parts.
  ///
  /// - Parameter name: what errors call the tokenizer.
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)`` where the tokenizer does not fit the model.
  package init(model: SequenceClassifier, tokenizer: Tokenizer, name: String = "the tokenizer") throws {
    parts = try TextModel(model, tokenizer, name: name)
  }

  /// Reads a folder of a sequence classifier: BERT, RoBERTa, XLM-R, CamemBERT, DistilBERT, ELECTRA or ModernBERT.
  ///
  /// - Throws: ``StudentError`` or the error of the file that can't be used; a tensor that is missing, unknown or of
  ///   another shape stops the load with the whole list.
  public init(contentsOf folder: URL) throws {
    parts = try TextModel(contentsOf: folder)
  }

  /// Reads the encoder of any model folder of these families, and puts a fresh head with these classes on it.
  ///
  /// - Parameter labels: at least one.
  /// - Throws: as ``init(contentsOf:)``.
  public init(encoderIn folder: URL, labels: [String], using generator: inout some RandomNumberGenerator) throws {
    parts = try TextModel(encoderIn: folder, labels: labels, using: &generator)
  }

  package var model: SequenceClassifier {
    get { parts.network }
    set { parts.network = newValue }
  }
  /// The names of the classes, by number.
  public var labels: [String] { parts.labels }
  /// The paths of the head's parts, which an adapter for other classes trains as a whole.
  package var headPaths: [String] { parts.headPaths }
  /// Text to tokens and back.
  public var tokenizer: Tokenizer { parts.reader.tokenizer }
  /// The most tokens of a text, special ones included: what the encoder takes, or less if the tokenizer's files say so.
  package var maximumTokens: Int { parts.reader.maximumTokens }

  /// The tokens of a text, or of two that belong together, cut to `maximumTokens`.
  ///
  /// - Throws: ``StudentError/tokenWithoutRow(_:number:rows:)`` where a text has a token that the model has no row for.
  public func encoding(of text: String, pair: String? = nil) throws -> Encoding {
    try parts.reader.encoding(of: text, pair: pair)
  }

  /// The part of a text that ``encoding(of:pair:)`` keeps, in Unicode scalars; nil where nothing is cut.
  package func readPart(of text: String) -> Range<Int>? { parts.reader.readPart(of: text) }

  /// The logits of the classes, [texts, classes]; gradients flow.
  ///
  /// - Parameter texts: at least one, from ``encoding(of:pair:)``.
  public func logits(_ texts: [Encoding]) -> Tensor { parts.logits(texts) }

  /// Mean cross-entropy in nats against the texts' classes, a scalar; gradients flow.
  ///
  /// ```swift
  /// let batch = try texts.map { try classifier.encoding(of: $0) }
  /// let (loss, gradients) = classifier.valueAndGradients { $0.loss(batch, classes: [0, 1]) }
  /// ```
  ///
  /// - Precondition: one class a text, inside ``labels``; a text has exactly one class in this model.
  public func loss(_ texts: [Encoding], classes: [Int]) -> Tensor {
    precondition(!isMultiLabel, "one class a text for a model whose texts have any number of them")
    return logits(texts).crossEntropy(classes: classes)
  }

  /// The probabilities of the classes, [texts][classes]. They sum to one unless the model's classes exclude no other.
  ///
  /// - Throws: ``StudentError/tokenWithoutRow(_:number:rows:)`` where a text has a token that the model has no row for.
  public func probabilities(for texts: [String]) throws -> [[Double]] {
    try parts.reader.map(texts) { batch in
      let logits = logits(batch)
      let all = isMultiLabel ? logits.sigmoid() : logits.softmax()
      return all.rowScalars.map { $0.map(Double.init) }
    }
  }

  private var isMultiLabel: Bool { model.encoder.configuration.problem == .multiLabel }

  /// Takes up the tokenizer of a folder; see ``TokenizedModel/takeTokenizer(of:)``.
  ///
  /// - Throws: the error of the file that can't be used, or ``StudentError/unusableFile(_:expected:found:)``.
  public mutating func takeTokenizer(of folder: URL) throws { try parts.takeTokenizer(of: folder) }

  /// Writes a model folder that this package and transformers load. Adapters are not part of it: merge or save them apart.
  public func save(to folder: URL) throws { try parts.save(to: folder, architecture: "ForSequenceClassification") }

  /// Shows the network, its paths without a component of their own.
  public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    parts.network.visit(&visitor, at: path)
  }
}

extension Tensor {
  /// The rows of a matrix.
  var rowScalars: [[Float]] {
    withScalars { all in (0..<shape[0]).map { Array(all[($0 * shape[1])..<(($0 + 1) * shape[1])]) } }
  }
}
