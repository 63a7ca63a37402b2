internal import Wording
internal import Evaluation

/// The conflicts: photo, caption and, side by side like the two sides of a merge, those who say one thing and those
/// who say another.
enum ReportGallery {
  /// How many cards are on the page at once, and how many more each fold holds.
  private static let (open, folded) = (12, 48)

  static func section(_ content: ReportContent) -> HTML? {
    let conflicts = content.conflicts
    let all = max(content.conflictCount ?? 0, conflicts.count)
    guard all > 0 || content.evaluation != nil || content.agreement != nil else { return nil }
    guard !conflicts.isEmpty else {
      return all == 0
        ? "<p class=\"note\">The teachers agree on every item that they could be read on.</p>"
        : "<p class=\"note\">\(NumberText.counted(all, "conflict")); none is shown here.</p>"
    }
    let labels = labelOrder(content)
    let hasPhotos = conflicts.contains { !$0.photos.isEmpty }
    let cards = conflicts.map { card($0, labels, hasPhotos: hasPhotos) }
    let folds = stride(from: open, to: cards.count, by: folded).map { start -> HTML in
      let end = min(start + folded, cards.count)
      return """
        <details><summary>Conflicts \(start + 1) to \(end)</summary>\(Array(cards[start..<end]))</details>

        """
    }
    let shown = all == cards.count ? "" : " \(NumberText.grouped(cards.count)) of them are shown."
    return """
      <p class="note">The teachers disagree on \(NumberText.counted(all, "item")).\(shown) The labels of the second \
      stage are spent here.</p>
      <div class="gallery">\(filter(conflicts))\(Array(cards.prefix(open)))\(folds)</div>
      """
  }

  /// The labels in the order of the task where it is known, else of their letters; the place gives colour and sign.
  private static func labelOrder(_ content: ReportContent) -> [String] {
    let matrices = content.evaluation.map { file in file.resultNames.compactMap { file[$0]?.confusion } } ?? []
    let known = matrices.first?.labels ?? []
    let used = content.conflicts.flatMap { conflict in
      conflict.votes.compactMap(\.label) + [conflict.humanLabel, conflict.student?.label].compactMap { $0 }
    }
    return known + Set(used).subtracting(known).sorted()
  }

  private static func filter(_ conflicts: [ReportContent.Conflict]) -> HTML? {
    let counts = [
      conflicts.count { isRight($0) == true }, conflicts.count { isRight($0) == false },
      conflicts.count { $0.humanLabel != nil },
    ]
    // A choice that shows all or nothing is no choice.
    guard conflicts.count > 3, counts.contains(where: { $0 > 0 && $0 < conflicts.count }) else { return nil }
    let choices = [
      ("all", "all", conflicts.count), ("right", "student as human", counts[0]),
      ("wrong", "student not as human", counts[1]), ("human", "human label", counts[2]),
    ]
    let buttons = choices.map { id, title, count in
      """
      <label><input type="radio" name="only" id="only-\(id)"\(id == "all" ? " checked" : "")>\(title) \
      <span class="soft">\(NumberText.grouped(count))</span></label>
      """ as HTML
    }
    return "<fieldset class=\"filter\"><legend>Show</legend>\(buttons)</fieldset>\n"
  }

  /// Whether the student says what the human says; nil where one of them was not asked.
  private static func isRight(_ conflict: ReportContent.Conflict) -> Bool? {
    guard let human = conflict.humanLabel, let student = conflict.student else { return nil }
    return student.label == human
  }

