/// A backtracking matcher for the split and replace patterns of tokenizer files.
///
/// Understands alternation, groups, `(?i:)`, character sets with nesting, negation, intersection and general categories,
/// greedy, lazy and possessive repetition, atomic groups, look-ahead and look-behind, anchors. Back references, script
/// names and recursion are refused when the pattern is read.
///
/// A text takes at most ``stepLimit(for:)`` steps: a pattern made to explode finds no further match then, instead of
/// running for ever.
///
/// It is the project's own because the ids must be those of `tokenizers`, which matches by Oniguruma: what `\s`, `\w` and
/// `\p{N}` hold by the Unicode of that library, its possessive repetition and look-behind, a limit of steps for files of
/// strangers, and its speed; Swift's `Regex` has none of the four.
struct RegularExpression: Sendable {
  /// One step of the matching machine.
  enum Instruction: Sendable {
    case set(ScalarSet)
    /// Goes on at the first address, and at the second if that fails.
    case fork(Int, Int)
    case jump(Int)
    case anchor(PatternNode.Anchor)
    /// Runs the program up to its end without moving, and goes on at the address.
    case look(end: Int, isNegative: Bool)
    /// The same, looking back: the program must end where we are, having begun that many characters before.
    case lookBehind(end: Int, lengths: ClosedRange<Int>, isNegative: Bool)
    /// Runs the program up to the address, forgets its alternatives and goes on there.
    case atomic(end: Int)
    /// Notes where a round of a loop begins.
    case mark(Int)
    /// Leaves the loop if the round has matched nothing.
    case checkProgress(Int, exit: Int)
    case accept
  }

  private let program: [Instruction]
  private let slots: Int
  /// Whether it may match nothing, between any two characters.
  let canBeEmpty: Bool

  /// - Throws: ``TokenizerError/invalidPattern(pattern:position:reason:)``.
  init(_ pattern: String) throws {
    var compiler = PatternCompiler(pattern: pattern)
    let node = try PatternParser.parse(pattern)
    try compiler.compile(node)
    canBeEmpty = PatternCompiler.leastLength(of: node) == 0
    compiler.program.append(.accept)
    program = compiler.program
    slots = compiler.slots
  }

  /// The most steps that finding all matches of a text may take, in however many pieces: far above what a sound pattern needs.
  static func stepLimit(for bytes: Int) -> Int { 2_000_000 + stepsPerByte * bytes }
  static let stepsPerByte = 500

  /// Reports the matches in order as first byte and byte after the last. A match may be empty, but not right after
  /// another.
  ///
  /// - Parameter steps: how many steps may be taken; what is left of them.
  func forEachMatch(in text: UnsafeBufferPointer<UInt8>, _ steps: inout Int, _ body: (Int, Int) -> Void) {
    var machine = PatternMachine(text: text, program: program, slots: slots, stepsLeft: steps)
    defer { steps = machine.stepsLeft }
    var at = 0
    var lastEnd = -1
    while at <= text.count {
      if let end = machine.run(from: 0, at: at) {
        if end > at || at != lastEnd { body(at, end) }
        lastEnd = end
        if end > at {
          at = end
          continue
        }
      }
      if at >= text.count || machine.stepsLeft <= 0 { return }
      at += utf8Length(text[at])
    }
  }
}

/// Runs a program over a text.
private struct PatternMachine {
  let text: UnsafeBufferPointer<UInt8>
  let program: [RegularExpression.Instruction]
  var marks: [Int]
  var stepsLeft: Int
  /// Choices are memory; a repetition of a character class keeps one a character.
  private var mostChoices: Int { 1 << 20 + 4 * text.count }

  /// Where to go on when the current way fails.
  private struct Choice {
    var address: Int
    var at: Int
    /// A mark to restore; -1 for none.
    var slot = -1
    var mark = 0
  }

  init(text: UnsafeBufferPointer<UInt8>, program: [RegularExpression.Instruction], slots: Int, stepsLeft: Int) {
    self.text = text
    self.program = program
    self.stepsLeft = stepsLeft
    marks = Array(repeating: -1, count: slots)
  }

  /// The end of the match that begins at a byte; nil if there is none.
  mutating func run(from start: Int, at position: Int, until stop: Int = -1, endingAt target: Int = -1) -> Int? {
    var choices: [Choice] = []
    var address = start
    var at = position
    while true {
      stepsLeft -= 1
      if stepsLeft <= 0 { return nil }
      var fails = false
      if address == stop {
        if target < 0 || at == target { return at }
        fails = true
      } else {
        switch program[address] {
        case .set(let set):
          if at < text.count {
            let (scalar, length) = decodeScalar(text, at)
            stepsLeft -= set.parts
            if set.contains(scalar) {
              at += length
              address += 1
            } else {
              fails = true
            }
          } else {
            fails = true
          }
        case .fork(let first, let second):
          choices.append(Choice(address: second, at: at))
          if choices.count > mostChoices { stepsLeft = 0 }
          address = first
        case .jump(let target): address = target
        case .anchor(let anchor): if holds(anchor, at) { address += 1 } else { fails = true }
        case .look(let end, let isNegative):
          if (run(from: address + 1, at: at, until: end) != nil) != isNegative { address = end } else { fails = true }
        case .lookBehind(let end, let lengths, let isNegative):
          if looksBack(address + 1, end, lengths, at) != isNegative { address = end } else { fails = true }
        case .atomic(let end):
          if let stop = run(from: address + 1, at: at, until: end) {
            at = stop
            address = end
          } else {
            fails = true
          }
        case .mark(let slot):
          choices.append(Choice(address: -1, at: at, slot: slot, mark: marks[slot]))
          if choices.count > mostChoices { stepsLeft = 0 }
          marks[slot] = at
          address += 1
        case .checkProgress(let slot, let exit): address = marks[slot] == at ? exit : address + 1
        case .accept: return at
        }
      }
      guard fails else { continue }
      while let choice = choices.popLast() {
        if choice.slot >= 0 {
          marks[choice.slot] = choice.mark
          continue
        }
        address = choice.address
        at = choice.at
        fails = false
        break
      }
      if fails { return nil }
    }
  }

  private mutating func looksBack(_ address: Int, _ end: Int, _ lengths: ClosedRange<Int>, _ at: Int) -> Bool {
    var start = at
    for length in 0...lengths.upperBound {
      stepsLeft -= 1
      if length >= lengths.lowerBound, run(from: address, at: start, until: end, endingAt: at) != nil { return true }
      if start == 0 { return false }
      start -= decodeScalar(text, before: start).length
    }
    return false
  }

  private func holds(_ anchor: PatternNode.Anchor, _ at: Int) -> Bool {
    func isWord(before: Bool) -> Bool {
      if before { return at > 0 && CharacterClass(decodeScalar(text, before: at).scalar).isPatternWord }
      return at < text.count && CharacterClass(decodeScalar(text, at).scalar).isPatternWord
    }
    switch anchor {
    case .textStart: return at == 0
    case .textEnd: return at == text.count
    case .textEndOrLastBreak: return at == text.count || (at == text.count - 1 && text[at] == 0x0A)
    case .lineStart: return at == 0 || (text[at - 1] == 0x0A && at < text.count)
    case .lineEnd: return at == text.count || text[at] == 0x0A
    case .wordBoundary: return isWord(before: true) != isWord(before: false)
    case .noWordBoundary: return isWord(before: true) == isWord(before: false)
    }
  }
}
