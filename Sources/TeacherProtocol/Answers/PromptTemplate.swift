import ContentDigest

/// The question that a teacher or the student is asked about an item, with named slots.
///
/// ```swift
/// let template = try PromptTemplate(
///   "[[Entities in the photo: {entities}\n]]Caption: {text}\nIs the photo used out of its context? Yes or No.")
/// let request = try TeacherRequest(item: item, template: template, labels: labels)
/// ```
///
/// Slots are `{text}`, the evidence fields of the mapping, and `{labels}`: one line `answer: meaning` per label. An image
/// column's name is a slot too, at which all images of that column stand, `{photo:2}` the second of them, and `{image}` and
/// `{image:2}` count the images of all columns. Images that no slot names stand before the text. A section in `[[ ]]` is
/// left out, its images with it, when a slot in it is empty. Braces that stand for themselves are doubled. What a slot is
/// filled with is never read as a template again.
public struct PromptTemplate: Sendable, Equatable, Codable {
  /// Slots that are not evidence.
  static let reservedSlots = ["text", "labels"]

  /// The template's text.
  public var text: String { template.source }
  /// Digest of the text, 16 hexadecimal digits: which template an answer came from, whatever it is called.
  public let version: String
  private let template: TextTemplate

  /// Reads a template.
  ///
  /// - Throws: ``TeacherProtocolError/badTemplate(_:offset:expected:)`` for an unclosed slot or section.
  public init(_ text: String) throws(TeacherProtocolError) {
    template = try TextTemplate(text)
    version = String(ContentDigest.of(fields: ["prompt", text]).prefix(16))
  }

  /// Reads a template from its text.
  public init(from decoder: any Decoder) throws {
    try self.init(try decoder.singleValueContainer().decode(String.self))
  }

  /// Writes the text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  /// Names of the slots in order of first use, `photo:2` among them where one image is named.
  package var slots: [String] { template.slots }

  /// Looks whether a data set fills every slot, and whether what is asked depends on the item, before anything is asked.
  ///
  /// - Parameters:
  ///   - mapping: the data set's fields.
  ///   - others: slots that are filled in code, such as `demonstrations`.
  /// - Throws: ``TeacherProtocolError/unknownSlot(_:template:known:)``, which lists the known ones, or
  ///   ``TeacherProtocolError/asksNothing(template:known:)``.
  package func check(_ mapping: FieldMapping, filledInCode others: [String] = []) throws(TeacherProtocolError) {
    let images = mapping.image == nil ? [] : mapping.imageSlots + [Self.allImages]
    let known = mapping.slots + others + ["labels"] + images.filter { !mapping.slots.contains($0) }
    let one = slots.filter { slot in images.contains { slot.hasPrefix($0 + ":") } }
    if let unknown = slots.first(where: { !known.contains($0) && !one.contains($0) }) {
      throw .unknownSlot(unknown, template: text, known: known)
    }
    guard mapping.image != nil || slots.contains(where: mapping.slots.contains) else {
      throw .asksNothing(template: text, known: mapping.slots)
    }
  }

  /// Looks whether what is asked depends on the item, where the items are at hand.
  ///
  /// - Parameter others: slots that are filled in code with what differs between items.
  /// - Throws: ``TeacherProtocolError/asksNothing(template:known:)``.
  package func check(on items: [Item], filledInCode others: Set<String> = []) throws(TeacherProtocolError) {
    let depends = slots.contains { slot in others.contains(slot) || items.contains { $0.fields[slot] != nil } }
    guard depends || items.isEmpty || items.contains(where: { !$0.images.isEmpty }) else {
      throw .asksNothing(template: text, known: others.union(items.flatMap(\.fields.keys)).sorted())
    }
  }

  /// Looks whether the prompt shows anything of an item: an image, or a word of a field that it names.
  ///
  /// - Throws: ``TeacherProtocolError/showsNothing(template:)``.
  package func checkShows(_ item: Item) throws(TeacherProtocolError) {
    let isShown = slots.contains { slot in item.fields[slot]?.contains { !$0.isWhitespace } ?? false }
    guard isShown || !item.images.isEmpty else { throw .showsNothing(template: text) }
  }

  /// The slot of all images, whatever their columns are called.
  package static let allImages = "image"

  /// A part of the text, for what writes the prompt in another way.
  package enum Part: Sendable, Equatable {
    case text(String)
    case slot(String)
  }

  /// The parts in order; those of an optional section stand together.
  package var sections: [(parts: [Part], isOptional: Bool)] {
    template.sections.map { section in
      let parts = section.parts.map { part -> Part in
        switch part {
        case .text(let text): .text(text)
        case .slot(let name): .slot(name)
        }
      }
      return (parts, section.isOptional)
    }
  }

  /// What the slot `{labels}` is filled with: one line `answer: meaning` per label.
  package func labelLines(_ labels: LabelSet) -> String {
    labels.labels.map { $0.meaning.isEmpty ? $0.answer : "\($0.answer): \($0.meaning)" }.joined(separator: "\n")
  }

  /// The prompt for an item, with the places of its images.
  ///
  /// - Throws: ``TeacherProtocolError/unknownSlot(_:template:known:)`` for a slot that is no field of the item.
  package func prompt(for item: Item, labels: LabelSet) throws(TeacherProtocolError) -> Prompt {
    let filled = try template.filled(
      { filling($0, item, labels) },
      known: { item.fields.keys.sorted() + item.imageSlots.map(\.name) + ["labels"] })
    let named = Set(slots.filter { item.fields[$0] == nil }.flatMap { item.imageNumbers(ofSlot: $0) ?? [] })
    let paths = item.images
    let first = paths.indices.filter { !named.contains($0) }.map { (number: $0, place: 0) }
    return Prompt(
      text: filled.text, images: (first + filled.images).map { Prompt.Image(path: paths[$0.number], place: $0.place) })
  }

  /// The template with its slots' names, in braces, where ``prompt(for:labels:)`` has what they stand for; labels are listed.
  func words(for item: Item, labels: LabelSet) throws(TeacherProtocolError) -> String {
    try template.filled(
      { slot in
        guard let filling = filling(slot, item, labels), !filling.isEmpty, slot != "labels" else {
          return filling(slot, item, labels)
        }
        return .text("{\(slot)}")
      }, known: { item.fields.keys.sorted() + item.imageSlots.map(\.name) + ["labels"] }
    ).text
  }

  private func filling(_ slot: String, _ item: Item, _ labels: LabelSet) -> TextTemplate.Filling? {
    if slot == "labels" { return .text(labelLines(labels)) }
    return item.fields[slot].map { .text($0) } ?? item.imageNumbers(ofSlot: slot).map { .images($0) }
  }
}

extension Item {
  /// The numbers in ``images`` of those that a slot names, `photo`, `photo:2`, `image` or `image:2`; nil for none of these.
  fileprivate func imageNumbers(ofSlot slot: String) -> [Int]? {
    let parts = slot.split(separator: ":")
    var start = 0
    var range: Range<Int>?
    for own in imageSlots {
      if own.name == parts[0] { range = start..<(start + own.paths.count) }
      start += own.paths.count
    }
    if range == nil, parts[0] == PromptTemplate.allImages, !imageSlots.isEmpty { range = 0..<start }
    guard let range else { return nil }
    guard parts.count == 2, let number = Int(parts[1]) else { return Array(range) }
    return number <= range.count ? [range.lowerBound + number - 1] : []
  }
}
