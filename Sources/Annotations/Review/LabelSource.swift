public import TeacherProtocol

/// Where human labels come from: a gold column under a budget, a review file that a person filled in, a page.
///
/// It is the only way to a label that no teacher gave. Items without an answer are left out of the result.
/// ``LabelSourceCheck`` tries a conformer out.
public protocol LabelSource: Sendable {
  /// Item -> label name, for those of the items that have an answer. Earlier items are answered first.
  func labels(for items: [Item]) async throws -> [String: String]
}

/// Tries a label source out: what every conformer of ``LabelSource`` must keep, checked from outside.
public struct LabelSourceCheck: Sendable {
  /// The items that are asked about.
  package let items: [Item]
  /// The labels that may come.
  package let labels: LabelSet

  /// A check with these items and labels.
  public init(items: [Item], labels: LabelSet) {
    self.items = items
    self.labels = labels
  }

  /// The source's faults: answers about other items, labels that are not in the set, answers that change when the
  /// same items are asked about again, an answer to no question.
  public func problems(of source: any LabelSource) async throws -> [String] {
    var problems: [String] = []
    if try await !source.labels(for: []).isEmpty { problems.append("no question has an answer") }
    let first = try await source.labels(for: items)
    let known = Set(items.map(\.id))
    for (item, label) in first.sorted(by: { $0.key < $1.key }) {
      if !known.contains(item) { problems.append("'\(item)' was not asked about") }
      if labels[label] == nil {
        problems.append("'\(item)' has the label '\(label)', which is none of \(labels.names)")
      }
    }
    let again = try await source.labels(for: items.reversed())
    if first.contains(where: { again[$0.key] != $0.value }) {
      problems.append("an answer changed or was lost when asked again")
    }
    return problems
  }
}
