public import Layers
public import Tensor

/// A projection with a low-rank product added: base(x) + scale · B(A(dropout(x))).
///
/// A starts random, B at zero, so a fresh adapter changes nothing.
public struct LoRAProjection: Projection {
  /// The frozen map.
  public var base: any Projection
  /// A [rank, in].
  public var a: Parameter
  /// B [out, rank].
  public var b: Parameter
  /// What the product is multiplied by.
  public let scale: Float
  /// The share of inputs set to zero while a dropout seed is set.
  public let dropout: Float
  /// Off inside ``Layers/Module/withoutAdapters(_:)``.
  var isEnabled = true
  /// Set for one training step by ``Layers/Module/withDropout(seed:_:)``; nil computes without dropout.
  var dropoutSeed: UInt64?

  /// An adapter around `base` [in → out] with A uniform in ±1/√in, as PEFT's Kaiming initialisation, and B zero.
  public init(
    base: any Projection, configuration: LoRAConfiguration, using generator: inout some RandomNumberGenerator
  ) {
    let shape = base.denseWeight().shape
    let bound = 1 / Float(shape[1]).squareRoot()
    self.base = base
    a = Parameter(.uniform([configuration.rank, shape[1]], from: -bound, to: bound, using: &generator))
    b = Parameter(.zeros([shape[0], configuration.rank]))
    scale = configuration.scale
    dropout = configuration.dropout
  }

  /// Maps [..., in] to [..., out].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let y = base(x)
    guard isEnabled else { return y }
    let thin = dropped(x).matmul(a.value, transposeB: true)
    return y + thin.matmul(b.value * scale, transposeB: true)
  }

  private func dropped(_ x: Tensor) -> Tensor {
    guard dropout > 0, let dropoutSeed else { return x }
    var generator = Tensor.Generator(seed: dropoutSeed)
    let keep = 1 - dropout
    let mask = Tensor(shape: x.shape) { out in
      for i in out.indices { out[i] = Float(generator.next() >> 40) * 0x1p-24 < keep ? 1 / keep : 0 }
    }
    return x * mask
  }

  /// W + scale · B A, [out, in].
  public func denseWeight() -> Tensor {
    let weight = base.denseWeight()
    return isEnabled ? weight + b.value.matmul(a.value) * scale : weight
  }

  /// Shows the base's parameters under its own path, then `lora_A.weight` and `lora_B.weight`.
  public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    base.visit(&visitor, at: path)
    visitor.visit(&a, at: path.appending(component: "lora_A.weight"))
    visitor.visit(&b, at: path.appending(component: "lora_B.weight"))
  }
}
