internal import Layers
internal import Tensor

/// What of a model an adapter takes.
struct ChosenPlaces {
  /// Places of thin products, in the model's order.
  var adapted: [AdapterPlace] = []
  /// Paths of the model's own parameters that train as a whole.
  var copies: Set<String> = []
  /// Tokens whose rows stand in place of those of the table or head at a path.
  var rows: [String: [Int]] = [:]
  /// Paths of token tables whose head changes with them.
  var shared: Set<String> = []

  /// Whether the output head at this path gets something of its own.
  func take(_ head: TokenHead) -> Bool {
    adapted.contains { $0.path == head.path } || copies.contains { ModelPaths.module(of: $0) == head.path }
      || rows[head.path] != nil
  }

  /// Settles what counts for a head that is the token table, as PEFT 0.21.2's `_check_tied_modules` and
  /// `set_additional_trainable_modules` do.
  ///
  /// - Parameter places: the model's, in its order.
  mutating func tie(_ head: TokenHead, _ configuration: LoRAConfiguration, places: [AdapterPlace]) throws {
    guard head.isTied else { return }
    func refuse(_ reason: String) -> LoRAError { .notAdaptable(path: head.path, reason: reason) }
    if let own = rows[head.path], own == rows[head.table] { rows[head.path] = nil }
    if configuration.ensuresTying { try share(head, configuration, places: places) }
    guard take(head) else { return }
    guard
      rows[head.table] == nil
        || adapted.allSatisfy({ $0.path != head.path })
          && copies.allSatisfy({
            ModelPaths.module(of: $0) != head.path
          })
    else {
      throw refuse(
        "it is the token table \(head.table), whose trained tokens count for it too; train tokens, or the head, not both"
      )
    }
    guard !head.followsAdapter else {
      throw refuse("it is the token table \(head.table), which another adapter changes for both")
    }
  }

  /// The table in the place of the head, and both as one.
  private mutating func share(_ head: TokenHead, _ configuration: LoRAConfiguration, places: [AdapterPlace]) throws {
    let both = [head.path, head.table]
    if copies.contains(where: { both.contains(ModelPaths.module(of: $0)) }) {
      copies = copies.filter { ModelPaths.module(of: $0) != head.path }
      copies.insert(head.table.appending(component: "weight"))
      shared.insert(head.table)
    }
    guard adapted.contains(where: { both.contains($0.path) }) else { return }
    guard !configuration.usesDoRA else {
      throw LoRAError.invalidConfiguration(
        "DoRA has lengths of its own for \(head.path) and for \(head.table), which ensure_weight_tying would make one; "
          + "switch one of the two off")
    }
    adapted = places.filter { place in
      place.path == head.table || place.path != head.path && adapted.contains { $0.path == place.path }
    }
    shared.insert(head.table)
  }

  /// Refuses a place that is taken in two ways, and tokens that are none of its own.
  func checkRows(places: [AdapterPlace]) throws {
    for (path, tokens) in rows.sorted(by: { $0.key < $1.key }) {
      func refuse(_ reason: String) -> LoRAError { .notAdaptable(path: path, reason: reason) }
      guard let place = places.first(where: { $0.path == path }), place.isTable || place.isHead else {
        throw refuse("trained tokens (trainable_token_indices) have rows in a token table or an output head alone")
      }
      guard !adapted.contains(where: { $0.path == path }),
        !copies.contains(where: { ModelPaths.module(of: $0) == path })
      else { throw refuse("it is trained as a whole or by a product, and its tokens (trainable_token_indices) apart") }
      guard !tokens.isEmpty, Set(tokens).count == tokens.count,
        tokens.allSatisfy({ (0..<place.shape[0]).contains($0) })
      else {
        throw refuse("trained tokens (trainable_token_indices) are different numbers from 0 to \(place.shape[0] - 1)")
      }
    }
  }
}

extension Module {
  /// What an adapter takes of this model; to be asked of ``withOwnHead()``.
  ///
  /// - Parameters:
  ///   - spelling: how the configuration spells the model's paths.
  ///   - more: a place that it takes besides.
  func chosenPlaces(
    _ matcher: AdapterMatcher, spelling: PEFTSpelling = .asModel, and more: String? = nil
  ) throws -> ChosenPlaces {
    let configuration = matcher.configuration
    let (places, paths) = (places(), parameters().map(\.path))
    var chosen = ChosenPlaces()
    chosen.adapted = try places.filter {
      try $0.path == more || matcher.adapts(spelling.inFile($0.path), isTable: $0.isTable)
    }
    guard !chosen.adapted.isEmpty else {
      throw LoRAError.nothingMatches(targets: "\(configuration.targets)", available: places.map(\.path))
    }
    let saved = paths.filter { !ModelPaths.isOfAdapter($0) && matcher.savedModule(of: spelling.inFile($0)) != nil }
    chosen.copies = trainedBiases(of: configuration, at: chosen.adapted).union(saved)
    let head = tokenHead()
    chosen.rows = try matcher.rows(places: places, head: head, spelling: spelling)
    if let head { try chosen.tie(head, configuration, places: places) }
    try chosen.checkRows(places: places)
    return chosen
  }
}

extension AdapterMatcher {
  /// The trained tokens by the paths of tables and heads.
  func rows(places: [AdapterPlace], head: TokenHead?, spelling: PEFTSpelling) throws -> [String: [Int]] {
    var rows: [String: [Int]] = [:]
    for (name, tokens) in configuration.trainedTokens.sorted(by: { $0.key < $1.key }) {
      let table = head?.table ?? places.first(where: \.isTable)?.path
      let paths =
        name.isEmpty
        ? [table].compactMap(\.self) : places.map(\.path).filter { Self.ends(spelling.inFile($0), with: name) }
      guard !paths.isEmpty else {
        throw LoRAError.unmatched(
          option: "trainable_token_indices", names: [name], available: places.filter(\.isTable).map(\.path))
      }
      for path in paths { rows[path] = tokens }
    }
    return rows
  }
}
