/// One thing to be judged: a text, images, or both, with whatever evidence comes with it.
///
/// It carries no gold label, on purpose: labels are read through a `LabelSource` or a ``GoldAnswers`` alone, where each
/// reading is counted, so no code that holds an item can peek.
public struct Item: Sendable, Hashable, Codable {
  /// Unique in its data set.
  public var id: String
  /// Items of one group must not be divided between splits (the two rows of one caption, say). Its own id by default.
  public var group: String
  /// Name of its split, empty where the data set has none.
  public var split: String
  /// Its images by slot, in the order of the mapping's columns. A slot without an image is there with no path.
  package var imageSlots: [ImageSlot]
  /// Text and evidence by slot name: `"text"` and those of the mapping. Absent evidence is an empty text, so the keys
  /// are the slots that a prompt template may name.
  public var fields: [String: String]
  /// Values to slice results by, such as the kind of a pair. Templates can't name them.
  public var attributes: [String: String]

  /// An item.
  public init(
    id: String, group: String? = nil, split: String = "", imageSlots: [ImageSlot] = [], fields: [String: String],
    attributes: [String: String] = [:]
  ) {
    self.id = id
    self.group = group ?? id
    self.split = split
    self.imageSlots = imageSlots
    self.fields = fields
    self.attributes = attributes
  }

  /// An item with one image, in the slot `image`; nil for none.
  public init(
    id: String, group: String? = nil, split: String = "", image: String?, fields: [String: String],
    attributes: [String: String] = [:]
  ) {
    self.init(
      id: id, group: group, split: split, imageSlots: image.map { [ImageSlot(name: "image", paths: [$0])] } ?? [],
      fields: fields, attributes: attributes)
  }

  /// Paths of all images, slot after slot; `Dataset/imageURL(_:)` resolves them.
  public var images: [String] { imageSlots.flatMap(\.paths) }

  /// What people call each of ``images``: its slot, with a number where the slot has several.
  package var imageNames: [String] {
    imageSlots.flatMap { slot in
      slot.paths.indices.map { slot.paths.count > 1 ? "\(slot.name) \($0 + 1)" : slot.name }
    }
  }

  /// The main text, the field `"text"`; empty where there is none.
  public var text: String { fields["text"] ?? "" }
}

/// The images of one column of a data file: none, one, or several.
public struct ImageSlot: Sendable, Hashable, Codable {
  /// What prompt templates call it: the column's name, with "_" for the points of a path.
  package var name: String
  /// Paths as the data file gives them.
  package var paths: [String]

  /// A slot with its images.
  package init(name: String, paths: [String]) {
    self.name = name
    self.paths = paths
  }
}
