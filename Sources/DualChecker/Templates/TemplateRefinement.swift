internal import TeacherProtocol

/// A borderline case with the teacher's explanation of its answer.
public struct ExplainedCase: Sendable, Equatable {
  /// The case.
  public var studentCase: StudentCase
  /// Why the teacher answers as it does; empty where it gave no reason.
  public var reason: String

  /// An explained case.
  package init(_ studentCase: StudentCase, reason: String) {
    self.studentCase = studentCase
    self.reason = reason
  }
}

/// Turns borderline cases into changes of the template. Whether a change holds is decided by its score on the labelled pool.
public protocol TemplateRefinement: Sendable {
  /// The changes to try as one; none leaves the template alone.
  func edits(to template: LabellingTemplate, after cases: [ExplainedCase]) async throws -> [TemplateEdit]
}

/// The template stays as it is: the baseline.
package struct NoRefinement: TemplateRefinement {
  package init() {}
  package func edits(to template: LabellingTemplate, after cases: [ExplainedCase]) async throws -> [TemplateEdit] { [] }
}

/// The most telling case becomes a standing demonstration; when there are enough, it takes the place of the oldest.
public struct BorderlineDemonstrations: TemplateRefinement {
  /// Most standing demonstrations. The default is 3.
  package var limit: Int
  /// A refinement.
  ///
  /// - Precondition: the limit is positive.
  public init(limit: Int = 3) {
    precondition(limit > 0, "BorderlineDemonstrations: at most \(limit)")
    self.limit = limit
  }

  /// Adds the first case that is not there yet, or puts it in the place of the oldest.
  public func edits(to template: LabellingTemplate, after cases: [ExplainedCase]) async throws -> [TemplateEdit] {
    let there = Set(template.demonstrations.map(\.item))
    guard let fresh = cases.first(where: { !there.contains($0.studentCase.item.id) }) else { return [] }
    let demonstration = Demonstration(
      fresh.studentCase.item, label: fresh.studentCase.answer.key, reason: fresh.reason)
    if template.demonstrations.count >= limit, let oldest = template.demonstrations.first {
      // Dropped and added, so that the order stays that of their age.
      return [.dropDemonstration(item: oldest.item), .addDemonstration(demonstration)]
    }
    return [.addDemonstration(demonstration)]
  }
}

/// The reason of the most telling case becomes an instruction; when there are enough, it takes the place of the oldest such.
public struct BorderlineInstructions: TemplateRefinement {
  /// Most instructions that come from cases. The default is 3.
  package var limit: Int
  private static let head = "Mind: "
  /// A refinement.
  ///
  /// - Precondition: the limit is positive.
  public init(limit: Int = 3) {
    precondition(limit > 0, "BorderlineInstructions: at most \(limit)")
    self.limit = limit
  }

  /// Adds the first reason that is not there yet.
  public func edits(to template: LabellingTemplate, after cases: [ExplainedCase]) async throws -> [TemplateEdit] {
    let lines = cases.filter { !$0.reason.isEmpty }.map { "\(Self.head)\($0.studentCase.answer.key) - \($0.reason)" }
    guard let fresh = lines.first(where: { !template.instructions.contains($0) }) else { return [] }
    let own = template.instructions.filter { $0.hasPrefix(Self.head) }
    if own.count >= limit { return [.dropInstruction(own[0]), .addInstruction(fresh)] }
    return [.addInstruction(fresh)]
  }
}
