/// A set of scalars as a regular expression names it: ranges, general categories and classes, possibly negated.
struct ScalarSet: Sendable {
  /// A class that isn't a union of categories.
  enum Named: Sendable {
    case whitespace
    case word
    /// A word character as Oniguruma sees it inside brackets, where the six superscripts and fractions below U+0100 are
    /// none.
    case wordInBrackets
  }

  private var ranges: [ClosedRange<UInt32>] = []
  private var categories: UInt32 = 0
  private var named: [Named] = []
  /// Sets whose members also belong here.
  private var joined: [ScalarSet] = []
  /// Sets to which all members must belong besides.
  private var restrictions: [ScalarSet] = []
  var isNegated = false
  /// The answer for ASCII, filled by ``prepared()``.
  private var ascii: (low: UInt64, high: UInt64) = (0, 0)

  init() {}
  init(_ range: ClosedRange<UInt32>) { ranges = [range] }
  init(_ scalar: UInt32) { ranges = [scalar...scalar] }
  init(categories: UInt32) { self.categories = categories }
  init(_ class: Named) { named = [`class`] }

  mutating func add(_ range: ClosedRange<UInt32>) { ranges.append(range) }

  mutating func add(_ other: ScalarSet) {
    if other.isNegated || !other.restrictions.isEmpty {
      joined.append(other)
    } else {
      ranges += other.ranges
      categories |= other.categories
      named += other.named
      joined += other.joined
    }
  }

  mutating func restrict(to other: ScalarSet) { restrictions.append(other) }

  /// The set with the other cases of its members, as far as these are single scalars.
  func ignoringCase() -> ScalarSet {
    var set = self
    set.isNegated = false
    // The long s and the final sigma have the capital of another letter.
    let pairs = Lowercase.pairs + [(0x17F, 0x73), (0x17F, 0x53), (0x3C2, 0x3C3), (0x3C2, 0x3A3)]
    for (a, b) in pairs {
      if containsSlowly(a, ignoringNegation: true) { set.ranges.append(b...b) }
      if containsSlowly(b, ignoringNegation: true) { set.ranges.append(a...a) }
    }
    set.isNegated = isNegated
    return set
  }

  /// The set with its answers for ASCII at hand.
  func prepared() -> ScalarSet {
    var set = self
    set.ranges.sort { $0.lowerBound < $1.lowerBound }
    for scalar in UInt32(0)..<128 where containsSlowly(scalar) {
      if scalar < 64 { set.ascii.low |= 1 << UInt64(scalar) } else { set.ascii.high |= 1 << UInt64(scalar - 64) }
    }
    return set
  }

  /// Whether a scalar belongs to the set, which must be ``prepared()``.
  @inline(__always) func contains(_ scalar: UInt32) -> Bool {
    if scalar < 64 { return ascii.low >> UInt64(scalar) & 1 == 1 }
    if scalar < 128 { return ascii.high >> UInt64(scalar - 64) & 1 == 1 }
    return containsSlowly(scalar)
  }

  func containsSlowly(_ scalar: UInt32, ignoringNegation: Bool = false) -> Bool {
    (isMember(scalar) && restrictions.allSatisfy { $0.containsSlowly(scalar) }) != (isNegated && !ignoringNegation)
  }

  private func isMember(_ scalar: UInt32) -> Bool {
    if ranges.contains(where: { $0.contains(scalar) }) { return true }
    let type = CharacterClass(scalar)
    if categories >> UInt32(type.bits & 31) & 1 == 1 { return true }
    for name in named {
      switch name {
      case .whitespace: if type.isWhitespace { return true }
      case .word: if type.isPatternWord { return true }
      case .wordInBrackets: if type.isPatternWord, scalar > 0xFF || type.category != .otherNumber { return true }
      }
    }
    return joined.contains { $0.containsSlowly(scalar) }
  }
}
