internal import DualChecker
package import Evaluation
package import Foundation
internal import DistillationConfiguration
internal import TeacherProtocol
internal import TextStudents
internal import Wording

extension DualCheckerRun {
  /// Learns how the finished student's probabilities are calibrated, and writes calibration.json; where the configuration does
  /// not ask for it, removes one that is there.
  func calibrate(
    _ loop: DualCheckerLoop, _ state: DualCheckerState, student: some DualCheckerStudent, data: DualCheckerData,
    untrained: some DualCheckerStudent
  ) async throws -> FittedCalibration? {
    let files = confidence(data.task)
    guard let source = configuration.evaluation.calibration else {
      files.clear()
      return nil
    }
    let known = source == .dev ? data.development : data.pool
    let answers =
      source == .dev
      ? Self.answers(known, try await student.predictions(for: known.map(\.item)), data.task)
      : try await crossFitted(loop, state, data: data, untrained: untrained)
    let calibration = try StudentCalibration(
      answers, labels: files.labels, source: source.rawValue, adapter: files.student, question: files.question,
      base: files.findBase())
    try calibration.write(to: files.calibrationFile)
    reporter.message(calibration.sentence)
    return FittedCalibration(calibration: calibration, labelsRead: source == .dev ? known.count : 0)
  }

  /// Answers to the pool by students that have not learned its labels: the final student is trained again without each fifth of
  /// them, and asked about that fifth.
  private func crossFitted(
    _ loop: DualCheckerLoop, _ state: DualCheckerState, data: DualCheckerData, untrained: some DualCheckerStudent
  ) async throws -> [StudentCalibration.Answer] {
    guard data.pool.count >= StudentCalibration.fewest else {
      // Nothing can be learned from them; they are counted in the reason.
      return Self.answers(data.pool, [], data.task)
    }
    let folds = GroupFolds(data.pool.map(\.item.group), count: 5)
    var answers: [StudentCalibration.Answer] = []
    for fold in 0..<folds.count {
      let held = data.pool.filter { folds[$0.item.group] == fold }
      guard !held.isEmpty else { continue }
      let apart = Set(held.map(\.item.id))
      var other = untrained
      try await train(
        &other, on: loop.finalExamples(state.loop, without: apart).examples,
        pairs: loop.disagreements(state.loop), title: "student without a fifth of the pool \(fold + 1)")
      answers += Self.answers(held, try await other.predictions(for: held.map(\.item)), data.task)
    }
    return answers
  }

  /// Answers with their truth; without predictions they have no probabilities.
  private static func answers(
    _ entries: [LabelledPool.Entry], _ predictions: [StudentPrediction], _ task: LabellingTask
  ) -> [StudentCalibration.Answer] {
    entries.enumerated().map { place, entry in
      let stated = predictions.isEmpty ? [] : predictions[place].probabilities
      return .init(
        id: entry.item.id, group: entry.item.group,
        probabilities: Dictionary(uniqueKeysWithValues: zip(task.names, stated)), truth: entry.answer.key)
    }
  }

  /// How well the student's probabilities fit the test records' truth, before and after.
  func figures(
    of stated: [StudentPrediction], on test: [LabelledPool.Entry], _ task: LabellingTask, by fitted: FittedCalibration
  ) -> EvaluationFile.Calibration? {
    let split = TestSplit(
      items: test.map { .init(id: $0.item.id, label: $0.answer.key, group: $0.item.group) }, labels: task.names,
      positive: task.labels.positive, ordered: task.labels.isOrdered)
    let predictions = zip(test, stated).map { Prediction($0.item, $1, task: task) }
    func score(_ predictions: [Prediction]) -> CalibrationScore? {
      CalibrationScore(of: predictions, on: split, resamples: 1_000, seed: UInt64(configuration.seed))
    }
    guard let before = score(predictions) else { return nil }
    return EvaluationFile.Calibration(
      result: ResultName(rawValue: "student"), fitted.calibration, before: before,
      after: score(predictions.map { $0.calibrated(by: fitted.calibration) }))
  }

  // MARK: Threshold

