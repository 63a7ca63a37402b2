import Layers
internal import Tensor

/// Where an adapter would be put and what it would train, before any matrix is made.
///
/// ```swift
/// let plan = try model.planAdapters(LoRAConfiguration())
/// print(plan.paths.count, plan.parameterCount)
/// ```
package struct AdapterPlan: Sendable, Equatable {
  /// The paths of the adapted places, in the model's order.
  package let paths: [String]
  /// The paths of the model's own parameters that would train as a whole, sorted.
  package let copies: [String]
  /// Elements that training would change.
  package let parameterCount: Int

  /// Whether something in front of the decoder would train, a vision tower or a connector: features of images then change
  /// with every update and can't be kept.
  package var reachesVision: Bool { (paths + copies).contains(where: AdapterMatcher.isVisual) }
}

extension Module {
  /// What ``attachAdapters(_:named:using:)`` would do with this configuration; the model stays as it is.
  ///
  /// - Throws: ``LoRAError`` where nothing matches, a name matches nothing, or an option is wrong or does not suit a place.
  package func planAdapters(_ configuration: LoRAConfiguration, checksNames: Bool = true) throws -> AdapterPlan {
    let (matcher, model) = (try AdapterMatcher(configuration), withOwnHead())
    if checksNames { try matcher.check(model) }
    return try model.plan(of: model.chosenPlaces(matcher), matcher)
  }

  /// Whether an adapter of this model changes something in front of the decoder; see ``AdapterPlan/reachesVision``.
  package var adaptersReachVision: Bool { adapterParameters().map(\.path).contains(where: AdapterMatcher.isVisual) }

  /// What would train of these places.
  private func plan(of chosen: ChosenPlaces, _ matcher: AdapterMatcher) throws -> AdapterPlan {
    let whole = parameters().reduce(0) { $0 + (chosen.copies.contains($1.path) ? $1.parameter.value.count : 0) }
    let low = try chosen.adapted.reduce(0) { try $0 + matcher.elements(at: $1) }
    let rows = places().reduce(0) { $0 + (chosen.rows[$1.path]?.count ?? 0) * $1.shape[1] }
    return AdapterPlan(
      paths: chosen.adapted.map(\.path), copies: chosen.copies.sorted(), parameterCount: low + whole + rows)
  }
}

extension AdapterMatcher {
  /// Elements of a fresh adapter at a place.
  ///
  /// - Throws: ``LoRAError/notAdaptable(path:reason:)`` where the options do not suit the place.
  func elements(at place: AdapterPlace) throws -> Int {
    let rank = try rank(at: place.path)
    try check(place, rank: rank)
    let vectors = (configuration.usesDoRA ? 1 : 0) + (configuration.hasBias ? 1 : 0)
    return rank * (place.shape[0] + place.shape[1]) + vectors * place.outputs
  }

  /// Options that do not suit a place.
  func check(_ place: AdapterPlace, rank: Int) throws {
    func refuse(_ reason: String) -> LoRAError { .notAdaptable(path: place.path, reason: reason) }
    if configuration.initialization == .principal {
      guard !place.isTable else { throw refuse("a table of token vectors has no principal beginning") }
      guard rank <= min(place.shape[0], place.shape[1]) else {
        throw refuse("rank \(rank) is more than the principal parts of a matrix \(place.shape)")
      }
    }
    guard !configuration.hasBias || !place.isTable else {
      throw refuse("a product on a table of token vectors has no offset of its own (lora_bias)")
    }
  }
}
