package import TeacherProtocol

/// A teacher whose replies are read as a task says, so that spans are answers like any label.
///
/// The reply's label is then the ``TaskAnswer/key`` of what was read, found in the item's own text; a reply that can't be
/// read stays one, with the reason. Classes are left as the teacher read them.
package struct TaskTeacher: Teacher {
  /// What is asked.
  package let task: LabellingTask
  private let teacher: any Teacher

  /// Reads a teacher's replies as the task says.
  package init(_ teacher: any Teacher, task: LabellingTask) {
    self.teacher = teacher
    self.task = task
  }

  package var name: String { teacher.name }
  /// The teacher's.
  package var model: String { teacher.model }
  package var answersByItem: Bool { teacher.answersByItem }
  package func particulars(of request: TeacherRequest) -> String { teacher.particulars(of: request) }

  /// Asks, and reads the spans.
  package func reply(to request: TeacherRequest) async throws -> TeacherReply {
    var reply = try await teacher.reply(to: request)
    // Of what came in place of words there is nothing to read.
    let wordless = [TeacherReply.Outcome.toolCall, AnswerReader.thoughtsAlone].map(TeacherReply.Outcome.unreadable)
    guard task.kind == .spans, !([.refused, .cutOff] + wordless).contains(reply.outcome) else { return reply }
    do throws(UnreadableAnswer) {
      reply.outcome = .answered(try task.answer(in: reply.raw, about: request.item.text).key)
      reply.confidence = reply.confidence ?? SpanReader(task: task).confidence(in: reply.raw)
    } catch {
      reply.outcome = .unreadable(error.description)
    }
    return reply
  }
}
