internal import JSON
package import TeacherProtocol

/// What a run's student is asked about an item, and what it may answer.
///
/// A client sends the item alone: one turn that is a JSON object of its fields, as the run's template or its data file names
/// them, with its images beside it; null under the name of an image says that it has none. Everything else is a conversation
/// like any other.
package struct ServedTask: Sendable, Equatable {
  private let prompt: PromptTemplate
  private let labels: LabelSet
  private let imageSlots: [String]
  private let columns: [String: String]
  private let fixed: FixedSlots

  /// A run's task.
  ///
  /// - Parameters:
  ///   - imageSlots: what the template may call images; one for each image, or one for all of them.
  ///   - columns: of the template's slots of texts, the columns of the data file. The default knows none.
  ///   - fixed: what the template says beside an item's fields. The default is nothing.
  package init(
    prompt: PromptTemplate, labels: LabelSet, imageSlots: [String], columns: [String: String] = [:],
    fixed: FixedSlots = FixedSlots()
  ) {
    self.columns = columns
    self.fixed = fixed
    self.prompt = prompt
    self.labels = labels
    self.imageSlots = imageSlots
  }

  /// The request with the run's question in place of the item.
  func asking(_ request: ChatRequest) throws(ChatError) -> ChatRequest {
    guard request.messages.count == 1, request.messages[0].role == "user",
      let members = members(of: request.messages[0])
    else { return request }
    let values = values(of: members)
    func isNull(_ name: String) -> Bool { members.contains { $0.name == name && $0.value.isNull } }
    let missing = fieldSlots.filter { values[$0] == nil }
    guard missing.isEmpty else {
      let given = Set(members.map(\.name)).sorted().map { "'\($0)'" }
      throw .invalid(
        "messages[0].content",
        "The run's question needs \(missing.map(names(of:)).joined(separator: ", ")), which the object does not give; "
          + "it gives \(given.isEmpty ? "nothing" : given.joined(separator: ", ")). Send \(example.text) with the item's own values."
      )
    }
    let images = request.messages[0].parts.enumerated().filter { if case .image = $0.element { true } else { false } }
    let paths = images.indices.map { "\($0)" }
    // Without one the student would answer all the same, by the text alone, or by nothing.
    if images.isEmpty, !imageSlots.isEmpty, fieldSlots.isEmpty || !imageSlots.contains(where: isNull) {
      let names = imageSlots.map { "'\($0)'" }.joined(separator: ", ")
      throw .invalid(
        "messages[0].content",
        "The run's question is about an item with images (\(names)), and none came beside the object: send them as parts of the kind "
          + "image_url" + (fieldSlots.isEmpty ? "." : ", or null as a member of that name where the item has none."))
    }
    let slots =
      imageSlots.count == paths.count
      ? zip(imageSlots, paths).map { ImageSlot(name: $0, paths: [$1]) }
      : imageSlots.prefix(1).map { ImageSlot(name: $0, paths: paths) }
    guard !slots.isEmpty || paths.isEmpty else {
      throw .unsupported("messages[0].content", "This run's items have no images; leave them out.")
    }
    var request = request
    let fields: [String: String]
    do { fields = try self.fields(values) } catch {
      throw .invalid(
        "messages[0].content",
        "Of \(names(of: error.field ?? "")) in the object the run's question \(error.reason): send it with the item's own value."
      )
    }
    do {
      let item = fixed.filling(Item(id: "1", imageSlots: slots, fields: fields))
      try prompt.checkShows(item)
      let question = try prompt.prompt(for: item, labels: labels)
      request.messages[0].parts = PromptPart.parts(of: question.text, imagesAt: question.images.map(\.place)).map {
        switch $0 {
        case .text(let text): .text(text)
        case .image(let number): images[Int(question.images[number].path) ?? 0].element
        }
      }
      if !request.namesForm {
        request.form = .choice(ChoiceTexts(labels.labels.map(\.answer)))
        request.learned = .init(text: question.text, places: question.images.map(\.place))
      }
      // Faults name an image's place as it was sent.
      request.messages[0].imagePlaces = question.images.map { images[Int($0.path) ?? 0].offset }
    } catch {
      throw .invalid("messages[0].content", "The run's question can't be asked about this item: \(error)")
    }
    return request
  }

  /// A command for the shell that asks about an item.
  ///
  /// - Parameter needsToken: whether the server wants one.
  package func command(to model: String, port: Int, needsToken: Bool) -> String {
    let text = JSONValue.string(example.text)
    let image = JSONValue.object([
      .init("type", .string("image_url")),
      .init("image_url", .object([.init("url", .string("data:image/jpeg;base64,..."))])),
    ])
    let content =
      imageSlots.isEmpty
      ? text : .array([.object([.init("type", .string("text")), .init("text", text)])] + imageSlots.map { _ in image })
    let turn = JSONValue.object([.init("role", .string("user")), .init("content", content)])
    let body = JSONValue.object([
      .init("model", .string(model)), .init("temperature", .number(0)), .init("messages", .array([turn])),
    ])
    return "curl http://127.0.0.1:\(port)/v1/chat/completions "
      + (needsToken ? "-H 'Authorization: Bearer TOKEN' " : "")
      + "-d '\(body.text.replacing("'", with: #"'\''"#))'"
  }

  /// The fields that the run's template names, in its order.
  private var fieldSlots: [String] {
    let images = imageSlots + [PromptTemplate.allImages]
    return prompt.slots.filter { slot in
      slot != "labels" && fixed.fields[slot] == nil && !images.contains { slot == $0 || slot.hasPrefix($0 + ":") }
    }
  }

  /// What a client may call the field of a slot.
  private func names(of slot: String) -> String {
    Set([slot, columns[slot] ?? slot]).sorted().map { "'\($0)'" }.joined(separator: " or ")
  }

  /// An item's object with nothing filled in.
  private var example: JSONValue { .object(fieldSlots.map { .init($0, .string("...")) }) }

  /// The members of the object that a turn's texts are; nil where they are none.
  private func members(of message: ChatRequest.Message) -> [JSONValue.Member]? {
    let text = message.parts.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    guard case .object(let members)? = try? JSONParser.value(of: text) else { return nil }
    return members
  }

  /// The values of the template's slots by their names; of two members the one that is called as the slot goes first.
  private func values(of members: [JSONValue.Member]) -> [String: JSONValue] {
    let row = RowFile.Row(line: 1, number: 1, value: .object(members))
    return Dictionary(
      uniqueKeysWithValues: fieldSlots.compactMap { slot in
        (row.value(slot) ?? columns[slot].flatMap(row.value)).map { (slot, $0) }
      })
  }

  /// The texts that a data file's row with these values has.
  private func fields(_ values: [String: JSONValue]) throws(RowProblem) -> [String: String] {
    let slots = fieldSlots
    let others = slots.filter { $0 != "text" }
    let mapping = FieldMapping(
      text: slots.contains("text") ? "text" : nil, evidence: Dictionary(uniqueKeysWithValues: others.map { ($0, $0) }))
    let row = JSONValue.object(values.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) })
    return try Item(row: row, mapping: mapping).fields
  }
}
