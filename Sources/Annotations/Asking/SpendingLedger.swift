import TeacherProtocol

/// Keeps a budget: reserves the estimated cost of a question before it is asked, and books the actual cost afterwards.
///
/// ```swift
/// let ledger = SpendingLedger(limit: SpendingLimit(requests: 1000, cost: 5))
/// let annotator = try Annotator(store: store, labels: labels, assignments: assignments, ledger: ledger)
/// ```
///
/// A question is admitted only if the amount spent, the greatest estimated cost of the questions under way, and its own
/// estimate stay within the limit together. Requests therefore never exceed their limit; tokens and money exceed theirs
/// only by the difference between actual and estimated cost of the questions under way. Several annotators may share a
/// ledger.
public final class SpendingLedger: Sendable {
  private struct State {
    var spent = Spending()
    var reserved = Spending()
    var underWay = 0
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextID = 0
  }

  /// The most that may be spent.
  package let limit: SpendingLimit
  private let state = Locked(State())

  /// A ledger with nothing spent.
  public init(limit: SpendingLimit = SpendingLimit()) { self.limit = limit }

  /// The spending so far.
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

  /// Waits until a question fits into the budget beside the questions under way.
  ///
  /// - Throws: `BudgetExhausted` if it would not fit even with no question under way.
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

  /// Books the actual cost of a question.
  ///
  /// A lost reply counts with its estimated cost, and so does an answer whose usage is not reported.
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
