package import TeacherProtocol

extension TeacherReply.Outcome {
  /// The kind as one word, for columns.
  package var kind: String {
    switch self {
    case .answered: "answered"
    case .abstained: "abstained"
    case .unreadable: "unreadable"
    case .unknownLabel: "unknown_label"
    case .empty: "empty"
    case .refused: "refused"
    case .cutOff: "cut_off"
    }
  }

  /// Why an unreadable reply is so, or the label that is none.
  package var reason: String? {
    switch self {
    case .unreadable(let reason), .unknownLabel(let reason): reason
    case .answered, .abstained, .empty, .refused, .cutOff: nil
    }
  }

  /// The outcome of a kind; nil for an unknown one, or an answer without a label.
  package init?(kind: String, label: String?, reason: String?) {
    switch (kind, label) {
    case ("answered", let label?): self = .answered(label)
    case ("abstained", _): self = .abstained
    case ("unreadable", _): self = .unreadable(reason ?? "")
    case ("unknown_label", _): self = .unknownLabel(reason ?? "")
    case ("empty", _): self = .empty
    case ("refused", _): self = .refused
    case ("cut_off", _): self = .cutOff
    default: return nil
    }
  }
}
