internal import TeacherProtocol

/// A budget on a server, which workers on many machines spend from. What may be spent is booked there before it is.
///
/// A ``SpendingLedger`` over it books ahead where many questions are asked, and gives back what is left. What a process that was
/// killed had booked stays booked: it may have been spent.
package protocol SharedBudget: Sendable {
  /// What was booked before this was made.
  var before: Spending { get }

  /// Books an amount of a teacher's, where all that is booked stays within the limit.
  ///
  /// - Parameter limit: nil books in any case, as where a question cost more than was thought.
  /// - Returns: the limit that would have been exceeded, in words, and what is booked already; nil where it was booked.
  func book(
    _ amount: Spending, of teacher: String, limit: SpendingLimit?
  ) async throws -> (exceeded: String, booked: Spending)?

  /// The same for a caller that can't wait otherwise.
  func bookAtOnce(
    _ amount: Spending, of teacher: String, limit: SpendingLimit?
  ) throws -> (exceeded: String, booked: Spending)?

  /// Gives back what was booked and not spent. What can't be given back stays booked.
  func giveBack(_ amount: Spending, of teacher: String) async

  /// Books a question that goes with a batch as estimated, as ``SpendingLedger/send(_:of:estimate:again:)`` does.
  func send(
    _ key: String, of teacher: String, estimate: Spending, again: Bool, limit: SpendingLimit
  ) throws -> Bool

  /// Books what a question that went with a batch cost, in place of its estimate.
  func receive(_ key: String, of teacher: String, _ cost: Spending) throws
}

/// What a ledger has booked of a shared budget and not spent, by teacher.
struct BudgetAllowance {
  private var free: [String: Spending] = [:]
  /// How many questions are booked at once: more where questions come fast.
  private(set) var stride = 1
  private var lastExtension: ContinuousClock.Instant?

  /// Takes an amount out where it is there whole.
  mutating func take(_ amount: Spending, of teacher: String) -> Bool {
    let rest = (free[teacher] ?? Spending()) - amount
    guard rest.requests >= 0, rest.inputTokens >= 0, rest.outputTokens >= 0, rest.cost >= -1e-9 else { return false }
    free[teacher] = rest
    return true
  }

  /// Puts an amount in, which may be negative: a question that cost more than was thought.
  mutating func put(_ amount: Spending, of teacher: String) { free[teacher] = (free[teacher] ?? Spending()) + amount }

  /// What has to be booked for a question, and for those behind it.
  ///
  /// - Parameter count: for how many questions.
  func lack(of estimate: Spending, times count: Int, of teacher: String) -> Spending {
    let there = free[teacher] ?? Spending()
    var lack = Spending()
    lack.requests = max(0, estimate.requests * count - there.requests)
    lack.inputTokens = max(0, estimate.inputTokens.multipliedSaturated(by: count) - there.inputTokens)
    lack.outputTokens = max(0, estimate.outputTokens.multipliedSaturated(by: count) - there.outputTokens)
    lack.cost = max(0, estimate.cost * Double(count) - there.cost)
    return lack
  }

  /// Notes that something was booked, or that there was no room for so much.
  mutating func noteExtension(fits: Bool) {
    let now = ContinuousClock.now
    let isFast = lastExtension.map { now - $0 < .milliseconds(250) } ?? false
    stride = fits && isFast ? min(2 * stride, Self.most) : max(1, fits ? stride / 2 : 1)
    lastExtension = now
  }

  /// So many questions may be booked and not asked where a process is killed.
  private static let most = 16

  /// Whether something is booked that nobody is asked for now.
  var hasRest: Bool { free.values.contains { $0.requests > 0 || $0.tokens > 0 || $0.cost > 1e-9 } }

  /// Everything that is left, by teacher; nothing is left then.
  mutating func takeAll() -> [String: Spending] {
    defer { free = [:] }
    return free
  }
}
