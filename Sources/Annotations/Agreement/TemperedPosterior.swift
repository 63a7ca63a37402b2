internal import TeacherProtocol

/// How probable each label of an item is by the teachers' votes, made less sure by what people said of other items.
///
/// Dawid and Skene's model (``DawidSkene``) takes teachers to err independently of each other. Real ones find the same items hard, so
/// that its probabilities are too high: of labels that it holds for right in 399 of 400 cases, one in fifteen was wrong. By how much
/// is learned where people labelled items: one temperature of its probabilities there (``TemperatureCalibration``), which
/// then holds for the other items too. It never makes them surer.
///
/// ```swift
/// let posterior = TemperedPosterior(judgements, truth: ["7": "pristine", "12": "falsified", …])
/// posterior.probabilities(of: judgement)  // ["falsified": 0.04, "pristine": 0.96]
/// ```
///
/// Fewer than three teachers do not determine the model: then the label that they agree on is certain.
package struct TemperedPosterior: Sendable {
  private let fit: DawidSkene?
  /// What log-odds are divided by; 1 or more.
  package let temperature: Double

  /// Learns from votes, and from the truth of some of the items.
  ///
  /// - Parameter truth: item -> label, of items that people labelled.
  package init(_ table: VoteTable, truth: [String: String]) {
    guard table.teachers.count > 2 else {
      (fit, temperature) = (nil, 1)
      return
    }
    let fit = DawidSkene(table)
    let known = zip(table.items, table.votes).compactMap { item, row -> (posterior: [Double], truth: Int)? in
      guard let place = truth[item].flatMap(fit.labels.firstIndex), let posterior = fit.posterior(of: row) else {
        return nil
      }
      return (posterior, place)
    }
    self.fit = fit
    temperature =
      known.isEmpty
      ? 1
      : max(1, TemperatureCalibration(distributions: known.map(\.posterior), truths: known.map(\.truth)).temperature)
  }

  /// The same from the votes among judgements.
  package init(_ judgements: [Judgement], truth: [String: String]) {
    let votes = judgements.map { $0.annotations.compactMap(\.vote) }
    let teachers = Set(votes.flatMap { $0.map(\.teacher) }).sorted()
    self.init(VoteTable(teachers: teachers, items: judgements.map(\.item.id), votes), truth: truth)
  }

  /// The probability of each label that may be true, which add up to 1; empty for an item without votes.
  package func probabilities(of judgement: Judgement) -> [String: Double] {
    guard let fit else { return judgement.label.map { [$0: 1] } ?? [:] }
    let votes = judgement.annotations.compactMap(\.vote)
    return probabilities(of: VoteTable(teachers: fit.teachers, items: [judgement.item.id], [votes]).votes[0])
  }

  /// The same of one vote or nil for each teacher; empty where fewer than three teachers are known.
  ///
  /// - Precondition: as many as there are teachers.
  package func probabilities(of votes: [String?]) -> [String: Double] {
    guard let fit, let posterior = fit.posterior(of: votes) else { return [:] }
    let tempered = TemperatureCalibration(temperature: temperature).calibrated(posterior)
    return Dictionary(uniqueKeysWithValues: zip(fit.labels, tempered))
  }
}
