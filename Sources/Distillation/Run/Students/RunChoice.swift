internal import Annotations
internal import DistillationConfiguration
internal import DPO
internal import Evaluation
internal import Foundation
internal import StudentModels
internal import TeacherProtocol
internal import Tensor
internal import Wording

/// The choice among what Stage 2 could end with (`stage2.choose`).
extension DistillationRun {
  /// A training of Stage 2 in the way that is best by labels that it did not learn from, with what was found; as it is
  /// configured where nothing is chosen.
  ///
  /// - Parameters:
  ///   - name: what the result is called, such as `stage2`.
  ///   - round: the round, from 1.
  ///   - trees: of all labels.
  func chosenStage2(
    _ stages: StudentStages<some Student>, _ state: RunState, name: String, round: Int, trees: [PreferenceTree],
    labels: [String: String], from start: TrainedStage, stage1: TrainedStage
  ) async throws -> (stage: TrainedStage, way: StageWay, choice: StageChoice?) {
    guard let source = configuration.stage2.choose else {
      let stage = try await trainStage2(stages, state, name: name, trees: trees, from: start, stage1: stage1)
      return (stage, .preferences, nil)
    }
    let judged = judgedItems(by: source, state, labels: labels)
    let kept = source == .dev ? trees : try learned(stages, state, labels: labels, without: judged)
    if let reason = reason(against: judged, learning: kept) {
      let stage = try await trainStage2(stages, state, name: name, trees: trees, from: start, stage1: stage1)
      let choice = StageChoice(
        taken: StageWay.preferences.rawValue, source: source.rawValue, labels: judged.truth.count, reason: reason)
      reporter.message(choice.sentence)
      return (stage, .preferences, choice)
    }
    var candidates: [StageWay: TrainedStage] = [.none: start]
    for way in [StageWay.preferences, .supervised] {
      candidates[way] = try await trainStage2(
        stages, state, way: way, name: "choice/\(round)/\(way.rawValue)", trees: kept, from: start, stage1: stage1)
    }
    let choice = try await choice(stages, state, round: round, among: candidates, by: judged, source: source)
    guard let way = StageWay(choice.taken, in: round), let best = candidates[way] else {
      preconditionFailure("DistillationRun: no way \(choice.taken)")
    }
    reporter.message(choice.sentence)
    guard way != .none, source == .budget else {
      // Trained on all labels already, or not at all.
      return (try stages.keep(best, as: name), way, choice)
    }
    let stage = try await trainStage2(
      stages, state, way: way, name: name, trees: trees, from: start, stage1: stage1)
    return (stage, way, choice)
  }

  /// What is taken unless another is shown to be better: labels that were bought are learned from, and preferences where they help.
  private static let standing = StageWay.supervised

  /// Why nothing can be chosen; nil where it can.
  private func reason(against judged: JudgedItems, learning kept: [PreferenceTree]) -> String? {
    let count = judged.truth.count
    if count < StageChoice.fewest {
      return "\(NumberText.counted(count, "label")) to judge by \(count == 1 ? "is" : "are") too few; it takes "
        + "\(StageChoice.fewest)"
    }
    return kept.isEmpty ? "the items that are held out leave none to learn from, since groups stay together" : nil
  }

  /// One training of Stage 2 in a way that trains.
  func trainStage2(
    _ stages: StudentStages<some Student>, _ state: RunState, way: StageWay, name: String, trees: [PreferenceTree],
    from start: TrainedStage, stage1: TrainedStage, steps: Int? = nil
  ) async throws -> TrainedStage {
    try await trainStage2(
      stages, state, name: name, trees: trees, from: start, stage1: stage1, usesPairs: way != .supervised,
      supervisedWeight: way == .supervised ? 1 : nil, steps: steps)
  }

  /// What students are judged by.
  private struct JudgedItems {
    /// Those with a label.
    var labelled: [Item]
    /// Those on which the teachers agree, which nothing is learned from in Stage 2.
    var agreed: [Item]
    /// Of the agreed items those that are asked about.
    var asked: [Item]
    /// Item -> label, of both.
    var truth: [String: String]
    var agreedLabels: [String: String]
    /// The share of conflicts among the training items that are one or the other.
    var weight: Double
  }

