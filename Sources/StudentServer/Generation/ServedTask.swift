internal import JSON
package import TeacherProtocol

/// What a run's student is asked about an item, and what it may answer.
///
/// A client sends the item alone: one turn that is a JSON object of its fields, as the run's template or its data file names
/// them, with its images beside it. Everything else is a conversation like any other.
package struct ServedTask: Sendable, Equatable {
  private let prompt: PromptTemplate
  private let labels: LabelSet
  private let imageSlots: [String]
  private let columns: [String: String]

  /// A run's task.
  ///
  /// - Parameters:
  ///   - imageSlots: what the template may call images; one for each image, or one for all of them.
  ///   - columns: of the template's slots of texts, the columns of the data file. The default knows none.
  package init(prompt: PromptTemplate, labels: LabelSet, imageSlots: [String], columns: [String: String] = [:]) {
    self.columns = columns
    self.prompt = prompt
    self.labels = labels
    self.imageSlots = imageSlots
  }

  /// The request with the run's question in place of the item.
  func asking(_ request: ChatRequest) throws(ChatError) -> ChatRequest {
    guard request.messages.count == 1, request.messages[0].role == "user", let fields = fields(of: request.messages[0])
    else { return request }
    let images = request.messages[0].parts.filter { if case .image = $0 { true } else { false } }
    let paths = images.indices.map { "\($0)" }
    let slots =
      imageSlots.count == paths.count
      ? zip(imageSlots, paths).map { ImageSlot(name: $0, paths: [$1]) }
      : imageSlots.prefix(1).map { ImageSlot(name: $0, paths: paths) }
    guard !slots.isEmpty || paths.isEmpty else {
      throw .unsupported("messages[0].content", "This run's items have no images; leave them out.")
    }
    var request = request
    do {
      let question = try prompt.prompt(for: Item(id: "1", imageSlots: slots, fields: fields), labels: labels)
      request.messages[0].parts = PromptPart.parts(of: question.text, imagesAt: question.images.map(\.place)).map {
        switch $0 {
        case .text(let text): .text(text)
        case .image(let number): images[Int(question.images[number].path) ?? 0]
        }
      }
    } catch .unknownSlot(let slot, _, _) {
      let names = Set([slot, columns[slot] ?? slot]).sorted().map { "'\($0)'" }.joined(separator: " or ")
      throw .invalid(
        "messages[0].content",
        "The run's question needs the field \(names) of the item, which has "
          + (fields.isEmpty ? "none." : "\(fields.keys.sorted().map { "'\($0)'" }.joined(separator: ", "))."))
    } catch {
      throw .invalid("messages[0].content", "The run's question can't be asked about this item: \(error)")
    }
    if !request.namesForm { request.form = .choice(labels.labels.map(\.answer)) }
    return request
  }

  private func fields(of message: ChatRequest.Message) -> [String: String]? {
    let text = message.parts.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    guard case .object(let members)? = try? JSONParser.value(of: text) else { return nil }
    var fields: [String: String] = [:]
    for member in members { fields[member.name] = member.value.string ?? member.value.text }
    for (slot, column) in columns where fields[slot] == nil { fields[slot] = fields[column] }
    return fields
  }
}
