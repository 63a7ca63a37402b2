internal import Annotations
internal import TeacherProtocol

/// What people, or the label column in their place, said about conflicts.
struct HumanLabels: Sendable, Equatable, Codable {
  /// Item -> label.
  var labels: [String: String] = [:]
  /// How many labels were given to each item, those included that cancel each other out.
  var opinions: [String: Int] = [:]
  /// Lines of the file of labels that can't be used.
  var setAside: [RowProblem] = []
  /// How far people agree where several decided; nil where nobody did.
  var agreement: ReviewerAgreement?

  /// The labels that were given: what the budget is of.
  var spent: Int { opinions.values.reduce(0, +) }

  /// Adds labels of which each was given once.
  mutating func add(_ fresh: [String: String]) {
    for (item, label) in fresh where labels[item] == nil { (labels[item], opinions[item]) = (label, 1) }
  }

  /// Adds what people decided about these items.
  ///
  /// - Parameters:
  ///   - entries: the decisions that stand.
  ///   - known: the labels that there are; another version of the configuration may have had more.
  mutating func add(_ entries: [ReviewEntry], of items: [String], known: Set<String>) {
    let counted = entries.filter { $0.label.map(known.contains) ?? false }
    let (given, labels) = (counted.opinions, counted.labels)
    for item in items {
      opinions[item] = given[item]
      if self.labels[item] == nil { self.labels[item] = labels[item] }
    }
    agreement = ReviewerAgreement(counted, items: Set(opinions.keys))
  }
}

/// What a run's review came to, as the key of its step: the labels and, where there are any, the lines without use. Training
/// depends on the former alone, what is said in evaluation.json on both.
struct HumanKey: Equatable {
  private(set) var labels: String
  /// Empty where every line can be used.
  private(set) var unusable = ""

  init(labels: String, setAside: [RowProblem]) {
    self.labels = labels
    if !setAside.isEmpty { unusable = StepRecords.key(setAside.map(\.description).joined(separator: "\n")) }
  }

  /// A key as it was written down.
  init(_ text: String) {
    let parts = text.split(separator: "+", maxSplits: 1).map(String.init)
    (labels, unusable) = (parts.first ?? "", parts.count > 1 ? parts[1] : "")
  }

  var text: String { unusable.isEmpty ? labels : "\(labels)+\(unusable)" }
}
