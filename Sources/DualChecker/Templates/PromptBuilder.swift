package import TeacherProtocol

/// How much a prompt says beyond the plain one.
package struct PromptDetail: Sendable, Equatable, Codable {
  /// Whether the longer texts of the item and of its demonstrations are shown too.
  package var longerText = false
  /// Demonstrations chosen for the item, as a multiple of the usual number. The default is 1.
  package var shots = 1
  /// Whether the labels are explained.
  package var definitions = false
  /// Nearest demonstrations that are passed over, so that others speak. The default is 0.
  package var skipped = 0

  /// The plain prompt.
  package init() {}

  /// What is beyond the plain prompt, as a suffix of the version: `+longer_text+definitions`.
  var suffix: String {
    (longerText ? "+longer_text" : "") + (shots > 1 ? "+shots\(shots)" : "")
      + (definitions ? "+definitions" : "") + (skipped > 0 ? "+others" : "")
  }
}

/// Writes the prompts of a task: template, aligned demonstrations and detail, within the teacher's context.
package struct PromptBuilder: Sendable {
  /// What is asked.
  package var task: LabellingTask
  /// What is said beside the item.
  package var template: LabellingTemplate
  /// Who chooses demonstrations.
  package var aligner: ContextAligner
  /// Demonstrations chosen for each item. The default is 4.
  package var shots = 4
  /// Longest prompt in characters: demonstrations are left out, the last ones first, then the detail is cut. The default
  /// is 24,000, about 8,000 tokens of English.
  package var contextCharacters = 24_000
  /// Longest text of a demonstration in characters. The default is 1,200.
  package var demonstrationCharacters = PromptBuilder.longestDemonstration
  /// How the teacher answers.
  package var parameters = TeacherParameters()

  /// The default of ``demonstrationCharacters``.
  package static let longestDemonstration = 1_200

  /// A builder with the default in every other property.
  package init(task: LabellingTask, template: LabellingTemplate, aligner: ContextAligner) {
    self.task = task
    self.template = template
    self.aligner = aligner
  }

  /// The question about an item.
  ///
  /// - Throws: `TeacherProtocolError` for a layout with an unknown slot, or an error of the aligner.
  package func request(for item: Item, detail: PromptDetail = PromptDetail()) async throws -> TeacherRequest {
    let wanted = shots * detail.shots
    let chosen = try await aligner.demonstrations(for: item, count: wanted + detail.skipped)
    return try request(for: item, detail: detail, showing: chosen.dropFirst(detail.skipped))
  }

  /// The question about an item without demonstrations but those of the template.
  ///
  /// - Throws: `TeacherProtocolError` for a layout with an unknown slot.
  package func plainRequest(for item: Item) throws -> TeacherRequest {
    try request(for: item, detail: PromptDetail(), showing: [])
  }

  private func request(
    for item: Item, detail: PromptDetail, showing chosen: ArraySlice<Demonstration>
  ) throws -> TeacherRequest {
    let layout = try PromptTemplate(template.layout)
    let standing = template.demonstrations.filter { $0.item != item.id && $0.text != item.text }
    let names = Set(standing.map(\.item))
    // The nearest stand last, next to the question.
    var shown = standing + chosen.filter { !names.contains($0.item) }.reversed()
    var longer = detail.longerText ? item.longerText.onOneLine : ""
    var format = DemonstrationFormat(maximumCharacters: demonstrationCharacters)
    format.showsDetail = detail.longerText
    func prompt() throws -> String {
      var filled = item
      filled.fields.merge(template.plainSlots(for: task).fields) { _, own in own }
      if detail.definitions { filled.fields["definitions"] = task.definitions }
      filled.fields["demonstrations"] = try format.text(shown, task: task)
      filled.fields["text"] = item.text.onOneLine
      filled.fields["detail"] = longer
      return try layout.prompt(for: filled, labels: task.labels).text
    }
    var text = try prompt()
    while text.count > contextCharacters, !shown.isEmpty {
      shown.remove(at: standing.count < shown.count ? standing.count : shown.count - 1)
      text = try prompt()
    }
    if text.count > contextCharacters, !longer.isEmpty {
      longer = String(longer.prefix(max(0, longer.count - (text.count - contextCharacters))))
      text = try prompt()
    }
    return TeacherRequest(
      item: item, prompt: text, promptVersion: template.version + detail.suffix, labels: task.labels,
      parameters: parameters)
  }
}

extension LabellingTemplate {
  /// What a prompt without demonstrations and details has beside an item's text: how a student is asked.
  package func plainSlots(for task: LabellingTask) -> FixedSlots {
    FixedSlots(
      [
        "instructions": instructions.joined(separator: "\n"),
        "names": task.kind == .spans ? task.spanForm : task.labels.labels.map(\.answer).joined(separator: " / "),
        "definitions": "", "demonstrations": "", "detail": "",
      ], joinsLines: true)
  }
}

extension LabellingTask {
  /// What each label means, a line each; empty where no label has a meaning.
  var definitions: String {
    labels.labels.filter { names.contains($0.name) && !$0.meaning.isEmpty }
      .map { "\($0.answer): \($0.meaning)" }.joined(separator: "\n")
  }

  /// How an answer with spans is written.
  var spanForm: String { "JSON {\(names.map { "\"\($0)\": \"words of the text\"" }.joined(separator: ", "))}" }
}
