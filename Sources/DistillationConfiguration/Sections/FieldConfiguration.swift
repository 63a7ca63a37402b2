package import ConfigurationFiles
package import TeacherProtocol

/// Which column of a data file is what: the keys of a configuration, each with its range, its help and the names that the
/// method's files have.
///
/// All readers get a `FieldMapping` made of it. The mapping itself is no section: it has no columns of its own, names slices
/// freely, and finished runs are known by these keys. DualChecker's section differs in the columns that it knows (a longer
/// text, spans, no images, evidence or slices) and in their default names.
package struct FieldConfiguration: DefaultedSection {
  package var id = "id"
  /// The columns with the images' file names, each one name or a list of them; nil where items have no image, so that
  /// everything is asked and trained with text alone. The first column must have a value in each row, further ones may be
  /// empty. The default is `image`.
  package var image: ColumnList? = "image"
  /// The column with the text; nil where items are images alone. The default is `text`.
  package var text: String? = "text"
  /// The column with the true label, read through the label source alone; nil where nothing is labelled. The default is
  /// `label`, and items of files without such a column have no label.
  package var label: String? = "label"
  package var group: String?
  package var split: String?
  package var evidence: [String: String] = [:]
  package var slices: [String] = []

  /// Columns named `id`, `image`, `text` and `label`, and nothing else.
  package init() {}

  /// The keys under `data.fields`.
  package static let keys: [ConfigurationKey<FieldConfiguration>] = [
    ConfigurationKey("id", \.id, "Column with the item's identifier.", range: .nonBlank),
    ConfigurationKey(
      "image", \.image,
      "Column with the image's file name, or a list of names; [photo, evidence] for several columns, of which the first "
        + "must be filled; null where items have no image.",
      range: .ifGiven(.namedColumns)),
    ConfigurationKey(
      "text", \.text, "Column with the caption or text to judge; null where items are images alone.",
      range: .ifGiven(.nonBlank)),
    ConfigurationKey(
      "label", \.label,
      "Column with the true label, read through the label source alone; null where nothing is labelled.",
      range: .ifGiven(.nonBlank)),
    ConfigurationKey(
      "group", \.group, "Column by which items share a split; without it every item for itself.",
      range: .ifGiven(.nonBlank), sample: "group"),
    ConfigurationKey(
      "split", \.split,
      "Column with the split's name; without it splits has shares, or else all items are training items.",
      range: .ifGiven(.nonBlank), sample: "split"),
    ConfigurationKey(
      "evidence", \.evidence,
      "Evidence for the prompt, {slot: column}, such as visual entities or a question's choices."),
    ConfigurationKey(
      "slices", \.slices, "Columns by whose values results are also given apart.", range: .each(.nonBlank)),
  ]

  /// Slot names that a prompt can name.
  package func checkRelations(with reader: inout ConfigurationReader) {
    for (slot, column) in evidence.sorted(by: { $0.key < $1.key }) {
      let isWord = slot.unicodeScalars.allSatisfy {
        $0 == "_" || $0.properties.isAlphabetic || ("0"..."9").contains($0)
      }
      reader.require(
        isWord && !slot.isEmpty && slot != "text", "evidence",
        expected: "slot names of letters, digits and _, other than text", found: "'\(slot)'")
      reader.require(!column.isEmpty, "evidence", expected: "a column for every slot", found: "none for '\(slot)'")
    }
    reader.require(
      text != nil || image != nil, "text", "image",
      expected: "a column with texts, or one with images in data.fields.image", found: "neither")
    let fault = FieldMapping(image: image, text: text, evidence: evidence).imageFault
    reader.require(
      fault == nil, "image", expected: "columns that a prompt can tell apart", found: fault ?? "")
  }
}
