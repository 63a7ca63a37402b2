package import Evaluation

/// All that a report tells, as plain values: what was done, what came of it, and the conflicts themselves.
///
/// ```swift
/// var content = ReportContent(title: "Out-of-context news")
/// content.evaluation = try EvaluationFile(contentsOf: run.appending(path: "evaluation.json"))
/// content.curves = ReportContent.curves(of: try MetricsLog.rows(of: run.appending(path: "metrics.jsonl")))
/// try content.write(to: run.appending(path: "report.html"))
/// ```
///
/// Each part that is empty is left out of the page.
package struct ReportContent: Codable, Sendable, Equatable {
  /// One step of the run.
  package struct Step: Codable, Sendable, Equatable {
    /// The name of the step, such as `annotate`.
    package var name: String
    /// What it did, in a few words.
    package var detail: String
    /// How long it took when it was carried out, in seconds; nil where that is not known.
    package var seconds: Double?
    /// Whether it was left as it was, since its inputs had not changed. The default is false.
    package var wasSkipped: Bool

    package init(name: String, detail: String, seconds: Double?, wasSkipped: Bool = false) {
      (self.name, self.detail, self.seconds, self.wasSkipped) = (name, detail, seconds, wasSkipped)
    }
  }

  /// How often teachers agree.
  package struct Agreement: Codable, Sendable, Equatable {
    /// Two teachers on the items where both have a vote.
    package struct Pair: Codable, Sendable, Equatable {
      /// The name of the one teacher.
      package var first: String
      /// The name of the other.
      package var second: String
      /// The number of items with both votes.
      package var items: Int
      /// The share of them with equal labels, in 0...1.
      package var agreement: Double
      /// Cohen's kappa, agreement beyond chance, at most 1; nil where it is not defined.
      package var kappa: Double?
      /// The same with quadratic weights, for labels that are levels; nil for others.
      package var quadraticKappa: Double?

      package init(
        first: String, second: String, items: Int, agreement: Double, kappa: Double?, quadraticKappa: Double? = nil
      ) {
        (self.first, self.second, self.items) = (first, second, items)
        (self.agreement, self.kappa, self.quadraticKappa) = (agreement, kappa, quadraticKappa)
      }
    }

    /// The names of the teachers, in the order shown.
    package var teachers: [String]
    /// Every pair of them, in any order.
    package var pairs: [Pair]
    /// A sentence about all teachers together, such as the share of unanimous items. The default is empty.
    package var note: String

    package init(teachers: [String], pairs: [Pair], note: String = "") {
      (self.teachers, self.pairs, self.note) = (teachers, pairs, note)
    }
  }

  /// A row that was not used.
  package struct SetAside: Codable, Sendable, Equatable {
    /// The file or the item's id, and where in it.
    package var place: String
    /// What was wrong with it.
    package var reason: String

    package init(place: String, reason: String) {
      (self.place, self.reason) = (place, reason)
    }
  }

  package var title: String
  /// A sentence or two below it, in the reporter's own words; the figures are spelled out by the page itself.
  package var summary = ""
  /// What was done, in order.
  package var steps: [Step] = []
  /// The configuration of the run as its file has it.
  package var configuration = ""
  package var evaluation: EvaluationFile?
  /// Loss, reward and other curves; see ``curves(of:)``.
  package var curves: [Curve] = []
  /// How often the teachers agree.
  package var agreement: Agreement?
  /// The conflicts to be shown, in the order shown.
  package var conflicts: [Conflict] = []
  /// The number of all conflicts, where only some are shown; nil where all are.
  package var conflictCount: Int?
  /// The rows that were not used.
  package var setAside: [SetAside] = []

  /// A report that has a title and nothing else yet.
  package init(title: String) {
    self.title = title
  }
}
