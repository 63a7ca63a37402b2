#if PostgreSQL
  package import Annotations
  internal import Dispatch
  internal import TeacherProtocol

  /// A budget over a store on a server: a row for each teacher, of what was spent and what may be.
  ///
  /// The rows of all teachers that count are locked in the order of their names before one is changed, in one trip to the server: a
  /// worker that dies on the way holds up nobody. Where the answer of a server that was lost on the way is not known, an amount is
  /// booked again and never given back again, so that what was spent is never more than what is booked.
  package final class PostgreSQLBudget: SharedBudget {
    /// What was booked before this was made.
    package let before: Spending
    private let teachers: [String]
    private let queue: DispatchQueue
    private let session: Locked<PostgreSQLSession>

    /// A budget for these teachers together.
    ///
    /// - Throws: an error that says what to do.
    package init(
      _ address: String, of teachers: Set<String>, isDurable: Bool = false, patience: Double = 120
    ) throws {
      let address = try PostgreSQLAddress(address)
      let session = try PostgreSQLSession(address, isDurable: isDurable, patience: patience)
      let names = teachers.sorted()
      before = try session.perform { connection in
        try PostgreSQLSchema.bringUpToDate(connection, place: address.place)
        try connection.run(
          "INSERT INTO distill_spending (teacher) SELECT unnest($1::text[]) ORDER BY 1 ON CONFLICT DO NOTHING",
          [textArray(names.map(withoutZeros))])
        return try Self.sum(connection, names)
      }
      self.teachers = names
      self.session = Locked(session)
      queue = DispatchQueue(label: "PostgreSQLStore budget")
    }

    /// Everything that is booked.
    package func booked() async throws -> Spending {
      try await asynchronously { [teachers] session in try session.perform { try Self.sum($0, teachers) } }
    }

    package func book(
      _ amount: Spending, of teacher: String, limit: SpendingLimit?
    ) async throws -> (exceeded: String, booked: Spending)? {
      try await asynchronously { try self.book(amount, teacher, limit, $0) }
    }

    package func bookAtOnce(
      _ amount: Spending, of teacher: String, limit: SpendingLimit?
    ) throws -> (exceeded: String, booked: Spending)? {
      try session.withLock { try book(amount, teacher, limit, $0) }
    }

    package func giveBack(_ amount: Spending, of teacher: String) async {
      let sql = change(Spending() - amount, teacher)
      try? await asynchronously { session in
        // A connection that was lost long ago is made again before.
        try session.perform { _ = try $0.execute("SELECT 1") }
        try session.perform(repeats: false) { _ = try $0.execute(sql) }
      }
    }

    package func send(
      _ key: String, of teacher: String, estimate: Spending, again: Bool, limit: SpendingLimit
    ) throws -> Bool {
      try session.withLock { session in
        try session.perform { connection in
          try connection.transaction {
            try connection.execute(lock)
            let sent = try connection.rows("SELECT 1 FROM distill_sent WHERE key = $1", [withoutZeros(key)]) { _ in true
            }
            guard again || sent.isEmpty else { return false }
            if let exceeded = limit.exceeded(by: try Self.sum(connection, teachers) + estimate) {
              throw BudgetExhausted(limit: exceeded)
            }
            try connection.execute(change(estimate, teacher))
            try connection.run(
              """
              INSERT INTO distill_sent VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key) DO UPDATE SET teacher = excluded.teacher, \
              requests = excluded.requests, input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens, \
              cost = excluded.cost
              """,
              [
                withoutZeros(key), withoutZeros(teacher), "\(estimate.requests)", "\(estimate.inputTokens)",
                "\(estimate.outputTokens)", "\(estimate.cost)",
              ])
            return true
          }
        }
      }
    }

    package func receive(_ key: String, of teacher: String, _ cost: Spending) throws {
      try session.withLock { session in
        try session.perform { connection in
          try connection.transaction {
            let sent = try connection.rows(
              "DELETE FROM distill_sent WHERE key = $1 RETURNING requests, input_tokens, output_tokens, cost",
              [withoutZeros(key)], Self.spending)
            try connection.execute(change(cost - (sent.first ?? Spending()), teacher))
          }
        }
      }
    }

    private func book(
      _ amount: Spending, _ teacher: String, _ limit: SpendingLimit?, _ session: PostgreSQLSession
    ) throws -> (exceeded: String, booked: Spending)? {
      try session.perform { connection in
        guard let limit else {
          try connection.execute(change(amount, teacher))
          return nil
        }
        let sum = "(SELECT sum(%) FROM distill_spending WHERE teacher IN (\(list)))"
        func within(_ column: String, _ amount: some Any, _ most: (some Any)?) -> String? {
          most.map { "\(sum.replacing("%", with: column)) + \(amount) <= \($0)" }
        }
        // A hair beside the whole, as `SpendingLimit.exceeded` has it.
        let conditions = [
          within("requests", amount.requests, limit.requests),
          within("input_tokens + output_tokens", amount.tokens, limit.tokens),
          within("cost", amount.cost, limit.cost.map { $0 * (1 + 1e-12) }),
        ].compactMap(\.self)
        let condition = conditions.isEmpty ? "" : " AND " + conditions.joined(separator: " AND ")
        // Each statement sees what was booked while it waited for the locks.
        let booked = try connection.execute("\(lock); \(change(amount, teacher))\(condition) RETURNING teacher")
        guard booked.isEmpty else { return nil }
        let there = try Self.sum(connection, teachers)
        return (limit.exceeded(by: there + amount) ?? "the limit", there)
      }
    }

    /// The teachers in a statement.
    private var list: String { teachers.map(literal).joined(separator: ", ") }

    private var lock: String { "SELECT 1 FROM distill_spending WHERE teacher IN (\(list)) ORDER BY teacher FOR UPDATE" }

    private func change(_ amount: Spending, _ teacher: String) -> String {
      """
      UPDATE distill_spending SET requests = requests + (\(amount.requests)), \
      input_tokens = input_tokens + (\(amount.inputTokens)), output_tokens = output_tokens + (\(amount.outputTokens)), \
      cost = cost + (\(amount.cost)) WHERE teacher = \(literal(teacher))
      """
    }

    private static func sum(_ connection: PostgreSQLConnection, _ teachers: [String]) throws -> Spending {
      try connection.rows(
        """
        SELECT sum(requests), sum(input_tokens), sum(output_tokens), sum(cost) FROM distill_spending
        WHERE teacher = ANY ($1::text[])
        """, [textArray(teachers.map(withoutZeros))], spending
      ).first ?? Spending()
    }

    private static func spending(_ row: PostgreSQLRow) -> Spending {
      var spending = Spending()
      (spending.requests, spending.inputTokens) = (row.integer(0) ?? 0, row.integer(1) ?? 0)
      (spending.outputTokens, spending.cost) = (row.integer(2) ?? 0, row.real(3) ?? 0)
      return spending
    }

    private func asynchronously<Result: Sendable>(
      _ body: @escaping @Sendable (PostgreSQLSession) throws -> Result
    ) async throws -> Result {
      try await withCheckedThrowingContinuation { continuation in
        queue.async { [session] in
          continuation.resume(with: .init { try session.withLock { try body($0) } })
        }
      }
    }
  }
#endif
