import ContentDigest

/// The question that a teacher or the student is asked about an item, with named slots.
///
/// ```swift
/// let template = try PromptTemplate(
///   "[[Entities in the photo: {entities}\n]]Caption: {text}\nIs the photo used out of its context? Yes or No.")
/// try template.prompt(for: item, labels: .outOfContext)
/// ```
///
/// Slots are `{text}`, the evidence fields of the mapping, and `{labels}`: one line `answer: meaning` per label. A
/// section in `[[ ]]` is left out when a slot in it is empty. Braces that stand for themselves are doubled. What a slot is
/// filled with is never read as a template again.
public struct PromptTemplate: Sendable, Equatable, Codable {
  /// Slots that are not evidence.
  static let reservedSlots = ["text", "labels"]

  /// The template's text.
  public var text: String { template.source }
  /// Digest of the text, 16 hexadecimal digits: which template an answer came from, whatever it is called.
  public let version: String
  private let template: TextTemplate

  /// Reads a template.
  ///
  /// - Throws: ``TeacherProtocolError/badTemplate(_:offset:expected:)`` for an unclosed slot or section.
  public init(_ text: String) throws(TeacherProtocolError) {
    template = try TextTemplate(text)
    version = String(ContentDigest.of(fields: ["prompt", text]).prefix(16))
  }

  /// Reads a template from its text.
  public init(from decoder: any Decoder) throws {
    try self.init(try decoder.singleValueContainer().decode(String.self))
  }

  /// Writes the text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  /// Names of the slots in order of first use.
  public var slots: [String] { template.slots }

  /// Looks whether a data set fills every slot, before anything is asked.
  ///
  /// - Parameters:
  ///   - mapping: the data set's fields.
  ///   - others: slots that are filled in code, such as `demonstrations`.
  /// - Throws: ``TeacherProtocolError/unknownSlot(_:template:known:)``, which lists the known ones.
  public func check(_ mapping: FieldMapping, filledInCode others: [String] = []) throws(TeacherProtocolError) {
    try template.check(mapping.slots + others + ["labels"])
  }

  /// The prompt for an item.
  ///
  /// - Throws: ``TeacherProtocolError/unknownSlot(_:template:known:)`` for a slot that is no field of the item.
  public func prompt(for item: Item, labels: LabelSet) throws(TeacherProtocolError) -> String {
    try template.filled(
      { name in
        if name == "labels" {
          return labels.labels.map { $0.meaning.isEmpty ? $0.answer : "\($0.answer): \($0.meaning)" }
            .joined(separator: "\n")
        }
        return item.fields[name]
      }, known: { item.fields.keys.sorted() + ["labels"] })
  }
}
