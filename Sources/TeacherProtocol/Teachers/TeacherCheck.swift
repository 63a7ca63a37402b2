/// Tries a teacher out: what every conformer of ``Teacher`` must keep, checked from outside.
///
/// ```swift
/// let problems = await TeacherCheck(requests: requests).problems(of: MyTeacher())
/// #expect(problems.isEmpty)
/// ```
public struct TeacherCheck: Sendable {
  /// The questions that are asked, at least one.
  package let requests: [TeacherRequest]
  /// Whether the same question must get the same answer again, alone, concurrently and in a batch.
  package let expectsSameAnswers: Bool

  /// A check with these questions.
  ///
  /// - Precondition: there is at least one question.
  public init(requests: [TeacherRequest], expectsSameAnswers: Bool = true) {
    precondition(!requests.isEmpty, "TeacherCheck: there must be at least one question")
    self.requests = requests
    self.expectsSameAnswers = expectsSameAnswers
  }

  /// The teacher's faults; empty where it keeps everything.
  ///
  /// Checked: name and model are not blank and do not change; labels are of the request's set; seconds and usage are not
  /// negative; an answered reply has a raw text; a batch has one reply per question in their order, also for no question;
  /// and, where same answers are expected, asking alone, concurrently and in a batch give the same outcome.
  public func problems(of teacher: any Teacher) async -> [String] {
    var problems: [String] = []
    let (name, model) = (teacher.name, teacher.model)
    if name.allSatisfy(\.isWhitespace) { problems.append("the name is blank") }
    if model.allSatisfy(\.isWhitespace) { problems.append("the model is blank") }
    var alone: [TeacherReply] = []
    do {
      for request in requests {
        let reply = try await teacher.reply(to: request)
        problems += Self.problems(of: reply, to: request)
        alone.append(reply)
      }
      problems += compare("asked concurrently", try await concurrently(teacher), with: alone)
      if let batch = teacher as? any BatchTeacher {
        problems += compare("asked in a batch", try await batch.replies(to: requests), with: alone)
        let none = try await batch.replies(to: [])
        if !none.isEmpty { problems.append("\(none.count) replies to no question") }
        if batch.batchSize < 1 { problems.append("the batch size is \(batch.batchSize)") }
      }
    } catch {
      problems.append("it threw: \(error)")
    }
    if teacher.name != name || teacher.model != model { problems.append("name or model changed while it was asked") }
    return problems
  }

  private func concurrently(_ teacher: any Teacher) async throws -> [TeacherReply] {
    try await withThrowingTaskGroup(of: (Int, TeacherReply).self) { group in
      for (i, request) in requests.enumerated() {
        group.addTask { (i, try await teacher.reply(to: request)) }
      }
      var replies: [Int: TeacherReply] = [:]
      for try await (i, reply) in group { replies[i] = reply }
      return requests.indices.compactMap { replies[$0] }
    }
  }

  private func compare(_ how: String, _ replies: [TeacherReply], with alone: [TeacherReply]) -> [String] {
    guard replies.count == requests.count else {
      return ["\(how): \(replies.count) replies to \(requests.count) questions"]
    }
    guard expectsSameAnswers else { return [] }
    return requests.indices.filter { replies[$0].outcome != alone[$0].outcome }.map {
      "\(how), item '\(requests[$0].item.id)' got \(replies[$0].outcome), and alone \(alone[$0].outcome)"
    }
  }

  private static func problems(of reply: TeacherReply, to request: TeacherRequest) -> [String] {
    var problems: [String] = []
    let item = "item '\(request.item.id)'"
    if let label = reply.label {
      if request.labels[label] == nil { problems.append("\(item): '\(label)' is none of \(request.labels.names)") }
      if reply.raw.isEmpty { problems.append("\(item): answered, and the raw text is empty") }
    }
    if !(reply.seconds >= 0) { problems.append("\(item): \(reply.seconds) seconds") }
    if let usage = reply.usage, usage.inputTokens < 0 || usage.outputTokens < 0 {
      problems.append("\(item): a negative usage")
    }
    return problems
  }
}
