package import Annotations
public import DPO
public import LoRA
public import Training

/// The settings of the two-stage method.
///
/// ```swift
/// var options = TwoStageOptions()
/// options.adapter.rank = 8
/// options.stage1.epochs = 5
/// options.replay = 0.5            // half as many agreed items beside the labelled conflicts
/// ```
public struct TwoStageOptions: Sendable {
  /// The targets of Stage 1 on items on which the teachers do not agree.
  public enum Conflicts: String, Sendable, CaseIterable {
    /// Nothing: they wait for Stage 2.
    case exclude
    /// Every teacher's answer.
    case all = "both"
    /// The answers with the label that most teachers gave.
    case majority
  }

  /// The teachers whose answers Stage 1 learns.
  public enum Answers: Sendable, Equatable {
    /// Those of all teachers that gave the agreed label.
    case all
    /// Those of one teacher, by its name.
    case teacher(String)

    /// Whether this teacher's are among them.
    func includes(_ teacher: String) -> Bool {
      switch self {
      case .all: true
      case .teacher(let name): teacher == name
      }
    }
  }

  /// The model that the preference loss compares the student with.
  public enum Reference: Sendable, Equatable {
    /// The student as Stage 1 left it, as in the paper.
    case stage1
    /// The student without an adapter.
    case base
    /// None: the loss sees the student alone.
    case none
  }

  /// The chosen answer of Stage 2 on an item for which no teacher gave the human label.
  public enum WhenAllWrong: String, Sendable, CaseIterable {
    /// The label's own words.
    case template
    /// Nothing: the item is left out.
    case skip
  }

  /// The adapter that is trained. The default is that of `LoRAConfiguration`.
  public var adapter = LoRAConfiguration()
  /// How Stage 1 trains. The default is that of `TrainingOptions`.
  public var stage1 = TrainingOptions()
  /// The default is ``Conflicts/exclude``.
  public var conflicts = Conflicts.exclude
  /// The default is ``Answers/all``.
  public var answers = Answers.all
  /// What Stage 1 learns of an item's label: that of each answer, or the probability of every label by the teachers
  /// together, weighed by how reliable each is. The default is `hard`.
  public var targets = LabelTargets.hard
  /// Whether answers carry the rationale after the label. The default is true.
  public var learnsRationales = true
  /// Whether all answers are labels alone, those that people's labels are written as too. The default is false.
  package var answersByLabel = false
  /// How Stage 2 trains. The default is that of `TrainingOptions` with a tenth of its learning rate, 1e-5.
  public var stage2 = TrainingOptions()
  /// The preference loss of a pair. The default is DPO's own with β = 0.1.
  public var loss: any PreferenceLoss = StandardPreferenceLoss.sigmoid(beta: StandardPreferenceLoss.defaultBeta)
  /// λ, the weight of the supervised loss on chosen answers. The default is 1.
  public var supervisedWeight: Float = 1
  /// How much tokens count that go beyond the pair's shorter answer, 0...1; see `PreferenceObjective`. The default is 1.
  public var tailWeight: Float = 1
  /// The default is ``Reference/stage1``.
  public var reference = Reference.stage1
  /// Every chosen with every rejected answer, or the best of each. The default is all.
  public var pairing = PreferenceTree.Pairing.all
  /// The default is ``WhenAllWrong/template``.
  public var whenAllWrong = WhenAllWrong.template
  /// Agreed items mixed in beside the labelled conflicts, as a part of their number. The default is 0.
  public var replay = 0.0
  /// Whether an item that the student can't take stops the method in place of being set aside. The default is false.
  public var isStrict = false
  /// Where every draw begins: adapters, orders, dropout, replay. The default is 0.
  public var seed: UInt64 = 0

  /// The defaults.
  public init() { stage2.learningRate = 1e-5 }

  /// The objective of a pair and of chosen answers.
  package var preferenceObjective: PreferenceObjective {
    PreferenceObjective(loss: loss, supervisedWeight: supervisedWeight, tailWeight: tailWeight)
  }
}

extension TwoStageOptions {
  /// The votes on an item whose answers Stage 1 learns; none leaves the item out.
  package func learned(_ verdict: Verdict, of votes: [Vote]) -> [Vote] {
    let wanted: Set<String> =
      switch (verdict, conflicts) {
      case (.agreed(let label), _): [label]
      case (.noVote, _), (.conflict, .exclude): []
      case (.conflict, .all): Set(votes.map(\.label))
      case (.conflict, .majority):
        if case .agreed(let label) = MajorityRule().verdict(on: votes) { [label] } else { [] }
      }
    return votes.filter { wanted.contains($0.label) && answers.includes($0.teacher) }
  }
}
