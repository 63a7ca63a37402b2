/// A teacher that answers from a file of earlier replies, by the item's id.
///
/// ```swift
/// let replies = try RecordedReplies(contentsOf: file, labels: labels)
/// let teacher = try RecordedTeacher("gpt", of: replies)
/// ```
public struct RecordedTeacher: BatchTeacher {
  /// The name under which its replies stand in the file.
  public let name: String
  /// Digest of its replies, so that a changed file is read anew.
  public let model: String
  /// True: a reply is found by the item's id.
  public var answersByItem: Bool { true }
  /// Large, because nothing is computed.
  public var batchSize: Int { 1024 }
  private let replies: RecordedReplies

  /// One of the teachers of a file.
  ///
  /// - Throws: ``TeacherProtocolError/noRecordedTeacher(_:file:known:)``.
  public init(_ name: String, of replies: RecordedReplies) throws(TeacherProtocolError) {
    guard replies.teachers.contains(name) else {
      throw .noRecordedTeacher(name, file: replies.file, known: replies.teachers)
    }
    try replies.checkLabels(of: name)
    self.name = name
    self.replies = replies
    model = "recorded-" + replies.digest(of: name)
  }

  /// The recorded reply.
  ///
  /// - Throws: ``TeacherProtocolError/noRecordedReply(teacher:item:file:)``.
  public func reply(to request: TeacherRequest) async throws -> TeacherReply {
    guard let reply = replies.reply(of: name, on: request.item.id) else {
      throw TeacherProtocolError.noRecordedReply(teacher: name, item: request.item.id, file: replies.file)
    }
    return reply
  }

  /// The recorded replies.
  ///
  /// - Throws: ``TeacherProtocolError/noRecordedReply(teacher:item:file:)`` if any is missing.
  public func replies(to requests: [TeacherRequest]) async throws -> [TeacherReply] {
    var found: [TeacherReply] = []
    for request in requests { found.append(try await reply(to: request)) }
    return found
  }
}
