/// A part of a text that is split: a match or what lies between two.
struct SplitPart: Equatable {
  var start: Int
  var end: Int
  var isMatch: Bool
}

/// What becomes of the matches when a text is split; "-" in "the-final--countdown" gives
enum SplitBehavior: String {
  /// "the", "final", "countdown"
  case removed = "Removed"
  /// "the", "-", "final", "-", "-", "countdown"
  case isolated = "Isolated"
  /// "the-", "final-", "-", "countdown"
  case mergedWithPrevious = "MergedWithPrevious"
  /// "the", "-final", "-", "-countdown"
  case mergedWithNext = "MergedWithNext"
  /// "the", "-", "final", "--", "countdown"
  case contiguous = "Contiguous"

  /// The parts that are left.
  func apply(to parts: [SplitPart]) -> [SplitPart] {
    switch self {
    case .isolated: return parts
    case .removed: return parts.filter { !$0.isMatch }
    case .mergedWithNext:
      var merged: [SplitPart] = []
      var wasMatch = false
      for part in parts.reversed() {
        if part.isMatch, !wasMatch, !merged.isEmpty {
          merged[merged.count - 1].start = part.start
        } else {
          merged.append(part)
        }
        wasMatch = part.isMatch
      }
      return merged.reversed()
    case .mergedWithPrevious, .contiguous:
      var merged: [SplitPart] = []
      var wasMatch = false
      for part in parts {
        let joins = self == .contiguous ? part.isMatch == wasMatch : part.isMatch && !wasMatch
        if joins, !merged.isEmpty { merged[merged.count - 1].end = part.end } else { merged.append(part) }
        wasMatch = part.isMatch
      }
      return merged
    }
  }
}
