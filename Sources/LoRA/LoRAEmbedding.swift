package import Layers
package import Tensor

/// Low-rank products on a table of token vectors: row(t) + scale · B A[:, t], for each adapter on it; and rows that
/// adapters bring in place of the table's.
///
/// There is no dropout here, as there is none in PEFT.
package struct LoRAEmbedding: EmbeddingAdapter {
  /// The adapters, in the order in which they came.
  package var parts: [LowRankPart]
  /// Rows that stand in place of the table's, adapter after adapter.
  package var rows: [TrainedRows]
  /// The table as it is without adapters, while they are merged into it; nil otherwise.
  var unmerged: Tensor?

  init() { (parts, rows) = ([], []) }

  /// Whether no adapter is left.
  var isEmpty: Bool { parts.isEmpty && rows.isEmpty }

  package func rows(_ tokens: [Int], of table: Tensor) -> Tensor {
    let plain = table.gathered(tokens)
    guard unmerged == nil else { return plain }
    var y = rows.applied(toRows: plain, of: tokens)
    for part in parts where part.weight != 0 {
      let scale = part.scale * part.weight
      let product = part.a.value.transposed().gathered(tokens).matmul(part.b.value * scale, transposeB: true)
      y = sum(y, of: part, on: plain, product, table)
    }
    return y
  }

  /// The table with every adapter's change, [tokens, dimensions].
  package func effectiveWeight(of table: Tensor) -> Tensor {
    unmerged == nil ? changed(table, by: parts) : table
  }

  /// The table with the changes that count for a head that is this table too: rows that were brought, and products that
  /// were tied to the head (`ensure_weight_tying`).
  package func headWeight(of table: Tensor) -> Tensor {
    changed(unmerged ?? table, by: parts.filter(\.isShared))
  }

  /// The table with the rows and with these products.
  private func changed(_ table: Tensor, by parts: [LowRankPart]) -> Tensor {
    var weight = rows.applied(to: table)
    for part in parts where part.weight != 0 {
      weight = sum(weight, of: part, on: table, part.product().transposed(), table)
    }
    return weight
  }

  /// Rows with a part's product, and with magnitudes (DoRA) the plain rows brought to their lengths.
  private func sum(_ y: Tensor, of part: LowRankPart, on plain: Tensor, _ product: Tensor, _ table: Tensor) -> Tensor {
    guard let lengths = part.magnitude?.value else { return y + product }
    let factor = part.factor(lengths, cross: part.a.value.detached().matmul(table))
    return y + plain * ((factor - 1) * part.weight) + product * factor
  }

  /// Shows each adapter's `lora_embedding_A`, `lora_embedding_B` and what else it has, then the rows.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    for i in parts.indices { parts[i].visit(&visitor, at: path, prefix: "lora_embedding_") }
    for i in rows.indices { rows[i].visit(&visitor, at: path) }
  }
}
