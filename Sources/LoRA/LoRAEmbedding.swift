public import Layers
public import Tensor

/// Low-rank products on a table of token vectors: row(t) + scale · B A[:, t], for each adapter on it.
///
/// There is no dropout here, as there is none in PEFT.
public struct LoRAEmbedding: EmbeddingAdapter {
  /// The adapters, in the order in which they came.
  public var parts: [LowRankPart]
  /// The table as it is without adapters, while they are merged into it; nil otherwise.
  var unmerged: Tensor?

  init() { parts = [] }

  /// The adapted rows of these tokens, [tokens, dimensions].
  public func rows(_ tokens: [Int], of table: Tensor) -> Tensor {
    let plain = table.gathered(tokens)
    guard unmerged == nil else { return plain }
    var y = plain
    for part in parts where part.weight != 0 {
      let scale = part.scale * part.weight
      let product = part.a.value.transposed().gathered(tokens).matmul(part.b.value * scale, transposeB: true)
      guard let lengths = part.magnitude?.value else {
        y = y + product
        continue
      }
      let factor = part.factor(lengths, cross: part.a.value.detached().matmul(table))
      y = y + plain * ((factor - 1) * part.weight) + product * factor
    }
    return y
  }

  /// The table with every adapter's change, [tokens, dimensions].
  public func denseWeight(of table: Tensor) -> Tensor {
    guard unmerged == nil else { return table }
    var weight = table
    for part in parts where part.weight != 0 {
      let product = part.product().transposed()
      guard let lengths = part.magnitude?.value else {
        weight = weight + product
        continue
      }
      let factor = part.factor(lengths, cross: part.a.value.detached().matmul(table))
      weight = weight + table * ((factor - 1) * part.weight) + product * factor
    }
    return weight
  }

  /// Shows each adapter's `lora_embedding_A`, `lora_embedding_B` and what else it has.
  public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    for i in parts.indices { parts[i].visit(&visitor, at: path, prefix: "lora_embedding_") }
  }
}
