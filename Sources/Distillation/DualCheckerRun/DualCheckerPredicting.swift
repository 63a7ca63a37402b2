package import ConfigurationFiles
package import DualChecker
package import Foundation
package import TeacherProtocol
internal import DistillationConfiguration
internal import Evaluation
internal import Wording
import Reporting

extension Prediction {
  /// What a student says of a record.
  init(_ item: Item, _ found: StudentPrediction, task: LabellingTask) {
    switch found.answer {
    case .label(let name):
      self = Prediction(
        itemID: item.id, label: found.isTied ? nil : name,
        probabilities: Dictionary(uniqueKeysWithValues: zip(task.names, found.probabilities))
      ).scored(over: task.labels)
    case .spans(let places):
      self.init(
        itemID: item.id,
        spans: places.map {
          Span(
            label: $0.label, start: $0.range.lowerBound, end: $0.range.upperBound, text: $0.text(in: item.text))
        })
    }
  }
}

extension DualCheckerRun {
  /// A run that was made before.
  ///
  /// - Parameter setting: keys in place of what its configuration says, this time alone.
  /// - Throws: ``RunError/notARun(_:_:)`` where the folder is none, or the error of its configuration, also where a setting names
  ///   the base of an encoder, which is trained whole and needs none.
  package static func opening(
    _ folder: URL, setting: [ConfigurationSetting] = [], reporter: ProgressReporter = ProgressReporter(style: .silent)
  ) throws -> DualCheckerRun {
    let configuration = try DualCheckerConfiguration(ofRun: folder, setting: setting)
    if !setting.isEmpty, configuration.student.kind == .encoder,
      let model = configuration.student.model,
      model != (try DualCheckerConfiguration(ofRun: folder, setting: []).student.model)
    {
      let reason = ConfigurationProblem.Reason.unexpectedValue(
        expected: "no other model, since this run's student is an encoder, which was trained whole and is read from "
          + folder.appending(path: "student").path, found: "'\(model)'", nearest: nil)
      throw ConfigurationError(
        file: "--set", problems: [ConfigurationProblem(section: "student", key: "model", reason: reason)])
    }
    return try DualCheckerRun(configuration, folder: folder, reporter: reporter)
  }

  /// The finished student's answers to the records of any file with the run's field names.
  ///
  /// - Parameter data: JSON Lines, JSON or CSV; no labels are needed.
  /// - Returns: one prediction for each row of the file, in its order; a row that can't be used has an `error` in place of
  ///   an answer, and one whose text was cut for an encoder is marked.
  /// - Throws: ``RunError/unfinished(_:lacks:)`` where the run has no student yet, or what reading the file throws.
  package func predict(_ data: URL) async throws -> [Prediction] {
    var all: [Prediction] = []
    try await predict(data) { predictions, _ in all += predictions }
    return all
  }

  /// The same part by part, for files that do not fit into memory with all that is said about them.
  ///
  /// - Parameters:
  ///   - shard: the rows that are wanted, by the group column where the file has it.
  ///   - each: takes the next rows' predictions, and these rows as items.
  package func predict(
    _ data: URL, shard: Shard = .whole, each: ([Prediction], Dataset) throws -> Void
  ) async throws {
    let task = try configuration.task.task()
    let stream = try ItemStream(
      contentsOf: data, mapping: readMapping, shard: shard, group: configuration.data.mapping.group)
    let student = try finishedStudent(task)
    let confidence = confidence(task)
    let calibration = try calibration(task)
    let threshold = task.kind == .spans ? nil : try confidence.threshold(calibration)
    if let threshold { reporter.message(threshold.sentence) }
    var cut = CutTexts()
    while let part = try stream.next(ItemStream.rows) {
      let faults = student.faults(of: part.items)
      let taken = part.items.filter { faults[$0.id] == nil }
      var answers: [String: Prediction] = [:]
      for (item, stated) in zip(taken, try await student.predictions(for: taken)) {
        let given = calibration.map { stated.calibrated(by: $0) } ?? stated
        let prediction = Prediction(item, given, task: task)
        answers[item.id] = threshold?.marking(prediction) ?? prediction
      }
      if let read = student.readParts(of: taken) {
        cut.add(taken, read)
        for (item, part) in zip(taken, read.parts) where part != nil { answers[item.id]?.isCut = true }
      }
      let all = part.items.map {
        answers[$0.id] ?? Prediction(itemID: $0.id, label: nil, error: faults[$0.id])
      }
      try each(Prediction.all(part, all), part)
    }
    if let sentence = cut.sentence { reporter.warn(sentence) }
  }

