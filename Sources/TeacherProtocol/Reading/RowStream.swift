internal import JSON
package import Foundation

/// The rows of a data file one after the other, those that can't be read too, in memory that does not grow with the file.
///
/// They are the rows and problems of a ``RowFile``, in the order of the file. JSON Lines and tables are read in pieces; of a JSON
/// array, or one object over many lines, the file is held whole.
///
/// ```swift
/// let rows = try RowStream(contentsOf: file)
/// while let row = try rows.next() { print(row) }
/// ```
package final class RowStream {
  /// Path of the file as it was given.
  package let file: String
  private let url: URL
  private let limits: ReadLimits
  private let bytes: FileBytes
  private var form: Form
  private var line = 1
  /// Rows so far, those that can't be read too.
  private var count = 0

  private enum Form {
    case lines
    case table(delimiter: UInt8, names: [String])
    /// Read whole.
    case whole(ArraySlice<Result<RowFile.Row, RowProblem>>)
  }

  /// Opens a file and looks at its beginning.
  ///
  /// - Throws: as ``RowFile/init(contentsOf:limits:)``. What can only be known at the end of the file is thrown by ``next()``:
  ///   that its text is in another encoding.
  package init(contentsOf url: URL, limits: ReadLimits = ReadLimits()) throws(TeacherProtocolError) {
    self.url = url
    self.limits = limits
    file = url.relativePath
    bytes = try FileBytes(url)
    form = .lines
    try bytes.fill(1)
    let head = bytes.window {
      (foreign: ForeignBytes(beginning: $0, file: url.relativePath), mark: $0.starts(with: [0xEF, 0xBB, 0xBF]))
    }
    if let foreign = head.foreign {
      throw .notATable(file: file, found: foreign.found, remedy: foreign.remedy)
    }
    if head.mark { bytes.skip(3) }
    let first = bytes.window { $0.first { $0 != 0x20 && !($0 >= 0x09 && $0 <= 0x0D) } }
    switch (first, url.pathExtension.lowercased()) {
    case (nil, _), (UInt8(ascii: "["), _): try readWhole()
    case (UInt8(ascii: "{"), _), (_, "json"), (_, "jsonl"), (_, "ndjson"):
      // One row alone may be an object that wraps all rows, and none an object over several lines.
      if try !hasSeveralRows() { try readWhole() }
    default: try readHeader()
    }
  }

  private func readWhole() throws(TeacherProtocolError) {
    let whole = try RowFile(contentsOf: url, limits: limits)
    let rows = whole.rows.map { (place: $0.number, row: Result<RowFile.Row, RowProblem>.success($0)) }
    let problems = whole.problems.map { (place: $0.row ?? 0, row: Result<RowFile.Row, RowProblem>.failure($0)) }
    form = .whole((rows + problems).sorted { $0.place < $1.place }.map(\.row)[...])
  }

  private func hasSeveralRows() throws(TeacherProtocolError) -> Bool {
    let probe = try FileBytes(url)
    try probe.fill(1)
    var (rows, problems) = (0, 0)
    while try probe.fillLine() {
      let isRow = probe.takeLine { line -> Bool? in
        guard !Self.isBlank(line) else { return nil }
        if let value = try? JSONParser.value(of: line), case .object = value { return true }
        return false
      }
      if isRow == true { rows += 1 }
      if isRow == false { problems += 1 }
      if rows > 0, rows + problems > 1 { return true }
    }
    return false
  }

  private func readHeader() throws(TeacherProtocolError) {
    // As much as the form of a table is told by.
    try bytes.fill(4 << 20)
    let table = bytes.window { TableForm(of: $0) }
    bytes.skip(table.headerOffset)
    line = table.headerLine
    guard let header = try record(table.delimiter) else { return try readWhole() }
    let names = TableForm.names(header.fields)
    // What is wrong with a header is said by whoever reads the file whole.
    guard header.fault == nil, Set(names).count == names.count, bytes.isMore else { return try readWhole() }
    form = .table(delimiter: table.delimiter, names: names)
  }

  private static func isBlank(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    !line.contains { $0 != 0x20 && !($0 >= 0x09 && $0 <= 0x0D) }
  }

  /// The next row, or why it can't be read; nil at the end.
  ///
  /// - Throws: ``TeacherProtocolError`` where the file can't be read on, or is in another encoding.
  package func next() throws(TeacherProtocolError) -> Result<RowFile.Row, RowProblem>? {
    let next: Result<RowFile.Row, RowProblem>?
    switch form {
    case .whole(var rows):
      next = rows.popFirst()
      form = .whole(rows)
      return next
    case .lines: next = try nextLine()
    case .table(let delimiter, let names): next = try nextRecord(delimiter, names)
    }
    guard let next else { return nil }
    count += 1
    switch next {
    case .success(let row): return row.overlong(limits.fieldBytes, in: file).map { .failure($0) } ?? next
    case .failure(let problem):
      if problem.found == TableForm.notUTF8, let foreign = try foreign() { throw foreign }
      return next
    }
  }

  /// What tells that the whole file is in another encoding is looked for where a row of it is no UTF-8.
  private func foreign() throws(TeacherProtocolError) -> TeacherProtocolError? {
    guard let data = try? Data(contentsOf: url, options: .mappedIfSafe) else { return nil }
    let foreign = data.withUnsafeBytes { ForeignBytes(notUTF8: $0.bindMemory(to: UInt8.self), file: file) }
    return foreign.map { .notATable(file: file, found: $0.found, remedy: $0.remedy) }
  }

  private func nextLine() throws(TeacherProtocolError) -> Result<RowFile.Row, RowProblem>? {
    while try bytes.fillLine() {
      let number = line
      line += 1
      let (file, place) = (file, count + 1)
      let row = bytes.takeLine { text -> Result<RowFile.Row, RowProblem>? in
        guard !Self.isBlank(text) else { return nil }
        func problem(
          _ expected: String, _ found: String, field: String? = nil
        ) -> Result<RowFile.Row, RowProblem> {
          .failure(RowProblem(file: file, line: number, row: place, field: field, expected: expected, found: found))
        }
        do throws(JSONSyntaxError) {
          let value = try JSONParser.value(of: text)
          if let fault = value.faultAsRow { return problem(fault.expected, fault.found, field: fault.field) }
          return .success(RowFile.Row(line: number, number: place, value: value))
        } catch {
          return problem("\(error.expected) at byte \(error.offset + 1)", error.found)
        }
      }
      if let row { return row }
    }
    return nil
  }

  private func nextRecord(
    _ delimiter: UInt8, _ names: [String]
  ) throws(TeacherProtocolError) -> Result<RowFile.Row, RowProblem>? {
    guard let record = try record(delimiter) else { return nil }
    let place = count + 1
    if let fault = record.fault(in: names, delimiter) {
      return .failure(
        RowProblem(file: file, line: record.line, row: place, expected: fault.expected, found: fault.found))
    }
    return .success(RowFile.Row(line: record.line, number: place, value: record.object(names)))
  }

  /// The next record that is not empty; nil at the end.
  private func record(_ delimiter: UInt8) throws(TeacherProtocolError) -> CSV.Record? {
    while bytes.isMore {
      var (at, after) = (0, line)
      var record = bytes.window { CSV.next($0, delimiter: delimiter, at: &at, line: &after) }
      // Up to the end of what is there it may go on behind it.
      while at >= bytes.held, try bytes.fill(2 * bytes.held + 1) {
        (at, after) = (0, line)
        record = bytes.window { CSV.next($0, delimiter: delimiter, at: &at, line: &after) }
      }
      bytes.skip(at)
      line = after
      if bytes.held < 1 << 16 { _ = try bytes.fill(1 << 20) }
      if let record { return record }
    }
    return nil
  }
}

