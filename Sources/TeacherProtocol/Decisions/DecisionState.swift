package import JSON

extension Item {
  /// The item's texts and images as one object, as decision services take a state: the text first, evidence by name, then
  /// images by slot. What is empty is left out.
  ///
  /// - Parameter image: what stands for an image by its path; nil leaves it out.
  package func state(image: (String) -> String?) -> JSONValue {
    let slots = ["text"] + fields.keys.filter { $0 != "text" }.sorted()
    var members = slots.compactMap { slot in
      fields[slot].flatMap { $0.isEmpty ? nil : JSONValue.Member(slot, .string($0)) }
    }
    for slot in imageSlots {
      let images = slot.paths.compactMap(image).map { JSONValue.string($0) }
      guard let first = images.first else { continue }
      // A text's slot goes first where a single column of images has its name.
      let name = fields[slot.name] == nil ? slot.name : "\(slot.name)_image"
      members.append(.init(name, images.count == 1 ? first : .array(images)))
    }
    return .object(members)
  }
}

extension Item {
  /// What stands for each of so many images: texts that are in none of the item's and of these.
  package func marks(_ count: Int, notIn others: [String]) -> [String] {
    let texts = others + fields.values
    var stem = "image"
    while texts.contains(where: { $0.contains("<\(stem)-") }) { stem = "asset-\(stem)" }
    return (0..<count).map { "<\(stem)-\($0 + 1)>" }
  }
}

extension LabelSet {
  /// What a question says of the labels.
  package var rawTexts: [String] { labels.flatMap { [$0.answer, $0.meaning] } }
}

extension PromptTemplate {
  /// The prompt's words with its slots left as they are, `{text}`: instructions about a state whose members have these names.
  /// What an empty slot makes go away goes away here too.
  ///
  /// - Throws: ``TeacherProtocolError/unknownSlot(_:template:known:)`` for a slot that is no field of the item.
  package func instructions(for item: Item, labels: LabelSet) throws(TeacherProtocolError) -> String {
    try words(for: item, labels: labels).trimmed
  }
}

extension String {
  fileprivate var trimmed: String {
    let start = drop(while: \.isWhitespace)
    return String(start.prefix(start.count - start.reversed().prefix(while: \.isWhitespace).count))
  }
}
