public import Layers
internal import Tensor

extension Module {
  /// Puts a fresh adapter around every place that the configuration names, and freezes everything else.
  ///
  /// ```swift
  /// try model.attachAdapters(LoRAConfiguration(), using: &generator)
  /// model.parameterCount(trainableOnly: true)  // the adapter alone
  /// ```
  ///
  /// A model carries as many adapters as have different names; their changes add up. ``weighAdapters(_:)`` switches
  /// between them or mixes them.
  ///
  /// - Parameter name: what the adapter is called: letters, digits, "_" and "-". The default is "default".
  /// - Returns: the paths of the adapted places, in the model's order.
  /// - Throws: ``LoRAError`` where nothing matches, a name matches nothing, a pattern or an option is wrong, or the name is
  ///   taken; the model is then unchanged.
  @discardableResult
  public mutating func attachAdapters(
    _ configuration: LoRAConfiguration, named name: String = "default",
    using generator: inout some RandomNumberGenerator
  ) throws -> [String] {
    let matcher = try AdapterMatcher(configuration)
    let (chosen, plan) = try adapterPlaces(matcher)
    var result = self
    try result.attach(matcher, at: chosen, named: name, using: &generator)
    result.copyParameters(Set(plan.copies), owner: name, isTrainable: true)
    self = result
    return plan.paths
  }

  /// Puts fresh parts at these places and freezes everything else.
  mutating func attach(
    _ matcher: AdapterMatcher, at chosen: [AdapterPlace], named name: String,
    using generator: inout some RandomNumberGenerator
  ) throws {
    try matcher.configuration.check()
    guard name.wholeMatch(of: #/[A-Za-z0-9_-]+/#) != nil else {
      throw LoRAError.invalidConfiguration("an adapter is called by letters, digits, _ and -, not \"\(name)\"")
    }
    guard !adapterNames.contains(name) else { throw LoRAError.nameTaken(name) }
    freeze()
    let byPath = Dictionary(uniqueKeysWithValues: chosen.map { ($0.path, $0) })
    var (source, failure) = (generator, (any Error)?.none)
    func part(_ path: String, _ weight: @autoclosure () -> Tensor) -> LowRankPart? {
      guard failure == nil, let place = byPath[path] else { return nil }
      do { return try matcher.part(named: name, at: place, weight: weight(), using: &source) } catch {
        failure = error
        return nil
      }
    }
    edit { projection, path in
      var adapted = projection as? LoRAProjection ?? LoRAProjection(base: projection)
      guard let part = part(path, adapted.base.denseWeight()) else { return }
      adapted.parts.append(part)
      projection = adapted
    } embedding: { embedding, path in
      guard let part = part(path, embedding.weight.value) else { return }
      var adapted = embedding.adapter as? LoRAEmbedding ?? LoRAEmbedding()
      adapted.parts.append(part)
      embedding.adapter = adapted
    }
    generator = source
    if let failure { throw failure }
  }

  /// Takes adapters away; the base weights are as they were.
  ///
  /// - Parameter name: which one; nil, the default, means all.
  public mutating func removeAdapters(named name: String? = nil) {
    edit { projection, _ in
      guard var adapted = projection as? LoRAProjection else { return }
      adapted.merged = nil
      adapted.parts.removeAll { name == nil || $0.name == name }
      projection = adapted.parts.isEmpty ? adapted.base : adapted
    } embedding: { embedding, _ in
      guard var adapted = embedding.adapter as? LoRAEmbedding else { return }
      embedding.unmerge(&adapted)
      adapted.parts.removeAll { name == nil || $0.name == name }
      embedding.adapter = adapted.parts.isEmpty ? nil : adapted
    }
    editParameters { parameter, _ in
      guard let owner = parameter.alternative?.owner, name == nil || owner == name else { return }
      parameter.use(base: true)
      parameter.alternative = nil
    }
  }

  /// The names of the model's adapters, sorted.
  public var adapterNames: [String] {
    var names: Set<String> = []
    var copy = self
    copy.editParts { part, _ in names.insert(part.name) }
    return names.sorted()
  }

  /// The adapters' parameters with their paths, such as "….q_proj.lora_A.weight", and the copies of the model's own
  /// parameters that adapters train.
  public func adapterParameters() -> [(path: String, parameter: Parameter)] {
    parameters().filter { path, parameter in
      parameter.alternative != nil || path.split(separator: ".").contains { $0.hasPrefix("lora_") }
    }
  }

  /// The offsets that train beside an adapter at these places, by their paths.
  func trainedBiases(of configuration: LoRAConfiguration, at places: [AdapterPlace]) -> Set<String> {
    switch configuration.trainedBiases {
    case .none: return []
    case .all:
      return Set(parameters().map(\.path).filter { AdapterMatcher.ends($0, with: "bias") && !$0.contains(".lora_") })
    case .adapted: return Set(places.filter(\.hasBias).map { $0.path.appending(component: "bias") })
    }
  }

  /// Keeps the base model's values of these parameters beside copies that the adapter may change. Copies that train are
  /// Float32, whatever the base's type.
  mutating func copyParameters(_ paths: Set<String>, owner: String, isTrainable: Bool) {
    guard !paths.isEmpty else { return }
    editParameters { parameter, path in
      guard paths.contains(path) else { return }
      // A table that PEFT saves beside an adapter takes the place of the model's, for a tied head too.
      parameter.alternative = .init(owner: owner, value: parameter.value, isBase: true, isShared: !isTrainable)
      parameter.isTrainable = isTrainable
      if isTrainable { parameter.value = Tensor(parameter.value.scalars, shape: parameter.value.shape) }
    }
  }
}

extension Embedding {
  /// Puts the table back that was there before a merge which kept the adapters.
  mutating func unmerge(_ adapted: inout LoRAEmbedding) {
    guard let table = adapted.unmerged else { return }
    weight.value = table
    adapted.unmerged = nil
  }
}
