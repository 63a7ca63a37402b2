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
  /// The paths of the head's parts: what a fresh head is made of, and what an adapter for other classes trains as a whole.
  var headPaths: [String] { get }
}

/// An encoder with a head that says which class a text belongs to.
///
/// BERT: the first row through the pooler, then one layer. The others: the first row through two layers, with the hyperbolic
/// tangent between them, in DistilBERT ReLU and in ELECTRA GELU. ModernBERT: the first row or the mean of all through two
/// layers, with an activation and a norm between them.
package struct SequenceClassifier: TextEncoderHead {
  package var encoder: TextEncoder
  private var inner: InnerHead?
  private var output: Linear

  /// A classifier with random weights and one class for each of the configuration's labels.
  package init(_ c: TextEncoderConfiguration, using generator: inout some RandomNumberGenerator) {
    encoder = TextEncoder(c, pools: c.family == .bert, using: &generator)
    inner = c.family == .bert ? nil : InnerHead(c, using: &generator)
    output = head(c, c.labels.count, using: &generator)
  }

  /// The logits of the classes, [texts, classes].
  ///
  /// - Precondition: as ``TextEncoder/callAsFunction(_:)``, and no text is empty.
  package func callAsFunction(_ texts: [TokenSequence]) -> Tensor {
    let x = encoder.summaries(texts)
    return output(inner.map { $0(x) } ?? x)
  }

  /// `classifier`, in DistilBERT `pre_classifier` and in ModernBERT `head` too.
  package var headPaths: [String] { encoder.configuration.family.headPaths }

  /// Shows the encoder under the family's name, and the head under its paths.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    let family = encoder.configuration.family
    encoder.visit(&visitor, at: path.appending(component: family.path))
    inner?.visit(&visitor, at: path)
    switch family {
    case .bert, .distilbert, .modernbert: output.visit(&visitor, at: path.appending(component: "classifier"))
    case .roberta, .xlmRoberta, .camembert, .electra:
      output.visit(&visitor, at: path.appending(component: "classifier.out_proj"))
    }
  }
}

/// An encoder with a head that says which class each token belongs to: one layer, in ModernBERT two as in its head for texts.
package struct TokenClassifier: TextEncoderHead {
  package var encoder: TextEncoder
  private var inner: InnerHead?
  private var output: Linear

  /// A classifier with random weights and one class for each of the configuration's labels.
  package init(_ c: TextEncoderConfiguration, using generator: inout some RandomNumberGenerator) {
    encoder = TextEncoder(c, using: &generator)
    inner = c.family == .modernbert ? InnerHead(c, using: &generator) : nil
    output = head(c, c.labels.count, using: &generator)
  }

  /// The logits of the classes, [tokens of all texts, classes], text after text.
  ///
  /// - Precondition: as ``TextEncoder/callAsFunction(_:)``.
  package func callAsFunction(_ texts: [TokenSequence]) -> Tensor {
    let x = encoder(texts)
    return output(inner.map { $0(x) } ?? x)
  }

  /// `classifier`, in ModernBERT `head` too.
  package var headPaths: [String] { inner == nil ? ["classifier"] : encoder.configuration.family.headPaths }

  /// Shows the encoder under the family's name, and the head under its paths.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    encoder.visit(&visitor, at: path.appending(component: encoder.configuration.family.path))
    inner?.visit(&visitor, at: path)
    output.visit(&visitor, at: path.appending(component: "classifier"))
  }
}

/// The layer of a head before its last: a map, an activation, in ModernBERT a norm.
private struct InnerHead: Module {
  private let family: TextEncoderConfiguration.Family
  private let activation: Activation?
  private var dense: any Projection
  private var norm: LayerNorm?

  init(_ c: TextEncoderConfiguration, using generator: inout some RandomNumberGenerator) {
    family = c.family
    activation =
      switch c.family {
      case .bert, .roberta, .xlmRoberta, .camembert: nil
      case .distilbert: .relu
      case .electra: .gelu
      case .modernbert: c.modern?.headActivation
      }
    dense = head(c, c.hiddenSize, bias: c.family != .modernbert, using: &generator)
    norm = c.family == .modernbert ? c.norm(c.hiddenSize) : nil
  }

  /// Maps [rows, width] to [rows, width].
  func callAsFunction(_ x: Tensor) -> Tensor {
    let y = dense(x)
    let z = activation.map { $0(y) } ?? y.tanh()
    return norm.map { $0(z) } ?? z
  }

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    switch family {
    // PEFT adapts the layer in ModernBERT alone; in the others it is part of what is trained as a whole.
    case .modernbert:
      visitor.visit(projection: &dense, at: path.appending(component: "head.dense"))
      norm?.visit(&visitor, at: path.appending(component: "head.norm"))
    case .distilbert: dense.visit(&visitor, at: path.appending(component: "pre_classifier"))
    case .bert, .roberta, .xlmRoberta, .camembert, .electra:
      dense.visit(&visitor, at: path.appending(component: "classifier.dense"))
    }
  }
}

private func head(
  _ c: TextEncoderConfiguration, _ outputs: Int, bias: Bool = true, using generator: inout some RandomNumberGenerator
) -> Linear {
  Linear(
    inputDimensions: c.hiddenSize, outputDimensions: outputs, bias: bias, standardDeviation: c.initialDeviation,
    using: &generator)
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
