internal import Evaluation
internal import Foundation
internal import TeacherProtocol
internal import Wording

/// What a run knows of how far its student's probabilities can be trusted: `calibration.json` and `threshold.json` in its folder.
///
/// Both belong to one student and to what it was asked with. Where either has changed they are passed over, with a message, or
/// refused where nobody sees messages.
struct ConfidenceFiles {
  /// The run's folder.
  let folder: URL
  /// The file with the weights that the student was trained to.
  let weights: URL
  /// Finds the digest of the base model that the weights are put on; nil where they are the whole student, or where there is no
  /// such folder.
  let findBase: () throws -> String?
  /// The digest of what the student is asked with.
  let question: String
  /// All labels of the question, in its order.
  let labels: [String]
  let reporter: ProgressReporter

  var calibrationFile: URL { folder.appending(path: "calibration.json") }
  var thresholdFile: URL { folder.appending(path: "threshold.json") }
  /// The answers that the calibration was learned from, with their truth.
  var answersFile: URL { folder.appending(path: "predictions/calibration.jsonl") }

  /// The digest of the weights, by which files know the student.
  var student: String { get throws { try Distillation.digest(of: weights) } }

  /// Where the labels were from that a calibration was learned from, whichever student's it is; nil where there is none.
  var calibrationSource: String? {
    get throws {
      guard FileManager.default.fileExists(atPath: calibrationFile.path) else { return nil }
      return try StudentCalibration(contentsOf: calibrationFile).source
    }
  }

  /// Why a file is not about this student and this question.
  private enum Strangeness {
    case student, base, question

    /// What the file was learned with.
    var words: String {
      switch self {
      case .student: "learned from another student"
      case .base: "learned with another base model, or with its weights in another precision"
      case .question: "learned with another prompt or with other answers"
      }
    }

    var remedy: String {
      self == .student
        ? "carry the run out again (distill run)"
        : "leave out what --set changes of them, or carry the run out again (distill run)"
    }
  }

  /// Whether a file that knows its base was made with this one. Files of versions that did not know it name none.
  private func isOwn(base: String?) throws -> Bool {
    guard let base, let own = try findBase() else { return true }
    return base == own
  }

  /// The calibration with why it is another's; nil where there is no file.
  private func stored() throws -> (calibration: StudentCalibration, strangeness: Strangeness?)? {
    guard FileManager.default.fileExists(atPath: calibrationFile.path) else { return nil }
    let calibration = try StudentCalibration(contentsOf: calibrationFile)
    if try calibration.adapter != student { return (calibration, .student) }
    guard try isOwn(base: calibration.base) else { return (calibration, .base) }
    // Files of versions that did not know it name no question.
    let isSame = calibration.labels == labels && (calibration.question ?? question) == question
    return (calibration, isSame ? nil : .question)
  }

  /// The calibration of the student; nil where the run has none. Another's is passed over, with a message.
  ///
  /// - Throws: `RunFileError` where the file can't be read.
  func calibration() throws -> StudentCalibration? {
    guard let (calibration, strangeness) = try stored() else { return nil }
    guard let strangeness else { return calibration }
    reporter.warn(
      "\(calibrationFile.path) was \(strangeness.words), so probabilities are not calibrated: \(strangeness.remedy)")
    return nil
  }

  /// The same for what has no messages, such as a server's client.
  ///
  /// - Throws: ``RunError/unusableFile(_:_:)`` for another's calibration too.
  func ownCalibration() throws -> StudentCalibration? {
    guard let (calibration, strangeness) = try stored() else { return nil }
    guard let strangeness else { return calibration }
    throw RunError.unusableFile(calibrationFile.path, "it was \(strangeness.words); \(strangeness.remedy)")
  }

  /// Removes what was learned.
  func clear() {
    for file in [calibrationFile, answersFile] { try? FileManager.default.removeItem(at: file) }
  }

  private func digest(of calibration: StudentCalibration?) throws -> String? {
    try calibration.map { _ in try Distillation.digest(of: calibrationFile) }
  }

