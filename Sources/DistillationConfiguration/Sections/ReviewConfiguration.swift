package import ConfigurationFiles

/// Where human labels come from, how many are read, and on which conflicts first.
package struct ReviewConfiguration: DefaultedSection {
  package var source = Source.oracle
  /// For `source: file`: the review file with the labels. The default is none.
  package var file: String?
  package var budget = LabelBudget.fraction(0.1)
  package var order = Order.disagreement
  /// For `source: page`: how many people decide each item.
  package var opinions = 1

  /// A source of human labels.
  package enum Source: String, ConfigurationChoice {
    /// The data's own label column; every look is counted.
    case oracle
    /// A review file that people have filled in.
    case file
    /// People, on the page or in the terminal of `distill review --run`; their answers stand in the run's folder.
    case page
  }

  /// An order of conflicts.
  package enum Order: String, ConfigurationChoice {
    /// The most even votes of the most confident teachers first.
    case disagreement
    /// By the seed.
    case random
    /// All ways in which votes differ, each by the square root of its number, so that rare ways are seen.
    case votePatterns = "vote_patterns"
    /// The votes that leave the true label most open, by Dawid and Skene's model, first.
    case expectedError = "expected_error"
    /// The items of which the student is least sure first, by its last trained adapter.
    case studentUncertainty = "student_uncertainty"
  }

  /// The oracle with a budget of a tenth.
  package init() {}

  /// The keys under `review`.
  package static let keys: [ConfigurationKey<ReviewConfiguration>] = [
    ConfigurationKey(
      "source", \.source, "Human labels: oracle reads the label column, file a review file, page distill review --run.",
      decides: true),
    ConfigurationKey(
      "file", \.file, "The review file that people have filled in.", range: .ifGiven(.nonBlank),
      relativeTo: .configuration, when: .init("source: file") { $0.source == .file }, sample: "review.csv"),
    ConfigurationKey("budget", \.budget, "Human labels to read: a fraction of the training items, or a count."),
    ConfigurationKey("order", \.order, "Which conflicts are labelled first."),
    ConfigurationKey(
      "opinions", \.opinions, "How many people decide each item; every opinion is a label of the budget.",
      range: .from(1, through: 100), when: .init("source: page") { $0.source == .page }),
  ]

  /// How many labels an item takes: one where they do not come from several people.
  package var opinionsOfItem: Int { source == .page ? opinions : 1 }

  /// The budget in labels; a count is no more than all items can take.
  ///
  /// - Parameter items: How many training items there are.
  package func labels(ofItems items: Int) -> Int {
    if case .count(let count) = budget { return min(count, items * opinionsOfItem) }
    return budget.labels(ofItems: items)
  }

  /// The file of `source: file`.
  package func checkRelations(with reader: inout ConfigurationReader) {
    if source == .file {
      reader.requirePresence(of: file, "file", expected: "the review file, since review.source is file")
    }
  }
}

/// How many human labels may be read.
package enum LabelBudget: ConfigurationValue {
  /// A part of the training items, above 0 and below 1.
  case fraction(Double)
  /// A number of labels, at least 1.
  case count(Int)

  /// The budget in labels, rounded down so that a fraction is never exceeded.
  ///
  /// - Parameter items: How many training items there are.
  package func labels(ofItems items: Int) -> Int {
    switch self {
    // A product such as 0.29 * 100 falls just short of the whole number that is meant.
    case .fraction(let fraction): Int((fraction * Double(items) + 1e-9).rounded(.down))
    case .count(let count): min(count, items)
    }
  }

  package static var configurationForm: String { "a fraction above 0 and below 1, or a whole number of labels" }

  /// Takes a number between 0 and 1, or a whole number from 1.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: LabelBudget?, with reader: inout ConfigurationReader
  ) -> LabelBudget? {
    if case .number(let text) = node.content {
      if let count = Int(text), count >= 1 { return .count(count) }
      if let fraction = Double(text), fraction > 0, fraction < 1 { return .fraction(fraction) }
    }
    reader.reject(node, expected: configurationForm)
    return nil
  }

  /// Budgets built in code, checked as those read.
  package func checkConfiguration(with reader: inout ConfigurationReader) {
    let holds: Bool
    switch self {
    case .fraction(let fraction): holds = fraction > 0 && fraction < 1
    case .count(let count): holds = count >= 1
    }
    if !holds, let node = configurationNode { reader.reject(node, expected: Self.configurationForm) }
  }

  package var configurationNode: ConfigurationNode? {
    switch self {
    case .fraction(let fraction): .number(fraction)
    case .count(let count): count.configurationNode
    }
  }
}
