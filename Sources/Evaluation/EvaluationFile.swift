internal import Wording

/// The evaluation of a finished run: the content of `evaluation.json`.
///
/// ```json
/// {"items": 9000, "test_items": 2000, "labels_spent": 700,
///  "results": {"two_stage": {"accuracy": 0.91, "f1_macro": 0.91, "labels": 700, "interval": [0.89, 0.93],
///                            "by_label": {"spam": {"items": 900, "accuracy": 0.9, "f1": 0.91}, "ham": ...}}}}
/// ```
///
/// The keys above are always there; `teacher_labels`, `differences`, `slices`, `budgets`, `calibration`, `stage2`, `set_aside`,
/// `unsaid` and a result's `confusion` are left out where there is nothing to say. Of a task with ordered labels a result has `levels`
/// too: `quadratic_kappa`, `mean_absolute_error` and `expected_level_error` with their intervals, and `unanswered`. Of a task
/// with two labels a result has two older keys too:
/// `accuracy_falsified`, its accuracy on the positive label, and `accuracy_pristine`, that on the other one.
public struct EvaluationFile: Codable, Sendable, Equatable {
  /// How one label fares.
  package struct LabelScore: Codable, Sendable, Equatable {
    /// The number of items whose true label it is.
    package var items: Int
    /// The share of them answered with it, in 0...1; nil where there is none.
    package var accuracy: Double?
    /// Its F1, in 0...1; nil where it is neither true of an item nor given to one.
    package var f1: Double?
  }

  /// The score of one voter over the whole split.
  public struct Result: Codable, Sendable, Equatable {
    /// The share of items answered with their true label, in 0...1; abstained, tied and unreadable count as wrong.
    public var accuracy: Double
    /// The same over the items whose true label is the positive one; nil where the task has none or more than two labels,
    /// or the split no such item. In JSON `accuracy_falsified`.
    package var accuracyOnPositive: Double?
    /// The same over all other items; nil likewise. In JSON `accuracy_pristine`.
    package var accuracyOnOthers: Double?
    /// The plain mean of the F1 of all labels, in 0...1.
    public var macroF1: Double
    /// The number of human labels that this result cost.
    public var labels: Int
    /// The 95 % bootstrap interval of ``accuracy``, resampling groups.
    public var interval: Interval
    /// Accuracy and F1 of each label by its name; nil where no confusion is known, as in files of older versions.
    package var byLabel: [String: LabelScore]?
    /// True labels against answers.
    package var confusion: ConfusionMatrix?
    /// How near the answers come to the true levels; nil where the labels have no order.
    package var levels: LevelResult?

    /// A score; see the properties. ``byLabel`` follows from the confusion.
    package init(
      accuracy: Double, accuracyOnPositive: Double?, accuracyOnOthers: Double?, macroF1: Double, labels: Int,
      interval: Interval, confusion: ConfusionMatrix? = nil, levels: LevelResult? = nil
    ) {
      self.accuracy = accuracy
      self.accuracyOnPositive = accuracyOnPositive
      self.accuracyOnOthers = accuracyOnOthers
      self.macroF1 = macroF1
      self.labels = labels
      self.interval = interval
      self.confusion = confusion
      self.levels = levels
      byLabel = confusion.map { confusion in
        Dictionary(uniqueKeysWithValues: confusion.labels.map { ($0, confusion.score(of: $0)) })
      }
    }

    private enum CodingKeys: String, CodingKey {
      case accuracy, labels, interval, confusion, levels
      case accuracyOnPositive = "accuracy_falsified"
      case accuracyOnOthers = "accuracy_pristine"
      case macroF1 = "f1_macro"
      case byLabel = "by_label"
    }
  }

  /// How much better one result is than another on the same items.
  package struct Difference: Codable, Sendable, Equatable {
    /// The name of the first result.
    package var result: String
    /// The name of the result it is compared with.
    package var against: String
    /// Accuracy of the first minus accuracy of the other, in -1...1.
    package var difference: Double
    /// Its 95 % interval by a paired bootstrap over groups.
    package var interval: Interval

    package init(result: String, against: String, difference: Double, interval: Interval) {
      self.result = result
      self.against = against
      self.difference = difference
      self.interval = interval
    }
  }

  /// The results over one part of the test split.
  package struct Slice: Codable, Sendable, Equatable {
    /// The number of items in it.
    package var testItems: Int
    /// The results by name, as for the whole split.
    package var results: [String: Result]
    /// The differences within the slice; empty where there are none.
    package var differences: [Difference]

    package init(testItems: Int, results: [String: Result], differences: [Difference] = []) {
      self.testItems = testItems
      self.results = results
      self.differences = differences
    }

    private enum CodingKeys: String, CodingKey {
      case results, differences
      case testItems = "test_items"
    }
  }

