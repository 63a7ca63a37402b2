/// The items every result is scored on, with their true labels: always the whole split, never the part that was easy
/// to answer.
///
/// ```swift
/// let split = TestSplit(
///   items: [
///     .init(id: "1", label: "pristine", group: "photo-a"),
///     .init(id: "2", label: "falsified", group: "photo-a"),
///   ], labels: ["pristine", "falsified"], positive: "falsified")
/// split.correctness(of: [Prediction(itemID: "1", label: "pristine")])  // [true, false]: item 2 went unanswered
/// ```
package struct TestSplit: Sendable, Equatable {
  /// One item to be scored.
  package struct Item: Codable, Sendable, Equatable {
    /// The item's `id` in its data set.
    package var id: String
    /// The true label, one of the split's.
    package var label: String
    /// What is resampled together: the items of one photo, one caption, one event.
    package var group: String
    /// The part of the split it is also reported in, such as `random` or `similar` pairs. The default is nil: none.
    package var slice: String?

    package init(id: String, label: String, group: String, slice: String? = nil) {
      self.id = id
      self.label = label
      self.group = group
      self.slice = slice
    }
  }

  /// The items, in the order in which ``correctness(of:)`` answers.
  package let items: [Item]
  /// All labels of the task, in the order of the confusion matrix.
  package let labels: [String]
  /// The positive label, on which `accuracy_falsified` is measured; nil where the task has none (multiclass).
  package let positive: String?
  /// Whether the labels are levels, the lowest first.
  package let isOrdered: Bool

  /// A split.
  ///
  /// - Parameter ordered: whether the labels are levels, the lowest first. The default is false.
  /// - Precondition: there is at least one item, no `id` comes twice, and every label is one of `labels`.
  package init(items: [Item], labels: [String], positive: String?, ordered: Bool = false) {
    precondition(!items.isEmpty, "a test split needs at least one item")
    precondition(Set(labels).count == labels.count, "the labels \(labels) name one twice")
    precondition(positive.map(labels.contains) ?? true, "the positive label \(positive ?? "") is not in \(labels)")
    var seen = Set<String>()
    for item in items {
      precondition(seen.insert(item.id).inserted, "the test split has the item \(item.id) twice")
      precondition(
        labels.contains(item.label), "item \(item.id) has the label \(item.label), expected one of \(labels)")
    }
    self.items = items
    self.labels = labels
    self.positive = positive
    isOrdered = ordered
  }

  package var sliceNames: [String] { Set(items.compactMap(\.slice)).sorted() }

  /// The items of one slice as a split of their own; nil where the slice has no item.
  package func slice(_ name: String) -> TestSplit? {
    let part = items.filter { $0.slice == name }
    return part.isEmpty ? nil : TestSplit(items: part, labels: labels, positive: positive, ordered: isOrdered)
  }

  /// The label predicted for each item, in the order of ``items``: nil where nothing (readable) was predicted.
  ///
  /// Predictions for items outside the split are passed over, so that one list serves a split and its slices.
  /// - Precondition: no item is predicted twice.
  package func answers(of predictions: [Prediction]) -> [String?] {
    let byID = Dictionary(predictions.map { ($0.itemID, $0.label) }) { _, _ in
      preconditionFailure("one of the predictions comes twice; merge the votes on an item before scoring them")
    }
    let known = Set(labels)
    return items.map { item in
      guard let answer = byID[item.id] ?? nil, known.contains(answer) else { return nil }
      return answer
    }
  }

  /// Whether each item is answered with its true label, in the order of ``items``.
  package func correctness(of predictions: [Prediction]) -> [Bool] {
    zip(answers(of: predictions), items).map { $0 == $1.label }
  }

  /// The expected level of each item by the predicted probabilities, in the order of ``items``: nil where there are none.
  package func expectedLevels(of predictions: [Prediction]) -> [Double?] {
    let byID = Dictionary(predictions.map { ($0.itemID, $0) }) { first, _ in first }
    return items.map { byID[$0.id]?.expectedLevel(over: labels) }
  }
}
