internal import JSON
internal import StudentModels
internal import TeacherProtocol

/// Writes the decision template that asks the question that a student was distilled on: the run's prompt in Jinja, and behind it
/// the chat template of the student's folder.
///
/// Whatever a request could mean otherwise is raised, in the words of ``TrainedQuestion``. Values are texts, whole numbers, true,
/// false or null: others are spelled in more ways than one.
struct LearnedTemplate {
  private let question: TrainedQuestion
  private let framing: PromptFraming
  /// What every answer begins with: a part of the prompt here.
  private let opening: String
  private var tags: [String] = []

  /// - Parameter opening: what every answer begins with before the token that tells the labels apart; mostly nothing.
  /// - Throws: ``DecisionExportProblem`` for prompts whose images a template can't place.
  static func text(of question: TrainedQuestion, _ framing: PromptFraming, opening: String) throws -> String {
    var template = LearnedTemplate(question: question, framing: framing, opening: opening)
    return try template.written()
  }

  private init(question: TrainedQuestion, framing: PromptFraming, opening: String) {
    (self.question, self.framing, self.opening) = (question, framing, opening)
  }

  /// Whether the template itself refuses texts that spell tokens of the model's own.
  private var isGuarded: Bool { framing.image != nil }

  private func literal(_ text: String) -> String { JSONValue.string(text).text }
  private func list(_ texts: [String]) -> String { "[\(texts.map(literal).joined(separator: ", "))]" }
  private mutating func tag(_ text: String) { tags.append("{%- \(text) -%}") }

  private mutating func refuse(if condition: String, _ reason: String) {
    tag("if \(condition)")
    tags.append("{{- raise_exception(\(literal(reason))) -}}")
    tag("endif")
  }

