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

  package func refusal(_ key: String, _ text: String) -> DecodingError {
    .dataCorruptedError(forKey: Key(key), in: keys, debugDescription: text)
  }
}
