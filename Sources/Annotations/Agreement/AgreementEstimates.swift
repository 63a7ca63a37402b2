extension AgreementReport {
  /// How often a teacher votes for one label where another is true.
  package struct Confusion: Sendable, Equatable, Codable {
    /// The true label.
    package var truth: String
    package var vote: String
    /// How often that happened, where gold labels are known.
    package var items: Int?
    /// How probable the vote is where the label is true, as ``DawidSkene`` estimates it without gold labels.
    package var estimated: Double?
  }

  /// Labels made from votes, and what share of them is wrong. Without anchors these shares are too low where teachers err
  /// together; see ``DawidSkene``.
  package struct Labels: Sendable, Equatable, Codable {
    /// How they are made: `unanimous`, `majority` or `dawid_skene`.
    package var rule: String
    /// Items with such a label, among those on which all voted.
    package var items: Int
    /// Estimated share of wrong labels.
    package var expectedError: Double?
    /// The same estimate, anchored by human labels on randomly drawn items.
    package var anchoredError: AnchoredEstimate?
    /// Share of wrong labels where gold labels are known.
    package var error: Double?
  }
}

/// Estimates of the Dawid-Skene model over a table of votes.
struct AgreementEstimates {
  private let table: VoteTable
  private let fit: DawidSkene
  private let gold: [String?]
  private let anchors: [String?]
  /// P(label | votes) of each item.
  private let posteriors: [[Double]?]
  private let index: [String: Int]

  init(_ table: VoteTable, gold: [String: String], anchors: [String: String]) {
    self.table = table
    self.gold = table.items.map { gold[$0] }
    self.anchors = table.items.map { anchors[$0] }
    let fit = DawidSkene(table)
    self.fit = fit
    // Many items are voted on alike.
    var known: [[String?]: [Double]?] = [:]
    posteriors = table.votes.map { row in
      if let posterior = known[row] { return posterior }
      let posterior = fit.posterior(of: row)
      known[row] = posterior
      return posterior
    }
    index = Dictionary(uniqueKeysWithValues: fit.labels.enumerated().map { ($1, $0) })
  }

  /// Share of right votes of one teacher, by the model alone.
  func accuracy(of teacher: Int) -> Double? { fit.accuracies[teacher] }

  /// The same, anchored.
  func anchoredAccuracy(of teacher: Int) -> AnchoredEstimate? {
    anchored(table.items.indices.map { item in table.votes[item][teacher].map { ($0, probability(of: $0, item)) } })
  }

  /// Truth and vote of one teacher, label by label.
  func confusion(of teacher: Int) -> [AgreementReport.Confusion] {
    let truths = Set(gold.compactMap(\.self))
    let labels = truths.union(fit.labels).sorted()
    var counts: [[String]: Int] = [:]
    for (row, truth) in zip(table.votes, gold) {
      if let vote = row[teacher], let truth { counts[[truth, vote], default: 0] += 1 }
    }
    return labels.flatMap { truth in
      labels.map { vote in
        .init(
          truth: truth, vote: vote, items: truths.isEmpty ? nil : counts[[truth, vote], default: 0],
          estimated: index[truth].flatMap { t in index[vote].map { fit.confusion[teacher][t][$0] } })
      }
    }
  }

  /// Labels by three rules on the items on which all voted, and their errors.
  func labels() -> [AgreementReport.Labels] {
    let majority = MajorityRule(minimumVotes: 1)
    let complete = table.items.indices.filter { table.votes[$0].allSatisfy { $0 != nil } }
    func made(_ rule: String, _ label: (Int, [String]) -> String?) -> AgreementReport.Labels {
      let made = complete.compactMap { item in
        label(item, table.votes[item].compactMap(\.self)).map { (item: item, label: $0) }
      }
      var wrong = [(String, Double)?](repeating: nil, count: table.items.count)
      for one in made { wrong[one.item] = (one.label, probability(of: one.label, one.item)) }
      let judged = made.compactMap { one in gold[one.item].map { $0 != one.label } }
      // Sorted, as a sum depends in its last digits on the order of its terms.
      let expected = made.map { 1 - probability(of: $0.label, $0.item) }.sorted()
      return .init(
        rule: rule, items: made.count,
        expectedError: expected.isEmpty ? nil : expected.reduce(0, +) / Double(expected.count),
        anchoredError: anchored(wrong).map {
          AnchoredEstimate(value: 1 - $0.value, standardError: $0.standardError, known: $0.known)
        },
        error: judged.isEmpty ? nil : Double(judged.count { $0 }) / Double(judged.count))
    }
    return [
      made("unanimous") { Set($1).count == 1 ? $1.first : nil },
      made("majority") { majority.verdict(on: $1.map { Vote(teacher: "", label: $0) }).agreedLabel },
      made("dawid_skene") { item, _ in fit.label(of: table.votes[item])?.name },
    ]
  }

  /// Share of right labels among the given ones, each with its probability, by the anchors.
  private func anchored(_ given: [(label: String, probability: Double)?]) -> AnchoredEstimate? {
    let known = zip(given, anchors).compactMap { given, truth -> (guess: Double, truth: Double)? in
      guard let given, let truth else { return nil }
      return (given.probability, given.label == truth ? 1 : 0)
    }
    return AnchoredEstimate(guesses: given.compactMap { $0?.probability }, known: known)
  }

  private func probability(of label: String, _ item: Int) -> Double {
    guard let at = index[label], let posterior = posteriors[item] else { return 0 }
    return posterior[at]
  }
}
