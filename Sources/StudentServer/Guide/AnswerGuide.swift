internal import JSON
import TeacherProtocol

/// Follows an answer byte by byte and knows which byte may come next for it to have its form.
///
/// It is a stack of what is still to be written, the next thing last. JSON is written without spaces between its parts:
/// a model that could choose them can write nothing else for ever.
struct AnswerGuide: Sendable {
  /// What answers are held to.
  enum Form: Sendable, Equatable {
    /// Nothing.
    case free
    /// One of these texts.
    case choice([String])
    /// JSON of a schema.
    case schema(AnswerSchema)
  }

  /// Something that is still to be written, or the rest of it.
  private enum Step {
    /// These bytes from a place on.
    case literal([UInt8], at: Int)
    /// One of these, of which so many bytes are written.
    case choice([[UInt8]], at: Int)
    case number(NumberForm, written: [UInt8])
    case string(StringState)
    case value(AnswerSchema)
    /// A further element after so many, or the end of the list.
    case element(AnswerSchema, count: ClosedRange<Int>, written: Int)
    /// A further member of any object, or its end.
    case member(written: Int)
  }

  /// Depth of lists and objects whose schema leaves it open.
  private static let deepest = 64
  private var steps: [Step]
  private var depth = 0

  /// A guide at the beginning of an answer; nil for answers of any form.
  ///
  /// - Parameter opening: what stands before every answer of the model.
  init?(_ form: Form, after opening: String = "") {
    switch form {
    case .free: return nil
    case .choice(let texts): steps = [.choice(texts.map { Array($0.utf8) }, at: 0)]
    case .schema(let schema): steps = [.value(schema)]
    }
    if !opening.isEmpty { steps.append(.literal(Array(opening.utf8), at: 0)) }
  }

  /// Whether the answer has its form and nothing more can follow.
  var isOver: Bool { steps.isEmpty }

  /// Whether the answer has its form as it stands.
  var isComplete: Bool {
    guard let last = steps.last else { return true }
    return steps.count == 1 && Self.canEnd(last)
  }

  /// Where one of several texts may be whole and another could go on from it: the bytes by which it would. Nil elsewhere.
  ///
  /// A text of JSON is whole before its closing quote: the quote and what else could follow it say that it ends.
  var longerChoices: Set<UInt8>? {
    guard case .choice(let options, let at)? = steps.last else { return nil }
    func ends(_ option: [UInt8]) -> Bool {
      let quote = UInt8(ascii: "\"")
      return option.count == at || at > 0 && option.count == at + 1 && option[0] == quote && option[at] == quote
    }
    let whole = options.filter(ends)
    let longer = Set(options.lazy.filter { !ends($0) }.map { $0[at] })
    // One byte that would do both says nothing.
    return longer.isEmpty || whole.isEmpty || whole.contains { $0.count > at && longer.contains($0[at]) } ? nil : longer
  }

  /// Whether a text is being written in which every printable ASCII character but quote and backslash may come next, for
  /// as long as one likes.
  var isInPlainText: Bool {
    if case .string(let state)? = steps.last { state.isPlain } else { false }
  }

  /// Takes the next byte; false, and then it stands still, where the byte can't come here.
  mutating func take(_ byte: UInt8) -> Bool {
    // A number or a choice may be over without a sign of its own: then the byte belongs to what comes next.
    while let step = steps.last {
      if let rest = Self.advanced(step, by: byte, depth: depth) {
        steps.removeLast()
        steps += rest.steps
        depth += rest.deeper
        return true
      }
      guard Self.canEnd(step), steps.count > 1 else { return false }
      steps.removeLast()
    }
    return false
  }

  /// Takes all bytes, or none of them.
  mutating func take(_ bytes: [UInt8]) -> Bool {
    var copy = self
    for byte in bytes where !copy.take(byte) { return false }
    self = copy
    return true
  }

  private static func canEnd(_ step: Step) -> Bool {
    switch step {
    case .choice(let options, let at): options.contains { $0.count == at }
    case .number(let form, let written): form.isComplete(written)
    default: false
    }
  }

  /// What is left of a step after a byte; nil where the byte can't come.
  private static func advanced(_ step: Step, by byte: UInt8, depth: Int) -> (steps: [Step], deeper: Int)? {
    switch step {
    case .literal(let bytes, let at):
      guard bytes[at] == byte else { return nil }
      return (at + 1 == bytes.count ? [] : [.literal(bytes, at: at + 1)], 0)
    case .choice(let options, let at):
      let kept = options.filter { $0.count > at && $0[at] == byte }
      guard let first = kept.first else { return nil }
      let isOver = kept.allSatisfy { $0 == first } && first.count == at + 1
      return (isOver ? [] : [.choice(kept, at: at + 1)], 0)
    case .number(let form, let written):
      return form.allows(written + [byte]) ? ([.number(form, written: written + [byte])], 0) : nil
    case .string(let state):
      guard let next = state.taking(byte) else { return nil }
      return (next.isOver ? [] : [.string(next)], 0)
    case .value(let schema): return begun(schema, with: byte, depth: depth)
    case .element(let schema, let count, let written):
      if byte == UInt8(ascii: "]") { return count.contains(written) ? ([], -1) : nil }
      guard written < count.upperBound else { return nil }
      let rest = Step.element(schema, count: count, written: written + 1)
      if written == 0 { return begun(schema, with: byte, depth: depth).map { ([rest] + $0.steps, $0.deeper) } }
      return byte == UInt8(ascii: ",") ? ([rest, .value(schema)], 0) : nil
    case .member(let written):
      let member: [Step] = [
        .member(written: written + 1), .value(.any), .literal([UInt8(ascii: ":")], at: 0),
      ]
      switch byte {
      case UInt8(ascii: "}"): return ([], -1)
      case UInt8(ascii: "\"") where written == 0: return (member + [.string(StringState())], 0)
      case UInt8(ascii: ",") where written > 0:
        return (member + [.string(StringState()), .literal([UInt8(ascii: "\"")], at: 0)], 0)
      default: return nil
      }
    }
  }

  /// A value's steps after its first byte.
  private static func begun(_ schema: AnswerSchema, with byte: UInt8, depth: Int) -> (steps: [Step], deeper: Int)? {
    switch schema {
    case .object(let properties):
      guard byte == UInt8(ascii: "{") else { return nil }
      var steps: [Step] = [.literal([UInt8(ascii: "}")], at: 0)]
      for (number, property) in properties.enumerated().reversed() {
        let name = (number > 0 ? "," : "") + JSONValue.string(property.name).text + ":"
        steps += [.value(property.schema), .literal(Array(name.utf8), at: 0)]
      }
      return (steps, 0)
    case .list(let element, let count):
      guard byte == UInt8(ascii: "["), depth < deepest else { return nil }
      return ([.element(element, count: count, written: 0)], 1)
    case .choice(let texts): return advanced(.choice(texts.map { Array($0.utf8) }, at: 0), by: byte, depth: depth)
    case .string(let length):
      return byte == UInt8(ascii: "\"") ? ([.string(StringState(length: length))], 0) : nil
    case .number(let form): return advanced(.number(form, written: []), by: byte, depth: depth)
    case .anyObject:
      return byte == UInt8(ascii: "{") && depth < deepest ? ([.member(written: 0)], 1) : nil
    case .any:
      for schema in [
        .anyObject, .list(.any, count: 0...Int.max), .string(length: 0...Int.max), .number(.any),
        .choice(["true", "false", "null"]),
      ] as [AnswerSchema] {
        if let steps = begun(schema, with: byte, depth: depth) { return steps }
      }
      return nil
    }
  }
}
