/// One thing to be judged: a text, an image, or both, with whatever evidence comes with it.
///
/// It carries no gold label, on purpose: labels are read through a `LabelSource` or a ``GoldColumn`` alone, where each
/// reading is counted, so no code that holds an item can peek.
public struct Item: Sendable, Hashable, Codable {
  /// Unique in its data set.
  public var id: String
  /// Items of one group must not be divided between splits (the two rows of one caption, say). Its own id by default.
  public var group: String
  /// Name of its split, empty where the data set has none.
  public var split: String
  /// Path of its image as the data file gives it; ``Dataset/imageURL(of:)`` resolves it.
  public var image: String?
  /// Text and evidence by slot name: `"text"` and those of the mapping. Absent evidence is an empty text, so the keys
  /// are the slots that a prompt template may name.
  public var fields: [String: String]
  /// Values to slice results by, such as the kind of a pair. Templates can't name them.
  public var attributes: [String: String]

  /// An item.
  public init(
    id: String, group: String? = nil, split: String = "", image: String? = nil, fields: [String: String],
    attributes: [String: String] = [:]
  ) {
    self.id = id
    self.group = group ?? id
    self.split = split
    self.image = image
    self.fields = fields
    self.attributes = attributes
  }

  /// The main text, the field `"text"`; empty where there is none.
  public var text: String { fields["text"] ?? "" }
}
