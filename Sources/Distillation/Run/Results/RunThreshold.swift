internal import Annotations
package import Evaluation
package import Foundation
internal import DistillationConfiguration
internal import StudentModels
internal import TeacherProtocol
internal import Wording

extension DistillationRun {
  /// Finds the smallest confidence from which on the finished student is as often right as wanted, and writes threshold.json.
  ///
  /// - Parameters:
  ///   - precision: the share of labels that is to be right, above 0 and below 1.
  ///   - certainty: above 0 and below 1.
  ///   - data: a labelled file that the student was not trained on; nil for the run's development items.
  ///   - split: only items of this split of the file; nil takes all.
  /// - Throws: ``ThresholdError`` where there is none; a threshold that was there before stays.
  package func threshold(
    precision: Double, certainty: Double, data: URL? = nil, split: String? = nil
  ) async throws -> ThresholdFile {
    let labels = try configuration.labelSet()
    let adapter = try finishedAdapter()
    let (dataset, items, gold, own, source) = try held(data, split: split, labels)
    let (student, key) = try (loadBase(), baseKey())
    let stated = try await answers(student, key: key, dataset: dataset, items: items, labels: labels)
    return try confidence(adapter: adapter).findThreshold(
      precision: precision, certainty: certainty, stated: stated, truth: gold.answers(of: items.map(\.id)),
      of: items, own: own, source: source)
  }

  /// Labelled items that the student was not trained on, and the run's own that it was trained or calibrated on, where they can be
  /// read.
  private func held(
    _ data: URL?, split: String?, _ labels: LabelSet
  ) throws -> (
    dataset: Dataset, items: [Item], gold: GoldAnswers<String>, own: (all: [Item], bySource: [String: [Item]]),
    source: String
  ) {
    if let data {
      let (dataset, items, gold, setAside) = try labelled(data, split: split, .whole, labels)
      if let first = setAside.first {
        reporter.warn(
          "\(NumberText.counted(setAside.count, "row")) of \(data.path) can't be used, and are not counted: \(first)"
            + (setAside.count > 1 ? " ..." : ""))
      }
      let run = try? readData(DataFiles(configuration), labels)
      let trained = Dictionary((run?.train ?? []).map { ($0.id, $0.fields) }) { first, _ in first }
      let known = items.count { trained[$0.id] == $0.fields }
      if known > 0 {
        reporter.warn(
          "\(known) of \(NumberText.counted(items.count, "labelled item")) in \(data.path) "
            + "\(known == 1 ? "is a training item" : "are training items") of the run, on which the student is righter than on others: "
            + "a threshold from them promises too much")
      }
      let own = run.map { ($0.train + $0.dev, ["dev": $0.dev]) } ?? ([], [:])
      return (dataset, items, gold, own, split.map { "\(data.path), split \($0)" } ?? data.path)
    }
    let data = try readData(DataFiles(configuration), labels)
    let items = data.dev.filter { data.gold?.has($0.id) ?? false }
    guard let gold = data.gold, !items.isEmpty else { throw ThresholdError.noDev(folder.path) }
    return (data.dataset, items, gold, (data.train + data.dev, ["dev": data.dev]), "dev")
  }
}

extension ThresholdFile {
  /// The prediction, marked where a person should look at its label. A row without an answer has an error in its place.
  func marking(_ prediction: Prediction) -> Prediction {
    guard prediction.error == nil else { return prediction }
    var prediction = prediction
    prediction.needsReview = (prediction.confidence ?? 0) < threshold.confidence
    return prediction
  }

  /// What the threshold says, in a sentence.
  package var sentence: String {
    "rows with a confidence below \(NumberText.fixed(threshold.confidence, digits: 4)) are marked \"review\": true; of the others at "
      + "least \(ThresholdError.percent(threshold.precision)) are right, with a certainty of "
      + ThresholdError.percent(threshold.certainty)
  }
}

/// Why a run has no threshold.
package enum ThresholdError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The run has no labelled development item: its folder.
  case noDev(String)
  /// Nothing reaches what is wanted: where the labels are from, and why.
  case notFound(String, precision: Double, certainty: Double, CertainThreshold.Failure)

  /// The fault with the remedy.
  package var description: String {
    switch self {
    case .noDev(let folder):
      "\(folder): the run has no development item with a label; give a labelled file that the student was not trained on, by --data"
    case .notFound(let source, let precision, let certainty, let failure):
      "a precision of \(Self.percent(precision)) with a certainty of \(Self.percent(certainty)), labels of \(source): \(failure)"
    }
  }

  static func percent(_ share: Double) -> String {
    let digits = (0...3).first { digits in
      abs(Double(NumberText.fixed(share * 100, digits: digits)).map { $0 - share * 100 } ?? 1) < 1e-9
    }
    return NumberText.fixed(share * 100, digits: digits ?? 4) + " %"
  }
}