  /// - Parameter hasPhotos: whether any card has one; items of text alone take the whole width.
  private static func card(_ conflict: ReportContent.Conflict, _ labels: [String], hasPhotos: Bool) -> HTML {
    let isRight = isRight(conflict)
    let classes = [
      hasPhotos ? "" : " text", isRight == true ? " right" : "", isRight == false ? " wrong" : "",
      conflict.humanLabel == nil ? "" : " human",
    ].joined()
    let photos = conflict.photos.map { photo -> HTML in
      let words = photo.alternative.isEmpty ? "Photo of item \(conflict.id)" : photo.alternative
      let image: HTML = "<img src=\"\(photo.address)\" alt=\"\(words)\" decoding=\"async\">"
      return photo.name.map { "<figure>\(image)<figcaption><bdi>\($0)</bdi></figcaption></figure>" } ?? image
    }
    let blank: HTML? = photos.isEmpty && hasPhotos ? "<div class=\"blank\">No photo</div>" : nil
    return """
      <article class="card\(classes)" aria-label="Conflict \(conflict.id)"><div>\(photos)\(blank)\
      <p class="id"><bdi>\(conflict.id)</bdi></p></div><div>\
      <blockquote dir="auto">\(conflict.caption)</blockquote>\(verdicts(conflict, isRight, labels))\
      <div class="sides">\(sides(conflict, labels))</div>\(reasons(conflict.student))</div></article>

      """
  }

  private static func verdicts(
    _ conflict: ReportContent.Conflict, _ isRight: Bool?, _ labels: [String]
  ) -> HTML {
    let student = conflict.student.map { student -> HTML in
      let mark: HTML? = isRight.map { $0 ? "<span>✓ as the human</span>" : "<span>✗ not as the human</span>" }
      return "<div><dt>Student</dt><dd>\(tag(student.label, labels))\(sure(student.confidence))\(mark)</dd></div>"
    }
    let human: HTML = conflict.humanLabel.map { tag($0, labels) } ?? "<span class=\"soft\">not asked</span>"
    return "<dl class=\"verdicts\"><div><dt>Human</dt><dd>\(human)</dd></div>\(student)</dl>"
  }

  private static func sides(_ conflict: ReportContent.Conflict, _ labels: [String]) -> [HTML] {
    let given = labels.filter { label in conflict.votes.contains { $0.label == label } }.map(Optional.some)
    let silent: [String?] = conflict.votes.contains { $0.label == nil } ? [nil] : []
    return (given + silent).map { label in
      let votes = conflict.votes.filter { $0.label == label }.map { vote in
        """
        <div class="vote"><b><bdi>\(vote.name)</bdi></b> \(sure(vote.confidence))\
        \(vote.rationale.map(words))</div>
        """ as HTML
      }
      return "<div class=\"side \(style(label, labels))\">\(tag(label, labels))\(votes)</div>"
    }
  }

  private static func reasons(_ student: ReportContent.Conflict.Answer?) -> HTML? {
    student?.rationale.map { "<div class=\"aside\"><b>Student</b>\(words($0))</div>" }
  }

  /// A rationale; of a long one the beginning, and the rest behind a fold.
  private static func words(_ rationale: String) -> HTML {
    let (limit, start) = (420, 280)
    guard rationale.count > limit else { return "<p dir=\"auto\">\(rationale)</p>" }
    let cut = rationale.prefix(start).lastIndex(of: " ") ?? rationale.index(rationale.startIndex, offsetBy: start)
    return """
      <details class="more"><summary dir="auto">\(String(rationale[..<cut])) …</summary>\
      <p dir="auto">… \(String(rationale[cut...]))</p></details>
      """
  }

  private static func sure(_ confidence: Double?) -> HTML? {
    confidence.map { "<span class=\"sure\">\(NumberText.fixed($0 * 100, digits: 0))\u{A0}% sure</span>" }
  }

  private static func tag(_ label: String?, _ labels: [String]) -> HTML {
    let signs = ["●", "■", "▲", "◆", "★", "✚"]
    let sign = label.flatMap(labels.firstIndex).map { signs[$0 % signs.count] } ?? "○"
    return """
      <span class="tag \(style(label, labels))"><i aria-hidden="true">\(sign)</i><bdi>\(label ?? "no answer")</bdi></span>
      """
  }

  private static func style(_ label: String?, _ labels: [String]) -> String {
    label.flatMap(labels.firstIndex).map { "s\($0 % 5)" } ?? "s5"
  }
}
