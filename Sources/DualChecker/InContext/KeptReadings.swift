internal import TeacherProtocol

/// What was made of a text, kept for when it is wanted again: a demonstration stands in many prompts.
///
/// By the text's bytes, as texts that Swift takes for equal may have different ones. It holds some texts, and then begins anew.
final class KeptReadings<Value: Sendable>: Sendable {
  private let kept = Locked<[[UInt8]: Value]>([:])
  private let limit: Int

  /// - Parameter limit: the most texts that are held.
  init(limit: Int = 1_024) { self.limit = limit }

  /// What is kept of a text; nil where nothing is.
  subscript(text: String) -> Value? {
    let key = Array(text.utf8)
    return kept.withLock { $0[key] }
  }

  /// What is kept of a text, else what is made of it now.
  func value(of text: String, _ make: () throws -> Value) rethrows -> Value {
    if let value = self[text] { return value }
    let value = try make()
    keep(value, of: text)
    return value
  }

  /// Keeps what was made of a text.
  func keep(_ value: Value, of text: String) {
    let key = Array(text.utf8)
    kept.withLock { kept in
      if kept.count >= limit { kept = [:] }
      kept[key] = value
    }
  }
}

/// An encoder that encodes no text anew that it knows. The vectors are the encoder's own: a text's does not depend on others.
struct KeptVectors: SentenceEncoder {
  private let encoder: any SentenceEncoder
  private let kept = KeptReadings<[Float]>()

  /// An encoder that keeps this one's vectors.
  init(_ encoder: any SentenceEncoder) { self.encoder = encoder }

  func vectors(for texts: [String]) async throws -> [[Float]] {
    var found = texts.map { kept[$0] }
    let missing = texts.indices.filter { found[$0] == nil }
    guard !missing.isEmpty else { return found.compactMap(\.self) }
    let made = try await encoder.vectors(for: missing.map { texts[$0] })
    for (place, vector) in zip(missing, made) {
      kept.keep(vector, of: texts[place])
      found[place] = vector
    }
    return found.compactMap(\.self)
  }
}
