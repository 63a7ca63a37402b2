internal import TeacherProtocol

/// Groups dealt out into folds of nearly equal numbers of groups: in the order of a hash of their names, one after another.
package struct GroupFolds: Sendable {
  /// How many folds there are.
  package let count: Int
  private let fold: [String: Int]

  /// - Precondition: at least one fold.
  package init(_ groups: some Sequence<String>, count: Int) {
    precondition(count > 0, "\(count) folds, expected at least 1")
    self.count = count
    let drawn = Set(groups).map { (draw: Shard.draw($0), name: $0) }.sorted { ($0.draw, $0.name) < ($1.draw, $1.name) }
    fold = Dictionary(uniqueKeysWithValues: drawn.enumerated().map { ($1.name, $0 % count) })
  }

  /// The fold of a group, from 0.
  ///
  /// - Precondition: the group is one of those dealt out.
  package subscript(group: String) -> Int {
    guard let place = fold[group] else { preconditionFailure("GroupFolds: no group \(group)") }
    return place
  }
}
