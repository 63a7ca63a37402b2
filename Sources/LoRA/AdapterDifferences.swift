package import Layers

extension Module {
  /// In what an adapter of this model differs from one that this configuration would put on it, in words; empty where in
  /// nothing that decides what the adapter computes.
  ///
  /// An adapter with a principal beginning is compared as it is written: a plain one of twice the rank.
  ///
  /// - Parameter name: which of the model's adapters. The default is "default".
  /// - Throws: ``LoRAError`` where the configuration does not fit the model.
  package func differences(
    ofAdapter name: String = "default", from configuration: LoRAConfiguration
  ) throws -> [String] {
    let (matcher, whole) = (try AdapterMatcher(configuration), withOwnHead())
    try matcher.check(whole)
    let wanted = try whole.chosenPlaces(matcher)
    var (copy, parts, rows) = (self, [String: LowRankPart](), [String: [Int]]())
    copy.editParts { part, path in if part.name == name { parts[path] = part } }
    copy.editRows { found, path in if found.name == name { rows[path] = found.tokens } }
    let copies = Set(parameters().filter { $0.parameter.alternative?.owner == name }.map(\.path))
    var found: [String] = []
    func list(_ paths: [String]) -> String {
      paths.prefix(3).joined(separator: ", ") + (paths.count > 3 ? " and \(paths.count - 3) more" : "")
    }
    let places = Set(wanted.adapted.map(\.path))
    let missing = wanted.adapted.map(\.path).filter { parts[$0] == nil }
    if !missing.isEmpty { found.append("it has nothing at \(list(missing)), which student.lora adapts") }
    let more = parts.keys.filter { !places.contains($0) }.sorted()
    if !more.isEmpty { found.append("it adapts \(list(more)), which student.lora does not") }
    let factor = configuration.initialization == .principal ? 2 : 1
    var seen: Set<String> = []
    for place in wanted.adapted {
      guard let part = parts[place.path] else { continue }
      let (rank, alpha) = try (matcher.rank(at: place.path), matcher.alpha(at: place.path))
      func differs(_ what: String, _ expected: String, _ actual: String) {
        // The same at every place is said once.
        guard expected != actual, seen.insert("\(what) \(expected) \(actual)").inserted else { return }
        found.append("\(what) is \(actual) at \(place.path), expected \(expected)")
      }
      differs("the rank", "\(rank * factor)", "\(part.rank)")
      differs("the scale", "\(configuration.scale(rank: rank, alpha: alpha))", "\(part.scale)")
      differs("use_dora", "\(configuration.usesDoRA)", "\(part.magnitude != nil)")
      differs("lora_bias", "\(configuration.hasBias)", "\(part.bias != nil)")
    }
    let untrained = wanted.copies.subtracting(copies).sorted()
    if !untrained.isEmpty { found.append("it does not bring \(list(untrained)), which student.lora trains as a whole") }
    let others = copies.subtracting(wanted.copies).sorted()
    if !others.isEmpty { found.append("it brings \(list(others)), which student.lora does not train") }
    if rows != wanted.rows { found.append("trainable_token_indices are not those of student.lora") }
    return found
  }
}
