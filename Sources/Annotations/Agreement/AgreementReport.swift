/// How far teachers agree, and how right they are where gold labels are known.
///
/// ```swift
/// let report = AgreementReport(run.votes, gold: ["1": "falsified", "2": "pristine"])
/// print(report.text)
/// ```
///
/// Figures that need gold labels are nil without them, and are over the items that have one. A figure over no items is
/// nil. Figures of levels are there for labels with an order alone:
///
/// ```swift
/// let report = AgreementReport(run.votes, levels: ["low", "middle", "high"])
/// ```
public struct AgreementReport: Sendable, Equatable, Codable {
  /// One teacher alone.
  package struct Teacher: Sendable, Equatable, Codable {
    package var name: String
    /// Items on which it voted.
    package var votes: Int
    /// Share of right votes among its votes.
    package var accuracy: Double?
    /// The same as ``DawidSkene`` estimates it from the votes alone. Too high where teachers err together.
    package var estimatedAccuracy: Double?
    /// The same estimate, anchored by human labels on randomly drawn items.
    package var anchoredAccuracy: AnchoredEstimate?
    /// How it votes where each label is true.
    package var confusion: [Confusion]?
  }

  /// Two teachers, over the items on which both voted.
  package struct Pair: Sendable, Equatable, Codable {
    /// The one that comes first.
    package var first: String
    /// The other.
    package var second: String
    /// Items on which both voted.
    package var bothVoted: Int
    /// Share of them with one label.
    package var agreement: Double?
    /// Cohen's kappa: agreement beyond what their label shares give by chance, 1 for all of it (Cohen 1960,
    /// doi:10.1177/001316446002000104). Nil where chance alone gives 1.
    package var kappa: Double?
    /// Cohen's kappa with weights that grow with the distance between two levels (Cohen 1968, doi:10.1037/h0026256), for
    /// labels with an order. Nil where chance alone gives 1.
    package var linearKappa: Double?
    /// The same with weights that grow with the square of the distance.
    package var quadraticKappa: Double?
    /// Share of right labels among those they agree on.
    package var accuracyWhereAgreed: Double?
    /// Items with two labels.
    package var conflicts: Int
    /// Accuracy if a person labels the conflicts: what both get without a student.
    package var agreedPlusLabels: Double?
  }

  /// All teachers, over the items on which all voted.
  package struct All: Sendable, Equatable, Codable {
    /// Items on which all voted.
    package var items: Int
    /// Items with one label.
    package var unanimous: Int
    /// Share of right labels among the unanimous ones.
    package var accuracyWhereUnanimous: Double?
    /// Share of items on which the label with most votes is right; a tie is wrong.
    package var majority: Double?
    /// Accuracy if a person labels the items that are not unanimous.
    package var unanimousPlusLabels: Double?
    /// Fleiss' kappa: agreement of all beyond chance. Nil where chance alone gives 1.
    package var fleissKappa: Double?
    /// Krippendorff's alpha, over every item with at least two votes. Nil where chance alone gives 1.
    package var krippendorffAlpha: Double?
    /// The same with the distances of ordinal data, for labels with an order.
    package var ordinalAlpha: Double?
  }

  /// Items with any row.
  package var items: Int
  /// Every teacher, in order.
  package var teachers: [Teacher]
  /// Every pair of teachers, in order.
  package var pairs: [Pair]
  /// All teachers together.
  package var all: All
  /// Labels by three rules, and how wrong they are.
  package var labels: [Labels]?

