internal import Evaluation
internal import Wording

/// What Stage 2 could end with, and by what evidence one of it was taken.
enum ReportChoice {
  static func section(_ choice: StageChoice) -> HTML {
    let note: HTML = "<p class=\"note\">\(sentence(choice))</p>"
    guard !choice.candidates.isEmpty else { return note }
    let rows = choice.candidates.map { candidate in
      let difference = choice.differences.first { $0.against == candidate.name }
      return """
        <tr><th scope="row">\(candidate.name)</th><td class="number">\(percent(candidate.accuracy))</td>\
        <td class="number">\(percent(candidate.onLabels))</td><td class="number">\(percent(candidate.onAgreed))</td>\
        <td class="number">\(difference.map { points($0.difference) } ?? "-")</td>\
        <td class="number">\(difference.map { "\(points($0.interval.low)) to \(points($0.interval.high))" } ?? "-")</td></tr>

        """ as HTML
    }
    let heads = ["Accuracy, %", "On labels", "On agreed items", "What was taken is better by", "95 %"].map {
      "<th scope=\"col\" class=\"number\">\($0)</th>" as HTML
    }
    return """
      \(note)
      <p class="note">None of the students had learned from the labels, nor in Stage 2 from the agreed items. Labels count as the share of \
      conflicts among the training items, \(percent(choice.weight)) %; agreed items show what is forgotten, and are weak evidence, since \
      teachers agree on wrong labels too.</p>
      <div class="scroll"><table><thead><tr><th scope="col">Could be Stage 2</th>\(heads)</tr></thead>
      <tbody>\(rows)</tbody></table></div>
      """
  }

  /// The sentence as one that stands by itself.
  private static func sentence(_ choice: StageChoice) -> String {
    let sentence = choice.sentence
    return sentence.prefix(1).uppercased() + sentence.dropFirst() + "."
  }

  private static func percent(_ share: Double?) -> String { share.map { NumberText.fixed($0 * 100, digits: 2) } ?? "-" }
  private static func points(_ share: Double) -> String { NumberText.signed(share * 100, digits: 2) }
}
