internal import DistillationConfiguration
internal import Reporting
internal import TeacherProtocol

extension RunConfiguration {
  /// The run's question and those of teachers that have one of their own, by their keys; without those of decision services
  /// that are shown all fields beside it.
  var prompts: [(key: String, text: String)] {
    [("prompt", prompt)]
      + teachers.compactMap { teacher in
        if case .decision(let decision) = teacher.source, decision.state == .fields { return nil }
        return teacher.prompt.map { ("teachers.\(teacher.name).prompt", $0) }
      }
  }

  /// Refuses a question with a slot that nothing fills, and one that is the same about every item, before anybody is asked.
  ///
  /// - Throws: `TeacherProtocolError`.
  func refuseUnsuitedPrompts() throws {
    for (_, text) in prompts { try PromptTemplate(text).check(data.mapping) }
  }

  /// Texts of the items that are mapped and that no answer can depend on, with the key of each: the text where a question
  /// leaves it out, and evidence that no question names.
  var unaskedFields: [(key: String, text: String)] {
    let asked = prompts.map { ($0.key, Set((try? PromptTemplate($0.text).slots) ?? [])) }
    let columns = data.mapping.textColumns
    return data.mapping.slots.compactMap { slot in
      let without = asked.filter { !$0.1.contains(slot) }.map(\.0)
      guard !without.isEmpty, slot == "text" || without.count == asked.count else { return nil }
      let key = slot == "text" ? "data.fields.text" : "data.fields.evidence.\(slot)"
      return (
        key,
        "\(without.joined(separator: ", ")) \(without.count == 1 ? "has" : "have") no slot {\(slot)}, so what the column "
          + "'\(columns[slot] ?? slot)' says is not asked about"
          + (slot == "text" && without.count == asked.count && data.fields.image != nil
            ? "; set it to null where items are images alone" : "")
      )
    }
  }
}

extension DistillationRun {
  /// Refuses questions that can't be asked, and says what of the items is not asked about.
  func lookAtPrompts() throws {
    try configuration.refuseUnsuitedPrompts()
    for field in configuration.unaskedFields { reporter.warn("\(field.key): \(field.text)") }
  }
}
