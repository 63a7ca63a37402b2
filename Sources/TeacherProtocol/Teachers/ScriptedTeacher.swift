/// A teacher that does what a closure or a table says: for tests, examples and rules of thumb.
///
/// ```swift
/// let teacher = ScriptedTeacher("short-sighted", answers: ["a": "No. It is a dog.", "b": "Yes. It is a cat."])
/// ```
public struct ScriptedTeacher: Teacher {
  /// The name of the teacher.
  public let name: String
  /// The model behind the name.
  public let model: String
  /// True for a table, whose answers are found by the item's id.
  public let answersByItem: Bool
  private let script: @Sendable (TeacherRequest) async throws -> TeacherReply

  /// A teacher that asks a closure.
  ///
  /// - Parameters:
  ///   - name: its name.
  ///   - model: changes when the closure would answer otherwise; nil for the name.
  ///   - script: answers a question, or throws.
  public init(
    _ name: String, model: String? = nil, script: @escaping @Sendable (TeacherRequest) async throws -> TeacherReply
  ) {
    self.name = name
    self.model = model ?? name
    answersByItem = false
    self.script = script
  }

  /// A teacher that looks up the text of its answer by the item's id, and abstains where there is none.
  public init(_ name: String, answers: [String: String]) {
    self.name = name
    model = name
    answersByItem = true
    script = { request in
      guard let text = answers[request.item.id] else { return TeacherReply(outcome: .abstained, raw: "") }
      return TeacherReply(reading: text, with: AnswerReader(labels: request.labels))
    }
  }

  /// Asks the script.
  public func reply(to request: TeacherRequest) async throws -> TeacherReply { try await script(request) }
}
