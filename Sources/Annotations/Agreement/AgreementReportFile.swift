public import Foundation
public import TeacherProtocol

extension AgreementReport {
  /// The figures of a file of recorded replies, or of a JSON Lines store.
  ///
  /// - Parameters:
  ///   - url: one row per item with an object `teachers`, or one row per item and teacher.
  ///   - labels: turns raw values into label names; nil takes them as they are.
  ///   - columns: names of the columns.
  ///   - goldColumn: column of the gold label; the file need not have it.
  ///   - anchors: item -> label name by people, of items drawn at random.
  /// - Returns: the figures, those of levels where the set of labels is ordered, and the rows that were set aside.
  /// - Throws: `TeacherProtocolError`, also where a teacher's labels stand in another column.
  public static func reading(
    _ url: URL, labels: LabelSet? = nil, columns: RecordedReplies.Columns = RecordedReplies.Columns(),
    goldColumn: String = "gold", anchors: [String: String] = [:]
  ) throws(TeacherProtocolError) -> (report: AgreementReport, setAside: [RowProblem]) {
    let file = try ReplyFile(url, labels: labels, columns: columns, goldColumn: goldColumn)
    // Without a set of labels, gold labels and anchors are called as the replies call them.
    var names = file.names
    let known = labels == nil ? anchors.mapValues { names.name($0) } : anchors
    return (
      AgreementReport(file.table, gold: file.truth, anchors: known, levels: labels?.levels), file.setAside
    )
  }

  /// The same with anchors of a file, of which rows of other items and with labels that the replies have not are set aside,
  /// and with levels, spelled as they may be.
  package static func reading(
    _ url: URL, columns: RecordedReplies.Columns, goldColumn: String, anchors: URL?, levels: [String]? = nil
  ) throws(TeacherProtocolError) -> (report: AgreementReport, setAside: [RowProblem]) {
    let file = try ReplyFile(url, labels: nil, columns: columns, goldColumn: goldColumn)
    var scope = KnownLabels.Scope(file.table)
    scope.names = file.names
    let known = try anchors.map { anchors throws(TeacherProtocolError) in
      try KnownLabels(contentsOf: anchors, key: "--anchors", scope: scope)
    }
    let report = AgreementReport(
      file.table, gold: file.truth, anchors: known?.labels ?? [:],
      levels: try levels.map { levels throws(TeacherProtocolError) in try file.table.levels(levels) })
    return (report, file.setAside + (known?.setAside ?? []))
  }

  /// The votes and true labels of a file.
  private struct ReplyFile {
    let table: VoteTable
    var truth: [String: String] = [:]
    /// What labels are called where no set says so.
    var names: RawLabelNames
    var setAside: [RowProblem]

    init(
      _ url: URL, labels: LabelSet?, columns: RecordedReplies.Columns, goldColumn: String
    ) throws(TeacherProtocolError) {
      let replies = try RecordedReplies(contentsOf: url, labels: labels, columns: columns)
      for teacher in replies.teachers { try replies.checkLabels(of: teacher) }
      (table, names, setAside) = (VoteTable(replies), replies.rawNames, replies.setAside)
      var scope = KnownLabels.Scope(set: labels)
      scope.names = names
      do {
        let gold = try KnownLabels(
          contentsOf: url, item: replies.id, label: goldColumn, key: goldColumn, scope: scope)
        (truth, names) = (gold.labels, gold.names)
        // A row is named once.
        let named = Set(setAside.map { [$0.line, $0.row ?? 0] })
        setAside = (setAside + gold.setAside.filter { !named.contains([$0.line, $0.row ?? 0]) }).sorted()
      } catch .missingColumn {
        // A file without gold labels still has agreements.
      }
    }
  }

  /// The figures as JSON with snake_case names, keys sorted.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// The figures as tables for a terminal, shares with six decimals, "-" for what is not known.
  public var text: String {
    func share(_ value: Double?) -> String { value.map { String(format: "%.6f", $0) } ?? "-" }
    let single = Self.table(
      ["teacher", "votes", "accuracy"], teachers.map { [$0.name, "\($0.votes)", share($0.accuracy)] })
    let double = Self.table(
      ["pair", "both voted", "agreement", "kappa", "accuracy where agreed", "conflicts", "agreed + labels"],
      pairs.map {
        [
          "\($0.first) / \($0.second)", "\($0.bothVoted)", share($0.agreement), share($0.kappa),
          share($0.accuracyWhereAgreed), "\($0.conflicts)", share($0.agreedPlusLabels),
        ]
      })
    let together = Self.table(
      ["all together", "unanimous", "accuracy where unanimous", "majority", "unanimous + labels"],
      [
        [
          "\(all.items) of \(items) items", "\(all.unanimous)", share(all.accuracyWhereUnanimous), share(all.majority),
          share(all.unanimousPlusLabels),
        ]
      ])
    return ([single, double] + byLevels(share) + [together] + estimates(share)).joined(separator: "\n")
  }

  /// Each pair where near levels count as partly agreed; nothing for labels without an order.
  private func byLevels(_ share: (Double?) -> String) -> [String] {
    guard pairs.contains(where: { $0.quadraticKappa != nil }) else { return [] }
    let rows = pairs.map { ["\($0.first) / \($0.second)", share($0.linearKappa), share($0.quadraticKappa)] }
    return [Self.table(["pair by levels", "linear kappa", "quadratic kappa"], rows)]
  }

  /// What is known beyond counting: chance, labels made from votes, teachers by the model, confusions.
  private func estimates(_ share: (Double?) -> String) -> [String] {
    func anchored(_ estimate: AnchoredEstimate?) -> String {
      guard let estimate else { return "-" }
      return share(estimate.value) + (estimate.standardError.map { String(format: " +- %.6f", $0) } ?? "")
    }
    let chance = Self.table(
      ["beyond chance", "value"],
      [["Fleiss' kappa", share(all.fleissKappa)], ["Krippendorff's alpha", share(all.krippendorffAlpha)]]
        + (all.ordinalAlpha.map { [["Krippendorff's ordinal alpha", share($0)]] } ?? []))
    let made = Self.table(
      ["labels", "items", "expected error", "anchored error", "error"],
      (labels ?? []).map {
        [$0.rule, "\($0.items)", share($0.expectedError), anchored($0.anchoredError), share($0.error)]
      })
    let single = Self.table(
      ["teacher by Dawid-Skene", "estimated accuracy", "anchored accuracy"],
      teachers.map { [$0.name, share($0.estimatedAccuracy), anchored($0.anchoredAccuracy)] })
    let confusion = Self.table(
      ["true label / vote", "teacher", "items", "estimated share"],
      teachers.flatMap { teacher in
        (teacher.confusion ?? []).map {
          ["\($0.truth) / \($0.vote)", teacher.name, $0.items.map(String.init) ?? "-", share($0.estimated)]
        }
      })
    return [chance, made, single, confusion]
  }

  /// Columns as wide as their widest cell, the first to the left, the others to the right.
  private static func table(_ head: [String], _ rows: [[String]]) -> String {
    let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
    return ([head] + rows).map { row in
      let cells = zip(row, widths).enumerated().map { column, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 ? cell.0 + space : space + cell.0
      }
      return cells.joined(separator: "  ") + "\n"
    }.joined()
  }
}
