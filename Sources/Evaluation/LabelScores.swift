/// Which labels a table of results speaks of, and how: one or two as columns of their own, more of them in a table below.
package struct LabelScores {
  /// The labels in the order of the task; empty where no result has a confusion matrix.
  package let labels: [String]
  private let results: [String: EvaluationFile.Result]

  package init(_ results: [String: EvaluationFile.Result]) {
    self.results = results
    labels = results.sorted { $0.key < $1.key }.lazy.compactMap(\.value.confusion).first?.labels ?? []
  }

  /// The labels that have a column beside the accuracy of each result.
  package var columns: [String] { labels.count <= 2 ? labels : [] }

  /// The labels that have a row each, since they are too many for columns.
  package var rows: [String] { labels.count <= 2 ? [] : labels }

  /// The results that can be looked at label by label, in the order of tables.
  package var names: [ResultName] {
    results.filter { $0.value.confusion != nil }.keys.map(ResultName.init(rawValue:)).sorted()
  }

  /// What one result says of one label.
  package subscript(label: String, name: ResultName) -> EvaluationFile.LabelScore? {
    results[name.rawValue]?.confusion?.score(of: label)
  }
}
