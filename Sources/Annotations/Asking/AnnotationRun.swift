public import TeacherProtocol

/// The result of an annotator: replies, failures and spending.
public struct AnnotationRun: Sendable {
  /// A question without a reply.
  public struct Failure: Sendable, Equatable, CustomStringConvertible {
    /// The item.
    public let item: String
    /// The teacher.
    public let teacher: String
    /// Why.
    public let reason: String
    /// Whether there was a question, which another start may find an answer to.
    package let wasAsked: Bool

    package init(item: String, teacher: String, reason: String, wasAsked: Bool = true) {
      self.item = item
      self.teacher = teacher
      self.reason = reason
      self.wasAsked = wasAsked
    }

    /// One line.
    public var description: String { "item '\(item)', teacher '\(teacher)': \(reason)" }
  }

  /// The items, in order.
  public let items: [Item]
  /// The teachers' names, in order.
  public let teachers: [String]
  /// The replies, axes (item, teacher); a failed question is left out.
  public let annotations: [[Annotation]]
  /// Questions without a reply, by teacher and then item.
  public let failures: [Failure]
  /// The teacher that was asked no more since none of its first replies had a label; nil for none.
  package var stopped: TeacherUnavailable?
  /// How many questions were asked in this run, and not found in the store.
  package var asked: Int { askedOf.values.reduce(0, +) }
  /// The same by teacher.
  let askedOf: [String: Int]

  /// A run from its parts.
  ///
  /// - Precondition: one list of annotations per item.
  package init(
    items: [Item], teachers: [String], annotations: [[Annotation]], failures: [Failure] = [],
    askedOf: [String: Int] = [:]
  ) {
    precondition(
      items.count == annotations.count, "AnnotationRun: \(items.count) items, \(annotations.count) lists of annotations"
    )
    self.items = items
    self.teachers = teachers
    self.annotations = annotations
    self.failures = failures
    self.askedOf = askedOf
  }

  /// The judgement of a rule on each item, in the order of the items.
  public func judgements(by rule: any AgreementRule) -> [Judgement] {
    zip(items, annotations).map { Judgement(item: $0, annotations: $1, rule: rule) }
  }

  /// The votes of all teachers on all items.
  public var votes: VoteTable {
    VoteTable(
      teachers: teachers, items: items.map(\.id),
      votes: annotations.map { row in
        let labels = Dictionary(row.map { ($0.teacher, $0.reply.label) }, uniquingKeysWith: { first, _ in first })
        return teachers.map { labels[$0] ?? nil }
      })
  }
}
