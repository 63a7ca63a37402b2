package import Foundation

/// Limits on what is read from a data file, looked at before memory is taken.
public struct ReadLimits: Sendable, Equatable {
  /// Largest file, in bytes. The default is 4 GiB.
  public var fileBytes: Int = 4 << 30
  /// Longest single field, in bytes of UTF-8; longer ones set their row aside. The default is 1 MiB.
  public var fieldBytes: Int = 1 << 20

  /// The defaults.
  public init() {}
}

/// The rows of a JSON Lines, JSON array or CSV file, good ones and bad ones apart.
///
/// The format is told by content, then by name: a file that begins with `[` is a JSON array, one that begins with `{` or
/// is named `.jsonl` or `.json` is JSON Lines, anything else is CSV with a header.
package struct RowFile {
  /// One row and the line on which it begins.
  package struct Row {
    package let line: Int
    package let value: JSONValue

    package init(line: Int, value: JSONValue) {
      self.line = line
      self.value = value
    }

    /// The value in a column: a member of this very name, or else a path of names joined by points.
    package func value(_ column: String) -> JSONValue? {
      if let direct = value[column] { return direct }
      guard column.contains(".") else { return nil }
      return column.split(separator: ".").reduce(value as JSONValue?) { $0?[String($1)] }
    }

    /// The value in a column as a person would write it into a table; nil where it is absent, null or blank.
    package func text(_ column: String) -> String? {
      guard let text = value(column)?.cell, text.contains(where: { !$0.isWhitespace }) else { return nil }
      return text
    }

    /// The values of the columns joined by ":", the row's number for an empty list, nil where one is missing. An id of 1.0
    /// is 1: pandas writes whole numbers so where the column has a gap.
    package func text(_ list: ColumnList, number: Int) -> String? {
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
  /// - Throws: ``TeacherProtocolError`` where the file as a whole can't be read: missing, too large, empty, a JSON array
  ///   that is broken (nothing after the fault can be trusted), a CSV header with a name twice.
  package init(contentsOf url: URL, limits: ReadLimits = ReadLimits()) throws(TeacherProtocolError) {
    file = url.relativePath
    let data = try readData(url, limits: limits)
    do {
      try data.withUnsafeBytes { raw in
        var bytes = UnsafeBufferPointer(rebasing: raw.bindMemory(to: UInt8.self)[...])
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
          bytes = UnsafeBufferPointer(rebasing: bytes[3...])
        }
        let first = bytes.first { $0 != 0x20 && !($0 >= 0x09 && $0 <= 0x0D) }
        switch (first, url.pathExtension.lowercased()) {
        case (nil, _): break
        case (UInt8(ascii: "["), _): try readArray(bytes)
        case (UInt8(ascii: "{"), _), (_, "json"), (_, "jsonl"), (_, "ndjson"): readLines(bytes)
        default: try readCSV(bytes)
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
      for member in members where seen.insert(member.name).inserted { columns.append(member.name) }
    }
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
        problems.append(
          RowProblem(
            file: file, line: number, expected: "\(error.expected) at byte \(error.offset + 1)", found: error.found))
      }
    }
  }

  private mutating func readArray(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    var parser = JSONParser(bytes)
    var line = 1
    var counted = 0
    func fail(_ error: JSONSyntaxError) -> TeacherProtocolError {
      let upTo = line + bytes[counted..<min(error.offset, bytes.count)].count { $0 == 0x0A }
      return .badRow(RowProblem(file: file, line: upTo, expected: error.expected, found: error.found))
    }
    do {
      parser.skipSpace()
      _ = parser.take("[")
      parser.skipSpace()
      var isOpen = !parser.take("]")
      while isOpen {
        parser.skipSpace()
        line += bytes[counted..<parser.at].count { $0 == 0x0A }
        counted = parser.at
        keep(try parser.value(), line: line)
        parser.skipSpace()
        isOpen = parser.take(",")
        if !isOpen, !parser.take("]") { throw parser.fault("',' or ']' after a row") }
      }
      parser.skipSpace()
      guard parser.at == bytes.count else { throw parser.fault("the end of the file after ']'") }
    } catch let error as JSONSyntaxError {
      throw fail(error)
    }
  }

  private mutating func keep(_ value: JSONValue, line: Int) {
    guard case .object = value else {
      problems.append(RowProblem(file: file, line: line, expected: "an object of fields", found: value.kind))
      return
    }
    rows.append(Row(line: line, value: value))
  }

  private mutating func readCSV(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    let records = CSV.records(bytes)
    guard let header = records.first else { return }
    if let fault = header.fault {
      throw TeacherProtocolError.badRow(
        RowProblem(file: file, line: header.line, field: "header", expected: fault.expected, found: fault.found))
    }
    if let twice = Dictionary(grouping: header.fields, by: \.self).filter({ $1.count > 1 }).keys.min() {
      throw TeacherProtocolError.badRow(
        RowProblem(
          file: file, line: header.line, field: "header", expected: "every column named once", found: "'\(twice)' twice"
        ))
    }
    for record in records.dropFirst() {
      if let fault = record.fault {
        problems.append(RowProblem(file: file, line: record.line, expected: fault.expected, found: fault.found))
      } else if record.fields.count != header.fields.count {
        problems.append(
          RowProblem(
            file: file, line: record.line, expected: "\(header.fields.count) fields as in the header",
            found: "\(record.fields.count)"))
      } else {
        let members = zip(header.fields, record.fields).map { JSONValue.Member($0, .string($1)) }
        rows.append(Row(line: record.line, value: .object(members)))
      }
    }
  }

  private mutating func dropLongFields(_ limit: Int) {
    rows = rows.filter { row in
      guard case .object(let members) = row.value,
        let long = members.first(where: { ($0.value.string?.utf8.count ?? 0) > limit })
      else { return true }
      problems.append(
        RowProblem(
          file: file, line: row.line, field: long.name, expected: "at most \(limit) bytes",
          found: "\(long.value.string?.utf8.count ?? 0) bytes"))
      return false
    }
    problems.sort { $0.line < $1.line }
  }
}

/// The bytes of a file that is there, is a file, and is not too large.
package func readData(_ url: URL, limits: ReadLimits = ReadLimits()) throws(TeacherProtocolError) -> Data {
  let path = url.relativePath
  do {
    let values = try FileManager.default.attributesOfItem(atPath: url.resolvingSymlinksInPath().path)
    guard values[.type] as? FileAttributeType == .typeRegular else {
      throw TeacherProtocolError.cannotRead(file: path, reason: "it is not a file")
    }
    let size = (values[.size] as? NSNumber)?.intValue ?? 0
    guard size <= limits.fileBytes else {
      throw TeacherProtocolError.tooLarge(file: path, bytes: size, limit: limits.fileBytes)
    }
    return try Data(contentsOf: url, options: .mappedIfSafe)
  } catch let error as TeacherProtocolError {
    throw error
  } catch {
    let reason =
      FileManager.default.fileExists(atPath: url.path) ? "\(error.localizedDescription)" : "there is no such file"
    throw .cannotRead(file: path, reason: reason)
  }
}
