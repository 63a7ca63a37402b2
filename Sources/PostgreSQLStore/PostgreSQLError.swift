#if PostgreSQL
  /// What a server, or libpq, says went wrong. Neither statements nor values are in it, since replies stay out of messages; and
  /// no password.
  package struct PostgreSQLError: Error, Equatable, CustomStringConvertible {
    /// The five characters of an SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html); empty where the
    /// server gave none.
    package var state = ""
    /// What happened, in a clause.
    package var message: String
    /// What to do about it, in sentences; empty for what the server says by itself.
    package var remedy = ""
    /// Whether the connection is gone, and another may serve.
    package var isLost = false
    /// Whether the address is at fault, and not what it leads to.
    package var isMistake = false
    /// The store, without a password.
    package var place = ""

    /// Whether the same again may succeed: the server goes, comes, has no room, or chose between two that waited for each other.
    var isPassing: Bool {
      isLost || ["40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03"].contains(state)
    }

    /// The store, what happened, and what to do.
    package var description: String {
      let code = state.isEmpty ? "" : " (SQLSTATE \(state))"
      // libpq asks whether the server is running.
      let end = message.last.map { ".?!".contains($0) } == true && code.isEmpty ? "" : "."
      return "\(place): \(message)\(code)\(end)\(remedy.isEmpty ? "" : " \(remedy)")"
    }
  }
#endif
