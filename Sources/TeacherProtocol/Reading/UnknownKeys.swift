/// Any name as a coding key, for decoders that look at every key that is there.
package struct AnyKey: CodingKey {
  package let stringValue: String
  package let intValue: Int? = nil

  package init(stringValue: String) { self.stringValue = stringValue }
  package init?(intValue: Int) { return nil }
}

extension Decoder {
  /// Refuses keys that are not in the list, so that a misspelt option is an error and not a default.
  package func refuseUnknownKeys(_ known: [String]) throws {
    let container = try container(keyedBy: AnyKey.self)
    let unknown = container.allKeys.map(\.stringValue).filter { !known.contains($0) }.sorted()
    guard let first = unknown.first else { return }
    throw DecodingError.dataCorrupted(
      .init(
        codingPath: codingPath + [AnyKey(stringValue: first)],
        debugDescription: "unknown key '\(first)'; known keys: \(known.joined(separator: ", "))"))
  }
}
