internal import Wording

/// What a file for another tool has no place for, counted by the reason.
struct LeftOut {
  enum Reason: Hashable, CaseIterable {
    // Of replies.
    case noLabel, cut, noProbabilities
    // Of items.
    case unread, oneLabel, tie, noneRight, cutOfPair
  }

  private var counts: [Reason: Int] = [:]

  /// Whether nothing speaks against a reply; what does is counted.
  mutating func keeps(_ annotation: Annotation, _ fault: (Annotation) -> Reason?) -> Bool {
    guard let reason = fault(annotation) else { return true }
    counts[reason, default: 0] += 1
    return false
  }

  /// Counts an item, which gives no rows.
  mutating func drop<Row>(_ reason: Reason) -> [Row] {
    counts[reason, default: 0] += 1
    return []
  }

  /// A line for each reason.
  var lines: [String] {
    Reason.allCases.compactMap { reason in counts[reason].map { Self.line(reason, $0) } }
  }

  private static func line(_ reason: Reason, _ count: Int) -> String {
    let replies = "\(NumberText.grouped(count)) \(count == 1 ? "reply" : "replies")"
    let items = "\(NumberText.grouped(count)) \(count == 1 ? "item" : "items")"
    return switch reason {
    case .noLabel: "\(replies) without a label"
    case .cut: "\(replies) whose reason was cut off (--config writes answers anew, without it)"
    case .noProbabilities: "\(replies) without the probability of every label"
    case .unread: "\(items) without a reply that has a label"
    case .oneLabel: "\(items) whose replies all have the same label, so that there is no pair"
    case .tie: "\(items) of which no label has most of the replies (--truth says what is right)"
    case .noneRight: "\(items) of which no reply has the right label"
    case .cutOfPair: "\(items) of whose right or wrong replies all reasons were cut off (--config writes answers anew)"
    }
  }
}
