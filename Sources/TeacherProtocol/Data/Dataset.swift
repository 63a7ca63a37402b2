public import Foundation

/// The items of one data file, in the file's order, and the rows that could not be used.
///
/// ```swift
/// let data = try Dataset(
///   contentsOf: URL(fileURLWithPath: "pairs.jsonl"),
///   mapping: FieldMapping(image: "image", text: "caption", label: "label", group: "group", split: "split"))
/// data.items(in: "train").count
/// data.setAside  // rows without a caption, with a broken line, with an id that came before ...
/// ```
///
/// JSON Lines, JSON arrays and tables with a header (fields apart by commas, semicolons, tabs or bars; quotes as in RFC 4180)
/// are read, in UTF-8, with or without a byte-order mark. A bad row is set aside and listed, and does not stop the reading
/// unless it is `strict`. Of an id that occurs again the first row counts. Gold labels are not read at all: see
/// ``GoldAnswers``.
public struct Dataset: Sendable {
  /// The usable items.
  public private(set) var items: [Item]
  /// Folder to which image paths are relative.
  public let root: URL
  /// Rows that were not used, in the order of their lines.
  public private(set) var setAside: [RowProblem]
  /// Path of the file as it was given.
  package let file: String
  /// Where each item stands, parallel to `items`.
  private var places: [Place]

  /// Where a row stands in its file.
  struct Place: Sendable {
    let line: Int
    let row: Int
    /// The file, where it is not that of the data set.
    var file: String?

    init(_ row: RowFile.Row) { (line, self.row) = (row.line, row.number) }

    init(number: Int) { (line, row) = (number, number) }
  }

  /// Reads a data file.
  ///
  /// - Parameters:
  ///   - url: a JSON Lines, JSON or CSV file.
  ///   - mapping: which column means what.
  ///   - imageRoot: folder of the images; nil for the folder of the data file.
  ///   - strict: whether the first bad row is thrown in place of being set aside.
  ///   - limits: sizes beyond which nothing is read.
  /// - Throws: ``TeacherProtocolError``.
  public init(
    contentsOf url: URL, mapping: FieldMapping, imageRoot: URL? = nil, strict: Bool = false,
    limits: ReadLimits = ReadLimits()
  ) throws(TeacherProtocolError) {
    try mapping.check()
    try self.init(
      RowFile(contentsOf: url, limits: limits), mapping: mapping, root: imageRoot ?? url.deletingLastPathComponent(),
      strict: strict)
  }

  /// The items of a file whose rows are read already.
  ///
  /// - Parameters:
  ///   - table: the rows.
  ///   - mapping: which column means what.
  ///   - root: folder of the images.
  ///   - strict: whether the first bad row is thrown in place of being set aside.
  /// - Throws: ``TeacherProtocolError``.
  package init(
    _ table: RowFile, mapping: FieldMapping, root: URL, strict: Bool = false
  ) throws(TeacherProtocolError) {
    try mapping.check()
    try mapping.checkColumns(of: table)
    var reader = ItemReader(file: table.file, mapping: mapping)
    for row in table.rows { reader.read(row) }
    file = table.file
    self.root = root
    items = reader.items
    places = reader.places
    setAside = (table.problems + reader.problems).sorted()
    if strict, let first = setAside.first { throw .badRow(first) }
    if items.isEmpty { throw .noRows(file: file, problems: setAside) }
  }

  /// Items made in code, for tests and generators. Lines are their positions, counted from 1.
  ///
  /// - Precondition: no id occurs twice.
  public init(items: [Item], root: URL, file: String = "items") {
    precondition(Set(items.map(\.id)).count == items.count, "Dataset: an id occurs twice")
    self.items = items
    self.root = root
    self.file = file
    setAside = []
    places = items.indices.map { Place(number: $0 + 1) }
  }

  /// Items of several files, which stand where they stood in these.
  ///
  /// - Parameters:
  ///   - parts: data sets, each with its items as they are called now.
  ///   - root: folder of the images.
  ///   - file: what the files are called together.
  package init(joining parts: [(data: Dataset, items: [Item])], root: URL, file: String) {
    self.init(items: parts.flatMap(\.items), root: root, file: file)
    places = parts.flatMap { part in
      part.data.places.map { place in
        var place = place
        place.file = place.file ?? part.data.file
        return place
      }
    }
  }

  /// Items that were read elsewhere.
  init(file: String, root: URL, items: [Item], places: [Place], setAside: [RowProblem]) {
    (self.file, self.root, self.items, self.places, self.setAside) = (file, root, items, places, setAside)
  }

  /// The names of the splits in the order of their first item; `[""]` where the data set has none.
  package var splits: [String] {
    var seen: Set<String> = []
    return items.map(\.split).filter { seen.insert($0).inserted }
  }

  /// The items of one split, in order.
  public func items(in split: String) -> [Item] { items.filter { $0.split == split } }

