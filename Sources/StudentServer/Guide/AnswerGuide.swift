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
    case choice(ChoiceTexts)
    /// JSON of a schema.
    case schema(AnswerSchema)
  }

  /// Something that is still to be written, or the rest of it.
  private enum Step {
    /// These bytes from a place on.
    case literal([UInt8], at: Int)
    /// One of these, of which so many bytes are written, the same of all.
    case choice(ChoiceTexts, Range<Int>, at: Int)
    /// The properties of an object from one on, and its end.
    case properties([AnswerSchema.Property], from: Int)
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
    case .choice(let texts): steps = [.choice(texts, texts.all, at: 0)]
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
    guard case .choice(let texts, let range, let at)? = steps.last else { return nil }
    let quote = UInt8(ascii: "\"")
    let isQuoted = at > 0 && texts.begin(with: quote, in: range)
    var isWhole = texts.ends(at: at, in: range)
    var longer: Set<UInt8> = []
    for (byte, rest) in texts.continuations(at: at, in: range) {
      guard isQuoted, byte == quote, texts.ends(at: at + 1, in: rest) else {
        longer.insert(byte)
        continue
      }
      // One byte that would do both says nothing.
      if rest.count > 1 { return nil }
      isWhole = true
    }
    return isWhole && !longer.isEmpty ? longer : nil
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
    case .choice(let texts, let range, let at): texts.ends(at: at, in: range)
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
    case .choice(let texts, let range, let at):
      let kept = texts.going(on: byte, at: at, in: range)
      guard !kept.isEmpty else { return nil }
      let isOver = kept.count == 1 && texts.ends(at: at + 1, in: kept)
      return (isOver ? [] : [.choice(texts, kept, at: at + 1)], 0)
    case .properties(let properties, let next):
      guard next < properties.count else { return byte == UInt8(ascii: "}") ? ([], 0) : nil }
      let property = properties[next]
      guard property.opening[0] == byte else { return nil }
      return ([.properties(properties, from: next + 1), .value(property.schema), .literal(property.opening, at: 1)], 0)
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

  private static let anyWord = AnswerSchema.choice(ChoiceTexts(["true", "false", "null"]))

  /// A value's steps after its first byte.
  private static func begun(_ schema: AnswerSchema, with byte: UInt8, depth: Int) -> (steps: [Step], deeper: Int)? {
    switch schema {
    case .object(let properties):
      return byte == UInt8(ascii: "{") ? ([.properties(properties, from: 0)], 0) : nil
    case .list(let element, let count):
      guard byte == UInt8(ascii: "["), depth < deepest else { return nil }
      return ([.element(element, count: count, written: 0)], 1)
    case .choice(let texts): return advanced(.choice(texts, texts.all, at: 0), by: byte, depth: depth)
    case .string(let length):
      return byte == UInt8(ascii: "\"") ? ([.string(StringState(length: length))], 0) : nil
    case .number(let form): return advanced(.number(form, written: []), by: byte, depth: depth)
    case .anyObject:
      return byte == UInt8(ascii: "{") && depth < deepest ? ([.member(written: 0)], 1) : nil
    case .any:
      for schema in [
        .anyObject, .list(.any, count: 0...Int.max), .string(length: 0...Int.max), .number(.any),
        anyWord,
      ] as [AnswerSchema] {
        if let steps = begun(schema, with: byte, depth: depth) { return steps }
      }
      return nil
    }
  }
}
