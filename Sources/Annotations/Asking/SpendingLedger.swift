package import TeacherProtocol

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
    var nextNumber = 0
    var wasExhausted = false
    /// Of a shared budget.
    var allowance = BudgetAllowance()
  }

  /// The most that may be spent.
  package let limit: SpendingLimit
  private let state = Locked(State())
  private let book: SpendingBook?
  private let shared: (any SharedBudget)?
  /// Takes what people should know of services, or of who else asks them, while they are asked.
  package let tell = Locked<(@Sendable (String) -> Void)?>(nil)

  /// A ledger with nothing spent.
  public init(limit: SpendingLimit = SpendingLimit()) {
    (self.limit, book, shared) = (limit, nil, nil)
  }

  /// A ledger that goes on with what the book says was spent.
  package init(limit: SpendingLimit, book: SpendingBook) {
    (self.limit, self.book, shared) = (limit, book, nil)
  }

  /// A ledger over a budget that workers on many machines share. ``giveBack()`` is to be called at the end.
  package init(limit: SpendingLimit, shared: any SharedBudget) {
    (self.limit, book, self.shared) = (limit, nil, shared)
  }

  /// What was spent so far, since the ledger was made.
  public var spent: Spending { state.withLock { $0.spent } }

  /// What the book said was spent before the ledger was made.
  package var spentBefore: Spending { book?.before ?? shared?.before ?? Spending() }

  /// Whether something was refused since it did not fit into the budget.
  package var wasExhausted: Bool { state.withLock { $0.wasExhausted } }

  /// One question: counts its requests while it is asked.
  final class Entry: RequestMeter {
    let estimate: Spending
    fileprivate let number: Int
    fileprivate let teacher: String
    private let ledger: SpendingLedger
    private let count = Locked(0)
    private let lost = Locked(0)

    fileprivate init(_ estimate: Spending, _ number: Int, of teacher: String, in ledger: SpendingLedger) {
      (self.estimate, self.number, self.teacher) = (estimate, number, teacher)
      self.ledger = ledger
    }

    /// What costs nothing is not booked.
    fileprivate var isBooked: Bool { estimate.requests > 0 }

    /// The first request was booked when the question was admitted; each further one needs room of its own.
    func countRequest() throws {
      let isFirst = count.withLock { count in
        count += 1
        return count == 1
      }
      guard !isFirst else { return }
      do {
        try ledger.countFurtherRequest(of: self)
      } catch {
        count.withLock { $0 -= 1 }
        throw error
      }
    }

    func countLostReply() { lost.withLock { $0 += 1 } }

    func tell(_ words: String) { ledger.tell.withLock { $0 }?("teacher \(teacher): \(words)") }

    var requests: Int { count.withLock { $0 } }
    var lostReplies: Int { lost.withLock { $0 } }
  }

  /// Waits until a question fits into the budget beside the questions under way.
  ///
  /// - Throws: `BudgetExhausted` if it would not fit even with no question under way; an error of the book.
  func admit(_ estimate: Spending, of teacher: String) async throws -> Entry {
    if let shared, estimate.requests > 0 { return try await admit(estimate, of: teacher, to: shared) }
    while true {
      try Task.checkCancellation()
      let admitted: (entry: Entry?, ticket: Int) = try exclusively(books: estimate.requests > 0) { state, others in
        guard let exceeded = limit.exceeded(by: others + state.spent + state.reserved + estimate) else {
          state.nextNumber += 1
          let entry = Entry(estimate, state.nextNumber, of: teacher, in: self)
          if entry.isBooked { try book?.ask(entry.number, of: teacher, estimate: estimate) }
          state.reserved = state.reserved + estimate
          state.underWay += 1
          return (entry, 0)
        }
        guard state.underWay > 0, limit.exceeded(by: others + state.spent + estimate) == nil else {
          state.wasExhausted = true
          throw BudgetExhausted(limit: exceeded)
        }
        state.nextID += 1
        return (nil, state.nextID)
      }
      if let entry = admitted.entry { return entry }
      await wait(admitted.ticket)
    }
  }

  /// The same from what is booked of a shared budget; where that does not suffice, more is booked.
  private func admit(_ estimate: Spending, of teacher: String, to shared: any SharedBudget) async throws -> Entry {
    while true {
      try Task.checkCancellation()
      let (entry, stride) = state.withLock { state -> (Entry?, Int) in
        guard state.allowance.take(estimate, of: teacher) else { return (nil, state.allowance.stride) }
        state.nextNumber += 1
        state.reserved = state.reserved + estimate
        state.underWay += 1
        return (Entry(estimate, state.nextNumber, of: teacher, in: self), 0)
      }
      if let entry { return entry }
      let lack = state.withLock { $0.allowance.lack(of: estimate, times: stride, of: teacher) }
      let refusal = try await shared.book(lack, of: teacher, limit: limit)
      // What is left for another question may suffice for this one.
      if refusal != nil, stride == 1, state.withLock({ $0.allowance.hasRest }) {
        await giveBack(isIdle: false)
        continue
      }
      let ticket: Int? = try state.withLock { state in
        state.allowance.noteExtension(fits: refusal == nil)
        guard let refusal else {
          state.allowance.put(lack, of: teacher)
          return nil
        }
        // Less may fit.
        guard stride == 1 else { return nil }
        guard state.underWay > 0, limit.exceeded(by: refusal.booked - state.reserved + estimate) == nil else {
          state.wasExhausted = true
          throw BudgetExhausted(limit: refusal.exceeded)
        }
        state.nextID += 1
        return state.nextID
      }
      if let ticket { await wait(ticket) }
    }
  }

  /// Gives back what is booked of a shared budget and was not spent.
  ///
  /// - Parameter isIdle: leaves it where questions are under way. The default is true.
  package func giveBack(isIdle: Bool = true) async {
    guard let shared else { return }
    let left = state.withLock { isIdle && $0.underWay > 0 ? [:] : $0.allowance.takeAll() }
    for (teacher, amount) in left where amount != Spending() {
      await shared.giveBack(amount, of: teacher)
    }
  }

  /// The state, and what was spent besides, while nobody else books.
  private func exclusively<Result>(
    books: Bool, _ body: (inout State, _ others: Spending) throws -> Result
  ) throws -> Result {
    try state.withLock { state in
      guard books, let book else { return try body(&state, Spending()) }
      return try book.exclusively { try body(&state, $0) }
    }
  }

  /// Books a question that goes with a batch as estimated, until its result is read.
  ///
  /// - Parameters:
  ///   - key: of the question.
  ///   - again: whether one that went before, and of which no result was read, may go once more.
  /// - Returns: whether it goes.
  /// - Throws: `BudgetExhausted` if it does not fit; an error of the book.
  func send(_ key: String, of teacher: String, estimate: Spending, again: Bool) throws -> Bool {
    if let shared { return try shared.send(key, of: teacher, estimate: estimate, again: again, limit: limit) }
    // The ledger's lock before the book's, as everywhere.
    return try state.withLock { state in
      func admit(_ others: Spending) throws {
        let sum = others + state.spent + state.reserved + estimate
        if let exceeded = limit.exceeded(by: sum) { throw BudgetExhausted(limit: exceeded) }
      }
      if let book { return try book.send(key, of: teacher, estimate: estimate, again: again, admit: admit) }
      try admit(Spending())
      state.spent = state.spent + estimate
      return true
    }
  }

  /// Books what a question that went with a batch cost, whatever the limit says; nothing where it was not answered.
  ///
  /// - Throws: an error of the book.
  func receive(_ key: String, of teacher: String, _ cost: Spending) throws {
    try book?.receive(key, of: teacher, cost)
    try shared?.receive(key, of: teacher, cost)
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
    if entry.isBooked { book?.pay(entry.number, of: entry.teacher, cost) }
    let woken = state.withLock { state in
      state.spent = state.spent + cost
      state.reserved = state.reserved - entry.estimate
      if entry.isBooked, shared != nil { state.allowance.put(entry.estimate - cost, of: entry.teacher) }
      state.underWay -= 1
      defer { state.waiting = [:] }
      return state.waiting.values.map(\.self)
    }
    for continuation in woken { continuation.resume() }
  }

  fileprivate func countFurtherRequest(of entry: Entry) throws {
    if let shared, entry.isBooked { return try countFurtherRequest(of: entry.teacher, to: shared) }
    try exclusively(books: entry.isBooked) { state, others in
      var one = Spending()
      one.requests = 1
      if let exceeded = limit.exceeded(by: others + state.spent + state.reserved + one) {
        state.wasExhausted = true
        throw BudgetExhausted(limit: exceeded)
      }
      if entry.isBooked { try book?.askAgain(entry.number, of: entry.teacher) }
      state.spent.requests += 1
    }
  }

  private func countFurtherRequest(of teacher: String, to shared: any SharedBudget) throws {
    var one = Spending()
    one.requests = 1
    let isThere = state.withLock { state in
      guard state.allowance.take(one, of: teacher) else { return false }
      state.spent.requests += 1
      return true
    }
    guard !isThere else { return }
    let refusal = try shared.bookAtOnce(one, of: teacher, limit: limit)
    try state.withLock { state in
      if let refusal {
        state.wasExhausted = true
        throw BudgetExhausted(limit: refusal.exceeded)
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
