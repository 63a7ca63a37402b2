public import TeacherProtocol

/// The items whose gold answers the method may see: the only source of gold labels, of stated size.
public struct LabelledPool: Sendable, Equatable {
  /// An item with its gold answer.
  public struct Entry: Sendable, Equatable {
    /// The item.
    public var item: Item
    /// Its gold answer.
    public var answer: TaskAnswer
    /// Whether the item was drawn at random, so that how often a teacher is right on it tells how often it is right. False
    /// for one that was chosen. The default is true.
    public var isRandom: Bool

    /// A labelled item.
    public init(item: Item, answer: TaskAnswer, isRandom: Bool = true) {
      self.item = item
      self.answer = answer
      self.isRandom = isRandom
    }
  }

  /// The labelled items.
  public let entries: [Entry]

  /// A pool.
  ///
  /// - Precondition: no item occurs twice.
  public init(_ entries: [Entry]) {
    precondition(Set(entries.map(\.item.id)).count == entries.count, "LabelledPool: an item occurs twice")
    self.entries = entries
  }

  /// Gold labels that the method has seen.
  package var size: Int { entries.count }

  /// The entries as demonstrations.
  ///
  /// - Parameter reasons: why each is labelled so, by item; one without a reason goes without.
  package func demonstrations(reasons: [String: String] = [:]) -> [Demonstration] {
    entries.map {
      Demonstration($0.item, label: $0.answer.key, reason: reasons[$0.item.id] ?? "")
    }
  }
}
