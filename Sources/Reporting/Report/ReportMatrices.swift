internal import Evaluation
internal import Wording

/// The two kinds of tables whose cells are shaded by their value. Columns are numbered, and the rows say which number
/// is whose, so that long names don't widen them.
enum ReportMatrices {
  static func agreement(_ agreement: ReportContent.Agreement) -> HTML? {
    guard agreement.teachers.count > 1 else { return nil }
    let pairs = Dictionary(
      agreement.pairs.map { (Set([$0.first, $0.second]), $0) }, uniquingKeysWith: { first, _ in first })
    let names = agreement.teachers
    let heads = names.enumerated().map { number, name in
      "<th scope=\"col\"><span aria-hidden=\"true\">\(number + 1)</span><span class=\"hidden\">\(name)</span></th>"
        as HTML
    }
    let rows = names.indices.map { row -> HTML in
      let cells = names.indices.map { column -> HTML in
        guard column < row else { return column == row ? "<td class=\"blank\"></td>" : "<td></td>" }
        guard let pair = pairs[Set([names[row], names[column]])] else { return "<td>–</td>" }
        let share = NumberText.fixed(pair.agreement * 100, digits: 1)
        let weighted: HTML? = pair.quadraticKappa.map { ", κ² \(NumberText.fixed($0, digits: 2))" }
        return """
          <td style="--v:\(shade((pair.agreement - 0.5) * 2))"><b>\(share)</b>\
          <small>\(pair.kappa.map { "κ \(NumberText.fixed($0, digits: 2))" } ?? "κ –")\(weighted)\
          <span class="hidden">, \(NumberText.grouped(pair.items)) items</span></small></td>
          """
      }
      return "<tr><th scope=\"row\"><bdi>\(names[row])</bdi> <span>\(row + 1)</span></th>\(cells)</tr>\n"
    }
    let counts = Set(agreement.pairs.map(\.items))
    let items = [counts.min(), counts.max()].compactMap { $0.map(NumberText.grouped) }
    let span = counts.count == 1 ? items.first ?? "" : items.joined(separator: " to ")
    let weights = agreement.pairs.contains { $0.quadraticKappa != nil }
    return """
      <p class="note">\(agreement.note.isEmpty ? nil : "\(agreement.note) " as HTML)Share of equal labels, in percent of the \
      items where both teachers have a vote\(span.isEmpty ? "" : " (\(span))"), and Cohen's κ: what is left of it beyond \
      chance\(weights ? "; κ² with quadratic weights, by which near levels count as nearly equal" : "").</p>
      <div class="scroll"><table class="matrix"><thead><tr><td></td>\(heads)</tr></thead>
      <tbody>\(rows)</tbody></table></div>
      """
  }

  static func confusion(_ evaluation: EvaluationFile) -> HTML? {
    let shown = evaluation.resultNames.compactMap { name in evaluation[name]?.confusion.map { (name, $0) } }
    guard !shown.isEmpty else { return nil }
    let first: Set<ResultName> = [.stage1, .twoStage, .fullLabel]
    let open = shown.filter { first.contains($0.0) }
    let rest = shown.filter { !first.contains($0.0) }
    let isMany = shown.contains { $0.1.labels.count > 3 }
    let grid: HTML = "<div class=\"matrices\(isMany ? " many" : "")\">"
    let more: HTML = """
      <details><summary>The other \(rest.count) \(rest.count == 1 ? "result" : "results")</summary>\
      \(grid)\(rest.map(matrix))</div></details>
      """
    return """
      <p class="note">A row is what is true, a column what was answered; shares are of the row. Framed: right answers.</p>
      \(grid)\((open.isEmpty ? rest : open).map(matrix))</div>
      \(open.isEmpty || rest.isEmpty ? nil : more)
      """
  }

  private static func matrix(_ name: ResultName, _ matrix: ConfusionMatrix) -> HTML {
    let hasSilent = matrix.counts.contains { ($0.last ?? 0) > 0 }
    let columns = matrix.labels + (hasSilent ? ["none"] : [])
    let isWide = columns.count > 3
    let heads = columns.enumerated().map { number, label -> HTML in
      let short = number < matrix.labels.count ? "\(number + 1)" : label
      let wide: HTML = "<span aria-hidden=\"true\">\(short)</span><span class=\"hidden\">\(label)</span>"
      return "<th scope=\"col\">\(isWide ? wide : "\(label)")</th>"
    }
    let rows = matrix.counts.enumerated().map { row, counts -> HTML in
      let total = max(1, counts.reduce(0, +))
      let cells = columns.indices.map { column -> HTML in
        let share = Double(counts[column]) / Double(total)
        return """
          <td\(column == row ? " class=\"diagonal\"" as HTML : nil) style="--v:\(shade(share))">\
          <b>\(NumberText.grouped(counts[column]))</b><small>\(NumberText.fixed(share * 100, digits: 1)) %</small></td>
          """
      }
      let number: HTML? = isWide ? " <span>\(row + 1)</span>" : nil
      return "<tr><th scope=\"row\"><bdi>\(matrix.labels[row])</bdi>\(number)</th>\(cells)</tr>\n"
    }
    return """
      <div><h4><bdi>\(name.title)</bdi></h4><div class="scroll"><table class="matrix"><thead><tr><td></td>\(heads)</tr>\
      </thead><tbody>\(rows)</tbody></table></div></div>

      """
  }

  /// The opacity of a cell: never so dark that ink can't be read on it.
  private static func shade(_ share: Double) -> String {
    NumberText.fixed(0.04 + 0.44 * min(1, max(0, share)), digits: 3)
  }
}
