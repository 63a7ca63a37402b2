import Foundation
package import TeacherProtocol

/// A teacher that is asked within a budget, whose replies are stored before they are used, and that is asked nothing twice.
///
/// ```swift
/// let asker = Asker(gpt, store: store, price: TokenPrice(input: 2.5, output: 10), ledger: ledger)
/// let reply = try await asker.reply(to: request)  // from the store, or asked, paid and kept
/// asker.ledger.spent.cost
/// ```
///
/// An ``Annotator`` asks through it about whole data sets. A method whose next question depends on the last reply uses it as
/// the teacher that it is.
package struct Asker: Teacher {
  /// The teacher that is asked.
  package let teacher: any Teacher
  /// What was spent and may be.
  package let ledger: SpendingLedger
  let price: TokenPrice?
  let store: any AnnotationStore
  private let queue: CommitQueue
  /// How it waits for what other workers ask.
  package var patience = ClaimPatience.system
  private let wasTold = Locked(false)

  /// Why a question is not asked whose reply could not be kept.
  static let readOnlyStore = "the store is read-only, and has no reply to this question"

  /// A teacher with a store and a budget.
  ///
  /// - Parameters:
  ///   - teacher: the teacher that is asked.
  ///   - store: where replies are kept and looked up.
  ///   - price: the price of its tokens. The default is nil: unknown.
  ///   - ledger: the budget, which other askers may share; the default is none.
  package init(
    _ teacher: any Teacher, store: any AnnotationStore, price: TokenPrice? = nil,
    ledger: SpendingLedger = SpendingLedger()
  ) {
    self.init(teacher, store: store, queue: CommitQueue(store), price: price, ledger: ledger)
  }

  init(
    _ teacher: any Teacher, store: any AnnotationStore, queue: CommitQueue, price: TokenPrice?, ledger: SpendingLedger
  ) {
    self.teacher = teacher
    self.store = store
    self.queue = queue
    self.price = price
    self.ledger = ledger
  }

  package var name: String { teacher.name }
  /// The teacher's.
  package var model: String { teacher.model }
  package var answersByItem: Bool { teacher.answersByItem }
  package func particulars(of request: TeacherRequest) -> String { teacher.particulars(of: request) }

  /// The stored reply to a question; where there is none, the question is asked as soon as the budget has room for it.
  ///
  /// Of two replies to one question that came at the same time, both askers return the one that the store kept.
  ///
  /// - Throws: an error of the teacher or the store; `BudgetExhausted` where the question does not fit into the budget;
  ///   `TeacherUnavailable` where the store is read-only.
  package func reply(to request: TeacherRequest) async throws -> TeacherReply {
    let question = OpenQuestion(key: Annotation.key(teacher: teacher, request: request), request: request)
    if let stored = try await stored(question) { return stored }
    guard !store.isReadOnly else { throw TeacherUnavailable(teacher: name, reason: Self.readOnlyStore) }
    let claims = isFree ? nil : store as? any ClaimingStore
    if let claims {
      let isMine = try await claims.claim(question.key, patience: patience) { words in
        if mayTellWhoIsWaitedFor() { tell(words) }
      }
      if !isMine, let stored = try await self.stored(question) { return stored }
    }
    do {
      let entry = try await ledger.admit(estimate(request), of: name)
      let reply = try await answer(to: question, entry)
      try await keep([(question, reply)])
      await ledger.giveBack()
      return try await stored(question) ?? reply
    } catch {
      await claims?.release([question.key])
      await ledger.giveBack()
      throw error
    }
  }

  private func stored(_ question: OpenQuestion) async throws -> TeacherReply? {
    if let kept = try await store.annotations(forKeys: [question.key])[question.key] { return kept.reply }
    let renamed = try await RenamedLabels(teacher: teacher, store: store).replies(to: [question])
    if !store.isReadOnly { try await store.append(renamed) }
    return renamed.first?.reply
  }

  /// Whether nobody was told yet whom is waited for; from now on somebody was.
  func mayTellWhoIsWaitedFor() -> Bool {
    wasTold.withLock { wasTold in
      defer { wasTold = true }
      return !wasTold
    }
  }

  /// Has people know something of the teacher.
  func tell(_ words: String) { ledger.tell.withLock { $0 }?("teacher \(name): \(words)") }

  /// Whether the teacher is a model in this process or a file, and costs nothing.
  var isFree: Bool { teacher is any BatchTeacher }

  /// What a question is thought to cost at most: three bytes a token, 1,500 tokens an image, the longest answers. What a
  /// teacher sends in place of the prompt, its particulars tell.
  func estimate(_ request: TeacherRequest) -> Spending {
    guard !isFree else { return Spending() }
    let parameters = request.parameters
    let turns = parameters.isRepaired ? 2 : 1
    let longest = turns.multipliedSaturated(by: parameters.samples).multipliedSaturated(by: parameters.maximumTokens)
    // What is reserved is taken off again, so that its sum has to be exact.
    let bytes = max(request.prompt.utf8.count, teacher.particulars(of: request).utf8.count)
    let usage = TeacherReply.Usage(
      inputTokens: turns * (bytes / 3 + 64 + 1500 * request.images.count),
      outputTokens: min(longest, TeacherReply.Usage.most))
    return Spending(requests: 1, usage: usage, price: price)
  }

  /// Asks the teacher, and books what it cost where the question was admitted to the ledger.
  ///
  /// - Throws: an error of the teacher.
  func answer(to question: OpenQuestion, _ entry: SpendingLedger.Entry?) async throws -> TeacherReply {
    var request = question.request
    request.meter = entry
    func settle(_ usage: TeacherReply.Usage?, isAnswered: Bool) {
      guard let entry else { return }
      ledger.settle(entry, usage: usage, price: price, isAnswered: isAnswered && !isFree)
    }
    do {
      let reply = try await teacher.reply(to: request)
      settle(reply.usage, isAnswered: true)
      return reply
    } catch {
      settle(nil, isAnswered: false)
      throw error
    }
  }

  /// Returns once the replies are in the store.
  ///
  /// - Throws: an error of the store.
  func keep(_ replies: [(OpenQuestion, TeacherReply)]) async throws {
    try await queue.commit(replies.map { Annotation(of: teacher, to: $0, reply: $1) })
  }
}

extension Annotation {
  /// A reply as it is kept, now. One that names a label for which the question had no room is an outcome of its own kind.
  init(of teacher: any Teacher, to question: OpenQuestion, reply: TeacherReply) {
    var reply = reply
    if let label = reply.label, question.request.labels[label] == nil { reply.outcome = .unknownLabel(label) }
    self.init(
      key: question.key, item: question.request.item.id, teacher: teacher.name, model: teacher.model,
      promptVersion: question.request.promptVersion, reply: reply, time: Date().timeIntervalSince1970,
      question: Question(question.request))
  }
}
