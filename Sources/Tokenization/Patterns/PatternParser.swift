/// A regular expression as a tree.
indirect enum PatternNode: Sendable {
  case empty
  case set(ScalarSet)
  case sequence([PatternNode])
  case alternation([PatternNode])
  case repetition(PatternNode, ClosedRange<Int>, Greed)
  case look(PatternNode, isAhead: Bool, isNegative: Bool)
  case atomic(PatternNode)
  case anchor(Anchor)

  enum Greed: Sendable { case greedy, lazy, possessive }
  enum Anchor: Sendable {
    case textStart, textEnd, textEndOrLastBreak, lineStart, lineEnd, wordBoundary, noWordBoundary
  }
}

/// Reads the syntax of Oniguruma, as far as it's supported; everything else is refused where it stands.
struct PatternParser {
  private let pattern: String
  let scalars: [Unicode.Scalar]
  var at = 0
  private var ignoresCase = false
  private var dotMatchesBreaks = false
  var depth = 0
  /// How deep the node that was read last is in groups and repetitions: what walks through nodes is recursive.
  private var height = 0

  /// Split patterns in use have up to 500 characters.
  private static let longestPattern = 5000

  /// Stands for "without bound".
  static let unbounded = Int.max

  init(_ pattern: String) {
    self.pattern = pattern
    scalars = Array(pattern.unicodeScalars)
  }

  static func parse(_ pattern: String) throws -> PatternNode {
    var parser = PatternParser(pattern)
    guard parser.scalars.count <= longestPattern else {
      throw TokenizerError.invalidPattern(
        pattern: String(pattern.prefix(60)) + "…", position: longestPattern,
        reason: "it has more than \(longestPattern) characters")
    }
    let node = try parser.alternation()
    guard parser.at == parser.scalars.count else { throw parser.failure("an unmatched \")\"") }
    return node
  }

  func failure(_ reason: String) -> TokenizerError {
    .invalidPattern(pattern: pattern, position: at, reason: reason)
  }

  var next: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

  mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard at + wanted.count <= scalars.count, scalars[at..<at + wanted.count].elementsEqual(wanted) else {
      return false
    }
    at += wanted.count
    return true
  }

  private mutating func alternation() throws -> PatternNode {
    depth += 1
    defer { depth -= 1 }
    guard depth < 100 else { throw failure("more than 100 nested groups") }
    let outer = (ignoresCase, dotMatchesBreaks)
    defer { (ignoresCase, dotMatchesBreaks) = outer }
    var branches: [PatternNode] = []
    var tallest = 0
    repeat {
      branches.append(try sequence())
      tallest = max(tallest, height)
    } while take("|")
    height = tallest + 1
    return branches.count == 1 ? branches[0] : .alternation(branches)
  }

  private mutating func sequence() throws -> PatternNode {
    var nodes: [PatternNode] = []
    var tallest = 0
    while let scalar = next, scalar != "|", scalar != ")" {
      if take("(?#") {
        while let scalar = next, scalar != ")" { at += scalar == ")" ? 0 : 1 }
        guard take(")") else { throw failure("a comment without end") }
        continue
      }
      height = 0
      let atom = try atom()
      nodes.append(try quantified(atom))
      tallest = max(tallest, height)
    }
    height = tallest
    return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
  }

  private mutating func quantified(_ atom: PatternNode) throws -> PatternNode {
    var node = atom
    while true {
      let range: ClosedRange<Int>
      var isBraced = false
      if take("?") {
        range = 0...1
      } else if take("*") {
        range = 0...Self.unbounded
      } else if take("+") {
        range = 1...Self.unbounded
      } else if next == "{", let braces = try braces() {
        range = braces
        isBraced = true
      } else {
        return node
      }
      if case .anchor = node { throw failure("a repeated anchor") }
      // As in Ruby: after braces a plus is not possessive but repeats once more.
      let greed: PatternNode.Greed = take("?") ? .lazy : !isBraced && take("+") ? .possessive : .greedy
      height += 1
      guard height < 200 else { throw failure("more than 200 groups and repetitions in one another") }
      node = .repetition(node, range, greed)
    }
  }

  /// `{n}`, `{n,}`, `{,n}` or `{n,m}`; nil if the brace is a plain character.
  private mutating func braces() throws -> ClosedRange<Int>? {
    let start = at
    at += 1
    func number() -> Int? {
      var digits = ""
      while let scalar = next, ("0"..."9").contains(scalar), digits.count < 6 {
        digits.unicodeScalars.append(scalar)
        at += 1
      }
      return Int(digits)
    }
    let low = number()
    let hasComma = take(",")
    let high = hasComma ? number() : low
    guard take("}"), low != nil || (hasComma && high != nil) else {
      at = start
      return nil
    }
    let upper = high ?? Self.unbounded
    guard (low ?? 0) <= upper, (low ?? 0) <= 1000, upper <= 1000 || upper == Self.unbounded else {
      throw failure("a repetition outside 0 to 1000")
    }
    return (low ?? 0)...upper
  }

  private mutating func atom() throws -> PatternNode {
    guard let scalar = next else { throw failure("an unexpected end") }
    switch scalar {
    case "(": return try group()
    case "[":
      at += 1
      return .set(try finished(bracket()))
    case ".":
      at += 1
      if dotMatchesBreaks { return .set(ScalarSet(0...0x10FFFF).prepared()) }
      var set = ScalarSet(0x0A)
      set.isNegated = true
      return .set(set.prepared())
    case "^":
      at += 1
      return .anchor(.lineStart)
    case "$":
      at += 1
      return .anchor(.lineEnd)
    case "\\": return try escapedAtom()
    case "*", "+", "?": throw failure("nothing to repeat")
    default:
      at += 1
      return .set(finished(ScalarSet(scalar.value)))
    }
  }

  private func finished(_ set: ScalarSet) -> ScalarSet { (ignoresCase ? set.ignoringCase() : set).prepared() }

  private mutating func group() throws -> PatternNode {
    at += 1
    func closed(_ node: PatternNode) throws -> PatternNode {
      guard take(")") else { throw failure("a group without end") }
      return node
    }
    guard take("?") else { return try closed(alternation()) }
    if take(":") { return try closed(alternation()) }
    if take(">") { return .atomic(try closed(alternation())) }
    if take("=") { return .look(try closed(alternation()), isAhead: true, isNegative: false) }
    if take("!") { return .look(try closed(alternation()), isAhead: true, isNegative: true) }
    if take("<=") { return .look(try closed(alternation()), isAhead: false, isNegative: false) }
    if take("<!") { return .look(try closed(alternation()), isAhead: false, isNegative: true) }
    if take("<") || take("P<") {
      while let scalar = next, scalar != ">" { at += scalar == ">" ? 0 : 1 }
      guard take(">") else { throw failure("a group name without end") }
      return try closed(alternation())
    }
    let outer = (ignoresCase, dotMatchesBreaks)
    var value = true
    while let scalar = next, scalar != ":", scalar != ")" {
      switch scalar {
      case "i": ignoresCase = value
      case "m": dotMatchesBreaks = value
      case "-": value = false
      default: throw failure("the group option \"\(scalar)\", which is not supported")
      }
      at += 1
    }
    if take(")") {
      // The options hold to the end of the enclosing group, whose reader restores them.
      return try alternation()
    }
    guard take(":") else { throw failure("a group without end") }
    let node = try alternation()
    (ignoresCase, dotMatchesBreaks) = outer
    return try closed(node)
  }

  private mutating func escapedAtom() throws -> PatternNode {
    let start = at
    at += 1
    guard let scalar = next else { throw failure("a backslash at the end") }
    let anchors: [Unicode.Scalar: PatternNode.Anchor] = [
      "A": .textStart, "z": .textEnd, "Z": .textEndOrLastBreak, "b": .wordBoundary, "B": .noWordBoundary,
    ]
    if let anchor = anchors[scalar] {
      at += 1
      return .anchor(anchor)
    }
    at = start
    return .set(try finished(escapedSet()))
  }
}
