/// The object of a config.json, or of one of its parts.
package struct ConfigJSON {
  /// Any key of it.
  package struct Key: CodingKey {
    package let stringValue: String
    package var intValue: Int? { nil }

    package init(_ name: String) { stringValue = name }
    package init?(stringValue: String) { self.init(stringValue) }
    package init?(intValue: Int) { nil }
  }

  /// What it is read from.
  package let decoder: any Decoder
  private let keys: KeyedDecodingContainer<Key>

  /// - Throws: `DecodingError` where the file has no object there.
  package init(_ decoder: any Decoder) throws {
    self.decoder = decoder
    keys = try decoder.container(keyedBy: Key.self)
  }

  /// The value of a key; nil where it is missing or null.
  package subscript<Value: Decodable>(_ key: String) -> Value? {
    get throws { try keys.decodeIfPresent(Value.self, forKey: Key(key)) }
  }

  /// Whether the file has a key, with any value: for keys whose null says something else than their absence.
  package func has(_ key: String) -> Bool { keys.contains(Key(key)) }

  /// The object under a key; nil where it is missing or null.
  ///
  /// - Throws: `DecodingError` where the key has another value than an object.
  package func part(_ key: String) throws -> ConfigJSON? {
    guard has(key), try !keys.decodeNil(forKey: Key(key)) else { return nil }
    return try ConfigJSON(keys.superDecoder(forKey: Key(key)))
  }

  /// - Throws: `DecodingError` where a key has another value than the only one that is computed.
  package func require<Value: Decodable & Equatable>(_ key: String, _ only: Value) throws {
    guard let value: Value = try self[key], value != only else { return }
    throw refusal(
      key, "\(key) \(String(reflecting: value)) is not computed here; \(String(reflecting: only)) is")
  }

  /// - Throws: `DecodingError` where heads do not divide a width, or are wider than kernels take.
  package func requireWholeHeads(_ key: String, _ width: Int, _ headKey: String, _ heads: Int) throws {
    guard width % heads == 0, width / heads <= 256 else {
      throw refusal(key, "\(key) \(width) must be a multiple of \(headKey) \(heads), and at most 256 times that")
    }
  }

  /// Checks that the file asks for nothing that no one has read: every key is one of `known`, or leaves the arithmetic as it
  /// is (``NeutralKeys``), or has a value that asks for nothing: null, false, an empty list, an empty object.
  ///
  /// - Throws: `DecodingError` with the names and values of the others.
  package func refuseKeys(otherThan known: Set<String>) throws {
    let rest = keys.allKeys.map(\.stringValue).sorted().filter { !known.contains($0) && !NeutralKeys.contain($0) }
    let asked = try rest.compactMap { key -> (key: String, value: Asked)? in
      guard let value: Asked = try self[key], !value.isNothing else { return nil }
      return (key, value)
    }
    guard let first = asked.first else { return }
    if let (key, _) = asked.first(where: { NeutralKeys.ofQuantizedWeights.contains($0.key) }) {
      throw refusal(key, "weights as \(key) says are not read; use the folder of the model before it was quantised")
    }
    let all = asked.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    throw refusal(
      first.key,
      "\(all): not computed here; use a model that does not ask for it, or take out of the file what changes no figure of "
        + "this model")
  }

  package func refusal(_ key: String, _ text: String) -> DecodingError {
    .dataCorruptedError(forKey: Key(key), in: keys, debugDescription: text)
  }

  /// Any value, as far as refusals show it.
  private enum Asked: Decodable, CustomStringConvertible {
    case switched(Bool)
    case number(Double)
    case text(String)
    case list([Asked?])
    case object(isEmpty: Bool)

    init(from decoder: any Decoder) throws {
      if let keys = try? decoder.container(keyedBy: Key.self) {
        self = .object(isEmpty: keys.allKeys.isEmpty)
        return
      }
      let value = try decoder.singleValueContainer()
      if let isOn = try? value.decode(Bool.self) {
        self = .switched(isOn)
      } else if let number = try? value.decode(Double.self) {
        self = .number(number)
      } else if let text = try? value.decode(String.self) {
        self = .text(text)
      } else {
        self = .list(try value.decode([Asked?].self))
      }
    }

    var isNothing: Bool {
      switch self {
      case .switched(let isOn): !isOn
      case .list(let values): values.isEmpty
      case .object(let isEmpty): isEmpty
      case .number, .text: false
      }
    }

    var description: String {
      switch self {
      case .switched(let isOn): "\(isOn)"
      case .number(let number): Int(exactly: number).map { "\($0)" } ?? "\(number)"
      case .text(let text): String(reflecting: text)
      case .list(let values):
        "[" + values.prefix(4).map { $0?.description ?? "null" }.joined(separator: ", ")
          + (values.count > 4 ? ", …]" : "]")
      case .object: "{…}"
      }
    }
  }
}
