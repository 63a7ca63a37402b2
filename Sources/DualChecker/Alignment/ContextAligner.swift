package import TeacherProtocol

/// How demonstrations are chosen from the labelled pool.
public enum DemonstrationSelection: String, Sendable, Codable, CaseIterable {
  /// The nearest ones.
  case similarity
  /// The nearest of each label in turn.
  case labelBalanced = "label_balanced"
  /// Near ones that are unlike each other.
  case diverse = "mmr"
  /// None but those of the template.
  case none
}

/// Chooses and explains the demonstrations of a teacher's prompt, so that its answers follow the labelled pool.
///
/// ```swift
/// let aligner = try await ContextAligner(pool: pool, selection: .labelBalanced, encoder: HashedNGramEncoder())
/// let loop = DualCheckerLoop(task: task, teacher: teacher, aligner: aligner, items: items, template: template)
/// ```
///
/// The pool's gold labels are the only ones that it knows; ContextAligner of DualChecker (arXiv 2408.12326).
public struct ContextAligner: Sendable {
  /// The labelled items.
  package let pool: LabelledPool
  /// The reason for each label, by item; kept so that the teacher is asked once.
  package let reasons: [String: String]
  private let selector: any DemonstrationSelector

  /// An aligner over a pool.
  ///
  /// - Parameters:
  ///   - pool: the labelled items.
  ///   - reasons: why each is labelled so, from `Explainer`. The default is none.
  ///   - selection: how demonstrations are chosen.
  ///   - encoder: what says how alike texts are.
  /// - Throws: an error of the encoder.
  public init(
    pool: LabelledPool, reasons: [String: String] = [:], selection: DemonstrationSelection,
    encoder: some SentenceEncoder
  ) async throws {
    let demonstrations = pool.demonstrations(reasons: reasons)
    let selector: any DemonstrationSelector =
      switch selection {
      case .similarity: try await NearestDemonstrations(demonstrations, encoder: encoder)
      case .labelBalanced: try await LabelBalancedDemonstrations(demonstrations, encoder: encoder)
      case .diverse: try await DiverseDemonstrations(demonstrations, encoder: encoder)
      case .none: NoDemonstrations()
      }
    self.init(pool: pool, reasons: reasons, selector: selector)
  }

  /// An aligner with a selector of your own.
  public init(pool: LabelledPool, reasons: [String: String] = [:], selector: any DemonstrationSelector) {
    self.pool = pool
    self.reasons = reasons
    self.selector = selector
  }

  /// At most `count` demonstrations for an item, the most useful first, never the item itself.
  package func demonstrations(for item: Item, count: Int) async throws -> [Demonstration] {
    try await selector.demonstrations(for: item, count: count).map { chosen in
      var demonstration = chosen
      if chosen.reason.isEmpty { demonstration.reason = reasons[chosen.item] ?? "" }
      return demonstration
    }
  }

  /// The same aligner with reasons for its demonstrations.
  package func explained(by reasons: [String: String]) -> ContextAligner {
    ContextAligner(pool: pool, reasons: self.reasons.merging(reasons) { _, new in new }, selector: selector)
  }
}
