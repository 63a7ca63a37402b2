internal import Layers
internal import Tensor

extension Module {
  /// All places of the model, in its order.
  func places() -> [AdapterPlace] {
    var found: [AdapterPlace] = []
    var copy = self
    copy.edit { projection, path in
      let base = (projection as? LoRAProjection)?.base ?? projection
      found.append(
        AdapterPlace(path: path, shape: base.weightShape, isTable: false, hasBias: base.effectiveBias() != nil))
    } embedding: { embedding, path in
      found.append(AdapterPlace(path: path, shape: embedding.weight.value.shape, isTable: true, hasBias: false))
    }
    if let head = tokenHead(), let at = found.firstIndex(where: { $0.path == head.path }) { found[at].isHead = true }
    return found
  }

  /// Changes every projection and every table of token vectors in place, in the model's order.
  mutating func edit(
    _ projection: (inout any Projection, String) -> Void, embedding: (inout Embedding, String) -> Void
  ) {
    withoutActuallyEscaping(projection) { projection in
      withoutActuallyEscaping(embedding) { embedding in
        var editor = PlaceEditor(projection: projection, embedding: embedding)
        visit(&editor, at: "")
      }
    }
  }

  /// Changes every adapter's part in place.
  mutating func editParts(_ change: (inout LowRankPart, String) -> Void) {
    editAdapted { parts, _, path in for i in parts.indices { change(&parts[i], path) } }
  }

  /// Changes every row that stands in place of a table's, with the place's path.
  mutating func editRows(_ change: (inout TrainedRows, String) -> Void) {
    editAdapted { _, rows, path in for i in rows.indices { change(&rows[i], path) } }
  }

  private mutating func editAdapted(_ change: (inout [LowRankPart], inout [TrainedRows], String) -> Void) {
    edit { projection, path in
      guard var adapted = projection as? LoRAProjection else { return }
      change(&adapted.parts, &adapted.rows, path)
      projection = adapted
    } embedding: { embedding, path in
      guard var adapted = embedding.adapter as? LoRAEmbedding else { return }
      change(&adapted.parts, &adapted.rows, path)
      embedding.adapter = adapted
    }
  }

  /// Changes every parameter in place.
  mutating func editParameters(_ change: (inout Parameter, String) -> Void) {
    withoutActuallyEscaping(change) { change in
      var editor = ParameterEditor(change: change)
      visit(&editor, at: "")
    }
  }
}

private struct PlaceEditor: ModuleVisitor {
  let projection: (inout any Projection, String) -> Void
  let embedding: (inout Embedding, String) -> Void
  mutating func visit(_ parameter: inout Parameter, at path: String) {}
  mutating func visit(projection slot: inout any Projection, at path: String) { projection(&slot, path) }
  mutating func visit(embedding table: inout Embedding, at path: String) { embedding(&table, path) }
}

private struct ParameterEditor: ModuleVisitor {
  let change: (inout Parameter, String) -> Void
  mutating func visit(_ parameter: inout Parameter, at path: String) { change(&parameter, path) }
}
