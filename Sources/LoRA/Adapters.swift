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
  /// A model carries as many adapters as have different names; their changes add up. ``setAdapterWeights(_:)`` switches
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
    let (matcher, untied) = (try AdapterMatcher(configuration), withOwnHead())
    try matcher.check(untied)
    let chosen = try untied.chosenPlaces(matcher)
    var result = self
    if let head = tokenHead(), chosen.take(head) { result = untied }
    try result.attach(matcher, at: chosen, named: name, using: &generator)
    for path in chosen.copies {
      result.copyParameter(
        at: path, owner: name, isTrainable: true, isShared: chosen.shared.contains(ModelPaths.module(of: path)))
    }
    self = result
    return chosen.adapted.map(\.path)
  }

  /// Puts fresh parts and rows at these places and freezes everything else.
  mutating func attach(
    _ matcher: AdapterMatcher, at chosen: ChosenPlaces, named name: String,
    using generator: inout some RandomNumberGenerator
  ) throws {
    try matcher.configuration.check()
    guard name.wholeMatch(of: #/[A-Za-z0-9_-]+/#) != nil else {
      throw LoRAError.invalidConfiguration("an adapter is called by letters, digits, _ and -, not \"\(name)\"")
    }
    guard !adapterNames.contains(name) else { throw LoRAError.nameTaken(name) }
    freeze()
    let byPath = Dictionary(uniqueKeysWithValues: chosen.adapted.map { ($0.path, $0) })
    var (source, failure) = (generator, (any Error)?.none)
    func part(_ path: String, _ weight: @autoclosure () -> Tensor) -> LowRankPart? {
      guard failure == nil, let place = byPath[path] else { return nil }
      do {
        var part = try matcher.part(named: name, at: place, weight: weight(), using: &source)
        part.isShared = chosen.shared.contains(path)
        return part
      } catch {
        failure = error
        return nil
      }
    }
    func rows(_ path: String, _ table: @autoclosure () -> Tensor) -> TrainedRows? {
      chosen.rows[path].map { TrainedRows(name: name, tokens: $0, values: table().gathered($0)) }
    }
    edit { projection, path in
      var adapted = projection as? LoRAProjection ?? LoRAProjection(base: projection)
      if let rows = rows(path, adapted.base.effectiveWeight()) { adapted.rows.append(rows) }
      if let part = part(path, adapted.base.effectiveWeight()) { adapted.parts.append(part) }
      if !adapted.isEmpty { projection = adapted }
    } embedding: { embedding, path in
      var adapted = embedding.adapter as? LoRAEmbedding ?? LoRAEmbedding()
      if let rows = rows(path, embedding.weight.value) { adapted.rows.append(rows) }
      if let part = part(path, embedding.weight.value) { adapted.parts.append(part) }
      if !adapted.isEmpty { embedding.adapter = adapted }
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
      adapted.rows.removeAll { name == nil || $0.name == name }
      projection = adapted.isEmpty ? adapted.base : adapted
    } embedding: { embedding, _ in
      guard var adapted = embedding.adapter as? LoRAEmbedding else { return }
      embedding.unmerge(&adapted)
      adapted.parts.removeAll { name == nil || $0.name == name }
      adapted.rows.removeAll { name == nil || $0.name == name }
      embedding.adapter = adapted.isEmpty ? nil : adapted
    }
    editParameters { parameter, _ in
      guard let owner = parameter.alternative?.owner, name == nil || owner == name else { return }
      parameter.use(base: true)
      parameter.alternative = nil
    }
    tieHead()
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
  package func adapterParameters() -> [(path: String, parameter: Parameter)] {
    parameters().filter { path, parameter in parameter.alternative != nil || ModelPaths.isOfAdapter(path) }
  }

  /// The offsets that train beside an adapter at these places, by their paths.
  func trainedBiases(of configuration: LoRAConfiguration, at places: [AdapterPlace]) -> Set<String> {
    switch configuration.trainedBiases {
    case .none: return []
    case .all:
      return Set(
        parameters().map(\.path).filter { AdapterMatcher.ends($0, with: "bias") && !ModelPaths.isOfAdapter($0) })
    case .adapted: return Set(places.filter(\.hasBias).map { $0.path.appending(component: "bias") })
    }
  }

  /// Keeps the base model's value of this parameter beside a copy that the adapter may change. A copy that trains is
  /// Float32, whatever the base's type.
  ///
  /// - Parameter isShared: whether a head that is this table changes with it.
  mutating func copyParameter(at wanted: String, owner: String, isTrainable: Bool, isShared: Bool) {
    editParameters { parameter, path in
      guard path == wanted else { return }
      parameter.alternative = .init(owner: owner, value: parameter.value, isBase: true, isShared: isShared)
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
