public import TeacherProtocol

/// A question and what came back.
public struct Exchange: Sendable {
  /// The question.
  public let request: TeacherRequest
  /// The reply.
  public let reply: TeacherReply

  /// An exchange.
  public init(request: TeacherRequest, reply: TeacherReply) {
    self.request = request
    self.reply = reply
  }
}

/// Looks at a teacher's replies and says whether to ask once more, and what.
///
/// ```swift
/// struct AlwaysTwice: ReplyCheck {
///   func followUp(to exchanges: [Exchange]) async throws -> TeacherRequest? {
///     exchanges.count == 1 ? exchanges[0].request : nil
///   }
/// }
/// ```
public protocol ReplyCheck: Sendable {
  /// The next question about the item, or nil where the replies will do.
  ///
  /// - Parameter exchanges: what was asked and answered so far, at least one, in order.
  func followUp(to exchanges: [Exchange]) async throws -> TeacherRequest?
  /// The teacher of that next question; nil, the default, is the one that answered first.
  func respondent(after exchanges: [Exchange]) -> (any Teacher)?
}

extension ReplyCheck {
  /// The teacher that answered first.
  public func respondent(after exchanges: [Exchange]) -> (any Teacher)? { nil }
}

/// Asks again, with more detail, where the teacher is not sure enough.
///
/// ```swift
/// let check = ConfidenceThresholdCheck(
///   threshold: 0.85, details: [try PromptTemplate("{detail}\nIs this a green innovation? Yes or No.")])
/// ```
///
/// Each further question uses the next template, so several steps of detail can stand in a row. A reply without a label, or
/// without a confidence, counts as `unknownConfidence`.
public struct ConfidenceThresholdCheck: ReplyCheck {
  /// Replies below it are asked again, 0...1. The default is 0.85.
  package var threshold: Double
  /// The questions with more detail, in order.
  package var details: [PromptTemplate]
  /// What a reply without a confidence counts as. The default is 0: it is asked again.
  package var unknownConfidence: Double

  /// The check.
  ///
  /// - Precondition: both numbers are within 0...1.
  public init(threshold: Double = 0.85, details: [PromptTemplate], unknownConfidence: Double = 0) {
    precondition(
      (0...1).contains(threshold) && (0...1).contains(unknownConfidence),
      "ConfidenceThresholdCheck: \(threshold) and \(unknownConfidence) must be within 0...1")
    self.threshold = threshold
    self.details = details
    self.unknownConfidence = unknownConfidence
  }

  /// The same question with the next template, where the last reply is not sure enough.
  ///
  /// - Throws: `TeacherProtocolError.unknownSlot`.
  public func followUp(to exchanges: [Exchange]) async throws -> TeacherRequest? {
    guard let last = exchanges.last, exchanges.count <= details.count else { return nil }
    let sure = last.reply.label == nil ? 0 : last.reply.confidence?.value ?? unknownConfidence
    guard sure < threshold else { return nil }
    let files = Dictionary(last.request.images.map { ($0.path, $0.file) }, uniquingKeysWith: { first, _ in first })
    return try TeacherRequest(
      item: last.request.item, template: details[exchanges.count - 1], labels: last.request.labels,
      parameters: last.request.parameters, file: { files[$0] })
  }
}
