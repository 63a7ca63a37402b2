package import TeacherProtocol

/// The votes of all teachers on all items: the input of every figure about agreement.
public struct VoteTable: Sendable, Equatable {
  /// Teachers, in the order in which they are reported.
  public let teachers: [String]
  /// Items, in order.
  package let items: [String]
  /// Label of each vote, axes (item, teacher); nil where a teacher has no vote.
  public let votes: [[String?]]

  /// A table.
  ///
  /// - Precondition: one row per item, one column per teacher.
  package init(teachers: [String], items: [String], votes: [[String?]]) {
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
  package init(teachers: [String], items: [String], _ votes: [[Vote]]) {
    self.init(
      teachers: teachers, items: items,
      votes: votes.map { row in
        let labels = Dictionary(row.map { ($0.teacher, $0.label) }, uniquingKeysWith: { first, _ in first })
        return teachers.map { labels[$0] }
      })
  }

  /// The votes among judgements; teachers are in the order of their names.
  package init(_ judgements: [Judgement]) {
    let votes = judgements.map { $0.annotations.compactMap(\.vote) }
    self.init(
      teachers: Set(votes.flatMap { $0.map(\.teacher) }).sorted(), items: judgements.map(\.item.id), votes)
  }

  /// The votes of recorded teachers, in an order of teachers that does not depend on that of the rows.
  package init(_ replies: RecordedReplies) {
    let teachers = replies.orderedTeachers
    self.init(
      teachers: teachers, items: replies.items,
      votes: replies.items.map { item in teachers.map { replies.reply(of: $0, on: item)?.label } })
  }

  /// The votes among annotations, teachers in the order of their names and items in that of their first one. Of several
  /// votes of a teacher on an item the latest counts.
  package init(_ annotations: [Annotation]) {
    var items: [String] = []
    var latest: [String: [String: Annotation]] = [:]
    var known: Set<String> = []
    for annotation in annotations {
      if known.insert(annotation.item).inserted { items.append(annotation.item) }
      guard annotation.reply.label != nil else { continue }
      let before = latest[annotation.item]?[annotation.teacher]
      if before.map({ ($0.time, $0.key) < (annotation.time, annotation.key) }) ?? true {
        latest[annotation.item, default: [:]][annotation.teacher] = annotation
      }
    }
    let teachers = Set(annotations.map(\.teacher)).sorted()
    self.init(
      teachers: teachers, items: items, votes: items.map { item in teachers.map { latest[item]?[$0]?.reply.label } })
  }

  /// Levels as the table's labels are spelled; those that nobody voted for stay as they are.
  ///
  /// - Throws: `TeacherProtocolError.unknownLabel` for a vote that is none of the levels, `.badLabelSet` for levels that can't
  ///   be told apart.
  package func levels(_ levels: [String]) throws(TeacherProtocolError) -> [String] {
    let set = try LabelSet(levels.map { .init(name: $0) }, ordered: true)
    var spelled: [String: String] = [:]
    for label in Set(votes.joined().compactMap(\.self)).sorted() {
      guard let level = set.label(label) else { throw .unknownLabel(label, known: levels) }
      spelled[level.name] = label
    }
    return levels.map { spelled[$0] ?? $0 }
  }
}