  /// The figures of a table of votes.
  ///
  /// - Parameters:
  ///   - table: who voted how.
  ///   - gold: item -> label name, for the accuracies.
  ///   - anchors: item -> label name by people, of items drawn at random, for the anchored estimates.
  ///   - levels: the labels from the lowest level to the highest, where they have an order. The default is none.
  /// - Precondition: with levels, every vote is for one of them, and none comes twice.
  /// - Complexity: items x teachers squared, and what ``DawidSkene`` takes.
  public init(
    _ table: VoteTable, gold: [String: String] = [:], anchors: [String: String] = [:], levels: [String]? = nil
  ) {
    let truth = table.items.map { gold[$0] }
    let estimates = AgreementEstimates(table, gold: gold, anchors: anchors)
    labels = estimates.labels()
    items = table.items.count
    teachers = table.teachers.enumerated().map { column, name in
      let votes = zip(table.votes, truth).compactMap { row, truth in row[column].map { (label: $0, truth: truth) } }
      return Teacher(
        name: name, votes: votes.count, accuracy: Self.accuracy(votes),
        estimatedAccuracy: estimates.accuracy(of: column),
        anchoredAccuracy: estimates.anchoredAccuracy(of: column), confusion: estimates.confusion(of: column))
    }
    let indices = table.teachers.indices
    let ordinal = levels.map { OrdinalAgreement(table, levels: $0) }
    pairs = indices.flatMap { i in
      indices.dropFirst(i + 1).map { j in
        let rows = zip(table.votes, truth).compactMap { row, truth in
          if let a = row[i], let b = row[j] { (a: a, b: b, truth: truth) } else { nil }
        }
        var pair = Self.pair(table.teachers[i], table.teachers[j], rows)
        (pair.linearKappa, pair.quadraticKappa) = (ordinal?.linearKappa(i, j), ordinal?.quadraticKappa(i, j))
        return pair
      }
    }
    let complete = zip(table.votes, truth).compactMap { row, truth in
      row.allSatisfy { $0 != nil } ? (votes: row.compactMap(\.self), truth: truth) : nil
    }
    let unanimous = complete.filter { Set($0.votes).count == 1 }
    let rule = MajorityRule(minimumVotes: 1)
    let majority = complete.map { row in
      (label: rule.verdict(on: row.votes.map { Vote(teacher: "", label: $0) }).agreedLabel, truth: row.truth)
    }
    all = All(
      items: complete.count, unanimous: unanimous.count,
      accuracyWhereUnanimous: Self.accuracy(unanimous.map { ($0.votes.first, $0.truth) }),
      majority: Self.accuracy(majority),
      unanimousPlusLabels: Self.accuracy(
        complete.map { row in
          (Set(row.votes).count == 1 ? row.votes.first : row.truth, row.truth)
        }), fleissKappa: AgreementBeyondChance.fleissKappa(complete.map(\.votes)),
      krippendorffAlpha: AgreementBeyondChance.krippendorffAlpha(table.votes), ordinalAlpha: ordinal?.alpha)
  }

  private static func pair(
    _ first: String, _ second: String, _ rows: [(a: String, b: String, truth: String?)]
  ) -> Pair {
    let agreed = rows.filter { $0.a == $0.b }
    let count = Double(rows.count)
    var kappa: Double?
    if !rows.isEmpty {
      var shares: [String: (a: Int, b: Int)] = [:]
      for row in rows {
        shares[row.a, default: (0, 0)].a += 1
        shares[row.b, default: (0, 0)].b += 1
      }
      // Whole numbers until the division, so that the order of the labels leaves no trace in the last digit.
      let byChance = Double(shares.values.reduce(0) { $0 + $1.a * $1.b }) / (count * count)
      kappa = byChance < 1 ? (Double(agreed.count) / count - byChance) / (1 - byChance) : nil
    }
    return Pair(
      first: first, second: second, bothVoted: rows.count,
      agreement: rows.isEmpty ? nil : Double(agreed.count) / count, kappa: kappa,
      accuracyWhereAgreed: accuracy(agreed.map { ($0.a, $0.truth) }), conflicts: rows.count - agreed.count,
      agreedPlusLabels: accuracy(rows.map { ($0.a == $0.b ? $0.a : $0.truth, $0.truth) }))
  }

  /// Share of right labels among those whose truth is known.
  private static func accuracy(_ answers: [(label: String?, truth: String?)]) -> Double? {
    let known = answers.filter { $0.truth != nil }
    guard !known.isEmpty else { return nil }
    return Double(known.count { $0.label == $0.truth }) / Double(known.count)
  }

  private static func accuracy(_ answers: [(label: String, truth: String?)]) -> Double? {
    accuracy(answers.map { (label: $0.label, truth: $0.truth) } as [(label: String?, truth: String?)])
  }
}

extension Verdict {
  /// The agreed label, or nil.
  public var agreedLabel: String? {
    if case .agreed(let label) = self { label } else { nil }
  }
}