/// The bytes of a file that were read and not yet used.
private final class FileBytes {
  private let descriptor: Int32
  private let file: String
  private var buffer: [UInt8] = []
  private var block = [UInt8](repeating: 0, count: 1 << 20)
  private var start = 0
  private var isAtEnd = false

  /// No row is longer.
  private static let most = 1 << 30

  init(_ url: URL) throws(TeacherProtocolError) {
    file = url.relativePath
    var facts = stat()
    guard stat(url.path, &facts) == 0 else {
      throw .cannotRead(
        file: file, reason: errno == ENOENT ? "there is no such file" : String(cString: strerror(errno)))
    }
    guard facts.st_mode & S_IFMT == S_IFREG else { throw .cannotRead(file: file, reason: "it is not a file") }
    descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .cannotRead(file: file, reason: String(cString: strerror(errno))) }
  }

  deinit { close(descriptor) }

  /// How many bytes are there.
  var held: Int { buffer.count - start }

  /// Whether there are bytes, or may be.
  var isMore: Bool { held > 0 || !isAtEnd }

  /// Reads on until so many bytes are there.
  ///
  /// - Returns: whether any were read.
  @discardableResult func fill(_ wanted: Int) throws(TeacherProtocolError) -> Bool {
    guard held < wanted, !isAtEnd else { return false }
    guard wanted <= Self.most else {
      throw .cannotRead(file: file, reason: "a row of it has more than \(Self.most) bytes; is a quote not closed?")
    }
    if start > 0 {
      buffer.removeFirst(start)
      start = 0
    }
    let before = buffer.count
    while held < wanted, !isAtEnd {
      let got = block.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw .cannotRead(file: file, reason: String(cString: strerror(errno))) }
      isAtEnd = got == 0
      buffer.append(contentsOf: block[..<got])
    }
    return held > before
  }

  /// Reads on until a whole line is there, or the last one.
  ///
  /// - Returns: whether there is one.
  func fillLine() throws(TeacherProtocolError) -> Bool {
    var seen = 0
    while window({ $0[seen...].firstIndex(of: 0x0A) }) == nil, !isAtEnd {
      seen = held
      try fill(max(1 << 20, 2 * held))
    }
    return held > 0
  }

  /// Gives the first line, without its end, and goes on behind it.
  func takeLine<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    let end = window { $0.firstIndex(of: 0x0A) }
    let result = window { body(UnsafeBufferPointer(rebasing: $0[..<(end ?? $0.count)])) }
    skip(end.map { $0 + 1 } ?? held)
    return result
  }

  func window<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    buffer.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[start...])) }
  }

  func skip(_ count: Int) { start += count }
}
