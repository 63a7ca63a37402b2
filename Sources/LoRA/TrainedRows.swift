package import Layers
internal import Tensor

/// Rows of a token table that an adapter brings in place of the base model's: those of tokens that were added, say.
///
/// PEFT calls them `trainable_tokens_delta`, and they are values, not differences.
package struct TrainedRows: Sendable {
  /// The name of the adapter.
  package let name: String
  /// The tokens whose rows these are.
  package let tokens: [Int]
  /// [tokens, dimensions], one row for each of ``tokens``.
  package var values: Parameter
  /// Whether the adapter counts; its rows are the table's while it is not 0. The default is 1.
  package var weight: Float = 1

  init(name: String, tokens: [Int], values: Tensor) {
    (self.name, self.tokens) = (name, tokens)
    self.values = Parameter(values)
  }

  /// Where these rows stand, by token.
  var places: [Int: Int] { Dictionary(uniqueKeysWithValues: zip(tokens, tokens.indices)) }

  /// Shows the rows under PEFT's name; those of an adapter that is not called "default" carry its name.
  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    let end = name == LowRankPart.defaultName ? Self.tensorName : "\(Self.tensorName).\(name)"
    visitor.visit(&values, at: path.appending(component: end))
  }

  /// What stands behind a table's path in the names of these tensors.
  static let tensorName = "token_adapter.trainable_tokens_delta"
}

extension [TrainedRows] {
  /// The rows of a table [vocabulary, dimensions], those that count put in; later ones win.
  func applied(to table: Tensor) -> Tensor {
    reduce(table) { table, rows in
      rows.weight == 0 ? table : table.replacingRows(at: rows.tokens, with: rows.values.value)
    }
  }

  /// Looked-up rows [tokens, dimensions] of these tokens, those that count put in.
  func applied(toRows rows: Tensor, of tokens: [Int]) -> Tensor {
    reduce(rows) { result, part in
      guard part.weight != 0 else { return result }
      let places = part.places
      let at = tokens.indices.filter { places[tokens[$0]] != nil }
      return result.replacingRows(at: at, with: part.values.value.gathered(at.compactMap { places[tokens[$0]] }))
    }
  }
}
