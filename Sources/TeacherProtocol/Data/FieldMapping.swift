/// Which column of a data file means what, so that any JSON Lines or CSV file is used as it is.
///
/// ```yaml
/// id: [image_id, article_id]
/// text: caption
/// label: gold
/// group: article_id
/// evidence: { entities: visual_entities }
/// image: [photo, found_photos]
/// ```
///
/// A column is a member's name, or a path of names joined by points (`meta.split`). A key that is not given has its
/// default; an unknown one is an error.
public struct FieldMapping: Sendable, Equatable, Codable {
  /// The columns whose values name an item. The default is `id`; an empty list takes the row's number.
  public var id: ColumnList = "id"
  /// The columns of the images' paths, relative to the image root: one, or several for photo and evidence. A value is a
  /// path or a list of paths. The first column must have a value in each row, which may be an empty list; further ones may
  /// be empty; an item without a text or evidence needs an image in one of them. The default is nil: items have no image.
  public var image: ColumnList?
  /// The main text. The default is `text`; nil for items that are images alone.
  public var text: String? = "text"
  /// The gold label, which ``GoldAnswers`` alone read. The default is nil.
  public var label: String?
  /// The gold spans of tasks with spans, by their places: a list of objects with `label`, `start` and `end` (in Unicode
  /// scalars, as Python counts), which ``GoldAnswers`` alone read. The default is nil: columns named as the types hold their
  /// words.
  public var spans: String?
  /// The column of groups, which stay in one split as a whole. The default is nil: every item is its own group.
  public var group: String?
  /// The name of the split. The default is nil: the data set is not split.
  public var split: String?
  /// Slot name -> column, for evidence that prompt templates may name. The default is none.
  public var evidence: [String: String] = [:]
  /// Attribute name -> column, for results by slice. The default is none.
  public var slices: [String: String] = [:]

  /// A mapping; every argument has the default of its property.
  public init(
    id: ColumnList = "id", image: ColumnList? = nil, text: String? = "text", label: String? = nil,
    spans: String? = nil, group: String? = nil, split: String? = nil, evidence: [String: String] = [:],
    slices: [String: String] = [:]
  ) {
    self.id = id
    self.image = image
    self.text = text
    self.label = label
    self.spans = spans
    self.group = group
    self.split = split
    self.evidence = evidence
    self.slices = slices
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case id, image, text, label, spans, group, split, evidence, slices
  }

  /// Reads a mapping. A key with null turns that field off, which matters for `text`.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    id = try container.decodeIfPresent(ColumnList.self, forKey: .id) ?? "id"
    image = try container.decodeIfPresent(ColumnList.self, forKey: .image)
    text = container.contains(.text) ? try container.decode(String?.self, forKey: .text) : "text"
    label = try container.decodeIfPresent(String.self, forKey: .label)
    spans = try container.decodeIfPresent(String.self, forKey: .spans)
    group = try container.decodeIfPresent(String.self, forKey: .group)
    split = try container.decodeIfPresent(String.self, forKey: .split)
    evidence = try container.decodeIfPresent([String: String].self, forKey: .evidence) ?? [:]
    slices = try container.decodeIfPresent([String: String].self, forKey: .slices) ?? [:]
    try check()
  }

  /// Writes every key, `text` also where it is nil.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encodeIfPresent(image, forKey: .image)
    try container.encode(text, forKey: .text)
    try container.encodeIfPresent(label, forKey: .label)
    try container.encodeIfPresent(spans, forKey: .spans)
    try container.encodeIfPresent(group, forKey: .group)
    try container.encodeIfPresent(split, forKey: .split)
    try container.encode(evidence, forKey: .evidence)
    try container.encode(slices, forKey: .slices)
  }

  /// The slots that a template over such items may name.
  package var slots: [String] { (text == nil ? [] : ["text"]) + evidence.keys.sorted() }

  /// The column of each of ``slots``.
  package var textColumns: [String: String] {
    var columns = evidence
    if let text { columns["text"] = text }
    return columns
  }

  /// The slots of the images in the order of their columns: the columns' names, with "_" for the points of a path.
  package var imageSlots: [String] { (image?.columns ?? []).map { $0.replacing(".", with: "_") } }

  /// Looks for contradictions that no data file can mend.
  ///
  /// - Throws: ``TeacherProtocolError/badMapping(key:reason:)``.
  package func check() throws(TeacherProtocolError) {
    if text == nil, image == nil {
      throw .badMapping(key: "text", reason: "neither text nor image is mapped, so there is nothing to judge")
    }
    if let imageFault { throw .badMapping(key: "image", reason: imageFault) }
    for name in evidence.keys.sorted() {
      if PromptTemplate.reservedSlots.contains(name) {
        throw .badMapping(key: "evidence", reason: "'\(name)' is the name of a built-in slot; choose another")
      }
      if !TextTemplate.isSlotName(name) {
        throw .badMapping(
          key: "evidence", reason: "'\(name)' can't be a slot: use letters, digits and '_', not a digit first")
      }
      if let label, evidence[name] == label {
        throw .badMapping(key: "evidence", reason: "'\(name)' is the gold label's column, which no prompt may show")
      }
    }
    if let label, slices.values.contains(label) {
      throw .badMapping(key: "slices", reason: "'\(label)' is the gold label's column, which is read under count alone")
    }
  }

  /// What is wrong with the columns of the images; nil where nothing is.
  package var imageFault: String? {
    guard let image else { return nil }
    if image.columns.isEmpty { return "the list is empty; name a column, or set it to null for items without images" }
    // Of a single column the texts' slots go first, as they always did.
    guard image.columns.count > 1 else { return nil }
    var taken = Set(slots + PromptTemplate.reservedSlots)
    for (slot, column) in zip(imageSlots, image.columns) where !taken.insert(slot).inserted {
      return "the slot {\(slot)} of the column '\(column)' is taken; rename one of the two"
    }
    return nil
  }
}
