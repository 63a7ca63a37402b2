package import Layers
internal import Tensor

/// One adapter at one place: the matrices of its product, and what goes with them.
package struct LowRankPart: Sendable {
  /// The name of the adapter.
  package let name: String
  /// A: [rank, in] at a projection, [rank, tokens] at a table.
  package var a: Parameter
  /// B: [out, rank] at a projection, [dimensions, rank] at a table.
  package var b: Parameter
  /// DoRA's trained lengths, [out] or [dimensions]; nil for plain LoRA.
  package var magnitude: Parameter?
  /// The product's own offset [out], scaled as the product is; nil for none.
  package var bias: Parameter?
  /// The rank and alpha after patterns.
  package let rank: Int, alpha: Float
  /// What the product is multiplied by.
  package let scale: Float
  /// The share of inputs set to zero while a dropout seed is set.
  package let dropout: Float
  /// How much this adapter counts among several; 0 switches it off. The default is 1.
  package var weight: Float = 1
  /// Whether a head that is the adapted table changes with it (`ensure_weight_tying`).
  var isShared = false
  /// What the product began as and is subtracted again: PiSSA's principal part.
  var initial: (a: Tensor, b: Tensor)?
  /// The squared lengths of the base weight's rows, for DoRA.
  var squaredLengths: Tensor?
  /// Set for one training step by ``Layers/Module/withDropout(seed:_:)``; nil computes without dropout.
  var dropoutSeed: UInt64?

  init(
    name: String, a: Tensor, b: Tensor, rank: Int, alpha: Float, scale: Float, dropout: Float
  ) {
    self.name = name
    self.a = Parameter(a)
    self.b = Parameter(b)
    (self.rank, self.alpha, self.scale, self.dropout) = (rank, alpha, scale, dropout)
  }

  /// weight · scale · (B A - B₀ A₀), [out, in].
  func product() -> Tensor {
    let product = b.value.matmul(a.value) * (scale * weight)
    guard let initial else { return product }
    return product - initial.b.matmul(initial.a) * (scale * weight)
  }

  /// DoRA's factor of each output: its trained length over the length it has, which no gradient flows through.
  ///
  /// The length of row o of W + s B A follows from thin products, without the matrix itself:
  /// |Wₒ|² + 2s Bₒ·(A Wᵀ)ₒ + s² Bₒ (A Aᵀ) Bₒᵀ.
  ///
  /// - Parameters:
  ///   - lengths: trained, [out].
  ///   - cross: A Wᵀ, [rank, out].
  func factor(_ lengths: Tensor, cross: Tensor) -> Tensor {
    guard let squaredLengths else { preconditionFailure("DoRA's lengths without those of the base") }
    let (a, b) = (a.value.detached(), b.value.detached())
    let mixed = (b * cross.detached().transposed()).sum(along: -1) * (2 * scale)
    let own = (b.matmul(a.matmul(a, transposeB: true)) * b).sum(along: -1) * (scale * scale)
    return lengths / (squaredLengths + mixed + own).squareRoot()
  }

  /// The squared length of each row of a matrix [rows, columns], added up in Float64.
  static func squaredLengths(ofRows matrix: Tensor) -> Tensor {
    let (rows, columns) = (matrix.shape[0], matrix.shape[1])
    return Tensor(shape: [rows]) { out in
      // A block at a time: a matrix in half precision is widened by blocks.
      for start in stride(from: 0, to: rows, by: 256) {
        let block = matrix.rows(start..<min(rows, start + 256))
        block.withScalars { x in
          for row in 0..<block.shape[0] {
            var sum = 0.0
            for i in (row * columns)..<((row + 1) * columns) { sum += Double(x[i]) * Double(x[i]) }
            out[start + row] = Float(sum)
          }
        }
      }
    }
  }

  /// Shows the matrices under PEFT's names; those of an adapter that is not called "default" carry its name.
  ///
  /// - Parameter prefix: "lora_" at a projection, "lora_embedding_" at a table.
  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String, prefix: String) {
    let isTable = prefix != "lora_"
    func spelled(_ kind: String, _ end: String?) -> String {
      path.appending(
        component: ([kind] + (name == LowRankPart.defaultName ? [] : [name]) + (end.map { [$0] } ?? []))
          .joined(separator: "."))
    }
    visitor.visit(&a, at: spelled("\(prefix)A", isTable ? nil : "weight"))
    visitor.visit(&b, at: spelled("\(prefix)B", isTable ? nil : "weight"))
    if bias != nil { visitor.visit(&bias!, at: spelled("\(prefix)B", "bias")) }
    if magnitude != nil { visitor.visit(&magnitude!, at: spelled("lora_magnitude_vector", nil)) }
  }

  /// The name of an adapter that was given none.
  static let defaultName = "default"
}
