internal import Wording

/// Which of several students a stage ends with, judged by their answers to items that they did not learn from.
///
/// A student is right about conflicts as often as held-out human labels say, and about items on which the teachers agree as
/// often as it gives the agreed label; the two count as their shares of the training items. Agreed labels are weak evidence,
/// since teachers agree on wrong ones too, but they show what a student forgets while it learns from conflicts. The student
/// with the highest estimate is taken, of equal ones the first; where one of them stands, another has to be better than it by
/// more than a standard error of their difference, since few labels can't tell more.
package struct StageChoice: Codable, Sendable, Equatable {
  /// A student that could be taken.
  package struct Candidate: Codable, Sendable, Equatable {
    package var name: String
    /// The estimated share of right answers over all training items, in 0...1.
    package var accuracy: Double
    /// The share of held-out labels that it gives.
    package var onLabels: Double
    /// The share of held-out agreed items to which it gives the agreed label; nil where there are none.
    package var onAgreed: Double?

    private enum CodingKeys: String, CodingKey {
      case name, accuracy
      case onLabels = "on_labels"
      case onAgreed = "on_agreed"
    }
  }

  /// The name of the student that was taken.
  package var taken: String
  /// Where the labels are from: `dev` or `budget`.
  package var source: String
  /// How many labels the students were judged by.
  package var labels: Int
  /// How many agreed items.
  package var agreed: Int
  /// How much the labels count beside the agreed items, in 0...1.
  package var weight: Double
  /// All students, in the order in which equals are preferred; none where there was too little to judge by.
  package var candidates: [Candidate]
  /// The student that was taken against each other one.
  package var differences: [EvaluationFile.Difference]
  /// Why nothing was judged; nil where it was.
  package var reason: String?

  /// Of how many parts of the labels one is held out where they are the budget's own: 5.
  package static let folds = 5

  /// The fewest labels that students are judged by: 10.
  package static let fewest = 10

  /// With fewer labels than this one part of them is too small to judge by, and preferences are not tried: 50.
  package static let few = folds * fewest

  /// How many fifths of the labels are held out one after the other, where they come out even: one, or as many as it takes to
  /// judge by ``fewest``; 0 where all of them are fewer.
  ///
  /// - Parameter labels: of the budget, at least 0.
  package static func parts(of labels: Int) -> Int {
    labels < fewest ? 0 : min(folds, (few + labels - 1) / labels)
  }

  /// How many trainings on parts of the labels that is.
  package static func trainings(on labels: Int) -> Int { parts(of: labels) * trainingsOfPart(labels: labels) }

  /// How many trainings one part judges: two, or one where preferences are not tried.
  package static func trainingsOfPart(labels: Int) -> Int { labels < few ? 1 : 2 }

  /// Whether each answer to the judged items is right.
  package struct Answers {
    package var name: String
    package var labels: [Bool]
    package var agreed: [Bool]

    package init(_ name: String, labels: [Bool], agreed: [Bool]) {
      (self.name, self.labels, self.agreed) = (name, labels, agreed)
    }
  }

  /// No choice: this student is taken, for a reason.
  package init(taken: String, source: String, labels: Int, reason: String) {
    (self.taken, self.source, self.labels, self.reason) = (taken, source, labels, reason)
    (agreed, weight, candidates, differences) = (0, 1, [], [])
  }

  /// The choice among students by their answers.
  ///
  /// - Parameters:
  ///   - answers: of each student, in the order in which equals are preferred; all to the same items.
  ///   - labelGroups: the group of each item with a label.
  ///   - agreedGroups: the group of each agreed item.
  ///   - weight: how much the labels count where there are agreed items, in 0...1; without any they count alone.
  ///   - source: where the labels are from.
  ///   - standing: the name of the student that is taken unless another is shown to be better; nil where none is.
  ///   - resamples: of groups, for the intervals of differences.
  ///   - seed: of the resamples.
  /// - Precondition: at least one student and one label.
  package init(
    _ answers: [Answers], labelGroups: [String], agreedGroups: [String], weight: Double, source: String,
    standing: String? = nil, resamples: Int, seed: UInt64
  ) {
    precondition(!answers.isEmpty && !labelGroups.isEmpty, "StageChoice: nothing to choose by")
    let weight = agreedGroups.isEmpty ? 1 : weight
    func share(_ right: [Bool]) -> Double { Double(right.count { $0 }) / Double(right.count) }
    let candidates = answers.map { one in
      let onAgreed = one.agreed.isEmpty ? nil : share(one.agreed)
      let accuracy = weight * share(one.labels) + (1 - weight) * (onAgreed ?? 0)
      return Candidate(name: one.name, accuracy: accuracy, onLabels: share(one.labels), onAgreed: onAgreed)
    }
    let bootstrap = GroupBootstrap(groups: labelGroups + agreedGroups, resamples: resamples, seed: seed)
    func difference(_ first: Int, _ second: Int) -> EvaluationFile.Difference {
      let values =
        zip(answers[first].labels, answers[second].labels).map { [Self.difference($0, $1), 1, 0, 0] }
        + zip(answers[first].agreed, answers[second].agreed).map { [0, 0, Self.difference($0, $1), 1] }
      let interval = bootstrap.intervals(ofSums: values) { sums in
        [weight * sums[0] / max(1, sums[1]) + (1 - weight) * sums[2] / max(1, sums[3])]
      }[0]
      return EvaluationFile.Difference(
        result: candidates[first].name, against: candidates[second].name,
        difference: candidates[first].accuracy - candidates[second].accuracy, interval: interval)
    }
    let left = candidates.firstIndex { $0.name == standing }
    let shown = candidates.indices.filter { one in
      guard let left, one != left else { return true }
      let gain = difference(one, left)
      // 95 % of a normal law lie within 1.96 standard errors to either side.
      return gain.difference > (gain.interval.high - gain.interval.low) / 3.92
    }
    // Of equal ones the first.
    let best = shown.dropFirst().reduce(shown[0]) { candidates[$1].accuracy > candidates[$0].accuracy ? $1 : $0 }
    differences = candidates.indices.filter { $0 != best }.map { difference(best, $0) }
    (self.candidates, self.weight, self.source) = (candidates, weight, source)
    (labels, agreed, taken) = (labelGroups.count, agreedGroups.count, candidates[best].name)
  }

  private static func difference(_ first: Bool, _ second: Bool) -> Double { (first ? 1 : 0) - (second ? 1 : 0) }

  /// What was taken and by what evidence, in a sentence.
  package var sentence: String {
    if let reason {
      return taken == Self.configured
        ? "stage 2 ends with \(taken), as configured: \(reason)" : "stage 2 ends with \(taken): \(reason); \(safer)"
    }
    let beside = agreed > 0 ? " and \(NumberText.counted(agreed, "agreed item"))" : ""
    let others = differences.map {
      "\(NumberText.signed($0.difference * 100, digits: 1)) points against \($0.against) "
        + "(\(NumberText.signed($0.interval.low * 100, digits: 1)) to \(NumberText.signed($0.interval.high * 100, digits: 1)))"
    }
    let isLeft = differences.contains { $0.difference < 0 }
    let isTried = candidates.contains { $0.name == Self.configured }
    return "stage 2 ends with \(taken), judged on \(NumberText.counted(labels, "label")) (\(source))\(beside): "
      + others.joined(separator: ", ")
      + (isLeft ? "; another is taken where it is better by more than a standard error" : "")
      + (isTried ? "" : "; preferences are not tried with fewer than \(Self.few) labels")
  }

  /// The name of the student of the stage as it is configured.
  private static let configured = "preferences"

  /// Why a student is taken where nothing could be judged.
  private var safer: String {
    taken.hasSuffix("_sft")
      ? "preferences are for where they are seen to help"
      : "what is learned from few labels can do harm, which can't be seen then"
  }
}
