/// Every version that a template had, with its score on the labelled pool, and which one holds.
package struct TemplateHistory: Sendable, Equatable, Codable {
  /// One version.
  package struct Entry: Sendable, Equatable, Codable {
    package var template: LabellingTemplate
    /// Position of the version it came from; nil for the first.
    package var parent: Int?
    /// What was changed.
    package var edits: [TemplateEdit]
    /// Macro F1 on the labelled pool, 0...1, each item left out of its own prompt; nil if it was not scored.
    package var score: Double?
    /// Whether it was kept; one that was not is rolled back.
    package var isKept: Bool
    /// The round in which it was tried; 0 for the first.
    package var round: Int
  }

  /// The versions in the order in which they were tried.
  package private(set) var entries: [Entry]
  /// Position of the version that holds.
  package private(set) var current: Int

  /// A history that begins with a template.
  package init(_ template: LabellingTemplate, score: Double? = nil) {
    entries = [Entry(template: template, parent: nil, edits: [], score: score, isKept: true, round: 0)]
    current = 0
  }

  /// The template that holds.
  package var template: LabellingTemplate { entries[current].template }
  /// Its score on the labelled pool.
  package var score: Double? { entries[current].score }
  /// Refinements that were rolled back.
  package var rollBacks: Int { entries.count { !$0.isKept } }

  /// Tries a change: it holds unless it scores lower than the version before it.
  ///
  /// - Parameters:
  ///   - edits: the change.
  ///   - score: its score on the labelled pool; nil keeps it unseen.
  ///   - round: when.
  /// - Returns: whether it was kept.
  /// - Throws: ``TemplateError``; the history is then unchanged.
  @discardableResult
  package mutating func refine(_ edits: [TemplateEdit], score: Double?, round: Int) throws(TemplateError) -> Bool {
    let template = try template.applying(edits)
    var hurts = false
    if let score, let before = self.score { hurts = score < before }
    entries.append(
      Entry(template: template, parent: current, edits: edits, score: score, isKept: !hurts, round: round))
    if !hurts { current = entries.count - 1 }
    return !hurts
  }
}