  /// Predictions as decision rows: what the student learned to answer about each record, and how probable it finds each label. A
  /// row without an answer is the line that ``PredictionFile`` has for it.
  ///
  /// - Parameters:
  ///   - predictions: one for each row of the part.
  ///   - part: the rows as items.
  /// - Throws: ``NoLabelProbabilities`` for a task of spans.
  package func decisionRows(_ predictions: [Prediction], of part: Dataset) throws -> Data {
    let task = try taskOfClasses()
    // As the student's server takes them.
    let said = LabellingTemplate(instructions: configuration.task.instructions).plainSlots(for: task)
    let question = TypedQuestion(
      name: configuration.questionName, instructions: said.fields["instructions"] ?? "", labels: task.labels)
    return try PredictionFile.decisionRows(predictions, of: part) { _ in question }
  }

  /// The calibration of the finished student, which is said; nil where the run has none.
  private func calibration(_ task: LabellingTask) throws -> StudentCalibration? {
    guard task.kind != .spans, let calibration = try confidence(task).calibration() else { return nil }
    reporter.message(calibration.sentence)
    return calibration
  }

  /// Scores the finished student on any labelled file. Records without a gold answer are left out.
  ///
  /// - Parameters:
  ///   - data: as for ``predict(_:)``, with the columns of gold answers.
  ///   - shard: the records that are scored, by their groups. The default is all.
  package func evaluate(_ data: URL, shard: Shard = .whole) async throws -> TaskScore {
    let task = try configuration.task.task()
    let (items, gold) = try labelled(data, shard: shard, task: task)
    let student = try finishedStudent(task)
    let faults = student.faults(of: items)
    let taken = items.filter { faults[$0.id] == nil }
    let stated = try await student.predictions(for: taken)
    let cut = CutTexts(taken, student.readParts(of: taken), answers: taken.map { gold.answer(of: $0.id) })
    if let sentence = cut.sentence { reporter.warn(sentence) }
    if let first = items.first(where: { faults[$0.id] != nil }) {
      reporter.warn(
        "\(faults.count) of \(NumberText.counted(items.count, "record")) can't be taken by the student and count as wrong; the "
          + "first is item '\(first.id)': \(faults[first.id] ?? "")")
    }
    let calibration = try calibration(task)
    let found = calibration.map { calibration in stated.map { $0.calibrated(by: calibration) } } ?? stated
    let answers = Dictionary(uniqueKeysWithValues: zip(taken.map(\.id), found))
    let pairs = items.compactMap { item in
      gold.answer(of: item.id).map { (given: answers[item.id], gold: $0, text: item.text) }
    }
    return task.score(pairs.map { $0.given }, against: pairs.map(\.gold), texts: pairs.map(\.text))
  }

  /// The records of a file that have a gold answer; what can't be used is said.
  ///
  /// - Parameter split: only records of this split; nil takes all.
  func labelled(
    _ data: URL, split: String? = nil, shard: Shard = .whole, task: LabellingTask
  ) throws -> (items: [Item], gold: GoldAnswers<TaskAnswer>) {
    let gold = try GoldAnswers(
      RowFile(contentsOf: data), task: task, mapping: configuration.data.mapping, mayLackTypes: true)
    var mapping = readMapping
    if !shard.isWhole { mapping.group = configuration.data.mapping.group }
    if split != nil { mapping.split = configuration.data.mapping.split ?? "split" }
    let records = try Dataset(contentsOf: data, mapping: mapping)
    let setAside = (records.setAside + gold.setAside).sorted()
    if let listed = setAside.listed { reporter.warn(listed) }
    let inSplit = split.map(records.items(in:)) ?? records.items
    if let split, inSplit.isEmpty { throw RunError.emptySplit(split, known: records.splits, setAside: setAside) }
    let items = inSplit.filter { gold.has($0.id) && shard.contains($0.group) }
    guard !items.isEmpty else { throw RunError.nothingLabelled(data.path, setAside: setAside) }
    return (items, gold)
  }

  /// Of records the student reads the text alone.
  var readMapping: FieldMapping {
    var mapping = configuration.data.mapping
    (mapping.label, mapping.group, mapping.split, mapping.evidence) = (nil, nil, nil, [:])
    return mapping
  }
}

extension TaskScore {
  /// The score for a terminal: F1 over all, then of each class or span type.
  package var table: String {
    func percent(_ value: Double) -> String { String(format: "%6.2f", 100 * value) }
    var lines = ["\(items) records", "\(percent(macroF1))  macro F1", "\(percent(accuracy))  accuracy"]
    if let tokenF1 { lines.append("\(percent(tokenF1))  macro F1 over tokens") }
    if let levels {
      func number(_ value: Double?) -> String { value.map { String(format: "%6.3f", $0) } ?? "     -" }
      lines += [
        "\(number(levels.quadraticKappa))  quadratic kappa",
        "\(number(levels.meanAbsoluteError))  mean distance from the true level, in levels",
        "\(number(levels.expectedLevelError))  the same of the expected level",
      ]
    }
    lines += parts.map { "\(percent($0.f1))  \($0.name) (\($0.right) right of \($0.given), \($0.wanted) in gold)" }
    return lines.joined(separator: "\n") + "\n"
  }
}
