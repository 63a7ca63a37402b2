internal import Foundation
internal import JSON
internal import Layers
internal import StudentModels
internal import TeacherProtocol
internal import TwoStage

/// An item that a request's state gives, for the question that the student was distilled on.
struct TrainedItem: Sendable, Equatable {
  /// Its images' paths are numbers in ``images``.
  var item: Item
  var images: [DecisionRequest.Image]
}

extension TrainedQuestion {
  /// The item of a request's state: an object of the fields that the prompt names, by the names of their columns or of the
  /// prompt's slots, or a text where it names one field alone. Members of other names are passed over, as columns are.
  ///
  /// - Parameter place: the way to the state.
  /// - Returns: nil where it is none, which is added to the faults.
  func item(of request: DecisionRequest, at place: [JSONValue], _ faults: inout DecisionFaults) -> TrainedItem? {
    let before = faults.all.count
    let isImage = request.parts.map { part in request.images.firstIndex { $0.placeholder == part.string } }
    let loose = isImage.compactMap(\.self)
    let rest = zip(request.parts, isImage).filter { $0.1 == nil }.map(\.0)
    guard let state = object(rest) else {
      faults.add(
        place,
        "'\(name)' is asked about an item: send \(example.text) with the item's own values\(texts.count == 1 ? ", or its text alone" : "")."
      )
      return nil
    }
    var images = SentImages(sent: request.images)
    var row: [JSONValue.Member] = []
    for (slot, column) in texts {
      guard let value = member(slot, column, of: state) else {
        faults.add(
          place + [.string(column)],
          "'\(name)' needs \(names(slot, column)), which the state does not give\(given(state)); send null where an item has "
            + "none.",
          type: "missing")
        continue
      }
      if let image = value.texts.lazy.compactMap({ text in request.images.first { text.contains($0.placeholder) } })
        .first
      {
        faults.add(place + [.string(column)], "\(names(slot, column)) is a text, in which \(image.field) can't stand.")
      }
      row.append(.init(column, value))
    }
    for (number, (slot, column)) in imageColumns.enumerated() {
      if !loose.isEmpty {
        guard imageColumns.count == 1 || imageColumns.count == loose.count else { continue }
        let own = imageColumns.count == 1 ? loose : [loose[number]]
        row.append(.init(column, .array(own.map { images.use($0) })))
      } else if let value = member(slot, column, of: state) {
        let values = value.isNull ? [] : value.elements ?? [value]
        row.append(.init(column, .array(values.compactMap { images.use($0, at: place + [.string(column)], &faults) })))
      } else {
        faults.add(
          place + [.string(column)],
          needsPhoto
            ? "'\(name)' needs \(names(slot, column)), the \(comparesPhoto ? "photo" : "images") of the item: \(Self.imageForms)."
            : "'\(name)' needs \(names(slot, column)), the images of the item: send null where it has none.",
          type: "missing")
      }
    }
    if !loose.isEmpty, imageColumns.count != 1, imageColumns.count != loose.count {
      let wanted = imageColumns.map { "'\($0.column)'" }.joined(separator: ", ")
      faults.add(
        place,
        imageColumns.isEmpty
          ? "The items of '\(name)' have no images; leave them out."
          : "Which of \(wanted) the images are can't be told: send one for each, or each in its member.")
      return nil
    }
    // Another question may be what it was sent for.
    let isAlone = request.questions.allSatisfy { $0.name == name }
    for (number, image) in request.images.enumerated() where isAlone && !images.used.contains(number) {
      faults.add(
        place,
        imageColumns.isEmpty
          ? "The items of '\(name)' have no images; leave \(image.field) out."
          : "\(image.field) stands in no member for images.")
    }
    if comparesPhoto, faults.all.count == before, images.list.count != 1 {
      let column = imageColumns[0].column
      faults.add(
        place + [.string(column)],
        "This student compares the text with one photo, and '\(column)' has \(images.list.count == 0 ? "none" : "\(images.list.count)"): "
          + "\(Self.imageForms).")
    }
    if faults.all.count == before, images.list.isEmpty, !imageColumns.isEmpty, mapping.text == nil,
      !row.contains(where: { member in !(member.value.cell ?? "").allSatisfy(\.isWhitespace) })
    {
      faults.add(
        place + [.string(imageColumns[0].column)],
        "The state has nothing that '\(name)' could be asked about, as it has no image: \(Self.imageForms).")
    }
    guard faults.all.count == before else { return nil }
    do {
      return TrainedItem(item: try Item(row: .object(row), mapping: mapping), images: images.list)
    } catch {
      faults.add(place + (error.field.map { [.string($0)] } ?? []), "Of the state \(error.reason).")
      return nil
    }
  }

  /// Whether the student compares a text with a photo, so that each item has one.
  private var comparesPhoto: Bool { classifier != nil && !imageColumns.isEmpty }

  /// Whether nothing of an item could be shown without its image.
  private var needsPhoto: Bool { comparesPhoto || texts.isEmpty }

