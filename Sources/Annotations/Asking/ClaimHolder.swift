internal import Wording

/// Who is asking what others wait for.
package struct ClaimHolder: Sendable, Equatable {
  /// What people find it by, such as `process 4711`.
  package let name: String
  /// What it is ended by on this machine; nil where it can't be from here.
  package let process: Int32?
  /// Whether it stands still, as after Ctrl-Z, and answers nothing until it goes on.
  package let isStopped: Bool

  /// A holder.
  ///
  /// - Parameters:
  ///   - process: its number, where it is one of this machine. The default is nil.
  ///   - isStopped: whether it stands still, as far as that can be told. The default is false.
  package init(name: String, process: Int32? = nil, isStopped: Bool = false) {
    (self.name, self.process, self.isStopped) = (name, process, isStopped)
  }

  /// What a process says that waits for its questions, and what can be done; nil is a holder of whom nothing is known.
  static func words(_ holder: ClaimHolder?, questions: Int) -> String {
    let waits = "waits for \(NumberText.counted(questions, "question")) that "
    guard let holder else {
      return waits
        + "another process is asking over the same store. If it is stopped, let it go on ('kill -CONT' and its number); "
        + "once it ends, what it did not ask is asked here"
    }
    guard let process = holder.process else {
      return waits + "\(holder.name) is asking over the same store; once it ends, what it did not ask is asked here"
    }
    return holder.isStopped
      ? waits
        + "\(holder.name) is asking over the same store, and it is stopped, as by Ctrl-Z: 'kill -CONT \(process)' lets it go on; "
        + "'kill -KILL \(process)' ends it, and what it did not ask is asked here"
      : waits
        + "\(holder.name) is asking over the same store. If it does nothing any more, 'kill \(process)' ends it, and what it did not "
        + "ask is asked here"
  }
}

/// How long it is waited between two looks at what another worker asks, and when people are told whom it is waited for.
package struct ClaimPatience: Sendable {
  /// The first pause, in seconds; each is twice the one before it, up to a second.
  static let shortest = 0.05
  /// After so many seconds in which nothing came of any of the questions people are told, once: most replies take less.
  static let untold = 30.0

  /// Waits so many seconds.
  package var pause: @Sendable (Double) async throws -> Void

  /// Waits in real time.
  package static let system = ClaimPatience { try await Task.sleep(for: .seconds($0)) }

  /// - Parameter pause: waits so many seconds.
  package init(pause: @escaping @Sendable (Double) async throws -> Void) { self.pause = pause }
}

/// The wait of one who has nothing else to ask: the next pause, and how long nothing has come.
struct ClaimWait: Sendable {
  private(set) var pause = ClaimPatience.shortest
  private var waited = 0.0

  /// Notes a look after ``pause``.
  ///
  /// - Parameter found: whether anything came of what was waited for.
  mutating func look(found: Bool) {
    waited = found ? 0 : waited + pause
    pause = found ? ClaimPatience.shortest : min(2 * pause, 1)
  }

  /// Whether people should know.
  var isLong: Bool { waited >= ClaimPatience.untold }
}
