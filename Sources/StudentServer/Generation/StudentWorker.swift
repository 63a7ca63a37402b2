internal import Foundation
internal import StudentModels
internal import Synchronization

/// The one thread on which a served student computes, and the queue before it.
///
/// Arithmetic would hold Swift's cooperative threads, of which there is one a core. What comes while answers are written
/// joins them between two tokens, first come first served; more than `waiting` requests are turned away.
final class StudentWorker: Sendable {
  private let queue: Queue

  /// Starts the thread; it ends with the worker.
  ///
  /// - Parameters:
  ///   - student: what writes answers; nil where nothing is written.
  ///   - waiting: the most requests that wait behind those that are being answered.
  ///   - limits: of what is being answered.
  init(_ student: (any PretrainedStudent)?, waiting: Int, limits: AnswersUnderWay.Limits) {
    let queue = Queue(limit: waiting)
    self.queue = queue
    let thread = Thread { queue.work(student.map { AnswersUnderWay($0, limits: limits) }) }
    thread.stackSize = 16 << 20  // attention keeps its tiles on the stack
    thread.name = "student"
    thread.start()
  }

  deinit { queue.close() }

  /// Requests that wait behind those that are being answered.
  var waiting: Int { queue.count }

  /// Answers what waits with 503, and so whatever comes until ``admit()``.
  func refuse() { queue.refuse() }

  /// Takes requests again.
  func admit() { queue.admit() }

  /// Prepares a request on the thread, has it answered there, and waits for the first result alone. What waits when its task
  /// is cancelled never begins.
  ///
  /// - Parameters:
  ///   - wanted: goes down when the task is cancelled.
  ///   - body: gives what is to be written, or nil; it or that hands the result on, exactly once.
  /// - Throws: what is handed on; `CancellationError`; a ``ChatError`` with status 429 where too many wait, with 503
  ///   by ``refuse()``.
  func start<Output: Sendable>(
    _ wanted: Flag,
    _ body: @escaping @Sendable (_ ready: @escaping @Sendable (Result<Output, any Error>) -> Void) -> ChatWriting?
  ) async throws -> Output {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let job = Job(wanted: wanted) {
          continuation.resume(throwing: $0)
        } prepare: {
          body { continuation.resume(with: $0) }
        }
        if let fault = queue.add(job) { job.refuse(fault) }
      }
    } onCancel: {
      wanted.lower()
      queue.sweep()
    }
  }
}

/// Something that is so until it is not.
final class Flag: Sendable {
  private let value = Atomic(true)
  var isUp: Bool { value.load(ordering: .relaxed) }
  func lower() { value.store(false, ordering: .relaxed) }

  /// Throws where it is down.
  func check() throws { if !isUp { throw CancellationError() } }
}

private struct Job: Sendable {
  let wanted: Flag
  /// Says why it is not done.
  let refuse: @Sendable (any Error) -> Void
  /// What is to be written; nil where that can't be.
  let prepare: @Sendable () -> ChatWriting?
}

/// Work in order of arrival. What is mutable is touched under the lock alone.
private final class Queue: @unchecked Sendable {
  private let condition = NSCondition()
  private let limit: Int
  private var jobs: [Job] = []
  private var isClosed = false
  /// Whether nothing is taken for now.
  private var isRefusing = false

  init(limit: Int) { self.limit = limit }

  var count: Int { condition.withLock { jobs.count } }

  /// Nil, or why it is not taken.
  func add(_ job: Job) -> (any Error)? {
    condition.withLock {
      guard job.wanted.isUp else { return CancellationError() }
      guard !isRefusing else { return ChatError.ending }
      guard jobs.count < limit else { return ChatError.tooMany }
      jobs.append(job)
      condition.signal()
      return nil
    }
  }

  func close() {
    condition.withLock {
      isClosed = true
      condition.signal()
    }
  }

  func refuse() {
    let waiting = condition.withLock {
      isRefusing = true
      defer { jobs = [] }
      return jobs
    }
    for job in waiting { job.refuse(ChatError.ending) }
  }

  func admit() { condition.withLock { isRefusing = false } }

  /// Takes out what is not wanted any more.
  func sweep() {
    let unwanted = condition.withLock {
      // Each is looked at once: another flag may go down meanwhile, whose job would be taken out by a second look and never
      // be refused.
      let (all, wanted) = (jobs, jobs.map(\.wanted.isUp))
      jobs = zip(all, wanted).filter(\.1).map(\.0)
      return zip(all, wanted).filter { !$0.1 }.map(\.0)
    }
    for job in unwanted { job.refuse(CancellationError()) }
  }

  /// Works until it is closed and nothing is left.
  func work(_ answers: consuming AnswersUnderWay?) {
    while true {
      var read = 0
      while read < tokensOfATurn, answers?.takesMore ?? true, let job = next(waits: answers?.isEmpty ?? true) {
        guard job.wanted.isUp else {
          job.refuse(CancellationError())
          continue
        }
        guard let request = job.prepare() else { continue }
        read += request.promptTokens
        answers?.add(request)
      }
      if answers?.isEmpty ?? true { if isOver { return } } else { answers?.writeOn() }
    }
  }

  private var isOver: Bool { condition.withLock { isClosed && jobs.isEmpty } }

  /// - Parameter waits: until there is one, or none will come.
  private func next(waits: Bool) -> Job? {
    condition.withLock {
      while waits && jobs.isEmpty && !isClosed { condition.wait() }
      return jobs.isEmpty ? nil : jobs.removeFirst()
    }
  }
}

/// Prompts are read between two tokens of the answers under way until they have so many tokens: each further one would hold
/// these up.
private let tokensOfATurn = 512