  /// Every row of the file in its order: the item, or why there is none.
  package var rows: [Result<Item, RowProblem>] {
    let read = zip(items, places).map { (place: $1.row, row: Result<Item, RowProblem>.success($0)) }
    let bad = setAside.map { (place: $0.row ?? 0, row: Result<Item, RowProblem>.failure($0)) }
    return (read + bad).sorted { $0.place < $1.place }.map(\.row)
  }

  /// The line of each id, those of rows that were not used too.
  package var lines: [String: Int] {
    let read = zip(items, places).map { ($0.id, $1.line) }
    let bad = setAside.compactMap { problem in problem.item.map { ($0, problem.line) } }
    return Dictionary(read + bad, uniquingKeysWith: min)
  }

  /// Where the image is that an item names: a path relative to ``root``, an absolute one, or a `file:` URL (see
  /// ``ImageReference/url(of:in:)``).
  package func imageURL(_ name: String) -> URL { ImageReference.url(of: name, in: root) }

  /// The items of which an image file is missing, empty or not a file, as problems that can be listed: one an item, which
  /// names all of these files and, where the item has several images, their slots.
  ///
  /// Apart from reading, because it looks at every file: about 10 us each.
  package func missingImages() -> [RowProblem] {
    var known: [String: String?] = [:]
    return problems { path, url in
      let fault = known[path] ?? Self.fault(of: url, named: path)
      known[path] = .some(fault)
      return fault
    }
  }

  /// Items with an image file of which no image can be had, as problems like those of ``missingImages()``.
  ///
  /// - Parameters:
  ///   - faults: why, by the files' paths.
  ///   - ids: the items that are looked at.
  package func unreadableImages(_ faults: [String: String], of ids: Set<String>) -> [RowProblem] {
    guard !faults.isEmpty else { return [] }
    return problems(of: ids) { _, url in faults[url.path] }
  }

  /// One problem for each item that has no image, or several.
  ///
  /// - Parameter ids: the items that are looked at.
  package func withoutOneImage(of ids: Set<String>) -> [RowProblem] {
    zip(items, places).compactMap { item, place in
      guard ids.contains(item.id), item.images.count != 1 else { return nil }
      return RowProblem(
        file: place.file ?? file, line: place.line, row: place.row, item: item.id,
        field: item.imageSlots.first?.name ?? "image", expected: "one image, which the text is compared with",
        found: item.images.isEmpty ? "none" : "\(item.images.count)")
    }
  }

  /// One problem for each item of which an image has a fault; of all items where none are named.
  private func problems(of ids: Set<String>? = nil, _ fault: (_ path: String, URL) -> String?) -> [RowProblem] {
    zip(items, places).compactMap { item, place in
      if let ids, !ids.contains(item.id) { return nil }
      let faults = zip(item.imageNames, item.images).compactMap { name, path -> (name: String, text: String)? in
        let url = imageURL(path)
        return fault(path, url).map { (name, "'\(url.path)': \($0)") }
      }
      guard !faults.isEmpty else { return nil }
      return RowProblem(
        file: place.file ?? file, line: place.line, row: place.row, item: item.id,
        field: faults.map(\.name).joined(separator: ", "),
        expected: "an image file", found: faults.map(\.text).joined(separator: "; "))
    }
  }

  /// The same data set with items that have no image file moved to ``setAside``.
  ///
  /// - Throws: ``TeacherProtocolError/badRow(_:)`` for the first of them if `strict`, and
  ///   ``TeacherProtocolError/noRows(file:problems:)`` if nothing is left.
  package func settingAsideMissingImages(strict: Bool = false) throws(TeacherProtocolError) -> Dataset {
    let missing = missingImages()
    guard let first = missing.first else { return self }
    if strict { throw .badRow(first) }
    let copy = settingAside(missing)
    if copy.items.isEmpty { throw .noRows(file: file, problems: copy.setAside) }
    return copy
  }

  /// The same data set without the items of these problems, which are moved to ``setAside``.
  package func settingAside(_ problems: [RowProblem]) -> Dataset {
    guard !problems.isEmpty else { return self }
    let bad = Set(problems.compactMap(\.item))
    let kept = zip(items, places).filter { !bad.contains($0.0.id) }
    var copy = self
    copy.items = kept.map(\.0)
    copy.places = kept.map(\.1)
    copy.setAside = (setAside + problems).sorted()
    return copy
  }

  /// The same data set with every item's split replaced.
  func settingSplits(_ split: (Item) -> String) -> Dataset {
    var copy = self
    for i in copy.items.indices { copy.items[i].split = split(copy.items[i]) }
    return copy
  }

  private static func fault(of url: URL, named name: String) -> String? {
    if ["http://", "https://", "data:"].contains(where: name.lowercased().hasPrefix) {
      return "images are read from files; download it and name the file"
    }
    guard let values = try? FileManager.default.attributesOfItem(atPath: url.resolvingSymlinksInPath().path) else {
      return "there is no such file"
    }
    if values[.type] as? FileAttributeType != .typeRegular { return "it is not a file" }
    return (values[.size] as? NSNumber)?.intValue == 0 ? "the file is empty" : nil
  }
}
