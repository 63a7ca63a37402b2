public import Foundation
package import LanguageModel
public import Layers
public import Tensor
public import Tokenization

/// A model that marks spans of a text: an encoder with a class for every token.
///
/// ```swift
/// let tagger = try TokenTagger(contentsOf: folder)     // classes O, B-cause, I-cause, B-effect, I-effect
/// try tagger.spans(in: ["Rain made the road wet."])[0]     // [cause "Rain", effect "the road wet"]
/// ```
///
/// Classes that begin with "B-" and "I-" begin and continue a span, "O" is outside of all; neighbouring tokens of any
/// other class make one span.
public struct TokenTagger: TokenizedModel {
  private var parts: TextModel<TokenClassifier>

  /// A tagger of these parts.
  ///
  /// - Parameter name: what errors call the tokenizer.
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)`` where the tokenizer does not fit the model.
  package init(model: TokenClassifier, tokenizer: Tokenizer, name: String = "the tokenizer") throws {
    parts = try TextModel(model, tokenizer, name: name)
  }

  /// Reads a folder of a token classifier: BERT, RoBERTa, XLM-R, CamemBERT, DistilBERT, ELECTRA or ModernBERT.
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

  package var model: TokenClassifier {
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

  /// The tokens of a text, cut to `maximumTokens`, each with its place in the text.
  ///
  /// - Throws: ``StudentError/tokenWithoutRow(_:number:rows:)`` where a text has a token that the model has no row for.
  public func encoding(of text: String) throws -> Encoding { try parts.reader.encoding(of: text) }

  /// The part of a text that ``encoding(of:)`` keeps, in Unicode scalars; nil where nothing is cut.
  package func readPart(of text: String) -> Range<Int>? { parts.reader.readPart(of: text) }

  /// The logits of the classes, [tokens of all texts, classes], special tokens included; gradients flow.
  ///
  /// - Parameter texts: at least one, from ``encoding(of:)``.
  public func logits(_ texts: [Encoding]) -> Tensor { parts.logits(texts) }

  /// Mean cross-entropy in nats over the tokens that have a class, a scalar; gradients flow.
  ///
  /// - Parameters:
  ///   - texts: from ``encoding(of:)``.
  ///   - classes: for each text those of its tokens, from ``classes(of:spans:)``; nil does not count.
  /// - Precondition: at least one token counts.
  package func loss(_ texts: [Encoding], classes: [[Int?]]) -> Tensor {
    for (text, classes) in zip(texts, classes) {
      precondition(text.count == classes.count, "\(classes.count) classes for \(text.count) tokens")
    }
    return logits(texts).crossEntropy(classes: classes.flatMap { $0 })
  }

  /// The classes that a text's tokens should have for these spans to be found; nil for special tokens.
  ///
  /// A token that lies partly in a span belongs to it. Of two spans over one token the first counts.
  ///
  /// - Parameters:
  ///   - encoding: from ``encoding(of:)``.
  ///   - spans: in Unicode scalars of the text; what was cut off with the text is passed over.
  /// - Throws: ``StudentError/unknownLabel(_:known:)`` where ``labels`` has no class for a span, or none for the rest.
  package func classes(of encoding: Encoding, spans: [TextSpan]) throws -> [Int?] {
    func number(_ names: [String]) throws -> Int {
      for name in names { if let number = labels.firstIndex(of: name) { return number } }
      throw StudentError.unknownLabel(names.joined(separator: " or "), known: labels)
    }
    let outside = try number(["O"])
    let numbers = try spans.map { span in
      (first: try number(["B-\(span.label)", span.label]), next: try number(["I-\(span.label)", span.label]))
    }
    var begun = Set<Int>()
    return zip(encoding.offsets, encoding.specialTokensMask).map { place, isSpecial in
      guard isSpecial == 0 else { return nil }
      guard let span = spans.firstIndex(where: { $0.range.overlaps(place) }) else { return outside }
      return begun.insert(span).inserted ? numbers[span].first : numbers[span].next
    }
  }

  /// The logits of the classes, [tokens of all texts and maybe more, classes], the same whichever texts stand together.
  package func settledLogits(_ texts: [Encoding]) throws -> Tensor { try logits(parts.reader.filled(texts)) }

  /// The spans that the model marks in each text, from left to right.
  ///
  /// - Throws: ``StudentError/tokenWithoutRow(_:number:rows:)`` where a text has a token that the model has no row for.
  public func spans(in texts: [String]) throws -> [[TextSpan]] {
    let names = labels
    let found = try parts.reader.map(texts) { batch -> [[TextSpan]] in
      let rows = logits(batch).softmax().rowScalars
      var at = 0
      return batch.map { encoding in
        let own = rows[at..<(at + encoding.count)]
        at += encoding.count
        let tokens = zip(own, zip(encoding.offsets, encoding.specialTokensMask)).filter { $1.1 == 0 }
        return TextSpan.spans(
          of: tokens.map { row, token in
            let top = row.indices.max { row[$0] < row[$1] } ?? 0
            return (names[top], token.0, Double(row[top]))
          })
      }
    }
    return zip(found, texts).map { spans, text in spans.compactMap { $0.trimmed(in: text) } }
  }

  /// Takes up the tokenizer of a folder; see ``TokenizedModel/takeTokenizer(of:)``.
  ///
  /// - Throws: the error of the file that can't be used, or ``StudentError/unusableFile(_:expected:found:)``.
  public mutating func takeTokenizer(of folder: URL) throws { try parts.takeTokenizer(of: folder) }

  /// Writes a model folder that this package and transformers load. Adapters are not part of it: merge or save them apart.
  public func save(to folder: URL) throws { try parts.save(to: folder, architecture: "ForTokenClassification") }

  /// Shows the network, its paths without a component of their own.
  public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    parts.network.visit(&visitor, at: path)
  }
}
