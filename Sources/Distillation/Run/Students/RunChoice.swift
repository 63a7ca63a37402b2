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
    func trained(_ way: StageWay) async throws -> TrainedStage {
      guard way != .none else { return try stages.keep(start, as: name) }
      return try await trainStage2(
        stages, state, way: way, name: name, trees: trees, from: start, stage1: stage1)
    }
    let rule = try RunRules(of: folder).ending
    guard let wanted = rule.choice(of: configuration) else {
      return (try await trained(.preferences), .preferences, nil)
    }
    let (parts, source) = judgedParts(by: wanted, state, labels: labels, rule: rule)
    let isFew = rule == .byEvidence && labels.count < StageChoice.few
    var kept = try parts.map { source == .dev ? trees : try self.learned(stages, state, labels: labels, without: $0) }
    if let reason = reason(against: parts, learning: kept) {
      let way = rule == .asConfigured ? StageWay.preferences : isFew ? .none : Self.standing
      let choice = StageChoice(
        taken: way.name(in: round), source: source.rawValue, labels: parts.reduce(0) { $0 + $1.truth.count },
        reason: reason)
      reporter.message(choice.sentence)
      return (try await trained(way), way, choice)
    }
    let judged = zip(parts, kept).filter { !$1.isEmpty }.map(\.0)
    kept.removeAll(where: \.isEmpty)
    var candidates: [[StageWay: TrainedStage]] = []
    for (number, trees) in kept.enumerated() {
      let place = "choice/\(round)/" + (number == 0 ? "" : "part_\(number + 1)/")
      var found: [StageWay: TrainedStage] = [.none: start]
      // Too few labels to learn from are too few to show what preferences add.
      for way in isFew && source == .budget ? [.supervised] : [StageWay.preferences, .supervised] {
        found[way] = try await trainStage2(
          stages, state, way: way, name: place + way.rawValue, trees: trees, from: start, stage1: stage1)
      }
      candidates.append(found)
    }
    let choice = try await choice(
      stages, state, round: round, among: candidates, by: judged, source: source)
    guard let way = StageWay(choice.taken, in: round), let best = candidates[0][way] else {
      preconditionFailure("DistillationRun: no way \(choice.taken)")
    }
    reporter.message(choice.sentence)
    // What dev judged is trained on all labels already.
    return (source == .dev ? try stages.keep(best, as: name) : try await trained(way), way, choice)
  }

  /// What is taken unless another is shown to be better: labels that were bought are learned from, and preferences where they help.
  private static let standing = StageWay.supervised

  /// Why nothing can be chosen; nil where it can.
  private func reason(against parts: [JudgedItems], learning kept: [[PreferenceTree]]) -> String? {
    let count = parts.reduce(0) { $0 + $1.truth.count }
    if count < StageChoice.fewest {
      return "\(NumberText.counted(count, "label")) to judge by \(count == 1 ? "is" : "are") too few; it takes "
        + "\(StageChoice.fewest)"
    }
    return kept.allSatisfy(\.isEmpty)
      ? "the items that are held out leave none to learn from, since groups stay together" : nil
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

  /// What students are judged by that have learned from the rest.
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

  /// What students are judged by, in the parts that are held out one after the other, and where the labels are from: from the
  /// budget where there are too few of dev.
  private func judgedParts(
    by source: Stage2Configuration.Choice, _ state: RunState, labels: [String: String], rule: StageEnding
  ) -> (parts: [JudgedItems], source: Stage2Configuration.Choice) {
    if source == .dev {
      let truth = state.data.gold?.answers(of: state.data.dev.map(\.id)) ?? [:]
      let one = JudgedItems(
        labelled: state.data.dev.filter { truth[$0.id] != nil }, agreed: [], asked: [], truth: truth,
        agreedLabels: [:], weight: 1)
      if truth.count >= StageChoice.fewest || rule != .byEvidence || configuration.rounds > 1 { return ([one], .dev) }
    }
    let agreed = AgreedItems(state, labels: labels, folds: StageChoice.folds)
    let all = state.data.train.filter { labels[$0.id] != nil }
    // A fifth of the labels, or as many fifths as it takes.
    var held: [(fold: Int, items: [Item])] = []
    for fold in 0..<StageChoice.folds {
      let items = all.filter { agreed.fold(of: $0.group) == fold }
      if !items.isEmpty { held.append((fold, items)) }
      if rule != .byEvidence || held.reduce(0, { $0 + $1.items.count }) >= StageChoice.fewest { break }
    }
    var generator = Tensor.Generator(seed: UInt64(configuration.seed)).fork("choice")
    let parts = held.map { fold, items in
      let ids = Set(items.map(\.id))
      let apart = agreed.judgements(ofFold: fold)
      return JudgedItems(
        labelled: items, agreed: apart.map(\.item),
        asked: AgreedItems.drawn(AgreedItems.most / held.count, of: apart, using: &generator).map(\.item),
        truth: labels.filter { ids.contains($0.key) },
        agreedLabels: Dictionary(apart.compactMap { one in one.label.map { (one.item.id, $0) } }) { first, _ in first },
        weight: agreed.conflictShare)
    }
    return (parts, .budget)
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
  ///
  /// - Parameter candidates: of each part those that have not learned from it.
  private func choice(
    _ stages: StudentStages<some Student>, _ state: RunState, round: Int, among candidates: [[StageWay: TrainedStage]],
    by parts: [JudgedItems], source: Stage2Configuration.Choice
  ) async throws -> StageChoice {
    let ways = StageWay.allCases.filter { candidates[0][$0] != nil }
    let weight = parts[0].weight
    let truth = parts.flatMap { one in
      one.truth.merging(one.agreedLabels) { first, _ in first }.sorted { $0.key < $1.key }
    }
    let key = StepRecords.key(
      source.rawValue, "unless better: \(Self.standing.rawValue)",
      candidates.map { part in ways.map { part[$0]?.key ?? "" }.joined(separator: " ") }.joined(separator: "\n"),
      "\(weight)", parts.flatMap(\.asked).map(\.id).joined(separator: "\n"),
      truth.map { "\($0.key) \($0.value)" }.joined(separator: "\n"))
    let (name, file) = ("choice/\(round)", folder.appending(path: "choice/\(round).json"))
    if stages.records.isDone(name, key: key, outputs: [file], reporter: reporter) {
      return try JSONDecoder().decode(StageChoice.self, from: Data(contentsOf: file))
    }
    let began = Date()
    stages.records.begin(name)
    var answers: [StageChoice.Answers] = []
    for way in ways {
      var found = StageChoice.Answers(way.name(in: round), labels: [], agreed: [])
      for (part, students) in zip(parts, candidates) {
        guard let student = students[way] else { continue }
        let right = try await stages.predict(part.labelled + part.asked, adapter: student.adapter).map {
          $0.label != nil && $0.label == (part.truth[$0.itemID] ?? part.agreedLabels[$0.itemID])
        }
        found.labels += right.prefix(part.labelled.count)
        found.agreed += right.dropFirst(part.labelled.count)
      }
      answers.append(found)
    }
    var generator = Tensor.Generator(seed: UInt64(configuration.seed)).fork("choice intervals")
    let choice = StageChoice(
      answers, labelGroups: parts.flatMap(\.labelled).map(\.group), agreedGroups: parts.flatMap(\.asked).map(\.group),
      weight: weight, source: source.rawValue, standing: Self.standing.name(in: round), resamples: 1_000,
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
