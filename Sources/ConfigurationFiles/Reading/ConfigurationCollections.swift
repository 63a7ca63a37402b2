extension Optional: ConfigurationValue where Wrapped: ConfigurationValue {
  /// That of the wrapped value.
  package static var configurationForm: String { Wrapped.configurationForm }

  /// Takes what the wrapped value takes, and `null` for none.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: Wrapped??, with reader: inout ConfigurationReader
  ) -> Wrapped?? {
    if node.content == .null { return .some(nil) }
    return Wrapped.fromConfiguration(node, over: current ?? nil, with: &reader).map { .some($0) }
  }

  /// The wrapped value, or nothing.
  package var configurationNode: ConfigurationNode? { self?.configurationNode }

  /// Checks the wrapped value.
  package func checkConfiguration(with reader: inout ConfigurationReader) {
    self?.checkConfiguration(with: &reader)
  }

  /// Replaces the paths of the wrapped value.
  package func mappingConfigurationPaths(
    _ root: ConfigurationPathRoot?, _ replace: (String, ConfigurationPathRoot) -> String
  ) -> Self {
    self?.mappingConfigurationPaths(root, replace)
  }

  /// The keys of the wrapped value.
  package static func configurationOutline(of value: Wrapped??) -> [ConfigurationOutline] {
    Wrapped.configurationOutline(of: value ?? nil)
  }
}

extension Array: ConfigurationValue where Element: ConfigurationValue {
  /// `a list of ...`
  package static var configurationForm: String {
    "a list, each " + Element.configurationForm
  }

  /// Takes a list of which every element can be read.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: [Element]?, with reader: inout ConfigurationReader
  ) -> [Element]? {
    guard case .list(let nodes) = node.content else {
      reader.reject(node, expected: configurationForm)
      return nil
    }
    var elements: [Element] = []
    for (index, node) in nodes.enumerated() where !reader.isFull {
      let element = reader.at("[\(index)]", position: node.position) { reader in
        Element.fromConfiguration(node, over: nil, with: &reader)
      }
      if let element { elements.append(element) }
    }
    return elements.count == nodes.count ? elements : nil
  }

  /// The elements in order.
  package var configurationNode: ConfigurationNode? { ConfigurationNode(.list(compactMap(\.configurationNode))) }

  /// Checks every element.
  package func checkConfiguration(with reader: inout ConfigurationReader) {
    for (index, element) in enumerated() {
      reader.at("[\(index)]") { reader in
        if reader.isRead { element.checkConfiguration(with: &reader) }
      }
    }
  }

  /// Replaces the paths of every element.
  package func mappingConfigurationPaths(
    _ root: ConfigurationPathRoot?, _ replace: (String, ConfigurationPathRoot) -> String
  ) -> Self {
    map { $0.mappingConfigurationPaths(root, replace) }
  }

  /// The keys of an element.
  package static func configurationOutline(of value: [Element]?) -> [ConfigurationOutline] {
    Element.configurationOutline(of: nil)
  }
}

extension Dictionary: ConfigurationValue where Key == String, Value: ConfigurationValue {
  package static var configurationForm: String { "a map of names, each with " + Value.configurationForm }

  /// Takes a map of which every value can be read; names are free but may come once alone.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: [String: Value]?, with reader: inout ConfigurationReader
  ) -> [String: Value]? {
    guard case .map(let entries) = node.content else {
      reader.reject(node, expected: configurationForm)
      return nil
    }
    var values: [String: Value] = [:]
    var places: [String: ConfigurationNode.Position?] = [:]
    for entry in entries where !reader.isFull {
      reader.at(entry.key, position: entry.position) { reader in
        if let first = places.updateValue(entry.position, forKey: entry.key) {
          reader.report(.duplicateKey(first: first), at: entry.position)
        } else {
          values[entry.key] = Value.fromConfiguration(entry.value, over: nil, with: &reader)
        }
      }
    }
    return values.count == entries.count ? values : nil
  }

  /// The names in alphabetical order with their values.
  package var configurationNode: ConfigurationNode? {
    .map(
      sorted { $0.key < $1.key }.compactMap { pair in
        pair.value.configurationNode.map { ConfigurationNode.Entry(pair.key, $0) }
      })
  }

  /// Checks every value.
  package func checkConfiguration(with reader: inout ConfigurationReader) {
    for (key, value) in sorted(by: { $0.key < $1.key }) {
      reader.at(key) { reader in
        if reader.isRead { value.checkConfiguration(with: &reader) }
      }
    }
  }

  package func mappingConfigurationPaths(
    _ root: ConfigurationPathRoot?, _ replace: (String, ConfigurationPathRoot) -> String
  ) -> Self {
    mapValues { $0.mappingConfigurationPaths(root, replace) }
  }
}
