public import Layers
internal import Tensor

extension Module {
  /// Runs the closure with a copy of this model whose adapters are switched off: the base model, parts that were trained
  /// as a whole included.
  public func withoutAdapters<Result>(_ body: (Self) throws -> Result) rethrows -> Result {
    var copy = self
    copy.unmergeAdapters()
    copy.setWeights { _ in 0 }
    return try body(copy)
  }

  /// Lets adapters count as much as is said here: the model computes base + Σ weight · change. Those that are not named
  /// are off.
  ///
  /// ```swift
  /// try model.setAdapterWeights(["news": 0.5, "health": 0.5])
  /// try model.setAdapterWeights(["news": 1])  // this one alone
  /// ```
  ///
  /// Parts of the model that an adapter brought whole, such as a classifier, are its own while it has any weight.
  ///
  /// - Throws: ``LoRAError/unknownName(_:available:)``, or ``LoRAError/invalidConfiguration(_:)`` for a weight that is not
  ///   finite; the model is then unchanged.
  public mutating func setAdapterWeights(_ weights: [String: Float]) throws {
    let names = adapterNames
    for (name, weight) in weights.sorted(by: { $0.key < $1.key }) {
      guard names.contains(name) else { throw LoRAError.unknownName(name, available: names) }
      guard weight.isFinite else {
        throw LoRAError.invalidConfiguration("weight \(weight) of \"\(name)\" is not finite")
      }
    }
    unmergeAdapters()
    setWeights { weights[$0] ?? 0 }
  }

  /// Runs the closure with a copy whose adapters drop inputs, each adapter by a mask of its own that follows from the seed.
  ///
  /// Outside such a scope there is no dropout. The same seed gives the same masks, so a resumed run repeats them.
  public func withDropout<Result>(seed: UInt64, _ body: (Self) throws -> Result) rethrows -> Result {
    var copy = self
    copy.editParts { part, path in
      guard part.dropout > 0 else { return }
      let place = part.name == LowRankPart.defaultName ? path : "\(path) \(part.name)"
      part.dropoutSeed = Tensor.Generator(seed: seed).fork(place).state
    }
    return try body(copy)
  }

  private mutating func setWeights(_ weight: (String) -> Float) {
    editParts { part, _ in part.weight = weight(part.name) }
    editRows { rows, _ in rows.weight = weight(rows.name) }
    editParameters { parameter, _ in
      guard let owner = parameter.alternative?.owner else { return }
      parameter.use(base: weight(owner) == 0)
    }
  }
}
