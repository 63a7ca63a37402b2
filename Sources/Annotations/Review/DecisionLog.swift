package import TeacherProtocol

/// What people decided about items, each decision behind those before it, and which items they have before them.
///
/// Nothing is ever overwritten: of several decisions of one person about one item the last one stands, and a withdrawn one
/// leaves none. Several people, on several machines where the log is on a server, decide at the same time: an item is
/// before a person who has claimed it, until that person decides it or lets it go, or until the claim expires. A claim that is
/// made again is renewed. ``DecisionLogCheck`` tries a conformer out.
package protocol DecisionLog: LabelSource {
  /// The decisions that stand, the one made last behind all others.
  func entries() async throws -> [ReviewEntry]

  /// Adds a decision, and ends its person's claim on the item; it is kept when this returns.
  ///
  /// - Returns: the decisions that stand then.
  @discardableResult func add(_ entry: ReviewEntry) async throws -> [ReviewEntry]

  /// Puts the first item before a person that has room for another opinion: fewer than `opinions` others have given it a label
  /// or have it before them.
  ///
  /// - Returns: the item; nil where none has room.
  func claim(firstOf items: [String], for reviewer: String, opinions: Int) async throws -> String?

  /// Lets an item go that a person had before them.
  func release(_ item: String, by reviewer: String) async throws

  /// Who has what before them, by the names of the items and then of the people.
  func claims() async throws -> [ReviewClaim]
}

/// An item that a person has before them.
package struct ReviewClaim: Sendable, Hashable {
  /// The item's id.
  package var item: String
  package var reviewer: String

  package init(item: String, reviewer: String) { (self.item, self.reviewer) = (item, reviewer) }

  /// Seconds until a claim expires that nobody renews.
  package static let lease: Double = 300
}

extension DecisionLog {
  /// Adds a decision where the item is this person's to decide: it has their label already, or room for another opinion.
  ///
  /// - Returns: the decisions that stand then; nil where others have decided the item meanwhile, or have it before them, and
  ///   nothing was added.
  package func decide(_ entry: ReviewEntry, opinions: Int) async throws -> [ReviewEntry]? {
    let isOwn = try await entries().contains {
      $0.item == entry.item && $0.reviewer == entry.reviewer && $0.label != nil
    }
    if !isOwn, try await claim(firstOf: [entry.item], for: entry.reviewer, opinions: opinions) == nil { return nil }
    return try await add(entry)
  }

  /// Takes back what a person decided last.
  ///
  /// - Returns: what was taken back; nil where nothing stood.
  package func undo(_ reviewer: String) async throws -> ReviewEntry? {
    guard let last = try await entries().last(where: { $0.reviewer == reviewer }) else { return nil }
    try await add(ReviewEntry(item: last.item, reviewer: reviewer, decision: .withdrawn))
    return last
  }

  /// The label that most people gave to each of the items; none where as many gave another.
  package func labels(for items: [Item]) async throws -> [String: String] {
    let labels = try await entries().labels
    var found: [String: String] = [:]
    for item in items { found[item.id] = labels[item.id] }
    return found
  }
}

extension [ReviewEntry] {
  /// The decisions that stand among all of a log, in the order in which they were made.
  package var standing: [ReviewEntry] {
    var last: [[String]: Int] = [:]
    for (number, entry) in enumerated() { last[[entry.reviewer, entry.item]] = number }
    return last.values.sorted().map { self[$0] }.filter { $0.decision != .withdrawn }
  }

  /// Of decisions that stand, the label that most people gave to each item; none where as many gave another.
  package var labels: [String: String] {
    let rule = MajorityRule(minimumVotes: 1)
    return Dictionary(grouping: self, by: \.item).compactMapValues { entries in
      rule.verdict(on: entries.compactMap { entry in entry.label.map { Vote(teacher: entry.reviewer, label: $0) } })
        .agreedLabel
    }
  }

  /// Of decisions that stand, how many people gave each item a label.
  package var opinions: [String: Int] {
    reduce(into: [:]) { if $1.label != nil { $0[$1.item, default: 0] += 1 } }
  }
}
