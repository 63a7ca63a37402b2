package import Layers
public import Tensor

/// An encoder with a head over its hidden rows.
package protocol TextEncoderHead: Module {
  /// The encoder below the head.
  var encoder: TextEncoder { get set }
  /// Random weights, and one class for each of the configuration's labels.
  init(_ configuration: TextEncoderConfiguration, using generator: inout some RandomNumberGenerator)
  /// The logits of the classes, [rows, classes]: a row for each text or for each token of all texts.
  func callAsFunction(_ texts: [TokenSequence]) -> Tensor
}

/// An encoder with a head that says which class a text belongs to.
///
/// BERT: the first row through the pooler, then one layer. RoBERTa and XLM-R: the first row through a head of two layers.
package struct SequenceClassifier: TextEncoderHead {
  package var encoder: TextEncoder
  private var dense: Linear?
  private var output: Linear

  /// A classifier with random weights and one class for each of the configuration's labels.
  package init(_ c: TextEncoderConfiguration, using generator: inout some RandomNumberGenerator) {
    encoder = TextEncoder(c, pools: c.family == .bert, using: &generator)
    dense = c.family == .bert ? nil : head(c, c.hiddenSize, using: &generator)
    output = head(c, c.labels.count, using: &generator)
  }

  /// The logits of the classes, [texts, classes].
  ///
  /// - Precondition: as ``TextEncoder/callAsFunction(_:)``, and no text is empty.
  package func callAsFunction(_ texts: [TokenSequence]) -> Tensor {
    let x = encoder.summaries(texts)
    return output(dense.map { $0(x).tanh() } ?? x)
  }

  /// Shows the encoder under `bert` or `roberta`, and the head under `classifier`.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    encoder.visit(&visitor, at: path.appending(component: encoder.configuration.family.path))
    let path = path.appending(component: "classifier")
    dense?.visit(&visitor, at: path.appending(component: "dense"))
    output.visit(&visitor, at: dense == nil ? path : path.appending(component: "out_proj"))
  }
}

/// An encoder with a head that says which class each token belongs to.
package struct TokenClassifier: TextEncoderHead {
  package var encoder: TextEncoder
  private var output: Linear

  /// A classifier with random weights and one class for each of the configuration's labels.
  package init(_ c: TextEncoderConfiguration, using generator: inout some RandomNumberGenerator) {
    encoder = TextEncoder(c, using: &generator)
    output = head(c, c.labels.count, using: &generator)
  }

  /// The logits of the classes, [tokens of all texts, classes], text after text.
  ///
  /// - Precondition: as ``TextEncoder/callAsFunction(_:)``.
  package func callAsFunction(_ texts: [TokenSequence]) -> Tensor { output(encoder(texts)) }

  /// Shows the encoder under `bert` or `roberta`, and the head under `classifier`.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    encoder.visit(&visitor, at: path.appending(component: encoder.configuration.family.path))
    output.visit(&visitor, at: path.appending(component: "classifier"))
  }
}

private func head(
  _ c: TextEncoderConfiguration, _ outputs: Int, using generator: inout some RandomNumberGenerator
) -> Linear {
  Linear(
    inputDimensions: c.hiddenSize, outputDimensions: outputs, standardDeviation: c.initialDeviation, using: &generator)
}

extension Tensor {
  /// Mean cross-entropy in nats of logits [rows, classes] against each row's class.
  ///
  /// ```swift
  /// Tensor([0, 0, 5, 0], shape: [2, 2]).crossEntropy(classes: [1, nil]).scalar  // log 2: the second row does not count
  /// ```
  ///
  /// - Parameter classes: one a row; a row of class nil does not count.
  /// - Precondition: at least one row counts.
  public func crossEntropy(classes: [Int?]) -> Tensor {
    precondition(rank == 2 && shape[0] == classes.count, "\(classes.count) classes for logits \(shape)")
    let places = classes.enumerated().compactMap { row, known -> Int? in
      known.map {
        precondition($0 >= 0 && $0 < shape[1], "class \($0) of \(shape[1])")
        return row * shape[1] + $0
      }
    }
    precondition(!places.isEmpty, "a mean over no row")
    return -logSoftmax().reshaped([-1, 1]).gathered(places).mean()
  }
}
