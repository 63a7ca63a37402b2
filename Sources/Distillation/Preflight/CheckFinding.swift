internal import Wording

/// One thing that was looked at before a run: what, how it stands, and particulars worth showing.
///
/// ```text
/// warning  data.fields  2 rows are set aside
///                         pairs.jsonl:17: field 'caption': expected a text, found null
/// ```
package struct CheckFinding: Sendable, Equatable, Encodable {
  /// How a thing stands.
  package enum Level: String, Sendable, Comparable, Encodable {
    /// As it should be.
    case ok
    /// The run goes on, perhaps not as meant.
    case warning
    /// The run would stop, or mean nothing.
    case error

    package static func < (a: Level, b: Level) -> Bool { a.severity < b.severity }

    private var severity: Int {
      switch self {
      case .ok: 0
      case .warning: 1
      case .error: 2
      }
    }
  }

  /// How it stands.
  package var level: Level
  /// What was looked at: a key of the configuration, or a word such as `time`.
  package var subject: String
  /// One sentence.
  package var text: String
  /// Lines that belong to it, such as the first bad rows.
  package var details: [String]

  package init(_ level: Level, _ subject: String, _ text: String, details: [String] = []) {
    self.level = level
    self.subject = subject
    self.text = text
    self.details = details
  }
}

extension [CheckFinding] {
  mutating func ok(_ subject: String, _ text: String, details: [String] = []) {
    append(CheckFinding(.ok, subject, text, details: details))
  }

  mutating func warn(_ subject: String, _ text: String, details: [String] = []) {
    append(CheckFinding(.warning, subject, text, details: details))
  }

  mutating func fail(_ subject: String, _ text: String, details: [String] = []) {
    append(CheckFinding(.error, subject, text, details: details))
  }
}

extension [String] {
  /// The first few of many lines, and how many more there are.
  static func firstLines(_ lines: some Collection<String>, atMost count: Int = 5) -> [String] {
    let more = lines.count - count
    return lines.prefix(count) + (more > 0 ? ["and \(NumberText.grouped(more)) more"] : [])
  }
}

extension StringProtocol {
  /// The text on one line, cut behind so many characters.
  func excerpt(_ count: Int = 160) -> String {
    let line = split(whereSeparator: \.isNewline).joined(separator: " ")
    return line.count > count ? line.prefix(count) + "…" : line
  }
}
