internal import Evaluation
internal import Wording

/// How near the answers come to the true levels, where the labels are levels.
enum ReportLevels {
  /// Nil for labels without an order.
  static func table(_ results: [String: EvaluationFile.Result]) -> HTML? {
    let rows = results.compactMap { name, result in
      result.levels.map { (name: ResultName(rawValue: name), levels: $0) }
    }.sorted { $0.name < $1.name }
    guard !rows.isEmpty else { return nil }
    let heads = [
      "Quadratic κ", "95 %", "Mean absolute error", "95 %", "Error of the expected level", "95 %", "Unanswered",
    ].map { "<th scope=\"col\" class=\"number\">\($0)</th>" as HTML }
    let body = rows.map { name, levels -> HTML in
      let texts = [
        number(levels.quadraticKappa), range(levels.quadraticKappaInterval), number(levels.meanAbsoluteError),
        range(levels.meanAbsoluteErrorInterval), number(levels.expectedLevelError),
        range(levels.expectedLevelErrorInterval), NumberText.grouped(levels.unanswered),
      ]
      let cells = texts.map { "<td class=\"number\">\($0)</td>" as HTML }
      return """
        <tr\(name == .twoStage ? " class=\"main\"" as HTML : nil)><th scope="row"><bdi>\(name.title)</bdi></th>\(cells)</tr>

        """
    }
    return """
      <p class="note">The labels are levels. Errors are distances in levels; κ weighs a distance by its square; an answer \
      that is missing counts as the level that is farthest from the true one.</p>
      <div class="scroll"><table><thead><tr><th scope="col">Result</th>\(heads)</tr></thead>
      <tbody>\(body)</tbody></table></div>

      """
  }

  private static func number(_ value: Double?) -> String { value.map { NumberText.fixed($0, digits: 3) } ?? "–" }

  private static func range(_ interval: Interval?) -> String {
    interval.map { "\(number($0.low))–\(number($0.high))" } ?? "–"
  }
}
