/// A source of labels and rationales for items: a service, a model in this process, a file of recorded answers.
///
/// ```swift
/// struct Pessimist: Teacher {
///   let name = "pessimist"
///   func reply(to request: TeacherRequest) async throws -> TeacherReply {
///     TeacherReply(reading: "Yes. It always is.", with: AnswerReader(labels: request.labels))
///   }
/// }
/// ```
///
/// A reply without a label (abstained, unreadable, refused, cut off) is a result and is returned. An error says that
/// there was no reply: that one question failed, or, by ``TeacherUnavailable``, that there is no use in asking on.
/// ``TeacherCheck`` tries a conformer out.
public protocol Teacher: Sendable {
  /// The name under which its votes are counted; unique among the teachers of a run.
  var name: String { get }
  /// The model behind the name, so that another one is asked anew: a served model's name, the digest of the weights.
  /// The default is the name.
  var model: String { get }
  /// Whether a reply depends on the item's id and not on prompt and image alone, as that of a recorded teacher does. The
  /// id is then part of what a reply is remembered by. The default is false.
  var answersByItem: Bool { get }
  /// What else a reply depends on, beyond model, prompt, images, parameters and the labels' names and answers: part of what
  /// it is remembered by. The default is the item's id for a teacher that answers by item, and nothing for others.
  func particulars(of request: TeacherRequest) -> String

  /// Answers one question. Called concurrently.
  func reply(to request: TeacherRequest) async throws -> TeacherReply
}

extension Teacher {
  /// The name.
  public var model: String { name }
  /// False: the same question about another item has the same answer.
  public var answersByItem: Bool { false }
  /// The item's id where the teacher answers by item, else nothing.
  public func particulars(of request: TeacherRequest) -> String { answersByItem ? request.item.id : "" }
}

/// A teacher that answers many questions at once faster than one after the other, as models in this process do.
public protocol BatchTeacher: Teacher {
  /// Most questions worth asking at once. The default is 32.
  var batchSize: Int { get }

  /// Answers the questions in their order, one reply for each.
  func replies(to requests: [TeacherRequest]) async throws -> [TeacherReply]
}

extension BatchTeacher {
  /// 32.
  public var batchSize: Int { 32 }

  /// A batch of one.
  public func reply(to request: TeacherRequest) async throws -> TeacherReply {
    let replies = try await replies(to: [request])
    guard let reply = replies.first, replies.count == 1 else {
      throw TeacherUnavailable(teacher: name, reason: "it gave \(replies.count) replies to one question")
    }
    return reply
  }
}

/// There is no use in asking this teacher on: its key is refused, its quota is used up, its file is gone.
public struct TeacherUnavailable: Error, Sendable, Equatable, CustomStringConvertible {
  /// The teacher's name.
  package let teacher: String
  package let reason: String

  /// A teacher that can't be asked.
  public init(teacher: String, reason: String) {
    self.teacher = teacher
    self.reason = reason
  }

  /// The teacher and the reason.
  public var description: String { "Teacher '\(teacher)' is not asked any more: \(reason)" }
}
