public import Layers
internal import Tensor

extension Module {
  /// The adapters' changes added to their base weights: a model that computes the same, as fast as one without adapters.
  ///
  /// ```swift
  /// try model.mergeAdapters(keepingAdapters: true)
  /// model.unmergeAdapters()  // to the bit what it was
  /// ```
  ///
  /// - Parameter keepingAdapters: whether the adapters stay, so that ``unmergeAdapters()`` can take them out again; the base
  ///   weights are then kept beside the merged ones. The default is false: a plain model, ready to be saved.
  /// - Throws: ``LoRAError/notMergeable(path:reason:)`` where a base is no plain `Linear`, or a merged weight would not be
  ///   finite; nothing is then changed.
  public mutating func mergeAdapters(keepingAdapters: Bool = false) throws {
    var result = self
    result.unmergeAdapters()
    let head = result.headTable()
    var failure: (any Error)?
    result.edit { projection, path in
      guard failure == nil, var adapted = projection as? LoRAProjection else { return }
      do {
        let merged = try adapted.mergedMap(path, addingBias: keepingAdapters)
        adapted.merged = merged
        projection = keepingAdapters ? adapted : merged
      } catch { failure = error }
    } embedding: { embedding, path in
      guard failure == nil, var adapted = embedding.adapter as? LoRAEmbedding else { return }
      let table = embedding.effectiveWeight()
      guard table.isFinite else {
        failure = LoRAError.notMergeable(path: path, reason: "rows of the merged table are not finite")
        return
      }
      adapted.unmerged = embedding.weight.value
      embedding.weight.value = table
      embedding.adapter = keepingAdapters ? adapted : nil
    }
    if let failure { throw failure }
    if !keepingAdapters {
      result.editParameters { parameter, _ in parameter.alternative = nil }
      // A head that was the table, and did not change with it, is a map of its own from now on.
      if let head {
        result.editHead { map, table, _ in map = table.ownHead(head) }
        result.tieHead()
      }
    }
    self = result
  }

  /// Takes merged adapters out of the weights again, which are then to the bit what they were. Does nothing where none is
  /// merged.
  public mutating func unmergeAdapters() {
    edit { projection, _ in
      guard var adapted = projection as? LoRAProjection, adapted.merged != nil else { return }
      adapted.merged = nil
      projection = adapted
    } embedding: { embedding, _ in
      guard var adapted = embedding.adapter as? LoRAEmbedding else { return }
      embedding.unmerge(&adapted)
      embedding.adapter = adapted
    }
  }
}

extension LoRAProjection {
  /// A plain map that computes what this one does; as trainable as its base.
  ///
  /// - Parameter addingBias: whether a base without an offset gets one where an adapter brings it.
  fileprivate func mergedMap(_ path: String, addingBias: Bool) throws -> Linear {
    guard var map = base as? Linear else {
      throw LoRAError.notMergeable(
        path: path, reason: "its base is a \(type(of: base)), and only a plain Linear takes a change")
    }
    guard parts.contains(where: { $0.weight != 0 }) || rows.contains(where: { $0.weight != 0 }) else { return map }
    let (weight, bias) = (effectiveWeight(), effectiveBias())
    guard weight.isFinite, bias?.isFinite ?? true else {
      throw LoRAError.notMergeable(
        path: path, reason: "the merged weight is not finite. The adapter seems to be broken; look at its training")
    }
    map.weight.value = weight
    if let bias, map.bias == nil {
      guard addingBias else {
        throw LoRAError.notMergeable(
          path: path,
          reason: "the product has an offset of its own (lora_bias) and the layer has none that it could be added to")
      }
      map.bias = Parameter(bias, isTrainable: map.weight.isTrainable)
    } else if let bias {
      map.bias?.value = bias
    }
    return map
  }
}

extension Tensor {
  fileprivate var isFinite: Bool { withScalars { $0.allSatisfy(\.isFinite) } }
}
