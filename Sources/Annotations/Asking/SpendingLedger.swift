import TeacherProtocol

/// Keeps a budget: books what questions are thought to cost before they are asked, and what they did cost afterwards.
///
/// ```swift
/// let ledger = SpendingLedger(limit: SpendingLimit(requests: 1000, cost: 5))
/// let annotator = try Annotator(store: store, labels: labels, assignments: assignments, ledger: ledger)
/// ```
///
/// A question is admitted only where what was spent, what those under way are thought to cost at most, and its own share
/// stay within the limit. So requests never exceed theirs, and tokens and money only by as much as the questions under way
/// cost more than was thought. Several annotators may share a ledger.
public final class SpendingLedger: Sendable {
  private struct State {
    var spent = Spending()
    var reserved = Spending()
    var underWay = 0
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextID = 0
  }

  /// What may be spent at most.
  public let limit: SpendingLimit
  private let state = Locked(State())

  /// A ledger with nothing spent.
  public init(limit: SpendingLimit = SpendingLimit()) { self.limit = limit }

  /// What was spent so far.
  public var spent: Spending { state.withLock { $0.spent } }

  /// One question: counts its requests while it is asked.
  final class Entry: RequestMeter {
    let estimate: Spending
    private let ledger: SpendingLedger
    private let count = Locked(0)
    private let lost = Locked(0)

    fileprivate init(_ estimate: Spending, in ledger: SpendingLedger) {
      self.estimate = estimate
      self.ledger = ledger
    }

    /// The first request was booked when the question was admitted; each further one needs room of its own.
    func countRequest() throws {
      let isFirst = count.withLock { count in
        count += 1
        return count == 1
      }
      guard !isFirst else { return }
      do {
        try ledger.countFurtherRequest()
      } catch {
        count.withLock { $0 -= 1 }
        throw error
      }
    }

    func countLostReply() { lost.withLock { $0 += 1 } }

    var requests: Int { count.withLock { $0 } }
    var lostReplies: Int { lost.withLock { $0 } }
  }

  /// Waits until a question fits beside those under way.
  ///
  /// - Throws: `BudgetExhausted` where it would not fit beside nothing.
  func admit(_ estimate: Spending) async throws -> Entry {
    while true {
      try Task.checkCancellation()
      let ticket: Int? = try state.withLock { state in
        guard let exceeded = limit.exceeded(by: state.spent + state.reserved + estimate) else {
          state.reserved = state.reserved + estimate
          state.underWay += 1
          return nil
        }
        guard state.underWay > 0, limit.exceeded(by: state.spent + estimate) == nil else {
          throw BudgetExhausted(limit: exceeded)
        }
        state.nextID += 1
        return state.nextID
      }
      guard let ticket else { return Entry(estimate, in: self) }
      await wait(ticket)
    }
  }

  /// Books what a question did cost.
  ///
  /// A reply that was lost is taken to have cost what was thought, and so is an answer of which nobody says.
  func settle(_ entry: Entry, usage: TeacherReply.Usage?, price: TokenPrice?, isAnswered: Bool) {
    let requests = max(entry.requests, isAnswered ? 1 : 0)
    var cost = Spending()
    if let usage {
      cost = Spending(requests: 0, usage: usage, price: price)
    } else if isAnswered {
      cost = entry.estimate
    }
    for _ in 0..<entry.lostReplies { cost = cost + entry.estimate }
    // Further requests were booked when they were sent.
    cost.requests = min(requests, 1)
    let woken = state.withLock { state in
      state.spent = state.spent + cost
      state.reserved = state.reserved - entry.estimate
      state.underWay -= 1
      defer { state.waiting = [:] }
      return state.waiting.values.map(\.self)
    }
    for continuation in woken { continuation.resume() }
  }

  fileprivate func countFurtherRequest() throws {
    try state.withLock { state in
      var one = Spending()
      one.requests = 1
      if let exceeded = limit.exceeded(by: state.spent + state.reserved + one) {
        throw BudgetExhausted(limit: exceeded)
      }
      state.spent.requests += 1
    }
  }

  private func wait(_ ticket: Int) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isLate = state.withLock { state in
          // Between asking and waiting everything may have been settled.
          guard state.underWay > 0, !Task.isCancelled else { return true }
          state.waiting[ticket] = continuation
          return false
        }
        if isLate { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume()
    }
  }
}
