internal import Layers
internal import StudentModels
internal import Tensor
package import Tokenization

/// A network that reads some tokens of every text as the token that hides others: another part of them at every look.
///
/// What is learned of a text by heart, from a word that no other text has, does not last then; what many texts have in common does.
/// So a label that contradicts them is not remembered as easily (word dropout: Iyyer et al. 2015, "Deep Unordered Composition Rivals
/// Syntactic Methods for Text Classification").
struct TokenDropout<Network: TextNetwork>: TextScorer {
  /// What is trained.
  var network: Network
  /// The probability that a token is hidden.
  let share: Double
  /// The token that stands for it.
  let hidden: Int
  /// Where chance begins; nil hides nothing.
  var seed: UInt64?

  /// The logits of the classes, of texts with some tokens hidden.
  func logits(_ texts: [Encoding]) -> Tensor {
    guard let seed, share > 0 else { return network.logits(texts) }
    var generator = Tensor.Generator(seed: seed).fork("hidden tokens")
    return network.logits(texts.map { $0.hiding(share, behind: hidden, using: &generator) })
  }

  /// Shows the network, its paths without a component of their own.
  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) { network.visit(&visitor, at: path) }
}

extension Encoding {
  /// The same with some tokens hidden, each by itself; special tokens stay.
  ///
  /// - Parameters:
  ///   - share: the probability that a token is hidden.
  ///   - hidden: the token that stands for it.
  package func hiding(
    _ share: Double, behind hidden: Int, using generator: inout some RandomNumberGenerator
  ) -> Encoding {
    var text = self
    for place in ids.indices where specialTokensMask[place] == 0 {
      if Double.random(in: 0..<1, using: &generator) < share { text.ids[place] = hidden }
    }
    return text
  }
}

extension TextNetwork {
  /// The token that hides others: the mask of the tokenizer, or else what stands for unknown ones; nil where there is neither.
  var hidingToken: Int? { tokenizer.specialTokens.mask ?? tokenizer.specialTokens.unknown }
}
