package import TeacherProtocol

/// How many replies of a teacher came to what.
package struct ReplyTally: Sendable, Equatable {
  private var counts: [String: Int] = [:]
  /// Of those with a label, how many ended before their reasons did.
  private var cutReasons = 0
  /// The first of which no label could be read, or else the first that abstains.
  private var example: (item: String, reply: TeacherReply)?

  /// No reply.
  package init() {}

  /// Counts a reply.
  package mutating func add(_ reply: TeacherReply, on item: String) {
    counts[reply.outcome.kind, default: 0] += 1
    if reply.label != nil {
      if reply.isRationaleCut { cutReasons += 1 }
    } else if example == nil || example?.reply.outcome.fault == nil && reply.outcome.fault != nil {
      example = (item, reply)
    }
  }

  /// How many have a label.
  package var answered: Int { counts["answered", default: 0] }
  /// How many there are.
  package var total: Int { counts.values.reduce(0, +) }

  /// The counts in words, those that are none left out; nil for no reply.
  package var words: String? {
    let kinds = [
      ("answered", "answered"), ("cut_off", "cut off"), ("unreadable", "unreadable"),
      ("unknown_label", "with an unknown label"), ("empty", "empty"), ("refused", "refused"),
      ("abstained", "without an opinion"),
    ]
    let parts = kinds.compactMap { kind, words -> String? in
      guard let count = counts[kind] else { return nil }
      return "\(count) \(words)" + (kind == "answered" && cutReasons > 0 ? " (\(cutReasons) with reasons cut off)" : "")
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// The reply of ``example`` in words, led by its item.
  var exampleWords: String? { example.map { "on item '\($0.item)': \"\(ReplyWatch.shown($0.reply.raw))\"" } }

  /// What can be done about replies such as ``example``.
  var remedy: String {
    let raw = example?.reply.raw ?? ""
    switch example?.reply.outcome {
    case .unknownLabel: return "If it is a spelling of a label, add it to that label's aliases"
    case .cutOff where !raw.isEmpty && ReplyThoughts.answer(in: raw, reads: { _ in true }) == nil:
      return "It was still thinking at the limit of its length: raise max_tokens, or have it think less"
    case .unreadable(AnswerReader.endlessThought):
      return "It began to think and stopped without an end of its thought, not at a limit of length: see whether a "
        + "stop text, its chat template or its server ends it, or have it think less"
    case .unreadable(AnswerReader.thoughtsAlone):
      return "It thinks and gives no answer: have its prompt ask for one, or its service not think"
    case .unreadable(TeacherReply.Outcome.toolCall):
      return "It is offered no tools here: see whether its server, a gateway or its chat template offers some"
    default: return "See whether its prompt, answer and max_tokens suit the model"
    }
  }

  /// What people should know where a tenth of the replies or more have no readable label.
  var warning: String? {
    let lacking = total - answered - counts["abstained", default: 0]
    guard lacking > 0, lacking * 10 >= total else { return nil }
    return "\(lacking) of them without a label, the first \(exampleWords ?? ""). \(remedy)"
  }

  package static func == (a: ReplyTally, b: ReplyTally) -> Bool {
    a.counts == b.counts && a.cutReasons == b.cutReasons && a.example?.item == b.example?.item
      && a.example?.reply == b.example?.reply
  }
}

extension AnnotationRun {
  /// What came of each teacher's questions, one line each in the order of the teachers.
  ///
  /// Where a tenth of the replies or more have no readable label, a line after it shows one and says what can be done.
  ///
  /// - Parameter advising: whether to say that, and how many of the replies were there before. The default is true.
  package func closingLines(advising: Bool = true) -> [String] {
    teachers.flatMap { teacher in
      var tally = ReplyTally()
      for annotation in annotations.joined() where annotation.teacher == teacher {
        tally.add(annotation.reply, on: annotation.item)
      }
      let failed = failures.count { $0.teacher == teacher }
      let before = tally.total - askedOf[teacher, default: 0]
      let parts = [
        tally.words, failed > 0 ? "\(failed) without a reply" : nil,
        advising && before > 0 ? "\(before) of them stored before" : nil,
      ]
      let line = "teacher \(teacher): of \(items.count) items \(parts.compactMap(\.self).joined(separator: ", "))"
      return [line] + (advising ? tally.warning.map { ["  " + $0] } ?? [] : [])
    }
  }
}