  /// One point of the curve of accuracy over human labels spent.
  package struct BudgetPoint: Codable, Sendable, Equatable {
    /// The name of the result that was trained with this budget, such as `two_stage`.
    package var result: String
    /// The number of human labels spent.
    package var labels: Int
    /// The accuracy reached, in 0...1.
    package var accuracy: Double
    /// The 95 % interval of it.
    package var interval: Interval

    package init(result: String, labels: Int, accuracy: Double, interval: Interval) {
      self.result = result
      self.labels = labels
      self.accuracy = accuracy
      self.interval = interval
    }
  }

  /// How well the student's probabilities fit what is true, as it states them and calibrated.
  package struct Calibration: Codable, Sendable, Equatable {
    /// The name of the result whose probabilities these are.
    package var result: String
    /// How they were calibrated; nil where that was not asked for.
    package var method: StudentCalibration.Method?
    /// The number of labelled answers that the calibration was learned from; nil likewise.
    package var answers: Int?
    /// The number of agreed items beside them; nil where there are none.
    package var agreed: Int?
    /// Where their labels are from; nil likewise.
    package var source: String?
    /// Why nothing was changed; nil where something was.
    package var reason: String?
    /// Probabilities as the student states them.
    package var before: CalibrationScore
    /// Calibrated ones; nil where they are the same.
    package var after: CalibrationScore?

    package init(
      result: ResultName, _ calibration: StudentCalibration?, before: CalibrationScore, after: CalibrationScore?
    ) {
      (self.result, method, answers) = (result.rawValue, calibration?.method, calibration?.answers)
      (source, reason, self.before) = (calibration?.source, calibration?.reason, before)
      agreed = calibration.flatMap { $0.agreed > 0 ? $0.agreed : nil }
      self.after = calibration == nil || calibration?.method == .identity ? nil : after
    }

    /// What was done with the probabilities, in a few words.
    package var sentence: String {
      let labels = StudentCalibration.evidence(answers ?? 0, source: source ?? "", agreed: agreed ?? 0)
      return switch method {
      case nil: "the student's probabilities, not calibrated"
      case .identity: "the student's probabilities, left as they are: \(reason ?? "nothing was learned")"
      case .temperature: "the student's probabilities, calibrated by a temperature learned from \(labels)"
      case .vector: "the student's probabilities, calibrated by weights and biases learned from \(labels)"
      case .isotonic: "the student's probabilities, calibrated by rising functions learned from \(labels)"
      }
    }
  }

  /// The number of training items annotated.
  package var items: Int
  /// The number of items scored.
  public var testItems: Int
  /// The human labels read by the run, those of the dev split used for any choice included.
  package var labelsSpent: Int
  /// The labels that teachers made for the run were trained with, counted apart; nil where none were made.
  package var teacherLabels: Int?
  /// The results by name.
  public var results: [String: Result]
  /// The main result against the others; nil where it was not asked for.
  package var differences: [Difference]?
  /// The parts of the test split by name; nil where it has none.
  package var slices: [String: Slice]?
  /// Accuracy over labels spent; nil where only one budget was tried.
  package var budgets: [BudgetPoint]?
  /// How well the student's probabilities fit what is true; nil where it states none.
  package var calibration: Calibration?
  /// How it was chosen what Stage 2 ends with; nil where that was not asked for.
  package var stage2: StageChoice?
  /// The rows of the data that could not be used, and the training items that the student could not take, each with its reason;
  /// nil where there are none. They are in no figure.
  package var setAside: [String]?
  /// The scored items that the student could not take, which count as wrong, each with its reason; nil where there are none.
  package var notTaken: [String]?
  /// What can't be said of what was asked for, and why; nil where all is said.
  package var unsaid: [String]?

  package init(
    items: Int, testItems: Int, labelsSpent: Int, teacherLabels: Int? = nil, results: [String: Result],
    differences: [Difference]? = nil, slices: [String: Slice]? = nil, budgets: [BudgetPoint]? = nil,
    setAside: [String]? = nil, unsaid: [String]? = nil
  ) {
    self.setAside = setAside
    self.unsaid = unsaid
    self.items = items
    self.testItems = testItems
    self.labelsSpent = labelsSpent
    self.teacherLabels = teacherLabels
    self.results = results
    self.differences = differences
    self.slices = slices
    self.budgets = budgets
  }

  /// The names of the results in the order of tables.
  package var resultNames: [ResultName] { results.keys.map(ResultName.init(rawValue:)).sorted() }

  /// One result by its name.
  public subscript(name: ResultName) -> Result? { results[name.rawValue] }

  private enum CodingKeys: String, CodingKey {
    case items, results, differences, slices, budgets, calibration, stage2, unsaid
    case testItems = "test_items"
    case labelsSpent = "labels_spent"
    case setAside = "set_aside"
    case notTaken = "not_taken"
    case teacherLabels = "teacher_labels"
  }
}
