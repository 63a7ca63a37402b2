public import TeacherProtocol

/// Who voted how on which item: the input of every figure about agreement.
public struct VoteTable: Sendable, Equatable {
  /// Teachers, in the order in which they are reported.
  public let teachers: [String]
  /// Items, in order.
  public let items: [String]
  /// Label of each vote, axes (item, teacher); nil where a teacher has no vote.
  public let votes: [[String?]]

  /// A table.
  ///
  /// - Precondition: one row per item, one column per teacher.
  public init(teachers: [String], items: [String], votes: [[String?]]) {
    precondition(
      votes.count == items.count && votes.allSatisfy { $0.count == teachers.count },
      "VoteTable: \(items.count) items and \(teachers.count) teachers, but \(votes.count) rows of votes")
    self.teachers = teachers
    self.items = items
    self.votes = votes
  }

  /// The votes on each item, in any order; those of teachers that are not named are left out.
  ///
  /// - Precondition: one list of votes per item.
  public init(teachers: [String], items: [String], _ votes: [[Vote]]) {
    self.init(
      teachers: teachers, items: items,
      votes: votes.map { row in
        let labels = Dictionary(row.map { ($0.teacher, $0.label) }, uniquingKeysWith: { first, _ in first })
        return teachers.map { labels[$0] }
      })
  }

  /// The votes of recorded teachers.
  public init(_ replies: RecordedReplies) {
    self.init(
      teachers: replies.teachers, items: replies.items,
      votes: replies.items.map { item in replies.teachers.map { replies.reply(of: $0, on: item)?.label } })
  }

  /// The votes among annotations, teachers and items in the order of their first one.
  public init(_ annotations: [Annotation]) {
    var teachers: [String] = []
    var items: [String] = []
    var labels: [String: [String: String]] = [:]
    var known: Set<String> = []
    for annotation in annotations {
      if known.insert("t" + annotation.teacher).inserted { teachers.append(annotation.teacher) }
      if known.insert("i" + annotation.item).inserted { items.append(annotation.item) }
      if let label = annotation.reply.label { labels[annotation.item, default: [:]][annotation.teacher] = label }
    }
    self.init(teachers: teachers, items: items, votes: items.map { item in teachers.map { labels[item]?[$0] } })
  }
}
