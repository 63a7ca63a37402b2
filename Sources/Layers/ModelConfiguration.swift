/// What a model's config.json says of one of its networks, read and written by a table of keys.
///
/// A key that is in no row, and is none of ``NeutralKeys``, is an error: a file never asks for arithmetic that goes uncomputed.
///
/// ```swift
/// struct Sizes: ModelConfiguration {
///   var hiddenSize = 768
///   static let fields: [ModelField<Sizes>] = [ModelField("hidden_size", \.hiddenSize, in: 1...(1 << 20))]
/// }
/// ```
package protocol ModelConfiguration: Codable, Sendable, Equatable {
  /// The defaults, which keys that are missing keep.
  init()
  /// The keys in the order in which they are read.
  static var fields: [ModelField<Self>] { get }
  /// The keys of the file at hand, where those of one type differ. The default is the type's.
  var fields: [ModelField<Self>] { get }
  /// Reads what no row of the table says, and checks what holds between keys. The default has nothing to check.
  ///
  /// - Throws: `DecodingError` where the file asks for what this network does not compute.
  mutating func complete(from file: ConfigJSON) throws
}

extension ModelConfiguration {
  package mutating func complete(from file: ConfigJSON) throws {}

  /// The keys of the table.
  package static var names: Set<String> { Set(fields.flatMap(\.names)) }

  package var fields: [ModelField<Self>] { Self.fields }

  /// Reads the object of a config.json, or of one of its parts.
  ///
  /// - Throws: `DecodingError` where a value is out of range, or the file asks for what this network does not compute.
  public init(from decoder: any Decoder) throws {
    self.init()
    try read(ConfigJSON(decoder))
  }

  /// Reads the table's keys, then the rest.
  ///
  /// - Parameter others: keys that are read by who reads the same object too. The default is none.
  /// - Throws: `DecodingError` where a value is out of range, or the file asks for what this network does not compute.
  package mutating func read(_ file: ConfigJSON, besides others: Set<String> = []) throws {
    for field in fields { try field.read(file, &self) }
    try file.refuseKeys(otherThan: others.union(fields.flatMap(\.names)))
    try complete(from: file)
  }

  /// Writes the table's keys.
  public func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: ConfigJSON.Key.self)
    for field in fields { try field.write(self, &keys) }
  }
}

/// One key of a config.json: what it sets when the file is read, and what is written under it.
package struct ModelField<Configuration>: Sendable {
  /// The key, and the names that it has besides.
  let names: [String]
  let read: @Sendable (ConfigJSON, inout Configuration) throws -> Void
  let write: @Sendable (Configuration, inout KeyedEncodingContainer<ConfigJSON.Key>) throws -> Void

  /// A key that sets a property; one that is missing or null leaves it.
  ///
  /// - Parameters:
  ///   - other: the key of other versions of the file, which counts where the first is missing.
  ///   - range: the values taken. Sizes are bounded before anything is made of them: a damaged file must not ask for all
  ///     memory.
  package init<Value: Codable & Comparable & Sendable>(
    _ key: String, or other: String? = nil, _ property: any WritableKeyPath<Configuration, Value> & Sendable,
    in range: ClosedRange<Value>
  ) {
    self.init(key, or: other, property) { $0 >= range.lowerBound && $0 <= range.upperBound ? nil : "lie in \(range)" }
  }

  /// A number that is added or that spreads: 0 or more.
  package init(_ key: String, _ property: any WritableKeyPath<Configuration, Float> & Sendable) {
    self.init(key, or: nil, property) { $0 >= 0 && $0.isFinite ? nil : "be 0 or more" }
  }

  /// A key that sets a property to any value of its type.
  package init<Value: Codable & Sendable>(
    _ key: String, or other: String? = nil, _ property: any WritableKeyPath<Configuration, Value> & Sendable
  ) {
    self.init(key, or: other, property) { _ in nil }
  }

  private init<Value: Codable & Sendable>(
    _ key: String, or other: String?, _ property: any WritableKeyPath<Configuration, Value> & Sendable,
    problem: @escaping @Sendable (Value) -> String?
  ) {
    names = [key] + (other.map { [$0] } ?? [])
    read = { file, configuration in
      if let value: Value = try file[key] ?? other.flatMap({ try file[$0] }) {
        configuration[keyPath: property] = value
      }
      let value = configuration[keyPath: property]
      if let problem = problem(value) { throw file.refusal(key, "\(key) \(value) must \(problem)") }
    }
    write = { try $1.encode($0[keyPath: property], forKey: ConfigJSON.Key(key)) }
  }

  /// A key that has one value alone, or is missing.
  ///
  /// - Parameter isWritten: whether it is written. The default is true.
  package static func only<Value: Codable & Equatable & Sendable>(
    _ key: String, _ value: Value, isWritten: Bool = true
  ) -> ModelField {
    ModelField([key]) { file, _ in
      try file.require(key, value)
    } write: { _, keys in
      if isWritten { try keys.encode(value, forKey: ConfigJSON.Key(key)) }
    }
  }

  /// A key that is written, and read elsewhere or not at all; nil writes nothing.
  package static func written<Value: Encodable & Sendable>(
    _ key: String, _ value: @escaping @Sendable (Configuration) -> Value?
  ) -> ModelField {
    ModelField([key]) { _, _ in
    } write: {
      try $1.encodeIfPresent(value($0), forKey: ConfigJSON.Key(key))
    }
  }

  /// Keys that ``ModelConfiguration/complete(from:)`` reads, or that change nothing of what is computed here; none of them
  /// is written.
  package static func known(_ keys: String...) -> ModelField { .known(Set(keys)) }

  /// The same for a set of keys.
  package static func known(_ keys: Set<String>) -> ModelField {
    ModelField(keys.sorted()) { _, _ in
    } write: { _, _ in
    }
  }

  private init(
    _ names: [String], read: @escaping @Sendable (ConfigJSON, inout Configuration) throws -> Void,
    write: @escaping @Sendable (Configuration, inout KeyedEncodingContainer<ConfigJSON.Key>) throws -> Void
  ) {
    (self.names, self.read, self.write) = (names, read, write)
  }
}
