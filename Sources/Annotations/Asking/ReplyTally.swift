package import TeacherProtocol

/// How many replies of a teacher came to what.
package struct ReplyTally: Sendable, Equatable {
  private var counts: [String: Int] = [:]
  /// Of those with a label, how many ended before their reasons did.
  private var cutReasons = 0
  /// One without a label, the first: its item, and its text as it came.
  private(set) var example: (item: String, text: String)?

  /// No reply.
  package init() {}

  /// Counts a reply.
  package mutating func add(_ reply: TeacherReply, on item: String) {
    counts[reply.outcome.kind, default: 0] += 1
    if reply.label != nil {
      if reply.isRationaleCut { cutReasons += 1 }
    } else if example == nil {
      example = (item, reply.raw)
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

  package static func == (a: ReplyTally, b: ReplyTally) -> Bool {
    a.counts == b.counts && a.cutReasons == b.cutReasons && a.example?.item == b.example?.item
      && a.example?.text == b.example?.text
  }
}

extension AnnotationRun {
  /// What came of each teacher's questions, one line each in the order of the teachers.
  ///
  /// - Parameter stored: whether to say how many of the replies were there before. The default is true.
  package func closingLines(stored: Bool = true) -> [String] {
    teachers.map { teacher in
      var tally = ReplyTally()
      for annotation in annotations.joined() where annotation.teacher == teacher {
        tally.add(annotation.reply, on: annotation.item)
      }
      let failed = failures.count { $0.teacher == teacher }
      let before = tally.total - askedOf[teacher, default: 0]
      let parts = [
        tally.words, failed > 0 ? "\(failed) without a reply" : nil,
        stored && before > 0 ? "\(before) of them stored before" : nil,
      ]
      return "teacher \(teacher): of \(items.count) items \(parts.compactMap(\.self).joined(separator: ", "))"
    }
  }
}
