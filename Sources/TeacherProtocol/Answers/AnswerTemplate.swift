/// Writes a label and its rationale as the text that a student learns to answer: the inverse of ``AnswerReader``.
///
/// ```swift
/// let template = AnswerTemplate()
/// try template.answer("falsified", rationale: "The photo shows a dog.", labels: labels)
/// // "Yes. The photo shows a dog."
/// try template.answer("falsified", labels: labels)
/// // "Yes. The photo does not show what the caption says."
/// ```
///
/// Slots: `{answer}` (the label's answer words), `{rationale}`, `{label}` (its name), `{meaning}`, and `{Meaning}` with a
/// capital. The text must begin with `{answer}`, so that the label's tokens come first and can be scored.
public struct AnswerTemplate: Sendable, Equatable, Codable {
  /// The default for a label with a rationale.
  public static let defaultText = "{answer}.[[ {rationale}]]"
  /// The default for a label that a person gave without one.
  public static let defaultHumanText = "{answer}.[[ {Meaning}.]]"

  private let full: TextTemplate
  private let human: TextTemplate

  /// Reads both templates.
  ///
  /// - Parameters:
  ///   - text: for a label with a rationale.
  ///   - humanText: for a label alone.
  /// - Throws: ``TeacherProtocolError/badTemplate(_:offset:expected:)``,
  ///   ``TeacherProtocolError/unknownSlot(_:template:known:)``.
  public init(_ text: String, humanText: String = AnswerTemplate.defaultHumanText) throws(TeacherProtocolError) {
    full = try Self.template(text, slots: ["answer", "rationale", "label", "meaning", "Meaning"])
    human = try Self.template(humanText, slots: ["answer", "label", "meaning", "Meaning"])
  }

  /// The default templates.
  public init() {
    do {
      try self.init(Self.defaultText)
    } catch {
      preconditionFailure("the built-in answer template is at fault: \(error)")
    }
  }

  private enum CodingKeys: String, CodingKey, CaseIterable { case text, human }

  /// Reads `text` and `human`; each has its default, an unknown key is an error.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      try container.decodeIfPresent(String.self, forKey: .text) ?? Self.defaultText,
      humanText: try container.decodeIfPresent(String.self, forKey: .human) ?? Self.defaultHumanText)
  }

  /// Writes `text` and `human`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(full.source, forKey: .text)
    try container.encode(human.source, forKey: .human)
  }

  private static func template(_ text: String, slots: [String]) throws(TeacherProtocolError) -> TextTemplate {
    let template = try TextTemplate(text)
    try template.check(slots)
    guard text.hasPrefix("{answer}") else {
      throw .badTemplate(text, offset: 0, expected: "{answer} first, so that the label's tokens can be scored")
    }
    return template
  }

  /// The text of an answer with this label and rationale.
  ///
  /// - Throws: ``TeacherProtocolError/unknownLabel(_:known:)``.
  public func answer(_ label: String, rationale: String, labels: LabelSet) throws(TeacherProtocolError) -> String {
    try fill(full, label, rationale: rationale, labels)
  }

  /// The text of an answer that says the label and no more, as is written from a human label.
  ///
  /// - Throws: ``TeacherProtocolError/unknownLabel(_:known:)``.
  public func answer(_ label: String, labels: LabelSet) throws(TeacherProtocolError) -> String {
    try fill(human, label, rationale: "", labels)
  }

  private func fill(
    _ template: TextTemplate, _ name: String, rationale: String, _ labels: LabelSet
  ) throws(TeacherProtocolError) -> String {
    guard let label = labels[name] else { throw .unknownLabel(name, known: labels.names) }
    let values = [
      "answer": label.answer, "rationale": rationale, "label": label.name, "meaning": label.meaning,
      "Meaning": label.meaning.prefix(1).uppercased() + label.meaning.dropFirst(),
    ]
    return try template.filled({ values[$0].map { .text($0) } }, known: { values.keys.sorted() }).text
  }
}
