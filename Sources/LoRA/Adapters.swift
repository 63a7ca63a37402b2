public import Layers
internal import Tensor

extension Module {
  /// Puts a fresh adapter around every projection that the configuration names, and freezes everything else.
  ///
  /// ```swift
  /// try model.attachAdapters(LoRAConfiguration(), using: &generator)
  /// model.parameterCount(trainableOnly: true)  // the adapters alone
  /// ```
  ///
  /// - Returns: the paths of the adapted projections, in the model's order.
  /// - Precondition: the model has no adapters; merge or remove them first.
  /// - Throws: ``LoRAError/nothingMatches(targets:available:)``, or an invalid pattern; the model is then unchanged.
  @discardableResult
  public mutating func attachAdapters(
    _ configuration: LoRAConfiguration, using generator: inout some RandomNumberGenerator
  ) throws -> [String] {
    var scout = ProjectionPaths()
    var copy = self
    copy.visit(&scout, at: "")
    var chosen: [String] = []
    for path in scout.paths where try configuration.adapts(path) { chosen.append(path) }
    guard !chosen.isEmpty else {
      throw LoRAError.nothingMatches(targets: "\(configuration.targets)", available: scout.paths)
    }
    attachAdapters(at: Set(chosen), configuration, using: &generator)
    return chosen
  }

  /// Puts a fresh adapter around the projections at these paths, and freezes everything else.
  mutating func attachAdapters(
    at paths: Set<String>, _ configuration: LoRAConfiguration, using generator: inout some RandomNumberGenerator
  ) {
    freeze()
    edit { projection, path in
      guard paths.contains(path) else { return }
      precondition(!(projection is LoRAProjection), "\(path) has an adapter already; merge or remove it first")
      projection = LoRAProjection(base: projection, configuration: configuration, using: &generator)
    }
  }

  /// Runs the closure with a copy of this model whose adapters are switched off: the base model.
  public func withoutAdapters<Result>(_ body: (Self) throws -> Result) rethrows -> Result {
    var copy = self
    copy.editAdapters { adapter, _ in adapter.isEnabled = false }
    return try body(copy)
  }

  /// Runs the closure with a copy whose adapters drop inputs, each adapter by a mask of its own that follows from the seed.
  ///
  /// Outside such a scope there is no dropout. The same seed gives the same masks, so a resumed run repeats them.
  public func withDropout<Result>(seed: UInt64, _ body: (Self) throws -> Result) rethrows -> Result {
    var copy = self
    copy.editAdapters { adapter, path in
      guard adapter.dropout > 0 else { return }
      adapter.dropoutSeed = Tensor.Generator(seed: seed).fork(path).state
    }
    return try body(copy)
  }

  /// The adapters' products added to their base weights: a plain model that computes the same, without adapters.
  ///
  /// - Returns: false, with nothing changed, where an adapter's base is not a plain `Linear`.
  @discardableResult
  public mutating func mergeAdapters() -> Bool {
    var mergeable = true
    var copy = self
    copy.editAdapters { adapter, _ in mergeable = mergeable && adapter.base is Linear }
    guard mergeable else { return false }
    edit { projection, _ in
      guard let adapter = projection as? LoRAProjection, var base = adapter.base as? Linear else { return }
      base.weight.value = adapter.denseWeight()
      projection = base
    }
    return true
  }

  /// Takes the adapters away; the base weights are as they were.
  public mutating func removeAdapters() {
    edit { projection, _ in
      if let adapter = projection as? LoRAProjection { projection = adapter.base }
    }
  }

  /// The adapters' parameters with their paths, such as "….q_proj.lora_A.weight".
  public func adapterParameters() -> [(path: String, parameter: Parameter)] {
    parameters().filter { $0.path.hasSuffix(".lora_A.weight") || $0.path.hasSuffix(".lora_B.weight") }
  }

  mutating func editAdapters(_ change: (inout LoRAProjection, String) -> Void) {
    edit { projection, path in
      guard var adapter = projection as? LoRAProjection else { return }
      change(&adapter, path)
      projection = adapter
    }
  }

  mutating func edit(_ change: (inout any Projection, String) -> Void) {
    withoutActuallyEscaping(change) { change in
      var editor = ProjectionEditor(change: change)
      visit(&editor, at: "")
    }
  }
}

private struct ProjectionPaths: ModuleVisitor {
  var paths: [String] = []
  mutating func visit(_ parameter: inout Parameter, at path: String) {}
  mutating func visit(projection: inout any Projection, at path: String) { paths.append(path) }
}

private struct ProjectionEditor: ModuleVisitor {
  let change: (inout any Projection, String) -> Void
  mutating func visit(_ parameter: inout Parameter, at path: String) {}
  mutating func visit(projection: inout any Projection, at path: String) { change(&projection, path) }
}
