public import TeacherProtocol

/// The items whose gold answers the method may see: the only source of gold labels, of stated size.
public struct LabelledPool: Sendable, Equatable {
  /// An item with its gold answer.
  public struct Entry: Sendable, Equatable {
    /// The item.
    public var item: Item
    /// Its gold answer.
    public var answer: TaskAnswer

    /// A labelled item.
    public init(item: Item, answer: TaskAnswer) {
      self.item = item
      self.answer = answer
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
  public var size: Int { entries.count }

  /// The entries as demonstrations.
  ///
  /// - Parameter reasons: why each is labelled so, by item; one without a reason goes without.
  public func demonstrations(reasons: [String: String] = [:]) -> [Demonstration] {
    entries.map {
      Demonstration(item: $0.item.id, text: $0.item.text, label: $0.answer.key, reason: reasons[$0.item.id] ?? "")
    }
  }
}