  private mutating func written() throws -> String {
    tags.append("{#- The question \"\(question.name.filter { $0 != "#" })\", asked as this model learned it. -#}")
    tag("set asked_ns = namespace(parts=[], text=\"\", count=0, shown=0, place=-1)")
    // Processors of some families (Idefics 3, LLaVA) fail in transformers 5.24 where it is to keep such tokens out.
    if isGuarded { tag("set asked_control = \(list(framing.control))") }
    checkQuestion()
    readState()
    try compose()
    let last = opening.isEmpty ? "" : "{{- \(literal(opening)) -}}\n"
    guard let source = framing.template else {
      tags.append("{{- \(literal(framing.beginning)) ~ asked_ns.text -}}")
      return tags.joined(separator: "\n") + "\n" + last
    }
    if !framing.beginning.isEmpty { tags.append("{{- \(literal(framing.beginning)) -}}") }
    // As in training, mostly without the variable; the pipeline says false.
    if let thinking = framing.thinking { tag("set asked_thinking = \(thinking)") }
    var own = source.replacing("enable_thinking", with: "asked_thinking")
    if own.hasSuffix("\n") { own.removeLast() }
    let content = framing.image == nil ? "asked_ns.text" : "asked_ns.parts"
    tag("set messages = [{\"role\": \"user\", \"content\": \(content)}]")
    // The line's end behind a tag goes; a dash would take the template's own white space too.
    tags.append("{%- set asked_whole %}\n\(own){%+ endset -%}")
    let end = literal(framing.unanswered)
    let count = framing.unanswered.unicodeScalars.count
    tags.append(
      framing.unanswered.isEmpty
        ? "{{- asked_whole -}}"
        : "{{- asked_whole[:-\(count)] if asked_whole.endswith(\(end)) else asked_whole -}}")
    return tags.joined(separator: "\n") + "\n" + last
  }

  // MARK: The question

  private mutating func checkQuestion() {
    let labels = question.labels.labels
    let name = question.name
    refuse(
      if: "question.name != \(literal(name))",
      "This model answers the question '\(name)' alone, which it learned: name the question so.")
    let said = labels.map { ["", $0.meaning, $0.name] }
    tag("if question.type == \"choice\"")
    refuse(
      if: "question.options != \(list(labels.map(\.name)))",
      "The options of '\(name)' are \(labels.map { "'\($0.name)'" }.joined(separator: ", ")), in this order.")
    tag("set asked_said = [\(said.map(list).joined(separator: ", "))]")
    if let positive = question.positive {
      tag("elif question.type == \"noul\"")
      tag("set asked_said = [\(list(said[positive])), \(list(said[1 - positive]))]")
    }
    tag("else")
    tags.append("{{- raise_exception(\(literal("'\(name)' has no levels: ask for a choice of its labels."))) -}}")
    tag("endif")
    tag("for asked_description in question.descriptions")
    refuse(
      if: "asked_description is not none and asked_description not in asked_said[loop.index0]",
      "An option of '\(name)' is described otherwise than it was learned: leave the descriptions out.")
    tag("endfor")
    refuse(
      if:
        "question.instructions is not none and question.instructions not in \(list(["", name, question.prompt.text]))",
      "'\(name)' has a prompt of its own: leave the instructions out, or send the name in their place.")
  }

  // MARK: The item

  private mutating func readState() {
    let example = "Send \(question.example.text) with the item's own values."
    if question.texts.count == 1, question.imageColumns.isEmpty {
      tag("if state is string")
      tag("set asked_state = {\(literal(question.texts[0].column)): state}")
      tag("elif state is mapping")
    } else {
      tag("if state is mapping")
    }
    tag("set asked_state = state")
    tag("else")
    tags.append("{{- raise_exception(\(literal(example))) -}}")
    tag("endif")
    for (number, field) in question.texts.enumerated() { readText(field, as: "asked_\(number)") }
    for (number, field) in question.imageColumns.enumerated() { countImages(field, as: "asked_images_\(number)") }
    checkOrder()
  }

  private mutating func find(_ field: (slot: String, column: String), as name: String) {
    var names = [field.slot]
    if field.column != field.slot { names.append(field.column) }
    var choices = names.map { "asked_state[\(literal($0))] if \(literal($0)) in asked_state" }
    let path = field.column.split(separator: ".").map { "[\(literal(String($0)))]" }
    if path.count > 1 {
      let outer = "asked_state" + path.dropLast().joined()
      // A step that is missing on the way is undefined, and so is what is looked for in it.
      let guards = (1..<path.count).map { "asked_state\(path[..<$0].joined()) is mapping" }.joined(separator: " and ")
      choices.append("\(outer)\(path[path.count - 1]) if \(guards)")
    }
    tag("set \(name) = \(choices.joined(separator: " else "))")
    refuse(if: "\(name) is undefined", "'\(field.column)' is missing in the state; send null where an item has none.")
  }

  private mutating func readText(_ field: (slot: String, column: String), as name: String) {
    find(field, as: name)
    tag("if \(name) is none")
    tag("set \(name) = \"\"")
    tag("elif \(name) is boolean")
    tag("set \(name) = \"true\" if \(name) else \"false\"")
    tag("elif \(name) is integer")
    tag("set \(name) = \(name) ~ \"\"")
    tag("elif \(name) is not string")
    tags.append(
      "{{- raise_exception(\(literal("'\(field.column)' must be a text; write other values as the data file has them."))) -}}"
    )
    tag("endif")
    if isGuarded {
      tag("for asked_token in asked_control")
      refuse(if: "asked_token in \(name)", "'\(field.column)' spells a token of the model's own; remove it.")
      tag("endfor")
    }
    tag("if not \(name)|trim")
    tag("set \(name) = \"\"")
    tag("endif")
    if field.slot == "text" { refuse(if: "\(name) == \"\"", "'\(field.column)' is empty; an item has a text there.") }
  }

  private mutating func countImages(_ field: (slot: String, column: String), as name: String) {
    find(field, as: "asked_found")
    let problem = "'\(field.column)' must be the name of an asset, or a list of such names."
    tag("set asked_ns.count = 0")
    tag("if asked_found is not none and asked_found != []")
    refuse(if: "asked_found is string or asked_found is mapping or asked_found is not iterable", problem)
    tag("if asked_found[0] is mapping")
    refuse(if: "asked_found|length != 1 or asked_found[0].type != \"image\"", problem)
    tag("set asked_ns.count = 1")
    tag("else")
    tag("for asked_part in asked_found")
    refuse(if: "asked_part is string or asked_part|length != 1 or asked_part[0].type != \"image\"", problem)
    tag("set asked_ns.count = asked_ns.count + 1")
    tag("endfor")
    tag("endif")
    tag("endif")
    tag("set \(name) = asked_ns.count")
  }

  /// The pipeline counts images in the order in which the state has them, whatever the prompt's.
  private mutating func checkOrder() {
    guard question.imageColumns.count > 1 else { return }
    let ranks = question.imageColumns.enumerated().flatMap { number, field in
      Set([field.slot, field.column]).sorted().map { "\(literal($0)): \(number)" }
    }
    tag("set asked_ranks = {\(ranks.joined(separator: ", "))}")
    tag("for asked_key in asked_state")
    tag("if asked_key in asked_ranks")
    refuse(
      if: "asked_ranks[asked_key] < asked_ns.place",
      "Images must stand in this order in the state: \(question.imageColumns.map(\.column).joined(separator: ", ")).")
    tag("set asked_ns.place = asked_ranks[asked_key]")
    tag("endif")
    tag("endfor")
  }

  // MARK: The prompt

  /// The prompt's sections, and the columns of images that none of their slots names, which stand first.
  private mutating func compose() throws {
    let sections = question.prompt.sections
    let slots = sections.flatMap(\.parts).compactMap { if case .slot(let name) = $0 { name } else { nil } }
    let columns = question.imageColumns.map(\.slot)
    var order: [Int] = []
    for slot in slots where question.mapping.textColumns[slot] == nil && slot != "labels" {
      if slot == PromptTemplate.allImages, !columns.contains(slot) {
        order += Array(columns.indices)
      } else if let number = columns.firstIndex(of: slot) {
        order.append(number)
      } else {
        throw DecisionExportProblem("the prompt names single images ({\(slot)}), which a decision template can't pick")
      }
    }
    let first = columns.indices.filter { !order.contains($0) }
    guard first + order == Array(columns.indices) else {
      throw DecisionExportProblem(
        "the prompt shows images in another order than their columns have, or one twice, which a decision template can't do"
      )
    }
    if columns.contains(where: { $0.contains(".") })
      || question.imageColumns.count > 1 && question.imageColumns.contains(where: { $0.column.contains(".") })
    {
      throw DecisionExportProblem(
        "several columns of images, one within another member, have no order in a decision template")
    }
    for number in first { showImages(number) }
    for section in sections {
      if section.isOptional {
        let conditions = section.parts.compactMap { part in
          if case .slot(let name) = part { isFilled(name) } else { nil }
        }
        tag("if \(conditions.isEmpty ? "true" : conditions.joined(separator: " and "))")
      }
      for part in section.parts {
        switch part {
        case .text(let text): add(literal(text))
        case .slot("labels") where question.mapping.textColumns["labels"] == nil:
          add(literal(question.prompt.labelLines(question.labels)))
        case .slot(let name):
          if let number = question.texts.firstIndex(where: { $0.slot == name }) {
            add("asked_\(number)")
          } else if let number = columns.firstIndex(of: name) {
            showImages(number)
          } else {
            for number in columns.indices { showImages(number) }
          }
        }
      }
      if section.isOptional { tag("endif") }
    }
    if framing.image != nil { flush() }
    let counts = columns.indices.map { "asked_images_\($0)" }
    if !counts.isEmpty {
      refuse(
        if: "asked_ns.shown != \(counts.joined(separator: " + "))",
        "The prompt leaves this item's images out, since something beside them is empty: send null in their place.")
    }
  }

  private func isFilled(_ slot: String) -> String {
    if let number = question.texts.firstIndex(where: { $0.slot == slot }) { return "asked_\(number) != \"\"" }
    if slot == "labels" { return "true" }
    if let number = question.imageColumns.firstIndex(where: { $0.slot == slot }) { return "asked_images_\(number) > 0" }
    return "(\(question.imageColumns.indices.map { "asked_images_\($0)" }.joined(separator: " + "))) > 0"
  }

  private mutating func add(_ value: String) { tag("set asked_ns.text = asked_ns.text ~ \(value)") }

  private mutating func flush() {
    tag("if asked_ns.text != \"\"")
    tag("set asked_ns.parts = asked_ns.parts + [{\"type\": \"text\", \"text\": asked_ns.text}]")
    tag("set asked_ns.text = \"\"")
    tag("endif")
  }

  private mutating func showImages(_ number: Int) {
    tag("if asked_images_\(number) > 0")
    flush()
    tag("for asked_part in range(asked_images_\(number))")
    tag("set asked_ns.parts = asked_ns.parts + [{\"type\": \"image\"}]")
    tag("set asked_ns.shown = asked_ns.shown + 1")
    tag("endfor")
    tag("endif")
  }
}
