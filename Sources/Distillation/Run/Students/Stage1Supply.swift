internal import Annotations
internal import DistillationConfiguration
internal import TwoStage
internal import Wording

/// The training items that Stage 1 has an example of, and what would give it some where it has none.
struct Stage1Supply {
  /// An item's votes, and what the rule of agreement makes of them.
  typealias Judged = (votes: [Vote], verdict: Verdict)

  private let options: TwoStageOptions
  private let judged: [Judged]
  private let teachers: [String]

  /// - Parameters:
  ///   - options: the method's, with what Stage 1 learns of conflicts and whose answers.
  ///   - teachers: the names of all, in order.
  init(_ options: TwoStageOptions, teachers: [String], _ judged: [Judged]) {
    (self.options, self.teachers, self.judged) = (options, teachers, judged)
  }

  init(_ options: TwoStageOptions, _ state: RunState) {
    self.init(
      options, teachers: state.teachers,
      state.judgements.map { ($0.annotations.compactMap(\.vote), $0.verdict) })
  }

  /// Items on which the teachers conflict.
  var conflicts: Int { judged.count { $0.verdict == .conflict } }

  private var agreed: Int { judged.count { if case .agreed = $0.verdict { true } else { false } } }

  /// Whether no item has an example.
  var isEmpty: Bool { isEmpty(options) }

  private func isEmpty(_ options: TwoStageOptions) -> Bool {
    judged.allSatisfy { options.learned($0.verdict, of: $0.votes).isEmpty }
  }

  /// How the items stand.
  var facts: String {
    "\(NumberText.counted(agreed, "training item")) agreed, \(NumberText.counted(conflicts, "conflict")), "
      + "\(NumberText.grouped(judged.count - agreed - conflicts)) with too few votes"
  }

  /// What would give Stage 1 an example: each setting that does so by itself, and teachers that say nothing.
  var remedy: String {
    var remedies: [String] = []
    let silent = teachers.filter { teacher in !judged.contains { $0.votes.contains { $0.teacher == teacher } } }
    if !silent.isEmpty {
      remedies.append(
        silent.count == teachers.count
          ? "no teacher has a vote on any of them: mend the replies, or take other teachers"
          : "\(silent.count == 1 ? "teacher" : "teachers") \(silent.joined(separator: ", ")) \(silent.count == 1 ? "has" : "have") "
            + "no vote on any of them: mend the replies, or take another teacher")
    }
    let choices = [TwoStageOptions.Conflicts.majority, .all].filter { choice in
      var other = options
      other.conflicts = choice
      return !isEmpty(other)
    }
    if !choices.isEmpty {
      remedies.append("set stage1.conflicts to \(choices.map(\.rawValue).joined(separator: " or "))")
    }
    if case .teacher(let name) = options.answers {
      var other = options
      other.answers = .all
      if !isEmpty(other) { remedies.append("set stage1.answers to all, since \(name) gave none of the labels") }
    }
    // Of what has too few votes for a verdict, what would be agreed as soon as these are enough.
    let enough = judged.filter { item in
      guard item.verdict == .noVote, let first = item.votes.first, item.votes.allSatisfy({ $0.label == first.label })
      else { return false }
      return !options.learned(.agreed(first.label), of: item.votes).isEmpty
    }.map(\.votes.count).max()
    if let enough { remedies.append("set agreement.minimum_votes to \(enough)") }
    return remedies.isEmpty ? "take another rule of agreement, or other teachers" : remedies.joined(separator: ", or ")
  }
}

extension RunError {
  /// The fault of a run whose Stage 1 has no example, since the student can take none or the teachers agree on none.
  static func noExample(
    _ refused: [(item: String, reason: String)], by configuration: RunConfiguration, _ state: RunState
  ) -> RunError {
    guard let first = refused.first else { return nothingAgreed(by: configuration, state) }
    return .nothingUsable(refused.count, first: "item \(first.item): \(first.reason)")
  }

  /// The fault of a run whose teachers agree on nothing that Stage 1 learns.
  static func nothingAgreed(by configuration: RunConfiguration, _ state: RunState) -> RunError {
    let supply = Stage1Supply(configuration.twoStageOptions, state)
    return .nothingAgreed(supply.facts, remedy: supply.remedy)
  }
}
