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
  private var isPrepared = false
  /// How many other sets a look-up may ask besides.
  private(set) var parts = 0
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
      for name in other.named where !named.contains(name) { named.append(name) }
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

  /// The set with its answers for ASCII at hand, and its ranges in order and apart.
  func prepared() -> ScalarSet {
    var set = self
    set.ranges = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = set.ranges.last, range.lowerBound <= last.upperBound {
        set.ranges[set.ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        set.ranges.append(range)
      }
    }
    set.isPrepared = true
    set.joined = joined.map { $0.prepared() }
    set.restrictions = restrictions.map { $0.prepared() }
    set.parts = (set.joined + set.restrictions).reduce(0) { $0 + $1.parts + 1 }
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

  /// Whether a range holds a scalar: by halves once they are in order.
  private func holdsInRanges(_ scalar: UInt32) -> Bool {
    guard isPrepared else { return ranges.contains { $0.contains(scalar) } }
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].lowerBound <= scalar
  }

  private func isMember(_ scalar: UInt32) -> Bool {
    if holdsInRanges(scalar) { return true }
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