  /// What may stand in a member of images.
  private static let imageForms = "send the name of an asset, or a data URL (data:image/png;base64,...)"

  /// The object that the state is, or that its text stands for.
  private func object(_ parts: [JSONValue]) -> JSONValue? {
    if parts.isEmpty, texts.isEmpty { return .object([]) }
    if parts.count == 1, parts[0].members != nil { return parts[0] }
    let words = parts.compactMap(\.string)
    guard !parts.isEmpty, words.count == parts.count, texts.count == 1 else { return nil }
    return .object([.init(texts[0].column, .string(words.joined(separator: "\n")))])
  }

  /// The question about an item as the student was trained on it; the images' features are computed.
  func question(_ asked: TrainedItem, to student: any PretrainedStudent) throws(ChatError) -> LabelQuestion {
    if let first = asked.images.first, student.tower == nil {
      throw .unsupported(first.field, "This model reads text alone; leave images out.")
    }
    var images: [PromptImage] = []
    for image in asked.images {
      images.append(try ChatPrompt.image(image.bytes, student: student, at: image.field, decoder: decoder))
    }
    return try question(about: asked.item, images, to: student)
  }

  /// The question about an item whose images' paths are numbers in `images`.
  func question(
    about item: Item, _ images: [PromptImage], to student: any PretrainedStudent
  ) throws(ChatError) -> LabelQuestion {
    do {
      let whole = fixed.filling(item)
      try self.prompt.checkShows(whole)
      let prompt = try prompt.prompt(for: whole, labels: labels)
      let shown = prompt.images.map { images[Int($0.path) ?? 0].at($0.place) }
      return try labelQuestion(prompt.text, shown, to: student)
    } catch {
      throw .invalid("questions.\(name)", "The state can't be put to the student: \(error)")
    }
  }

  /// The question as a conversation's only turn.
  func question(
    _ text: String, _ shown: [PromptImage], to student: any PretrainedStudent
  ) throws(ChatError) -> LabelQuestion {
    do { return try labelQuestion(text, shown, to: student) } catch {
      throw .invalid("messages[0].content", "The run's question can't be put to the student: \(error)")
    }
  }

  private func labelQuestion(
    _ text: String, _ shown: [PromptImage], to student: any PretrainedStudent
  ) throws -> LabelQuestion {
    if let wholeAnswers {
      let tree = try student.tree(question: text, images: shown, answers: wholeAnswers)
      return try LabelQuestion(labels: tree, marked: tree.answers)
    }
    return try student.labelQuestion(text, images: shown, labels: labels.labels.map(\.answer))
  }

  private func member(_ slot: String, _ column: String, of state: JSONValue) -> JSONValue? {
    state[slot] ?? RowFile.Row(line: 1, number: 1, value: state).value(column)
  }

  private func names(_ slot: String, _ column: String) -> String {
    slot == column ? "'\(column)'" : "'\(column)' or '\(slot)'"
  }

  private func given(_ state: JSONValue) -> String {
    let names = (state.members ?? []).map { "'\($0.name)'" }
    return names.isEmpty ? "" : " (it gives \(names.joined(separator: ", ")))"
  }

  /// An item's object with nothing filled in.
  var example: JSONValue {
    .object(
      texts.map { .init($0.column, .string("...")) }
        + imageColumns.map { .init($0.column, .string("data:image/jpeg;base64,...")) })
  }
}

/// The images that a state names, in the order in which it names them.
private struct SentImages {
  let sent: [DecisionRequest.Image]
  private(set) var list: [DecisionRequest.Image] = []
  private(set) var used: Set<Int> = []

  init(sent: [DecisionRequest.Image]) { self.sent = sent }

  mutating func use(_ number: Int) -> JSONValue {
    used.insert(number)
    return add(sent[number])
  }

  /// What stands in the member of images: the name of one that was sent, or a data URL.
  mutating func use(_ value: JSONValue, at place: [JSONValue], _ faults: inout DecisionFaults) -> JSONValue? {
    if let number = sent.firstIndex(where: { $0.placeholder == value.string }) { return use(number) }
    guard let text = value.string, text.hasPrefix("data:") else {
      faults.add(
        place, "An image must be the name of an asset or a data URL (data:image/png;base64,...), not \(value.summary).")
      return nil
    }
    do {
      let field = DecisionFaults.Fault(place: place, message: "").field
      return add(.init(placeholder: "", bytes: try DataURL.bytes(of: text), field: field))
    } catch {
      faults.add(place, error.message)
      return nil
    }
  }

  private mutating func add(_ image: DecisionRequest.Image) -> JSONValue {
    list.append(image)
    return .string("\(list.count - 1)")
  }
}

extension JSONValue {
  /// All texts in it, but for members' names.
  fileprivate var texts: [String] {
    switch self {
    case .string(let text): [text]
    case .array(let elements): elements.flatMap(\.texts)
    case .object(let members): members.flatMap(\.value.texts)
    case .null, .bool, .number: []
    }
  }
}
