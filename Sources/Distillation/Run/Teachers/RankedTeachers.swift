internal import Annotations
internal import DistillationConfiguration
internal import Foundation
package import Layers
package import TeacherProtocol
internal import Training

/// A teacher whose replies are computed in this process.
package protocol ComputedTeacher: BatchTeacher {
  /// As ``BatchTeacher/replies(to:)``, on this thread.
  func answers(to requests: [TeacherRequest]) throws -> [TeacherReply]
}

/// Questions that rank 0 has all ranks answer: it alone has the store, and knows what is asked.
struct TeacherOrder: Codable {
  struct Question: Codable {
    struct Image: Codable {
      var path: String
      var url: URL
      var digest: String
      var place: Int
    }

    var item: String
    var prompt: String
    var promptVersion: String
    var images: [Image]
    var parameters: TeacherParameters
  }

  var teacher: String
  /// What the weights are remembered by, which must be those of every rank.
  var model: String
  /// Questions that are computed together, as one process computes them.
  var calls: [[Question]]

  init(_ calls: [[TeacherRequest]], to teacher: any ComputedTeacher) {
    (self.teacher, model) = (teacher.name, teacher.model)
    self.calls = calls.map { $0.map(Question.init) }
  }

  /// The questions; the labels are those of every rank's configuration.
  func requests(_ labels: LabelSet) -> [[TeacherRequest]] { calls.map { $0.map { $0.request(labels) } } }
}

extension TeacherOrder.Question {
  fileprivate init(_ request: TeacherRequest) {
    (item, prompt, promptVersion) = (request.item.id, request.prompt, request.promptVersion)
    images = request.images.map { Image(path: $0.path, url: $0.file.url, digest: $0.file.digest, place: $0.place) }
    parameters = request.parameters
  }

  fileprivate func request(_ labels: LabelSet) -> TeacherRequest {
    TeacherRequest(
      item: Item(id: item, fields: [:]), prompt: prompt, promptVersion: promptVersion,
      images: images.map {
        .init(path: $0.path, file: ImageReference(url: $0.url, digest: $0.digest), place: $0.place)
      }, labels: labels, parameters: parameters)
  }
}

/// What came of a call, for messages between ranks.
private enum CallOutcome: Codable {
  case answered([Reply])
  case unavailable(String)
  case failed(String)

  struct Reply: Codable {
    var kind: String
    var label: String?
    var reason: String?
    var rationale: String
    var isRationaleCut: Bool
    var confidence: Confidence?
    var probabilities: [String: Double]
    var raw: String
    var usage: TeacherReply.Usage?

    init(_ reply: TeacherReply) {
      (kind, label, reason) = (reply.outcome.kind, reply.label, reply.outcome.reason)
      (rationale, isRationaleCut) = (reply.rationale, reply.isRationaleCut)
      (confidence, probabilities) = (reply.confidence, reply.probabilities)
      (raw, usage) = (reply.raw, reply.usage)
    }

    var reply: TeacherReply {
      var reply = TeacherReply(
        outcome: .init(kind: kind, label: label, reason: reason) ?? .empty, rationale: rationale,
        confidence: confidence, raw: raw, usage: usage)
      (reply.isRationaleCut, reply.probabilities) = (isRationaleCut, probabilities)
      return reply
    }
  }

  init(_ body: () throws -> [TeacherReply]) {
    do { self = .answered(try body().map(Reply.init)) } catch let error as TeacherUnavailable {
      self = .unavailable(error.reason)
    } catch { self = .failed("\(error)") }
  }

  func result(of teacher: String) -> Result<[TeacherReply], any Error> {
    switch self {
    case .answered(let replies): .success(replies.map(\.reply))
    case .unavailable(let reason): .failure(TeacherUnavailable(teacher: teacher, reason: reason))
    case .failed(let reason): .failure(FailedCall(description: reason))
    }
  }
}

/// An error of a teacher in the words of the rank that it happened to.
private struct FailedCall: Error, CustomStringConvertible {
  let description: String
}

extension Ranks {
  /// What comes of each call, which is computed by one rank, as a whole: replies have the bits that one process gives them.
  package func replies(
    to calls: [[TeacherRequest]], of teacher: any ComputedTeacher
  ) throws -> [Result<[TeacherReply], any Error>] {
    let encoder = PropertyListEncoder()
    encoder.outputFormat = .binary
    let all = try dealt(calls.count, "a teacher's replies") { own in
      try mapInParallel(own) { call in CallOutcome { try teacher.answers(to: calls[call]) } }.map {
        [UInt8](try encoder.encode([$0]))
      }
    }
    return try all.flatMap {
      try PropertyListDecoder().decode([CallOutcome].self, from: Data($0)).map { $0.result(of: teacher.name) }
    }
  }

  /// Carries out an order as a rank other than the first.
  func carryOut(_ order: TeacherOrder, by teacher: any ComputedTeacher, _ labels: LabelSet) throws {
    guard teacher.model == order.model else {
      throw RanksError.differ([
        "the weights of teacher '\(teacher.name)' of rank \(own): \(teacher.model); of rank 0: \(order.model)"
      ])
    }
    _ = try replies(to: order.requests(labels), of: teacher)
  }
}

