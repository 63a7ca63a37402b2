internal import ContentDigest
internal import JSON
package import Foundation

/// The items of a data file part by part, in the file's order, in memory that does not grow with the file but for 8 bytes a row
/// while it is looked through.
///
/// ```swift
/// let stream = try ItemStream(contentsOf: file, mapping: mapping, shard: shard)
/// while let part = try stream.next(ItemStream.rows) {
///   print(part.items)  // usable ones, whose images are there
///   print(part.rows)   // each row of the part: the item, or why there is none
/// }
/// ```
///
/// The file is read twice: once for what can only be known of all rows together, before anything is made of them (which columns
/// there are, which ids come again, whether any row can be used), then for the items. They are those of a ``Dataset``.
package final class ItemStream {
  /// How many rows are a good part: much more than a student is asked about at once, and little memory.
  package static let rows = 4096

  /// How many rows belong to the shard, those that can't be used too.
  package let count: Int
  private let root: URL
  private let strict: Bool
  private let shard: Shard
  private let group: String?
  private let rows: RowStream
  private var reader: ItemReader

  /// Looks a data file through.
  ///
  /// - Parameters:
  ///   - mapping: which column means what.
  ///   - imageRoot: folder of the images; nil for the folder of the data file.
  ///   - strict: whether the first bad row is thrown in place of being set aside.
  ///   - shard: the rows that are wanted. The default is all.
  ///   - group: the column by which rows belong to shards; without it, or where a row has none, they do by their ids, and rows
  ///     that have no id either by their place. The default is nil.
  /// - Throws: ``TeacherProtocolError``, as a ``Dataset``.
  package init(
    contentsOf url: URL, mapping: FieldMapping, imageRoot: URL? = nil, strict: Bool = false, shard: Shard = .whole,
    group: String? = nil
  ) throws(TeacherProtocolError) {
    try mapping.check()
    (root, self.strict, self.shard, self.group) = (imageRoot ?? url.deletingLastPathComponent(), strict, shard, group)
    let rows = try RowStream(contentsOf: url)
    var columns = ColumnNames(of: mapping)
    var (count, isUsable, isBad) = (0, false, false)
    var hashes: [UInt64] = []
    // Ids that come again are found in the second reading, which knows which may.
    var reader = ItemReader(file: rows.file, mapping: mapping, repeats: [])
    while let row = try rows.next() {
      if Self.contains(row, shard, group: group, mapping) { count += 1 }
      switch row {
      case .failure: isBad = true
      case .success(let row):
        columns.add(row)
        if let id = reader.id(of: row) { hashes.append(FNV1a.hash(id)) }
        guard strict && !isBad || !isUsable else { continue }
        reader.read(row)
        let read = reader.take()
        isUsable = isUsable || !read.items.isEmpty
        isBad = isBad || !read.problems.isEmpty
      }
    }
    if let missing = columns.missing {
      throw .missingColumn(file: rows.file, column: missing.column, key: missing.key, known: columns.names)
    }
    guard isUsable else {
      // All that is wrong is listed by who reads the file whole.
      _ = try Dataset(contentsOf: url, mapping: mapping, imageRoot: imageRoot, strict: strict)
      throw .noRows(file: rows.file, problems: [])
    }
    hashes.sort()
    let repeats = Set(zip(hashes, hashes.dropFirst()).lazy.filter { $0 == $1 }.map(\.0))
    if strict, isBad || !repeats.isEmpty { try Self.refuseBadRow(of: url, mapping, repeats) }
    self.count = count
    self.rows = try RowStream(contentsOf: url)
    self.reader = ItemReader(file: self.rows.file, mapping: mapping, repeats: repeats)
  }

  private static func refuseBadRow(
    of url: URL, _ mapping: FieldMapping, _ repeats: Set<UInt64>
  ) throws(TeacherProtocolError) {
    let rows = try RowStream(contentsOf: url)
    var reader = ItemReader(file: rows.file, mapping: mapping, repeats: repeats)
    while let row = try rows.next() {
      switch row {
      case .failure(let problem): throw .badRow(problem)
      case .success(let row): reader.read(row)
      }
      if let problem = reader.take().problems.first { throw .badRow(problem) }
    }
  }

  private static func contains(
    _ row: Result<RowFile.Row, RowProblem>, _ shard: Shard, group: String?, _ mapping: FieldMapping
  ) -> Bool {
    guard !shard.isWhole else { return true }
    switch row {
    case .success(let row): return shard.contains(group.flatMap(row.text) ?? row.text(mapping.id) ?? "\(row.number)")
    case .failure(let problem): return shard.contains("\(problem.row ?? problem.line)")
    }
  }

  /// The next rows of the shard; nil where there are no more.
  ///
  /// - Throws: ``TeacherProtocolError``.
  package func next(_ most: Int) throws(TeacherProtocolError) -> Dataset? {
    var (problems, taken) = ([RowProblem](), 0)
    while taken < most, let row = try rows.next() {
      let isWanted = Self.contains(row, shard, group: group, reader.mapping)
      switch row {
      case .success(let row):
        // Of rows of other shards the ids count, since the first of equal ones is used.
        if isWanted { reader.read(row) } else { reader.pass(row) }
      case .failure(let problem): if isWanted { problems.append(problem) }
      }
      if isWanted { taken += 1 }
    }
    let read = reader.take()
    guard taken > 0 else { return nil }
    problems = (problems + read.problems).sorted()
    if strict, let first = problems.first { throw .badRow(first) }
    let whole = Dataset(file: rows.file, root: root, items: read.items, places: read.places, setAside: problems)
    let missing = whole.missingImages()
    if strict, let first = missing.first { throw .badRow(first) }
    return whole.settingAside(missing)
  }
}

/// The names of columns in the order of their first appearance, and which of those that are wanted no row has had yet.
private struct ColumnNames {
  private(set) var names: [String] = []
  private var known: Set<String> = []
  private var last: [String] = []
  private var wanted: [(key: String, column: String)]

  init(of mapping: FieldMapping) { wanted = mapping.columns() }

  /// The first of those that no row has; nil where each is there, or there are no rows.
  var missing: (key: String, column: String)? { names.isEmpty ? nil : wanted.first }

  mutating func add(_ row: RowFile.Row) {
    if !wanted.isEmpty { wanted.removeAll { row.value($0.column) != nil } }
    guard case .object(let members) = row.value else { return }
    // Rows of a file mostly have the same members.
    if members.count == last.count, zip(members, last).allSatisfy({ $0.name == $1 }) { return }
    last = members.map(\.name)
    for name in last + (row.decision?.columns ?? []) where known.insert(name).inserted { names.append(name) }
  }
}
