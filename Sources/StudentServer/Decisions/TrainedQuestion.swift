package import ImageDecoding
internal import JSON
package import TeacherProtocol

/// The question that a run's student was distilled on: asked by its name, with the run's own prompt and answers.
///
/// A request for it has a question of this name, whose options are the labels by their names, with nothing besides that could
/// mean another question; any other use of the name is refused. Questions of other names are generic ones.
package struct TrainedQuestion: Sendable {
  /// What requests call it.
  package let name: String
  /// What may be answered.
  let labels: LabelSet
  let prompt: PromptTemplate
  /// What the prompt names of an item's fields, and the columns of all images.
  let mapping: FieldMapping
  /// Makes pixels of images as the run does.
  let decoder: ImageDecoder
  /// The labels' probabilities as the run's calibration corrects them.
  let calibrated: @Sendable ([Double]) -> [Double]
  /// What that calibration is, in words; nil for none.
  let calibration: String?
  /// What the prompt says beside an item's fields. The default is nothing.
  package var fixed = FixedSlots()
  /// What answers in words: the whole answer of each label, which labels are then compared by, with its end. The default is nil:
  /// labels are compared by their answers' beginnings, as a run of the method multi-teacher does.
  package var wholeAnswers: [String]?
  /// What answers where that is no language model: from an item and its images, whose paths are their numbers, to the labels'
  /// probabilities, with the number of tokens read. It is then asked nothing else. The default is nil.
  package var classifier: (@Sendable (Item, [RGBImage]) throws -> (probabilities: [Double], tokens: Int))?

  /// A run's question.
  ///
  /// - Parameters:
  ///   - mapping: the fields of the run's data.
  ///   - calibration: what corrects probabilities, in words. The default is nil: nothing does.
  ///   - calibrated: from the labels' probabilities in their order to better ones. The default changes none.
  package init(
    name: String, prompt: PromptTemplate, labels: LabelSet, mapping: FieldMapping,
    decoder: ImageDecoder = ImageDecoder(),
    calibration: String? = nil, calibrated: @escaping @Sendable ([Double]) -> [Double] = { $0 }
  ) {
    var own = mapping
    let slots = Set(prompt.slots)
    if !slots.contains("text") { own.text = nil }
    own.evidence = own.evidence.filter { slots.contains($0.key) }
    (self.name, self.prompt, self.labels, self.mapping, self.decoder) = (name, prompt, labels, own, decoder)
    (self.calibration, self.calibrated) = (calibration, calibrated)
  }

  /// The number of the label that is a yes where it is asked for a yes or a no: of two, the one that answers yes beside one that
  /// answers no, as decision teachers and rows have it; where answers are other words, the one that the task looks for.
  var positive: Int? {
    guard labels.labels.count == 2 else { return nil }
    let name = labels.yesAndNo?.yes.name ?? labels.positive
    return labels.labels.firstIndex { $0.name == name }
  }

  /// The text fields of an item that the prompt needs: the slot, and the column that may be used for it.
  var texts: [(slot: String, column: String)] {
    prompt.slots.compactMap { slot in mapping.textColumns[slot].map { (slot, $0) } }
  }

  /// The columns of an item's images, and the slots that may be used for them.
  var imageColumns: [(slot: String, column: String)] {
    Array(zip(mapping.imageSlots, mapping.image?.columns ?? []))
  }

  /// The prompt with what is fixed in it; slots of an item's fields stand as they are.
  var instructions: String {
    guard !fixed.fields.isEmpty else { return prompt.text }
    let shown = Dictionary(uniqueKeysWithValues: texts.map { ($0.slot, "{\($0.slot)}") })
    let item = Item(id: "", fields: fixed.fields.merging(shown) { fixed, _ in fixed })
    return (try? prompt.prompt(for: item, labels: labels).text) ?? prompt.text
  }

  /// In which types of System One it can be asked.
  package var types: [String] {
    ["choice"] + (positive == nil ? [] : ["noul"]) + (labels.isOrdered ? ["score"] : [])
  }
  /// The members that a state needs.
  package var fields: [String] { texts.map(\.column) }
  /// The members of the state that hold images.
  package var images: [String] { imageColumns.map(\.column) }

  /// A command for the shell that asks it about an item.
  ///
  /// - Parameter needsToken: whether the server wants one.
  package func command(to model: String, port: Int, needsToken: Bool) -> String {
    let criteria = JSONValue.object(labels.labels.map { .init($0.name, .null) })
    let question = JSONValue.object([.init("type", .string("choice")), .init("criteria", criteria)])
    let body = JSONValue.object([
      .init("model", .string(model)), .init("state", example), .init("questions", .object([.init(name, question)])),
    ])
    return "curl http://127.0.0.1:\(port)/v1/systemone " + (needsToken ? "-H 'Authorization: Bearer TOKEN' " : "")
      + "-d '\(body.text.replacing("'", with: #"'\''"#))'"
  }

  /// As `GET /v1/models` lists it.
  var listing: JSONValue {
    let options = labels.labels.map { label in
      JSONValue.object([
        .init("value", .string(label.name)),
        .init("description", label.meaning.isEmpty ? .null : .string(label.meaning)),
      ])
    }
    return .object([
      .init("name", .string(name)), .init("types", .array(types.map { .string($0) })),
      .init("instructions", .string(instructions)), .init("options", .array(options)),
      .init("positive", labels.positive.map { .string($0) } ?? .null),
      .init("yes", positive.map { .string(labels.labels[$0].name) } ?? .null),
      .init("state", .array(fields.map { .string($0) })),
      .init("images", .array(self.images.map { .string($0) })),
      .init("calibration", calibration.map { .string($0) } ?? .null),
    ])
  }

  /// Of each option of a question of this name, which label it is.
  ///
  /// - Parameter place: the way to the question.
  /// - Returns: nil where something of it is not this question's, which is added to the faults.
  func labels(
    of question: DecisionQuestion, at place: [JSONValue], _ faults: inout DecisionFaults
  ) -> [Int]? {
    let before = faults.all.count
    let wayOut =
      classifier == nil
      ? "or give the question another name to ask it without what was learned."
      : "for this student answers no other question."
    let said = question.instructions
    if !(said.isNull || ["", name, instructions, fixed.fields["instructions"]].contains(said.string)) {
      faults.add(
        place + ["instructions"],
        "'\(name)' is what this student learned to answer, with a prompt of its own: leave the instructions out, or send the "
          + "name in their place, \(wayOut)")
    }
    let names = labels.labels.map { "'\($0.name)'" }.joined(separator: ", ")
    var order: [Int] = []
    switch question.kind {
    case .score:
      guard labels.isOrdered else {
        faults.add(place + ["type"], "'\(name)' has no levels: ask for a choice of \(names), \(wayOut)")
        return nil
      }
      // System One's levels are descriptions, OpenAI's have a label too.
      let isSame = zip(labels.labels, question.options).allSatisfy { label, level in
        level.value.string == label.name || [label.name, label.meaning].contains(level.description.string ?? "")
      }
      guard isSame, question.options.count == labels.labels.count else {
        faults.add(
          place + ["criteria"], "The levels of '\(name)' are \(names), from the lowest. Send these, \(wayOut)")
        return nil
      }
      order = Array(labels.labels.indices)
    case .noul:
      guard let positive else {
        faults.add(place + ["type"], "'\(name)' is no question of yes or no: ask for a choice of \(names), \(wayOut)")
        return nil
      }
      order = question.options.map { $0.value == .bool(true) ? positive : 1 - positive }
    case .choice:
      let given = question.options.map(\.value.string)
      // Rows name options by the answers.
      let isNamed = given.allSatisfy { text in labels.labels.contains { $0.name == text } }
      order = given.compactMap { text in labels.labels.firstIndex { (isNamed ? $0.name : $0.answer) == text } }
      guard order.count == question.options.count, Set(order).count == labels.labels.count else {
        let found = question.options.map { $0.value.string.map { "'\($0)'" } ?? $0.value.text }.joined(separator: ", ")
        faults.add(
          place + ["criteria"],
          "The options of '\(name)' are \(names), each once; found \(found). Send these, \(wayOut)")
        return nil
      }
    }
    for (option, label) in zip(question.options, order) where !option.description.isNull {
      let own = [labels.labels[label].meaning, labels.labels[label].name]
      let isOwn = option.description.string.map { $0.isEmpty || own.contains($0) } ?? false
      if !isOwn {
        faults.add(
          place + ["criteria"],
          "An option of '\(name)' is described otherwise than it was learned: leave the descriptions out, \(wayOut)")
        break
      }
    }
    return faults.all.count == before ? order : nil
  }

  /// The request with what is asked of this question, where anything is.
  ///
  /// - Throws: ``DecisionFaults``, all that is wrong with it.
  func asked(_ request: DecisionRequest, as form: DecisionForm) throws(DecisionFaults) -> DecisionRequest {
    var faults = DecisionFaults()
    if classifier != nil {
      for (number, question) in request.questions.enumerated() where question.name != name {
        faults.add(
          form.place(ofQuestion: number, named: question.name ?? ""),
          "This student is a classifier, which answers no question but '\(name)', the one that it learned: name the question so, or "
            + "serve a language model for others.")
      }
    }
    guard request.questions.contains(where: { $0.name == name }) else {
      guard faults.isEmpty else { throw faults }
      return request
    }
    var request = request
    request.learned = request.questions.enumerated().map { number, question in
      question.name == name
        ? labels(of: question, at: form.place(ofQuestion: number, named: name), &faults) : nil
    }
    request.item = item(of: request, at: form.placeOfState, &faults)
    guard faults.isEmpty else { throw faults }
    return request
  }
}
