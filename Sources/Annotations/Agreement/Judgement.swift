public import TeacherProtocol

/// The replies of all teachers about one item, and the verdict of an agreement rule.
public struct Judgement: Sendable {
  /// The item.
  public let item: Item
  /// Every reply, also those that are no vote, in the order of the teachers.
  public let annotations: [Annotation]
  /// The verdict.
  public let verdict: Verdict

  /// The judgement of a rule.
  public init(item: Item, annotations: [Annotation], rule: any AgreementRule) {
    self.item = item
    self.annotations = annotations
    verdict = rule.verdict(on: annotations.compactMap(\.vote))
  }

  /// The pseudo-label; nil unless the teachers agree.
  public var label: String? {
    if case .agreed(let label) = verdict { label } else { nil }
  }

  /// The conflict; nil unless there is one.
  public var conflict: Conflict? {
    verdict == .conflict ? Conflict(item: item, annotations: annotations) : nil
  }
}

/// An item on which teachers do not agree: where a human label teaches most.
public struct Conflict: Sendable, Equatable {
  /// The item.
  public let item: Item
  /// Every reply, also those that are no vote, in the order of the teachers.
  public let annotations: [Annotation]

  /// A conflict.
  public init(item: Item, annotations: [Annotation]) {
    self.item = item
    self.annotations = annotations
  }

  /// The votes, in the order of the teachers.
  public var votes: [Vote] { annotations.compactMap(\.vote) }
}
