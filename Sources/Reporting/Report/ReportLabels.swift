internal import Evaluation
internal import Wording

/// Accuracy and F1 of each label, where there are too many for columns of their own.
enum ReportLabels {
  /// Nil for one or two labels, which stand in the table of results.
  static func table(_ results: [String: EvaluationFile.Result]) -> HTML? {
    let scores = LabelScores(results)
    guard let first = scores.names.first, !scores.rows.isEmpty else { return nil }
    let heads = scores.names.map { "<th scope=\"col\" class=\"number\"><bdi>\($0.title)</bdi></th>" as HTML }
    let rows = scores.rows.map { label -> HTML in
      let cells = scores.names.map { name -> HTML in
        let score = scores[label, name]
        return "<td class=\"number\">\(percent(score?.accuracy)) / \(percent(score?.f1))</td>"
      }
      return """
        <tr><th scope="row"><bdi>\(label)</bdi></th>\
        <td class="number">\(NumberText.grouped(scores[label, first]?.items ?? 0))</td>\(cells)</tr>

        """
    }
    return """
      <details><summary>Accuracy and F1 of each label</summary>
      <p class="note">In percent: the share of a label's items that were answered with it / its F1.</p>
      <div class="scroll"><table><thead><tr><th scope="col">Label</th><th scope="col" class="number">Items</th>\
      \(heads)</tr></thead>
      <tbody>\(rows)</tbody></table></div></details>

      """
  }

  private static func percent(_ share: Double?) -> String {
    share.map { NumberText.fixed($0 * 100, digits: 1) } ?? "–"
  }
}
