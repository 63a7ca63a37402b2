internal import ContentDigest
internal import TeacherProtocol

/// The prompt template of the loop: instructions, standing demonstrations, and their order.
///
/// ```swift
/// var template = LabellingTemplate(instructions: ["Is this a green innovation?"])
/// template.instructions.append("Savings that are only hoped for do not count.")
/// template.version                     // another one now
/// ```
///
/// Slots of the layout: `{instructions}`, `{names}` (the answers that may be given), `{definitions}` (what they mean, empty
/// until asked for), `{demonstrations}`, `{text}`, `{detail}` (empty until asked for), and fields of the items.
public struct LabellingTemplate: Sendable, Equatable, Codable {
  /// The layout of ``init(layout:instructions:demonstrations:)``.
  public static let defaultLayout = """
    {instructions}
    Answers: {names}

    [[{definitions}

    ]][[{demonstrations}

    ]]Text: {text}
    [[Detail: {detail}
    ]]Answer:
    """

  /// Text with slots.
  public var layout: String
  /// The instructions, line by line.
  public var instructions: [String]
  /// Demonstrations that every prompt has, ahead of those that are chosen for the item.
  public var demonstrations: [Demonstration]

  /// A template.
  public init(
    layout: String = LabellingTemplate.defaultLayout, instructions: [String], demonstrations: [Demonstration] = []
  ) {
    self.layout = layout
    self.instructions = instructions
    self.demonstrations = demonstrations
  }

  /// Digest of all it says, 12 hexadecimal digits: every answer names it.
  public var version: String {
    let shown = demonstrations.flatMap { [$0.item, $0.text, $0.detail, $0.label, $0.reason] }
    return String(
      ContentDigest.of(fields: ["labelling", layout] + instructions + ["demonstrations"] + shown).prefix(12))
  }

  /// The template after some changes.
  ///
  /// - Throws: ``TemplateError`` where a change names what is not there, or adds what is.
  package func applying(_ edits: [TemplateEdit]) throws(TemplateError) -> LabellingTemplate {
    var result = self
    for edit in edits {
      switch edit {
      case .addInstruction(let text):
        guard !result.instructions.contains(text) else { throw .alreadyThere(text) }
        result.instructions.append(text)
      case .dropInstruction(let text): result.instructions.remove(at: try result.instruction(text))
      case .replaceInstruction(let text, let other): result.instructions[try result.instruction(text)] = other
      case .addDemonstration(let demonstration):
        guard !result.demonstrations.contains(where: { $0.item == demonstration.item }) else {
          throw .alreadyThere(demonstration.item)
        }
        result.demonstrations.append(demonstration)
      case .dropDemonstration(let item): result.demonstrations.remove(at: try result.demonstration(item))
      case .replaceDemonstration(let item, let other):
        result.demonstrations[try result.demonstration(item)] = other
      }
    }
    return result
  }

  private func instruction(_ text: String) throws(TemplateError) -> Int {
    guard let place = instructions.firstIndex(of: text) else { throw .notThere(text) }
    return place
  }

  private func demonstration(_ item: String) throws(TemplateError) -> Int {
    guard let place = demonstrations.firstIndex(where: { $0.item == item }) else { throw .notThere(item) }
    return place
  }

  /// The template line by line, to be compared.
  package var lines: [String] {
    layout.split(separator: "\n", omittingEmptySubsequences: false).map { "layout: \($0)" }
      + instructions.map { "instruction: \($0)" }
      + demonstrations.map {
        "demonstration \($0.item): \($0.text.onOneLine) -> \($0.label)"
          + ($0.reason.isEmpty ? "" : " because \($0.reason)")
      }
  }

  /// What differs from an earlier template: lines with "-" that went and with "+" that came, in order.
  package func difference(from earlier: LabellingTemplate) -> [String] {
    lines.difference(from: earlier.lines).map { change in
      switch change {
      case .insert(_, let line, _): "+ \(line)"
      case .remove(_, let line, _): "- \(line)"
      }
    }
  }
}

/// One change of a template.
public enum TemplateEdit: Sendable, Equatable, Codable {
  /// Adds an instruction at the end.
  case addInstruction(String)
  case dropInstruction(String)
  /// Puts an instruction in another's place.
  case replaceInstruction(String, with: String)
  /// Adds a demonstration at the end.
  case addDemonstration(Demonstration)
  case dropDemonstration(item: String)
  /// Puts a demonstration in the place of an item's.
  case replaceDemonstration(item: String, with: Demonstration)
}

/// A change that a template can't take.
public enum TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
  /// An instruction or demonstration to be dropped or replaced that the template does not have.
  case notThere(String)
  /// An instruction or demonstration to be added that the template has.
  case alreadyThere(String)

  /// The edit that can't be made, and those that can.
  public var description: String {
    switch self {
    case .notThere(let what): "the template has no '\(what)'; add it, or change one that it has"
    case .alreadyThere(let what): "the template has '\(what)' already; replace it, or leave it"
    }
  }
}
