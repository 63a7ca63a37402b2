package import Tensor

/// The token table of a language model, as it stands beside the output head.
///
/// A model shows its head with this, so that an adapter can give a head of its own to a model whose head is the table.
public struct TokenTable: Sendable {
  /// The table [vocabulary, width].
  package var embedding: Embedding
  /// Its path in the model.
  package var path: String
  /// Whether the model's head is this table (`tie_word_embeddings`), unless a map stands in the head's slot.
  package var isHead: Bool

  /// A table at a path.
  package init(_ embedding: Embedding, path: String, isHead: Bool) {
    (self.embedding, self.path, self.isHead) = (embedding, path, isHead)
  }
}

extension Module {
  /// Changes the slot of the output head, with the token table beside it.
  package mutating func editHead(_ change: (inout (any Projection)?, TokenTable, String) -> Void) {
    withoutActuallyEscaping(change) { change in
      var editor = HeadEditor(change: change)
      visit(&editor, at: "")
    }
  }
}

private struct HeadEditor: ModuleVisitor {
  let change: (inout (any Projection)?, TokenTable, String) -> Void
  mutating func visit(_ parameter: inout Parameter, at path: String) {}
  mutating func visit(projection slot: inout any Projection, at path: String) {}
  mutating func visit(embedding table: inout Embedding, at path: String) {}
  mutating func visit(head: inout (any Projection)?, of table: TokenTable, at path: String) {
    change(&head, table, path)
  }
}

extension Embedding {
  /// The table as an output head multiplies by it, [tokens, dimensions]: the base model's where an adapter changes the rows
  /// that are looked up alone.
  package func headWeight() -> Tensor { adapter?.headWeight(of: weight.sharedValue) ?? weight.sharedValue }
}
