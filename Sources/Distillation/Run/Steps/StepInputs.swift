internal import ContentDigest
internal import Foundation

/// What a step is made from, part by part: a key of all, and which part is which, so that a step that is carried out again
/// can say why.
struct StepInputs {
  /// A digest of everything.
  let key: String
  /// A digest of each part, by what people call it.
  let parts: [String: String]
  /// The key in records of versions that did not know all of these parts; nil where they knew them.
  private(set) var olderKey: String?
  /// The parts that they did not know.
  private var newer: Set<String> = []

  /// - Parameters:
  ///   - parts: texts or digests by name; the configuration, in JSON, is taken apart by its keys.
  ///   - more: what few runs have, by name; keys of runs without it stay as they were.
  ///   - newer: what older versions' records lack, by name.
  ///   - takesOlder: whether such a record counts where nothing else has changed. The default is true.
  init(
    settings: String? = nil, _ parts: KeyValuePairs<String, String>, and more: [String: String] = [:],
    newer: [String: String] = [:], takesOlder: Bool = true
  ) {
    func sorted(_ parts: [String: String]) -> [(String, String)] {
      parts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
    let older = parts.map { ($0.key, $0.value) } + sorted(more)
    let parts = older + sorted(newer)
    key = ContentDigest.of(fields: parts.map(\.1))
    if !newer.isEmpty, takesOlder { olderKey = ContentDigest.of(fields: older.map(\.1)) }
    self.newer = Set(newer.keys)
    var digests = Dictionary(parts) { $0 + $1 }
    let object = settings.flatMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] } ?? [:]
    for (name, value) in object {
      let text = try? JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .fragmentsAllowed])
      digests["\(name) in the configuration"] = text.map { String(decoding: $0, as: UTF8.self) }
    }
    if !object.isEmpty { digests[Self.settings] = nil }
    self.parts = digests.mapValues { String(ContentDigest.of(fields: [$0]).prefix(16)) }
  }

  /// Inputs that are known by one key alone.
  init(key: String) { (self.key, parts) = (key, [:]) }

  /// The name of the part that is the configuration.
  static let settings = "the configuration"

  /// What has changed since a record was made; empty where that is not known.
  func changes(since record: StepRecords.Record) -> [String] {
    guard let before = record.parts, !parts.isEmpty else { return [] }
    return Set(before.keys).union(parts.keys)
      .filter { before[$0] != parts[$0] && !(before[$0] == nil && newer.contains($0)) }.sorted()
  }

  /// Whether a record was made from the same.
  func agree(with record: StepRecords.Record) -> Bool {
    let made = record.inputs ?? record.key
    return made == key || made == olderKey
  }
}