/// A teacher in this process whose batches all ranks compute, each those questions together that one process would.
struct RankedTeacher: BatchTeacher {
  private let teacher: any ComputedTeacher
  private let conductor: TeacherConductor
  /// Replies of a batch of which other calls failed, by their keys: what failed is then asked one by one.
  private let kept = Locked<[String: TeacherReply]>([:])

  init(_ teacher: any ComputedTeacher, _ conductor: TeacherConductor) {
    (self.teacher, self.conductor) = (teacher, conductor)
  }

  var name: String { teacher.name }
  var model: String { teacher.model }
  var answersByItem: Bool { teacher.answersByItem }
  func particulars(of request: TeacherRequest) -> String { teacher.particulars(of: request) }
  /// A call for each rank.
  var batchSize: Int { teacher.batchSize * conductor.ranks.count }

  func replies(to requests: [TeacherRequest]) async throws -> [TeacherReply] {
    let calls = requests.batches(of: teacher.batchSize)
    if requests.count == 1, let reply = kept.withLock({ $0.removeValue(forKey: key(requests[0])) }) { return [reply] }
    guard calls.count > 1 else { return try await teacher.replies(to: requests) }
    let results = try await conductor.replies(to: calls, of: teacher)
    do { return try results.flatMap { try $0.get() } } catch {
      let whole = zip(calls, results).flatMap { call, result in
        (try? result.get()).map { Array(zip(call.map(key), $0)) } ?? []
      }
      kept.withLock { $0 = Dictionary(whole) { first, _ in first } }
      throw error
    }
  }

  private func key(_ request: TeacherRequest) -> String { Annotation.key(teacher: teacher, request: request) }
}

/// A teacher in this process that is asked one question at a time by several tasks: what they ask while others are answered is
/// dealt out to the ranks next, each question computed by itself.
final class RankedAsking: Teacher {
  private typealias Waiting = (request: TeacherRequest, continuation: CheckedContinuation<TeacherReply, any Error>)

  private let teacher: any ComputedTeacher
  private let conductor: TeacherConductor
  private let queue = Locked<(waiting: [Waiting], isServed: Bool)>(([], false))

  init(_ teacher: any ComputedTeacher, _ conductor: TeacherConductor) {
    (self.teacher, self.conductor) = (teacher, conductor)
  }

  var name: String { teacher.name }
  var model: String { teacher.model }
  var answersByItem: Bool { teacher.answersByItem }
  func particulars(of request: TeacherRequest) -> String { teacher.particulars(of: request) }

  func reply(to request: TeacherRequest) async throws -> TeacherReply {
    try await withCheckedThrowingContinuation { continuation in
      let isServed = queue.withLock { queue in
        queue.waiting.append((request, continuation))
        defer { queue.isServed = true }
        return queue.isServed
      }
      if !isServed { Task { await serve() } }
    }
  }

  private func serve() async {
    while true {
      let next = queue.withLock { queue in
        defer { (queue.waiting, queue.isServed) = ([], !queue.waiting.isEmpty) }
        return queue.waiting
      }
      guard !next.isEmpty else { return }
      do {
        let results = try await results(next.map { [$0.request] })
        for (question, result) in zip(next, results) { question.continuation.resume(with: result.map { $0[0] }) }
      } catch {
        for question in next { question.continuation.resume(throwing: error) }
      }
    }
  }

  /// A single question is not worth a message.
  private func results(_ calls: [[TeacherRequest]]) async throws -> [Result<[TeacherReply], any Error>] {
    guard calls.count == 1 else { return try await conductor.replies(to: calls, of: teacher) }
    return [.success(try await teacher.replies(to: calls[0]))]
  }
}

extension DistillationRun {
  /// Gives orders while rank 0 gathers replies.
  var teacherConductor: TeacherConductor {
    TeacherConductor(ranks) { [ranks] order in
      let encoder = PropertyListEncoder()
      encoder.outputFormat = .binary
      _ = try ranks.ofFirst(
        { try order.map { [UInt8](try encoder.encode($0)) } ?? [] }, "the teachers' next questions")
    }
  }

  /// Answers what rank 0 has asked of teachers in this process, until it asks no more.
  func assist(_ labels: LabelSet) throws {
    var teachers: [String: any ComputedTeacher] = [:]
    while true {
      let bytes = try ranks.ofFirst({ [] }, "the teachers' next questions")
      guard !bytes.isEmpty else { return }
      let order = try PropertyListDecoder().decode(TeacherOrder.self, from: Data(bytes))
      let known = try teachers[order.teacher] ?? computedTeacher(order.teacher, labels)
      teachers[order.teacher] = known
      try ranks.carryOut(order, by: known, labels)
    }
  }

  private func computedTeacher(_ name: String, _ labels: LabelSet) throws -> any ComputedTeacher {
    guard let entry = configuration.teachers.first(where: { $0.name == name }),
      let teacher = try RunTeachers.computed(entry, configuration, labels, RunRules(of: folder), folder)
    else { throw RanksError.broken("teacher '\(name)' is not one of this rank's process") }
    return teacher.teacher
  }
}
