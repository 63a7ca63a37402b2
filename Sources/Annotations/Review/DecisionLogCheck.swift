/// Tries a log of decisions out: what every conformer of ``DecisionLog`` must keep, checked from outside.
package struct DecisionLogCheck: Sendable {
  /// A check.
  package init() {}

  /// The logs' faults; empty where they keep everything.
  ///
  /// - Parameters:
  ///   - areClaimsShared: whether the openings know of each other's claims, as on a server.
  ///   - expire: lets all claims expire that were made so far.
  ///   - open: opens the same, at first empty, log. It is called twice, as two processes would.
  package func problems(
    areClaimsShared: Bool, expire: () async throws -> Void, opening open: () async throws -> any DecisionLog
  ) async throws -> [String] {
    let log = try await open()
    let other = try await open()
    var problems = try await decisions(log, other)
    problems += try await claims(log, areClaimsShared ? other : log, expire)
    return problems
  }

  private func decisions(_ log: any DecisionLog, _ other: any DecisionLog) async throws -> [String] {
    var problems: [String] = []
    func expect(_ condition: Bool, _ problem: String) { if !condition { problems.append(problem) } }
    expect(try await log.entries().isEmpty, "a new log is not empty")
    expect(try await log.undo("anna") == nil, "something was taken back where nothing stood")

    let first = ReviewEntry(item: "1", reviewer: "anna", decision: .label("x"), note: "a \"b\"\n\u{1}é", time: 1.5)
    expect(try await log.add(first) == [first], "a decision does not come back as it was given")
    let skip = ReviewEntry(item: "2", reviewer: "anna", decision: .skipped, time: 2)
    expect(try await log.add(skip) == [first, skip], "decisions are not in the order in which they were made")
    expect(try await other.entries() == [first, skip], "a second opening does not see what was added")

    var changed = first
    (changed.decision, changed.time) = (.label("y"), 3)
    expect(try await other.add(changed) == [skip, changed], "of two decisions the last is not the one that stands")
    expect(try await log.entries() == [skip, changed], "an open log does not see another's decisions")
    expect(try await log.undo("anna") == changed, "what was decided last is not what is taken back")
    expect(try await other.entries() == [skip], "what was taken back stands, or what was before it stands again")
    expect(try await log.undo("bea") == nil, "a person took back what another decided")

    for (reviewer, item, label) in [
      ("a", "3", "x"), ("b", "3", "x"), ("c", "3", "y"), ("a", "4", "x"), ("b", "4", "y"),
    ] {
      try await log.add(ReviewEntry(item: item, reviewer: reviewer, decision: .label(label)))
    }
    expect(try await other.entries().labels == ["3": "x"], "the label is not that of most people, or a tie has one")

    try await withThrowingTaskGroup(of: Void.self) { group in
      for (number, log) in [log, other].enumerated() {
        for item in 0..<20 {
          group.addTask {
            try await log.add(ReviewEntry(item: "c\(item)", reviewer: "r\(number)", decision: .label("x")))
          }
        }
      }
      try await group.waitForAll()
    }
    expect(
      try await log.entries().count { $0.item.hasPrefix("c") } == 40, "decisions at the same time lose one another")
    expect(try await log.entries() == other.entries(), "two openings differ in order")
    return problems
  }

  private func claims(
    _ log: any DecisionLog, _ other: any DecisionLog, _ expire: () async throws -> Void
  ) async throws -> [String] {
    var problems: [String] = []
    func expect(_ condition: Bool, _ problem: String) { if !condition { problems.append(problem) } }
    let items = ["k1", "k2\0", "k3"]
    func claim(_ log: any DecisionLog, _ reviewer: String, _ items: [String], _ opinions: Int = 1) async throws
      -> String?
    {
      try await log.claim(firstOf: items, for: reviewer, opinions: opinions)
    }
    expect(try await claim(log, "a", []) == nil, "no item was claimed")
    expect(try await claim(log, "a", items) == "k1", "the first item is not the one that is claimed")
    expect(try await claim(other, "b", items) == "k2\0", "an item is before two people")
    expect(try await claim(log, "c", items) == "k3", "an item is before two people")
    expect(
      try await claim(other, "d", items) == nil, "an item is before two people, or none is left and one is claimed")
    expect(try await claim(log, "a", items) == "k1", "a person's own claim stands in their way")
    expect(
      try await log.claims()
        == zip(items, ["a", "b", "c"]).map { ReviewClaim(item: $0, reviewer: $1) },
      "claims are not those that were made")
    try await other.release("k1", by: "d")
    expect(try await claim(other, "d", items) == nil, "a person let go what another has")
    try await log.release("k1", by: "a")
    expect(try await claim(other, "d", items) == "k1", "what was let go can't be claimed")

    try await other.add(ReviewEntry(item: "k1", reviewer: "d", decision: .label("x")))
    try await other.add(ReviewEntry(item: "k2\0", reviewer: "b", decision: .skipped))
    expect(try await log.claims().map(\.item) == ["k3"], "a decision does not end its person's claim")
    expect(try await claim(log, "a", ["k1"]) == nil, "an item that is decided is claimed again")
    expect(try await claim(log, "a", ["k2\0"]) == "k2\0", "an item that another skipped can't be claimed")
    expect(try await log.undo("d")?.item == "k1", "what was decided can't be taken back")
    expect(try await claim(log, "a", ["k1"]) == "k1", "an item whose decision was taken back can't be claimed")

    expect(try await claim(other, "b", ["k1"], 2) == "k1", "a second opinion can't be given")
    expect(try await claim(other, "c", ["k1"], 2) == nil, "an item is before three people for two opinions")
    try await log.add(ReviewEntry(item: "k1", reviewer: "a", decision: .label("x")))
    expect(try await claim(other, "c", ["k1"], 2) == nil, "a label and a claim are not two opinions")
    expect(try await claim(log, "a", ["k1"], 2) == "k1", "a person's own label stands in their way")

    try await expire()
    expect(try await log.claims().isEmpty, "a claim that has expired stands")
    expect(try await claim(other, "c", ["k1"], 2) == "k1", "an item whose claim has expired can't be claimed")
    let late = ReviewEntry(item: "k1", reviewer: "b", decision: .label("y"))
    expect(try await log.decide(late, opinions: 2) == nil, "an item is decided that is before somebody else by now")
    expect(
      try await log.decide(ReviewEntry(item: "k1", reviewer: "a", decision: .label("y")), opinions: 2) != nil,
      "a person can't change their own label")
    expect(try await log.decide(late, opinions: 3) != nil, "an item with room can't be decided")
    return problems
  }
}