  /// Finds the smallest confidence from which on the student is as often right as wanted, and writes threshold.json.
  ///
  /// - Parameters:
  ///   - stated: the student's answers as it states them.
  ///   - truth: the true label of each item.
  ///   - asked: what the student answered about.
  ///   - own: the run's own items, of which the calibration knows some, and those of them that it was learned from, by its source;
  ///     empty where they can't be read.
  ///   - source: where the labels are from.
  /// - Throws: ``ThresholdError`` where there is none; a threshold that was there before stays.
  func findThreshold(
    precision: Double, certainty: Double, stated: [Prediction], truth: [String: String], of asked: [Item],
    own: (all: [Item], bySource: [String: [Item]]), source: String
  ) throws -> ThresholdFile {
    let calibration = try calibration()
    if let calibration { reporter.message(calibration.sentence) }
    let answers = calibration.map { calibration in stated.map { $0.calibrated(by: calibration) } } ?? stated
    let found: CertainThreshold
    do {
      found = try CertainThreshold(
        precision: precision, certainty: certainty, confidences: answers.map { min($0.confidence ?? 0, 1) },
        correct: answers.map { $0.label != nil && $0.label == truth[$0.itemID] })
    } catch {
      throw ThresholdError.notFound(source, precision: precision, certainty: certainty, error)
    }
    let file = try ThresholdFile(
      found, source: source, adapter: student, calibration: digest(of: calibration), question: question,
      base: findBase(),
      readsLabelsAgain: calibration.map {
        try $0.changesOrder && ($0.source == source || hasLearned($0, from: asked, of: own))
      } ?? false)
    try file.write(to: thresholdFile)
    return file
  }

  /// Whether a calibration was learned from one of these items, in whichever file and under whichever id they stand. Where the run
  /// has not kept which they were, all of its source are meant.
  private func hasLearned(
    _ calibration: StudentCalibration, from items: [Item], of own: (all: [Item], bySource: [String: [Item]])
  ) throws -> Bool {
    var read = own.bySource[calibration.source] ?? []
    if FileManager.default.fileExists(atPath: answersFile.path) {
      let ids = Set(try answers(of: calibration).map(\.id))
      read = own.all.filter { ids.contains($0.id) }
    }
    struct Content: Hashable {
      let fields: [String: String]
      let images: [String]

      init(_ item: Item) {
        fields = item.fields
        // The same photos may lie in another folder.
        images = item.images.map { URL(filePath: $0).lastPathComponent }
      }
    }
    let known = Set(read.map(Content.init))
    return items.contains { known.contains(Content($0)) }
  }

  /// The threshold of the student; nil where the run has none. One that was found for another student, question or calibration
  /// is passed over, with a message.
  ///
  /// - Parameter calibration: from ``calibration()``.
  func threshold(_ calibration: StudentCalibration?) throws -> ThresholdFile? {
    guard FileManager.default.fileExists(atPath: thresholdFile.path) else { return nil }
    let file = try ThresholdFile(contentsOf: thresholdFile)
    let remedy = "so no row is marked for review: find it again with distill threshold --run \(folder.path)"
    guard try file.adapter == student, try file.calibration == digest(of: calibration) else {
      reporter.warn("\(thresholdFile.path) was found for another student or calibration, \(remedy)")
      return nil
    }
    guard try isOwn(base: file.base) else {
      reporter.warn("\(thresholdFile.path) was \(Strangeness.base.words), \(remedy)")
      return nil
    }
    guard (file.question ?? question) == question else {
      reporter.warn("\(thresholdFile.path) was found with another prompt or with other answers, \(remedy)")
      return nil
    }
    return file
  }

  /// Keeps the answers that a calibration was learned from.
  func write(_ answers: [StudentCalibration.Answer]) throws {
    try OwnerOnly.makeFolder(answersFile.deletingLastPathComponent())
    try OwnerOnly.write(PredictionFile.jsonLines(answers), to: answersFile)
  }

  /// The answers that the calibration was learned from.
  ///
  /// - Throws: ``RunError/unusableFile(_:_:)`` where the run has not kept them, `RunFileError` for a line that is none.
  func answers(of calibration: StudentCalibration) throws -> [StudentCalibration.Answer] {
    guard FileManager.default.fileExists(atPath: answersFile.path) else {
      throw RunError.unusableFile(
        answersFile.path,
        "there is no such file with the answers that the run's calibration was learned from, as in runs of earlier "
          + "versions; carry the step evaluate out again (distill run)")
    }
    let answers = try StudentCalibration.answers(contentsOf: answersFile, labels: calibration.labels)
    let labelled = answers.count { !$0.isAgreed }
    guard labelled == calibration.answers, Set(answers.filter(\.isAgreed).map(\.id)).count == calibration.agreed else {
      throw RunError.unusableFile(
        answersFile.path,
        "it has \(labelled) labelled answers of \(answers.count), and the run's calibration was learned from "
          + "\(calibration.answers) with \(calibration.agreed) agreed items; carry the step evaluate out again (distill run)"
      )
    }
    return answers
  }
}
