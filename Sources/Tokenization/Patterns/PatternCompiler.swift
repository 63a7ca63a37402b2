/// Lays a pattern tree out as a program.
struct PatternCompiler {
  let pattern: String
  var program: [RegularExpression.Instruction] = []
  /// Number of loop marks.
  var slots = 0

  /// Counted repetitions are written out; this bounds what a small pattern can grow to.
  private static let longestProgram = 20_000
  /// Parts laid out so far, those included that leave no instruction.
  private var parts = 0

  init(pattern: String) { self.pattern = pattern }

  mutating func compile(_ node: PatternNode) throws {
    parts += 1
    guard program.count < Self.longestProgram, parts <= 2 * Self.longestProgram else {
      throw TokenizerError.invalidPattern(pattern: pattern, position: 0, reason: "it's too large when written out")
    }
    switch node {
    case .empty: break
    case .set(let set): program.append(.set(set))
    case .sequence(let nodes): for node in nodes { try compile(node) }
    case .alternation(let branches): try compile(branches: branches)
    case .anchor(let anchor): program.append(.anchor(anchor))
    case .atomic(let node):
      let start = hold()
      try compile(node)
      program[start] = .atomic(end: program.count)
    case .look(let node, let isAhead, let isNegative):
      let start = hold()
      try compile(node)
      if isAhead {
        program[start] = .look(end: program.count, isNegative: isNegative)
      } else {
        guard let lengths = Self.lengths(of: node), lengths.upperBound <= 255 else {
          throw TokenizerError.invalidPattern(
            pattern: pattern, position: 0, reason: "it looks back over an unbounded stretch, which is not supported")
        }
        program[start] = .lookBehind(end: program.count, lengths: lengths, isNegative: isNegative)
      }
    case .repetition(let node, let range, let greed):
      if greed == .possessive {
        try compile(.atomic(.repetition(node, range, .greedy)))
      } else {
        try compile(repeated: node, range, isLazy: greed == .lazy)
      }
    }
  }

  /// Leaves room for an instruction that is known later.
  private mutating func hold() -> Int {
    program.append(.accept)
    return program.count - 1
  }

  private mutating func compile(branches: [PatternNode]) throws {
    var exits: [Int] = []
    for (i, branch) in branches.enumerated() {
      guard i < branches.count - 1 else {
        try compile(branch)
        break
      }
      let fork = hold()
      try compile(branch)
      exits.append(hold())
      program[fork] = .fork(fork + 1, program.count)
    }
    for exit in exits { program[exit] = .jump(program.count) }
  }

  private mutating func compile(repeated node: PatternNode, _ range: ClosedRange<Int>, isLazy: Bool) throws {
    for _ in 0..<range.lowerBound { try compile(node) }
    func fork(_ at: Int, into first: Int, orElse second: Int) {
      program[at] = isLazy ? .fork(second, first) : .fork(first, second)
    }
    if range.upperBound == PatternParser.unbounded {
      let start = hold()
      // A round that can match nothing must not be repeated for ever.
      let canBeEmpty = Self.leastLength(of: node) == 0
      let slot = slots
      if canBeEmpty {
        slots += 1
        program.append(.mark(slot))
      }
      try compile(node)
      let check = canBeEmpty ? hold() : -1
      program.append(.jump(start))
      if canBeEmpty { program[check] = .checkProgress(slot, exit: program.count) }
      fork(start, into: start + 1, orElse: program.count)
    } else {
      var forks: [Int] = []
      for _ in range.lowerBound..<range.upperBound {
        forks.append(hold())
        try compile(node)
      }
      for at in forks { fork(at, into: at + 1, orElse: program.count) }
    }
  }

  /// 0 if a node can match nothing, else 1.
  static func leastLength(of node: PatternNode) -> Int {
    switch node {
    case .empty, .look, .anchor: return 0
    case .set: return 1
    case .atomic(let node): return leastLength(of: node)
    case .sequence(let nodes): return nodes.contains { leastLength(of: $0) > 0 } ? 1 : 0
    case .alternation(let nodes): return nodes.allSatisfy { leastLength(of: $0) > 0 } ? 1 : 0
    case .repetition(let node, let range, _): return range.lowerBound > 0 ? leastLength(of: node) : 0
    }
  }

  /// The least and the greatest number of characters that a node matches; nil if there is no greatest.
  private static func lengths(of node: PatternNode) -> ClosedRange<Int>? {
    switch node {
    case .empty, .look, .anchor: return 0...0
    case .set: return 1...1
    case .atomic(let node): return lengths(of: node)
    case .sequence(let nodes):
      return nodes.reduce(0...0) { sum, node in
        guard let sum, let next = lengths(of: node) else { return nil }
        return sum.lowerBound + next.lowerBound...sum.upperBound + next.upperBound
      }
    case .alternation(let nodes):
      return nodes.dropFirst().reduce(lengths(of: nodes[0])) { all, node in
        guard let all, let next = lengths(of: node) else { return nil }
        return min(all.lowerBound, next.lowerBound)...max(all.upperBound, next.upperBound)
      }
    case .repetition(let node, let range, _):
      guard let one = lengths(of: node), one.upperBound == 0 || range.upperBound <= 1000 else { return nil }
      if one.upperBound == 0 { return 0...0 }
      let (low, high) = (
        one.lowerBound.multipliedReportingOverflow(by: range.lowerBound),
        one.upperBound.multipliedReportingOverflow(by: range.upperBound)
      )
      return high.overflow ? nil : low.partialValue...high.partialValue
    }
  }
}
