package import JSON
package import Foundation

/// The rows of a JSON Lines, JSON array or CSV file, good ones and bad ones apart.
///
/// The format is told by content, then by name: a file that begins with `[` is a JSON array, one that begins with `{` or
/// is named `.jsonl` or `.json` is JSON Lines, anything else is a table with a header, its fields apart by commas,
/// semicolons, tabs or bars, whichever fits.
package struct RowFile {
  /// One row and the line on which it begins.
  package struct Row {
    package let line: Int
    /// Its place among all rows of the file, counted from 1, those that can't be read too.
    package let number: Int
    package let value: JSONValue

    package init(line: Int, number: Int, value: JSONValue) {
      self.line = line
      self.number = number
      self.value = value
    }

    /// The value in a column: a member of this very name, or else a path of names joined by points, or what a
    /// ``DecisionRow`` has under the name.
    package func value(_ column: String) -> JSONValue? {
      if let direct = value[column] { return direct }
      if column.contains("."),
        let nested = column.split(separator: ".").reduce(value as JSONValue?, { $0?[String($1)] })
      {
        return nested
      }
      return decision?.value(column)
    }

    /// The row as one of decisions; nil where it is none.
    package var decision: DecisionRow? { DecisionRow(value) }

    /// The value in a column as a person would write it into a table; nil where it is absent, null or blank.
    package func text(_ column: String) -> String? {
      guard let text = value(column)?.cell, text.contains(where: { !$0.isWhitespace }) else { return nil }
      return text
    }

    /// The values of the columns joined by ":", the row's number for an empty list, nil where one is missing. An id of 1.0
    /// is 1: pandas writes whole numbers so where the column has a gap.
    package func text(_ list: ColumnList) -> String? {
      if list.columns.isEmpty { return String(number) }
      let parts = list.columns.compactMap { text($0).map(LabelSpelling.plain) }
      return parts.count == list.columns.count ? parts.joined(separator: ":") : nil
    }
  }

  /// Path of the file as it was given.
  package let file: String
  package private(set) var rows: [Row] = []
  package private(set) var problems: [RowProblem] = []
  /// Names seen in any row, in the order of their first appearance.
  package private(set) var columns: [String] = []

  /// Reads a file.
  ///
  /// - Throws: ``TeacherProtocolError`` where the file as a whole can't be read: missing, too large, empty, no text in UTF-8,
  ///   a JSON array that is broken (nothing after the fault can be trusted), one JSON object in place of rows, a table's
  ///   header with a name twice.
  package init(contentsOf url: URL, limits: ReadLimits = ReadLimits()) throws(TeacherProtocolError) {
    try self.init(readData(url, limits: limits), of: url, limits: limits)
  }

  /// Reads the bytes of a file that is opened elsewhere.
  ///
  /// - Parameter url: where they are from.
  /// - Throws: as ``init(contentsOf:limits:)``.
  package init(_ data: Data, of url: URL, limits: ReadLimits = ReadLimits()) throws(TeacherProtocolError) {
    file = url.relativePath
    do {
      try data.withUnsafeBytes { raw in
        let all = raw.bindMemory(to: UInt8.self)
        if let foreign = ForeignBytes(beginning: all, file: file) { throw refusal(foreign) }
        let bytes = UnsafeBufferPointer(rebasing: all[(all.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)...])
        do {
          try read(bytes, named: url.pathExtension.lowercased())
        } catch TeacherProtocolError.badRow(let problem) where problem.found == TableForm.notUTF8 {
          if let foreign = ForeignBytes(notUTF8: bytes, file: file) { throw refusal(foreign) }
          throw TeacherProtocolError.badRow(problem)
        }
        if problems.contains(where: { $0.found == TableForm.notUTF8 }),
          let foreign = ForeignBytes(notUTF8: bytes, file: file)
        {
          throw refusal(foreign)
        }
      }
    } catch {
      throw (error as? TeacherProtocolError) ?? .cannotRead(file: file, reason: "\(error)")
    }
    guard !rows.isEmpty || !problems.isEmpty else { throw .noRows(file: file, problems: []) }
    dropLongFields(limits.fieldBytes)
    var seen: Set<String> = []
    for row in rows {
      guard case .object(let members) = row.value else { continue }
      let names = members.map(\.name) + (row.decision?.columns ?? [])
      for name in names where seen.insert(name).inserted { columns.append(name) }
    }
  }

  private func refusal(_ foreign: ForeignBytes) -> TeacherProtocolError {
    .notATable(file: file, found: foreign.found, remedy: foreign.remedy)
  }

  private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>, named ending: String) throws {
    let first = bytes.first { $0 != 0x20 && !($0 >= 0x09 && $0 <= 0x0D) }
    switch (first, ending) {
    case (nil, _): break
    case (UInt8(ascii: "["), _): try readArray(bytes)
    case (UInt8(ascii: "{"), _), (_, "json"), (_, "jsonl"), (_, "ndjson"):
      readLines(bytes)
      if rows.isEmpty { readSpread(bytes) }
      try refuseWrappedRows()
    default: try readTable(bytes)
    }
  }

  private mutating func note(line: Int, field: String? = nil, expected: String, found: String) {
    problems.append(
      RowProblem(
        file: file, line: line, row: rows.count + problems.count + 1, field: field, expected: expected, found: found))
  }

  private mutating func readLines(_ bytes: UnsafeBufferPointer<UInt8>) {
    var number = 0
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      number += 1
      let line = UnsafeBufferPointer(rebasing: bytes[start..<end])
      start = end + 1
      guard line.contains(where: { $0 != 0x20 && !($0 >= 0x09 && $0 <= 0x0D) }) else { continue }
      do {
        keep(try JSONParser.value(of: line), line: number)
      } catch {
        note(line: number, expected: "\(error.expected) at byte \(error.offset + 1)", found: error.found)
      }
    }
  }

  /// Under which names files keep their rows that are one object.
  private static let wrappers: Set<String> = [
    "data", "rows", "items", "examples", "instances", "records", "samples", "train", "test", "validation",
  ]

  /// One object that holds all rows would be read as a single row without the columns that were meant.
  private func refuseWrappedRows() throws(TeacherProtocolError) {
    guard rows.count == 1, problems.isEmpty, case .object(let members) = rows[0].value else { return }
    if let list = members.first(where: { Self.wrappers.contains($0.name) && $0.value.isListOfObjects }) {
      throw .notATable(
        file: file, found: "one object with the rows under '\(list.name)'",
        remedy: "Take them out: jq -c '.[\"\(list.name)\"][]' \(file) > OUT")
    }
    let (names, values) = (members.map { $0.value.memberNames }, members.map { $0.value.scalars })
    if members.count > 1,
      names[0] != nil && names.allSatisfy({ $0 == names[0] })
        || values[0] != nil
          && values.allSatisfy({ $0?.count == values[0]?.count })
    {
      throw .notATable(
        file: file, found: "one object of columns, not of rows",
        remedy: "Write it anew, with pandas: to_json(OUT, orient='records', lines=True)")
    }
  }

  /// A file of which no line is a row may be one object over many lines, or several.
  private mutating func readSpread(_ bytes: UnsafeBufferPointer<UInt8>) {
    var parser = JSONParser(bytes)
    var found: [(line: Int, value: JSONValue)] = []
    var (line, counted) = (1, 0)
    parser.skipSpace()
    while parser.at < bytes.count {
      line += bytes[counted..<parser.at].count { $0 == 0x0A }
      counted = parser.at
      // Broken somewhere: what the lines say of it is more exact.
      guard let value = try? parser.value() else { return }
      found.append((line, value))
      parser.skipSpace()
    }
    problems = []
    for (line, value) in found { keep(value, line: line) }
  }

  private mutating func readArray(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    var parser = JSONParser(bytes)
    var line = 1
    var counted = 0
    func fail(_ error: JSONSyntaxError) -> TeacherProtocolError {
      let upTo = line + bytes[counted..<min(error.offset, bytes.count)].count { $0 == 0x0A }
      return .badRow(RowProblem(file: file, line: upTo, expected: error.expected, found: error.found))
    }
    do throws(JSONSyntaxError) {
      var array = try parser.beginArray()
      while try parser.nextElement(in: &array) {
        line += bytes[counted..<parser.at].count { $0 == 0x0A }
        counted = parser.at
        keep(try parser.value(), line: line)
      }
      try parser.end()
    } catch {
      throw fail(error)
    }
  }

  private mutating func keep(_ value: JSONValue, line: Int) {
    if let fault = value.faultAsRow {
      note(line: line, field: fault.field, expected: fault.expected, found: fault.found)
      return
    }
    rows.append(Row(line: line, number: rows.count + problems.count + 1, value: value))
  }

  private mutating func readTable(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    let form = TableForm(of: bytes)
    let records = CSV.records(
      UnsafeBufferPointer(rebasing: bytes[form.headerOffset...]), delimiter: form.delimiter, firstLine: form.headerLine)
    guard let header = records.first else { return }
    func fault(_ expected: String, _ found: String) -> TeacherProtocolError {
      .badRow(RowProblem(file: file, line: header.line, field: "header", expected: expected, found: found))
    }
    if let found = header.fault { throw fault(found.expected, found.found) }
    let names = TableForm.names(header.fields)
    if let twice = Dictionary(grouping: names, by: \.self).filter({ $1.count > 1 }).keys.min() {
      throw fault("every column named once", "'\(twice)' twice")
    }
    if records.count == 1, !names.isEmpty {
      let line = RowProblem(
        file: file, line: header.line, expected: "rows under the header",
        found: "one line alone, which is read as the header: \(header.fields.joined(separator: ", ").prefix(60))")
      throw TeacherProtocolError.noRows(file: file, problems: [line])
    }
    for record in records.dropFirst() {
      if let fault = record.fault(in: names, form.delimiter) {
        note(line: record.line, expected: fault.expected, found: fault.found)
      } else {
        rows.append(Row(line: record.line, number: rows.count + problems.count + 1, value: record.object(names)))
      }
    }
  }

  private mutating func dropLongFields(_ limit: Int) {
    rows = rows.filter { row in
      guard let problem = row.overlong(limit, in: file) else { return true }
      problems.append(problem)
      return false
    }
    problems.sort()
  }
}