  /// Finds the smallest confidence from which on the finished student is as often right as wanted, and writes threshold.json.
  ///
  /// - Parameters:
  ///   - precision: the share of labels that is to be right, above 0 and below 1.
  ///   - certainty: above 0 and below 1.
  ///   - data: a labelled file that the student was not trained on; nil for the run's development records.
  ///   - split: only records of this split of the file; nil takes all.
  /// - Throws: ``ThresholdError`` where there is none; a threshold that was there before stays. ``NoLabelProbabilities`` for a task
  ///   of spans.
  package func threshold(
    precision: Double, certainty: Double, data: URL? = nil, split: String? = nil
  ) async throws -> ThresholdFile {
    let task = try taskOfClasses()
    let (known, own, source) = try held(data, split: split, task)
    let found = try await finishedStudent(task).predictions(for: known.map(\.item))
    return try confidence(task).findThreshold(
      precision: precision, certainty: certainty,
      stated: zip(known, found).map { Prediction($0.item, $1, task: task) },
      truth: Dictionary(known.map { ($0.item.id, $0.answer.key) }) { first, _ in first },
      of: known.map(\.item), own: own, source: source)
  }

  /// Labelled records that the student was not trained on, and the run's own for development, where they can be read.
  private func held(
    _ file: URL?, split: String?, _ task: LabellingTask
  ) throws -> (known: [LabelledPool.Entry], own: (all: [Item], bySource: [String: [Item]]), source: String) {
    func read() throws -> DualCheckerRecords {
      try DualCheckerRecords(configuration, rows: RunRules(of: folder).rows, readsDevelopment: true)
    }
    guard let file else {
      let own = try read()
      let known = own.development
      // A fold is held out of the training that was done with this key, not of one that was done before it was set.
      let isHeldOut =
        try configuration.data.isDivided
        || confidence(task).calibrationSource == DualCheckerEvaluationConfiguration.Calibration.dev.rawValue
      guard !known.isEmpty, isHeldOut else { throw ThresholdError.noDev(folder.path) }
      return (known, ([], ["dev": known.map(\.item)]), "dev")
    }
    let (items, gold) = try labelled(file, split: split, task: task)
    // Where its own records can't be read, nothing is known of them.
    let own = try? read()
    let texts = Dictionary((own?.training ?? []).map { ($0.id, $0.text) }) { first, _ in first }
    let trained = items.filter { texts[$0.id] == $0.text }
    let ids = poolOfState()
    let pool = trained.count { ids.contains($0.id) }
    func counted(_ count: Int) -> String {
      "\(count) of \(NumberText.counted(items.count, "labelled record")) in \(file.path) \(count == 1 ? "is" : "are")"
    }
    if pool > 0 {
      let learned =
        configuration.evaluation.calibration == .pool ? "the student and its calibration have" : "the student has"
      reporter.warn(
        "\(counted(pool)) of the run's labelled pool, whose labels \(learned) learned: a threshold from them promises too much"
      )
    }
    let again = trained.count - pool
    if again > 0 {
      reporter.warn(
        "\(counted(again)) \(again == 1 ? "a training record" : "training records") of the run, on which the student is righter than "
          + "on others: a threshold from them promises too much")
    }
    let known = items.compactMap { item in gold.answer(of: item.id).map { LabelledPool.Entry(item: item, answer: $0) } }
    let bySource = [
      "dev": own?.development.map(\.item) ?? [], "pool": own?.training.filter { ids.contains($0.id) } ?? [],
    ]
    return (known, ([], bySource), split.map { "\(file.path), split \($0)" } ?? file.path)
  }
}

extension StudentPrediction {
  /// The same with calibrated probabilities, and with the class that they choose.
  ///
  /// - Precondition: an answer to a task of these classes.
  func calibrated(by calibration: StudentCalibration) -> StudentPrediction {
    let choice = StudentCalibration.choice(probabilities, by: calibration)
    var copy = StudentPrediction(
      answer: .label(calibration.labels[choice.place]), probabilities: choice.probabilities)
    copy.isTied = choice.isTied
    return copy
  }
}
