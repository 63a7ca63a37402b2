internal import Wording

/// A group of keys: a struct whose properties, in a table, are the keys of a map in the file.
///
/// Reading is strict: an unknown key, a key given twice, a missing key without default and a value of the wrong kind
/// are problems, and all of them are reported together. `Codable` goes the same way, so that no second decoder is
/// more lenient. What a key means is said in its row, and its default where the property stands.
///
/// ```swift
/// struct Smoothing: DefaultedSection {
///   var width = 5
///   static let keys: [ConfigurationKey<Smoothing>] = [
///     ConfigurationKey("width", \.width, "Steps that are averaged.", range: .from(1, through: 99))
///   ]
/// }
/// let smoothing = try Smoothing(text: "width: 9", format: .yaml)
/// ```
package protocol ConfigurationSection: ConfigurationValue, Codable {
  /// The section from which reading starts: every key with its default. What stands in for keys without a default never
  /// gets into a result, since the absence of such a key is an error.
  static var blank: Self { get }

  /// A section that passes every check, for the template. The default is ``blank``.
  static var example: Self { get }

  /// Further sections that the template shows as comments. The default is none.
  static var alternatives: [Self] { get }

  /// The keys in the order of the file. Of several keys with one name the first counts whose condition holds, and a
  /// key that decides conditions stands before those it decides on.
  static var keys: [ConfigurationKey<Self>] { get }

  /// Reports what is wrong between keys. The default has nothing to report.
  func checkRelations(with reader: inout ConfigurationReader)
}

/// A section in which every key has a default.
package protocol DefaultedSection: ConfigurationSection {
  init()
}

extension DefaultedSection {
  package static var blank: Self { Self() }
}

extension ConfigurationSection {
  package static var example: Self { blank }

  /// No further examples.
  package static var alternatives: [Self] { [] }

  /// Nothing to report.
  package func checkRelations(with reader: inout ConfigurationReader) {}

  package static var configurationForm: String { "a map of keys" }

  /// Reads a map; keys that it has not stay as they are in `current`. Nothing at all is a map without keys: what is left
  /// of a section in YAML when all its keys are made comments.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: Self?, with reader: inout ConfigurationReader
  ) -> Self? {
    let entries: [ConfigurationNode.Entry]
    switch node.content {
    case .map(let given): entries = given
    case .null: entries = []
    case .boolean, .number, .text, .list:
      reader.reject(node, expected: "\(configurationForm) (\(keys.map(\.name).uniqued().joined(separator: ", ")))")
      return nil
    }
    var section = current ?? blank
    let given = given(entries, with: &reader)
    var isDecided = true
    for key in keys {
      if let condition = key.condition {
        guard isDecided else {
          reader.at(key.name) { $0.markUnread() }
          continue
        }
        guard condition.holds(section) else { continue }
      }
      let isRead = read(key, from: given[key.name], into: &section, with: &reader)
      if key.decides && !isRead { isDecided = false }
    }
    for name in given.keys.sorted() where isDecided && !section.has(name) {
      let owners = keys.filter { $0.name == name }.compactMap(\.condition?.setting)
      reader.at(name, position: given[name]?.position) { reader in
        reader.report(.misplacedKey(belongsTo: owners.joined(separator: " or ")))
      }
    }
    return section
  }

  /// The entries by name, without those that are unknown or repeated.
  private static func given(
    _ entries: [ConfigurationNode.Entry], with reader: inout ConfigurationReader
  ) -> [String: ConfigurationNode.Entry] {
    let known = keys.map(\.name).uniqued()
    var given: [String: ConfigurationNode.Entry] = [:]
    for entry in entries where !reader.isFull {
      reader.at(entry.key, position: entry.position) { reader in
        if let first = given[entry.key] {
          reader.report(.duplicateKey(first: first.position), at: entry.position)
        } else if known.contains(entry.key) {
          given[entry.key] = entry
        } else {
          reader.report(
            .unknownKey(nearest: NearestName.nearest(to: entry.key, among: known), known: known), at: entry.position)
        }
      }
    }
    return given
  }

  /// Reads one key; false where it could not be had.
  private static func read(
    _ key: ConfigurationKey<Self>, from entry: ConfigurationNode.Entry?, into section: inout Self,
    with reader: inout ConfigurationReader
  ) -> Bool {
    reader.at(key.name, position: entry?.position) { reader in
      if let entry {
        key.read(entry.value, &section, &reader)
      } else if let requirement = key.requirement {
        reader.report(.missingKey(expected: requirement))
      } else if key.isSection {
        // An absent section may have keys without default, which must not go unnoticed.
        key.read(ConfigurationNode(.map([])), &section, &reader)
      }
      return reader.isRead
    }
  }

  private func has(_ name: String) -> Bool {
    Self.keys.contains { $0.name == name && $0.condition?.holds(self) ?? true }
  }

  /// The keys that exist under this section's settings.
  var presentKeys: [ConfigurationKey<Self>] {
    Self.keys.filter { $0.condition?.holds(self) ?? true }
  }

  /// All keys with their values, defaults included; keys whose value is nothing are left out, or `null` where their
  /// default is something.
  package var configurationNode: ConfigurationNode? {
    .map(presentKeys.compactMap { key in writtenValue(of: key).map { ConfigurationNode.Entry(key.name, $0) } })
  }

  /// What is written for a key so that it reads back as it is; nil for nothing.
  func writtenValue(of key: ConfigurationKey<Self>) -> ConfigurationNode? {
    key.write(self) ?? (key.write(.blank) == nil ? nil : ConfigurationNode(.null))
  }

  /// Checks every key, then what holds between them.
  package func checkConfiguration(with reader: inout ConfigurationReader) {
    for key in presentKeys {
      reader.at(key.name) { reader in
        if reader.isRead { key.check(self, &reader) }
      }
    }
    checkRelations(with: &reader)
  }

  /// The section with every file path replaced.
  package func mappingConfigurationPaths(
    _ root: ConfigurationPathRoot?, _ replace: (String, ConfigurationPathRoot) -> String
  ) -> Self {
    var section = self
    for key in presentKeys { key.mapPaths(&section, replace) }
    return section
  }

  /// All keys, those of every condition included.
  package static func configurationOutline(of value: Self?) -> [ConfigurationOutline] {
    keys.map { $0.outline(value ?? blank) }
  }
}

extension Sequence where Element: Hashable {
  /// The elements without repetitions, in order of first appearance.
  fileprivate func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