extension RowFile.Row {
  /// The field that is longer than fields may be; nil for none.
  func overlong(_ limit: Int, in file: String) -> RowProblem? {
    guard case .object(let members) = value,
      let long = members.first(where: { ($0.value.string?.utf8.count ?? 0) > limit })
    else { return nil }
    return RowProblem(
      file: file, line: line, row: number, field: long.name, expected: "at most \(limit) bytes",
      found: "\(long.value.string?.utf8.count ?? 0) bytes")
  }
}

extension CSV.Record {
  /// What is wrong with it as a row under a header; nil for nothing.
  func fault(in names: [String], _ delimiter: UInt8) -> CSV.Fault? {
    if let fault { return fault }
    // Spreadsheets end rows with delimiters of empty cells that no column stands over.
    let surplus = fields.dropFirst(names.count)
    guard fields.count < names.count || !surplus.allSatisfy(\.isEmpty) else { return nil }
    let hint = surplus.isEmpty ? "" : "; a text with \(TableForm.name(of: delimiter)) in it needs quotes around it"
    return CSV.Fault(expected: "\(names.count) fields as in the header", found: "\(fields.count)\(hint)")
  }

  /// Its fields under the names of a header.
  func object(_ names: [String]) -> JSONValue {
    .object(zip(names, fields).map { JSONValue.Member($0, .string($1)) })
  }
}

extension JSONValue {
  fileprivate var isListOfObjects: Bool { elements?.contains { $0.memberNames != nil } ?? false }

  /// The elements of an array that holds neither objects nor arrays.
  fileprivate var scalars: [JSONValue]? {
    elements.flatMap { $0.allSatisfy { $0.memberNames == nil && $0.elements == nil } ? $0 : nil }
  }

  /// The names of an object's members in their order; nil for anything else.
  fileprivate var memberNames: [String]? {
    if case .object(let members) = self { members.map(\.name) } else { nil }
  }
}
