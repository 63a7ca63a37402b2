internal import Layers
internal import Wording

extension AdapterMatcher {
  /// Refuses options that do not go together, and names that reach nothing of a model with a head of its own.
  func check(_ model: some Module) throws {
    try configuration.check()
    try checkNames(places: model.places().map(\.path), parameters: model.parameters().map(\.path))
  }

  /// Refuses names and patterns that reach nothing of the model, which would be passed over in silence otherwise: a
  /// misspelt name beside a right one leaves layers untrained. PEFT passes them over, so files that it wrote are read
  /// without this check.
  ///
  /// - Parameters:
  ///   - places: the paths of all of the model's places.
  ///   - parameters: the paths of all of its parameters.
  /// - Throws: ``LoRAError/unmatched(option:names:available:)``, or ``LoRAError/invalidConfiguration(_:)`` for names of
  ///   vision layers alone where those are not adapted.
  func checkNames(places: [String], parameters: [String]) throws {
    func require(_ option: String, _ unmatched: [String], of available: [String]) throws {
      guard unmatched.isEmpty else {
        throw LoRAError.unmatched(option: option, names: unmatched, available: available)
      }
    }
    func unmatched(_ table: [(key: String, regex: Regex<AnyRegexOutput>)], _ places: [String]) -> [String] {
      table.filter { entry in !places.contains(where: entry.regex.matchesWhole) }.map(\.key)
    }
    func unmatched(
      _ names: [String], _ patterns: [(key: String, regex: Regex<AnyRegexOutput>)], _ places: [String]
    ) -> [String] {
      names.filter { name in !places.contains { Self.ends($0, with: name) } } + unmatched(patterns, places)
    }
    func unmatchedTargets(_ places: [String]) -> [String] { unmatched(configuration.targets.names, targets, places) }
    try require("targets", unmatchedTargets(places), of: places)
    let ofVision = unmatchedTargets(places.filter { !Self.isVisual($0) })
    guard configuration.adaptsVision || ofVision.isEmpty else {
      throw LoRAError.invalidConfiguration(
        "targets names layers of the vision tower or the connector (\(ofVision.joined(separator: ", "))), which are left out "
          + "while vision (adaptsVision) is false; set it to true, or take the names out")
    }
    try require("exclude", unmatched(configuration.excluded, excluded, places), of: places)
    try checkLayers(configuration.adaptsVision ? places : places.filter { !Self.isVisual($0) })
    try require("rank_pattern", unmatched(ranks, places), of: places)
    try require("alpha_pattern", unmatched(alphas, places), of: places)
    let modules = ModelPaths.modules(of: parameters)
    let saved = configuration.savedModules.filter { name in !modules.contains { $0.hasSuffix(name) } }
    try require("modules_to_save", saved, of: modules)
  }

  /// Refuses numbers of layers that no place has, and patterns in front of such numbers that match none.
  ///
  /// - Throws: as ``checkNames(places:parameters:)``.
  private func checkLayers(_ places: [String]) throws {
    guard let wanted = configuration.layers, !wanted.isEmpty else { return }
    let astray = layers.filter { entry in !places.contains(where: entry.regex.matchesWhole) }.map(\.key)
    guard astray.isEmpty else {
      throw LoRAError.unmatched(
        option: "layers_pattern", names: astray, available: places.compactMap(ModelPaths.beforeNumber))
    }
    let numbers = Set(places.compactMap(layerNumber))
    let missing = Set(wanted).subtracting(numbers).sorted()
    guard !missing.isEmpty else { return }
    let found =
      numbers.isEmpty
      ? "no layer of the model has a number there"
      : "its numbers go from \(numbers.min() ?? 0) to \(numbers.max() ?? 0)"
    throw LoRAError.invalidConfiguration(
      "layers_to_transform: expected numbers of the model's layers, found \(missing.map(String.init).joined(separator: ", ")); "
        + "\(found) (layers_pattern says before which number to look)")
  }
}

/// What the paths of a model's places and modules have for names.
enum ModelPaths {
  /// Whether the parameter at this path is an adapter's own.
  static func isOfAdapter(_ parameter: String) -> Bool {
    parameter.split(separator: ".").contains { $0.hasPrefix("lora_") || $0 == "token_adapter" }
  }

  /// The module that holds the parameter at this path.
  static func module(of parameter: String) -> String {
    parameter.split(separator: ".").dropLast().joined(separator: ".")
  }

  /// The modules that hold these parameters, each before what it holds.
  static func modules(of parameters: [String]) -> [String] {
    var (modules, seen) = ([String](), Set<String>())
    for parameter in parameters {
      var module = ""
      for component in parameter.split(separator: ".").dropLast() {
        module = module.appending(component: String(component))
        if seen.insert(module).inserted { modules.append(module) }
      }
    }
    return modules
  }

  /// What stands before the first number in a path; nil where there is none.
  static func beforeNumber(_ path: String) -> String? {
    let components = path.split(separator: ".")
    guard let place = components.firstIndex(where: { $0.allSatisfy(\.isNumber) }), place > 0 else { return nil }
    return components[..<place].joined(separator: ".")
  }

  /// The last components of paths, each once, in order; what is only a number in a list is no name.
  static func ends(of paths: [String]) -> [String] {
    var seen = Set<String>()
    return paths.compactMap { path in
      guard let end = path.split(separator: ".").last(where: { !$0.allSatisfy(\.isNumber) }) else { return nil }
      return seen.insert(String(end)).inserted ? String(end) : nil
    }
  }

  /// The end of a path, of as many components as the name, that the name is a misspelling of.
  static func nearest(to name: String, among paths: [String]) -> String? {
    let count = max(1, name.split(separator: ".").count)
    return NearestName.nearest(
      to: name, among: paths.map { $0.split(separator: ".").suffix(count).joined(separator: ".") })
  }
}
