extension ConfigurationNode: Codable {
  private struct Name: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Reads any tree that a `Decoder` offers; it has no positions, and its keys are in alphabetical order.
  package init(from decoder: any Decoder) throws {
    if let map = try? decoder.container(keyedBy: Name.self) {
      let names = map.allKeys.map(\.stringValue).sorted()
      self.init(
        .map(try names.map { Entry($0, try map.decode(ConfigurationNode.self, forKey: Name(stringValue: $0))) }))
      return
    }
    if var list = try? decoder.unkeyedContainer() {
      var elements: [ConfigurationNode] = []
      while !list.isAtEnd { elements.append(try list.decode(ConfigurationNode.self)) }
      self.init(.list(elements))
      return
    }
    let scalar = try decoder.singleValueContainer()
    if scalar.decodeNil() {
      self.init(.null)
    } else if let value = try? scalar.decode(Bool.self) {
      self.init(.boolean(value))
    } else if let value = try? scalar.decode(Int.self) {
      self.init(.number("\(value)"))
    } else if let value = try? scalar.decode(Double.self) {
      self = .number(value)
    } else {
      self.init(.text(try scalar.decode(String.self)))
    }
  }

  /// Writes the tree into any `Encoder`; positions are left out.
  package func encode(to encoder: any Encoder) throws {
    switch content {
    case .map(let entries):
      var map = encoder.container(keyedBy: Name.self)
      for entry in entries { try map.encode(entry.value, forKey: Name(stringValue: entry.key)) }
    case .list(let elements):
      var list = encoder.unkeyedContainer()
      for element in elements { try list.encode(element) }
    case .null:
      var scalar = encoder.singleValueContainer()
      try scalar.encodeNil()
    case .boolean(let value):
      var scalar = encoder.singleValueContainer()
      try scalar.encode(value)
    case .text(let text):
      var scalar = encoder.singleValueContainer()
      try scalar.encode(text)
    case .number(let text):
      var scalar = encoder.singleValueContainer()
      if let whole = Int(text) {
        try scalar.encode(whole)
      } else if let number = Double(text) {
        try scalar.encode(number)
      } else {
        try scalar.encode(text)
      }
    }
  }
}
