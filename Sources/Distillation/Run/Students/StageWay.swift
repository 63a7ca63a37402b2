internal import DistillationConfiguration

/// How Stage 2 goes on from where Stage 1, or the round before, ended, in the order in which equally good ways are preferred.
enum StageWay: String, CaseIterable {
  /// Preferences as the configuration has them.
  case preferences
  /// Fine-tuning on the chosen answers and the replayed ones alone.
  case supervised = "stage1_sft"
  /// Not at all: the student stays as it was before.
  case none = "stage1"

  /// What its student is called where a round chooses: in later rounds by the round that it goes on from.
  ///
  /// - Parameter round: the round, from 1.
  func name(in round: Int) -> String {
    guard round > 1, self != .preferences else { return rawValue }
    return "round_\(round - 1)" + (self == .supervised ? "_sft" : "")
  }

  /// The way of this name in a round; older versions called it in every round as in the first.
  init?(_ name: String, in round: Int) {
    guard let way = Self.allCases.first(where: { $0.name(in: round) == name }) ?? Self(rawValue: name) else {
      return nil
    }
    self = way
  }
}

/// What Stage 2 ends with where the configuration does not say it, or where few labels can judge it.
enum StageEnding: String, Codable {
  /// This training, as it is configured.
  case asConfigured = "configured"
  /// What labels that it did not learn from show; where they can't, what is safer.
  case byEvidence = "evidence"

  /// By which labels it is chosen what Stage 2 ends with; nil where it ends as it is configured.
  func choice(of configuration: RunConfiguration) -> Stage2Configuration.Choice? {
    switch self {
    case .asConfigured: configuration.stage2.choose == .asConfigured ? nil : configuration.stage2.choose
    case .byEvidence: configuration.stage2Choice
    }
  }
}
