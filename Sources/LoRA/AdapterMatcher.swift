internal import Layers

/// Which places a configuration reaches, with its patterns compiled once.
///
/// The rules are those of PEFT's `check_target_module_exists` and `get_pattern_key`.
struct AdapterMatcher {
  let configuration: LoRAConfiguration
  let targets: [(key: String, regex: Regex<AnyRegexOutput>)]
  let excluded: [(key: String, regex: Regex<AnyRegexOutput>)]
  let layers: [(key: String, regex: Regex<AnyRegexOutput>)]
  private let saved: [Regex<AnyRegexOutput>]
  let ranks: [(key: String, regex: Regex<AnyRegexOutput>)]
  let alphas: [(key: String, regex: Regex<AnyRegexOutput>)]

  init(_ configuration: LoRAConfiguration) throws {
    self.configuration = configuration
    func compiled(_ pattern: String, shown: String? = nil) throws -> Regex<AnyRegexOutput> {
      do { return try Regex(pattern) } catch { throw LoRAError.invalidPattern(shown ?? pattern, "\(error)") }
    }
    func table(_ keys: some Collection<String>, _ order: [String]?) throws -> [(
      key: String, regex: Regex<AnyRegexOutput>
    )] {
      // Keys that a file does not name were added since.
      let first = order?.filter(keys.contains) ?? []
      return try (first + Set(keys).subtracting(first).sorted()).map {
        ($0, try compiled("(.*\\.)?(\($0))", shown: $0))
      }
    }
    targets = try configuration.targets.patterns.map { ($0, try compiled($0)) }
    excluded = try configuration.excludedPatterns.map { ($0, try compiled($0)) }
    layers = try configuration.layersPattern.map {
      ($0, try compiled("(?:|.*?\\.)(?:\($0))\\.([0-9]+)\\..*", shown: $0))
    }
    saved = try configuration.savedModules.map { try compiled("(|.*\\.)\($0)(|\\..*)", shown: $0) }
    ranks = try table(configuration.rankPattern.keys, configuration.patternOrder?.ranks)
    alphas = try table(configuration.alphaPattern.keys, configuration.patternOrder?.alphas)
  }

  /// Whether the place at this path is adapted. A table of token vectors is no linear layer.
  func adapts(_ path: String, isTable: Bool) throws -> Bool {
    let components = path.split(separator: ".", omittingEmptySubsequences: false)
    if !configuration.adaptsVision, Self.isVisual(path) { return false }
    if configuration.excluded.contains(where: { Self.ends(path, with: $0) }) { return false }
    if excluded.contains(where: { $0.regex.matchesWhole(path) }) || saved.contains(where: { $0.matchesWhole(path) }) {
      return false
    }
    switch configuration.targets {
    case .allLinear:
      return !isTable && !components.contains { $0 == "lm_head" || $0 == "classifier" || $0 == "score" }
        && isInLayers(path)
    case .names, .pattern, .mixed:
      return targets.contains { $0.regex.matchesWhole(path) }
        || configuration.targets.names.contains { Self.ends(path, with: $0) } && isInLayers(path)
    }
  }

  /// The rank of the adapter at this path.
  func rank(at path: String) throws -> Int {
    try value(of: configuration.rankPattern, ranks, at: path) ?? configuration.rank
  }

  /// The alpha of the adapter at this path.
  func alpha(at path: String) throws -> Float {
    try value(of: configuration.alphaPattern, alphas, at: path) ?? configuration.alpha
  }

  /// The path of the saved module that holds the parameter at this path; nil where none does.
  ///
  /// As in PEFT the end of a module's path counts, a dot before it or not.
  func savedModule(of parameter: String) -> String? {
    var module = ""
    for component in parameter.split(separator: ".").dropLast() {
      module = module.appending(component: String(component))
      if configuration.savedModules.contains(where: module.hasSuffix) { return module }
    }
    return nil
  }

  /// PEFT takes the first key that matches, in the order of its file. Without such an order several must agree.
  private func value<Value: Equatable>(
    of table: [String: Value], _ keys: [(key: String, regex: Regex<AnyRegexOutput>)], at path: String
  ) throws -> Value? {
    let matching = keys.filter { $0.regex.matchesWhole(path) }.map(\.key)
    let values = matching.compactMap { table[$0] }
    guard let first = values.first else { return nil }
    guard configuration.patternOrder != nil || values.allSatisfy({ $0 == first }) else {
      throw LoRAError.ambiguousPattern(path: path, keys: matching)
    }
    return first
  }

  private func isInLayers(_ path: String) -> Bool {
    guard let wanted = configuration.layers, !wanted.isEmpty else { return true }
    return layerNumber(of: path).map(wanted.contains) ?? false
  }

  /// The number of the layer in which a place is; nil for one that is in none.
  func layerNumber(of path: String) -> Int? {
    guard layers.isEmpty else {
      return layers.lazy.compactMap { try? $0.regex.wholeMatch(in: path) }.first
        .flatMap { $0.output.last?.substring }.flatMap { Int($0) }
    }
    return path.split(separator: ".", omittingEmptySubsequences: false).dropLast().dropFirst(2)
      .first { !$0.isEmpty && $0.allSatisfy(\.isNumber) }.flatMap { Int($0) }
  }

  static func ends(_ path: String, with name: String) -> Bool { path == name || path.hasSuffix("." + name) }

  /// Whether a path lies in a vision tower or in what leads from there to the decoder.
  static func isVisual(_ path: String) -> Bool {
    path.split(separator: ".").contains { component in
      component.contains("vision") || component == "visual" || component == "connector"
        || component == "multi_modal_projector"
    }
  }
}

extension LoRAConfiguration.Targets {
  /// Names and ends of paths.
  var names: [String] {
    switch self {
    case .names(let names), .mixed(let names, _): names
    case .allLinear, .pattern: []
    }
  }

  /// Regular expressions.
  var patterns: [String] {
    switch self {
    case .pattern(let pattern): [pattern]
    case .mixed(_, let patterns): patterns
    case .allLinear, .names: []
    }
  }
}

extension Regex {
  func matchesWhole(_ path: String) -> Bool { (try? wholeMatch(in: path)) != nil }
}
