internal import Layers
internal import Tensor

/// The output head of a language model beside its token table.
struct TokenHead {
  /// The head's path, and the table's.
  let path: String, table: String
  /// Whether the head is the table, unless an adapter gave it a map of its own.
  let isTied: Bool
  /// Whether an adapter changes what the table is as a head, so that no other can give the head a map of its own.
  let followsAdapter: Bool
}

extension Module {
  /// The model's output head; nil where it has none.
  func tokenHead() -> TokenHead? {
    var found: TokenHead?
    var copy = self
    copy.editHead { map, table, path in
      let weight = table.embedding.weight
      let own = ((map as? LoRAProjection)?.base ?? map) as? Linear
      // config.json may tie a head that is stored with other values: it is a map of its own without any adapter.
      let isTied = table.isHead && (map == nil || own?.weight.baseValue.isIdentical(to: weight.baseValue) == true)
      found = TokenHead(
        path: path, table: table.path, isTied: isTied,
        followsAdapter: isTied
          && (weight.alternative?.isShared == true || !table.embedding.headWeight().isIdentical(to: weight.sharedValue))
      )
    }
    return found
  }

  /// This model with a map of its own as output head where the head is the token table: a place for adapters like others.
  /// The map has the table's memory.
  func withOwnHead() -> Self {
    var result = self
    result.editHead { map, table, _ in
      if map == nil, table.isHead { map = table.ownHead(table.embedding.weight.sharedValue) }
    }
    return result
  }

  /// The matrix of a head that is the token table; nil where the model's head is a map of its own, or there is none.
  func headTable() -> Tensor? {
    var found: Tensor?
    var copy = self
    copy.editHead { map, table, _ in if map == nil, table.isHead { found = table.embedding.headWeight() } }
    return found
  }

  /// Lets the head be the token table again where it is a plain map of the same bits.
  mutating func tieHead() {
    editHead { map, table, _ in
      guard table.isHead, let plain = map as? Linear, plain.bias == nil, plain.weight.alternative == nil,
        plain.weight.value.isIdentical(to: table.embedding.headWeight())
      else { return }
      map = nil
    }
  }
}

extension Parameter {
  /// The base model's value.
  fileprivate var baseValue: Tensor {
    guard let alternative, alternative.isBase else { return value }
    return alternative.value
  }
}

extension TokenTable {
  /// A map for a head that was the table; as trainable as that.
  func ownHead(_ weight: Tensor) -> Linear {
    var map = Linear(weight: weight)
    map.weight.isTrainable = embedding.weight.isTrainable
    return map
  }
}
