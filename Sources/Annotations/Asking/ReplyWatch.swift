package import TeacherProtocol

/// Looks at a teacher's replies as they come, and says it where the first of them have no label: a prompt, a form or a length
/// that does not suit the model is told after ten replies and not after all of them are paid for.
package final class ReplyWatch: Sendable {
  private struct State {
    var tally = ReplyTally()
    var stop: String?
  }

  /// So many replies without a label are told.
  package static let first = 10

  private let teacher: String
  private let stops: Bool
  private let tell: (@Sendable (String) -> Void)?
  private let state = Locked(State())

  /// A watch over one teacher.
  ///
  /// - Parameters:
  ///   - stops: whether nothing more is to be asked then. The default is false.
  ///   - tell: takes the warning.
  package init(_ teacher: String, stops: Bool = false, tell: (@Sendable (String) -> Void)?) {
    (self.teacher, self.stops, self.tell) = (teacher, stops, tell)
  }

  /// What came of the replies so far.
  package var tally: ReplyTally { state.withLock { $0.tally } }
  /// Why nothing more is to be asked; nil where nothing speaks against it.
  package var stop: String? { state.withLock { $0.stop } }

  /// Looks at a reply.
  package func note(_ reply: TeacherReply, on item: String) {
    let warning = state.withLock { state -> String? in
      let before = state.tally.total
      state.tally.add(reply, on: item)
      guard before < Self.first, state.tally.total == Self.first, state.tally.answered == 0 else { return nil }
      let warning = Self.warning(state.tally)
      if stops { state.stop = warning }
      return warning
    }
    if let warning, !stops { tell?("teacher \(teacher): \(warning)") }
  }

  private static func warning(_ tally: ReplyTally) -> String {
    let example = tally.exampleWords.map { "; the one \($0)" } ?? ""
    return "none of its first \(first) replies has a label (\(tally.words ?? ""))\(example). "
      + tally.remedy
  }

  /// The beginning of a reply on one line, for people: no control characters, and nothing that may be a key.
  static func shown(_ text: String) -> String {
    let escaped = text.unicodeScalars.prefix(600).map { scalar -> String in
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .privateUse, .lineSeparator, .paragraphSeparator:
        scalar == "\n" ? "\\n" : scalar == "\t" ? "\\t" : "\\u{\(String(scalar.value, radix: 16))}"
      default: String(scalar)
      }
    }.joined()
    let words = escaped.replacing(/[A-Za-z0-9_\-]{20,}/) { word in
      word.output.contains(where: \.isNumber) ? "[...]" : String(word.output)
    }
    return words.count > 160 ? words.prefix(157) + "..." : words
  }
}

/// A teacher whose replies are watched.
package struct WatchedTeacher: Teacher {
  /// What is seen of its replies.
  package let watch: ReplyWatch
  private let teacher: any Teacher
  private let isWatched: @Sendable (TeacherRequest) -> Bool

  /// A teacher under a watch.
  ///
  /// - Parameter isWatched: whether a question asks for a label.
  package init(_ teacher: any Teacher, watch: ReplyWatch, isWatched: @escaping @Sendable (TeacherRequest) -> Bool) {
    (self.teacher, self.watch, self.isWatched) = (teacher, watch, isWatched)
  }

  package var name: String { teacher.name }
  /// The teacher's.
  package var model: String { teacher.model }
  package var answersByItem: Bool { teacher.answersByItem }
  package func particulars(of request: TeacherRequest) -> String { teacher.particulars(of: request) }

  /// Asks, unless the first replies had no label and that is to stop it.
  package func reply(to request: TeacherRequest) async throws -> TeacherReply {
    if let stop = watch.stop { throw TeacherUnavailable(teacher: name, reason: stop) }
    let reply = try await teacher.reply(to: request)
    if isWatched(request) { watch.note(reply, on: request.item.id) }
    return reply
  }
}