  private func judgedItems(
    by source: Stage2Configuration.Choice, _ state: RunState, labels: [String: String]
  ) -> JudgedItems {
    switch source {
    case .dev:
      let truth = state.data.gold?.answers(of: state.data.dev.map(\.id)) ?? [:]
      return JudgedItems(
        labelled: state.data.dev.filter { truth[$0.id] != nil }, agreed: [], asked: [], truth: truth,
        agreedLabels: [:], weight: 1)
    case .budget:
      let agreed = AgreedItems(state, labels: labels, folds: StageChoice.folds)
      let held = state.data.train.filter { labels[$0.id] != nil && agreed.fold(of: $0.group) == 0 }
      let ids = Set(held.map(\.id))
      let apart = agreed.judgements(ofFold: 0)
      var generator = Tensor.Generator(seed: UInt64(configuration.seed)).fork("choice")
      return JudgedItems(
        labelled: held, agreed: apart.map(\.item),
        asked: AgreedItems.drawn(AgreedItems.most, of: apart, using: &generator).map(\.item),
        truth: labels.filter { ids.contains($0.key) },
        agreedLabels: Dictionary(apart.compactMap { one in one.label.map { (one.item.id, $0) } }) { first, _ in first },
        weight: agreed.conflictShare)
    }
  }

  /// The trees of Stage 2 without what students are judged by.
  private func learned(
    _ stages: StudentStages<some Student>, _ state: RunState, labels: [String: String], without judged: JudgedItems
  ) throws -> [PreferenceTree] {
    let apart = Set(judged.agreed.map(\.id))
    return try stages.targets.preferences(
      state.judgements.filter { !apart.contains($0.item.id) }, labels: labels.filter { judged.truth[$0.key] == nil })
  }

  /// What was found before, or is found by asking all candidates; kept in `choice/ROUND.json`.
  private func choice(
    _ stages: StudentStages<some Student>, _ state: RunState, round: Int, among candidates: [StageWay: TrainedStage],
    by judged: JudgedItems, source: Stage2Configuration.Choice
  ) async throws -> StageChoice {
    let ways = StageWay.allCases
    let truth = judged.truth.merging(judged.agreedLabels) { first, _ in first }.sorted { $0.key < $1.key }
    let key = StepRecords.key(
      source.rawValue, "unless better: \(Self.standing.rawValue)",
      ways.map { candidates[$0]?.key ?? "" }.joined(separator: " "), "\(judged.weight)",
      judged.asked.map(\.id).joined(separator: "\n"),
      truth.map { "\($0.key) \($0.value)" }.joined(separator: "\n"))
    let (name, file) = ("choice/\(round)", folder.appending(path: "choice/\(round).json"))
    if stages.records.isDone(name, key: key, outputs: [file], reporter: reporter) {
      return try JSONDecoder().decode(StageChoice.self, from: Data(contentsOf: file))
    }
    let began = Date()
    stages.records.begin(name)
    let items = judged.labelled + judged.asked
    var answers: [StageChoice.Answers] = []
    for way in ways {
      guard let candidate = candidates[way] else { continue }
      let right = try await stages.predict(items, adapter: candidate.adapter).map {
        $0.label != nil && $0.label == (judged.truth[$0.itemID] ?? judged.agreedLabels[$0.itemID])
      }
      answers.append(
        .init(
          way.name(in: round), labels: Array(right.prefix(judged.labelled.count)),
          agreed: Array(right.dropFirst(judged.labelled.count))))
    }
    var generator = Tensor.Generator(seed: UInt64(configuration.seed)).fork("choice intervals")
    let choice = StageChoice(
      answers, labelGroups: judged.labelled.map(\.group), agreedGroups: judged.asked.map(\.group),
      weight: judged.weight, source: source.rawValue, standing: Self.standing.name(in: round), resamples: 1_000,
      seed: generator.next())
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try OwnerOnly.write(encoder.encode(choice), to: file)
    try stages.records.finish(name, key: key, outputs: [file], seconds: Date().timeIntervalSince(began))
    return choice
  }
}
