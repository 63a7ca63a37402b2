import Foundation

/// Tables of text as RFC 4180 describes them: fields in quotes may hold delimiters, line ends and doubled quotes.
///
/// The reader is the project's own because a damaged record is reported with its line while the others are read, in a
/// hundred lines; libraries stop at the first or mend it without a word.
package enum CSV {
  /// One record and the line on which it begins, counted from 1.
  package struct Record: Equatable {
    package let line: Int
    package let fields: [String]
    /// What is wrong with it, or nil.
    package let fault: Fault?
  }

  /// What was expected in a record and what stood there.
  package struct Fault: Equatable {
    package let expected: String
    package let found: String
  }

  /// All records of a file's bytes, or the first of them. LF, CRLF and CR end a record; empty lines are passed over.
  ///
  /// - Parameters:
  ///   - bytes: the file without a byte-order mark.
  ///   - delimiter: what stands between fields. The default is a comma.
  ///   - firstLine: the number of the line with which the bytes begin. The default is 1.
  ///   - limit: how many records are read at most. The default is all.
  package static func records(
    _ bytes: UnsafeBufferPointer<UInt8>, delimiter: UInt8 = UInt8(ascii: ","), firstLine: Int = 1, limit: Int = .max
  ) -> [Record] {
    var records: [Record] = []
    var at = 0
    var line = firstLine
    while at < bytes.count, records.count < limit {
      if let record = next(bytes, delimiter: delimiter, at: &at, line: &line) { records.append(record) }
    }
    return records
  }

  /// The record that begins at a byte, and the byte and the line behind it; nil for an empty line.
  static func next(
    _ bytes: UnsafeBufferPointer<UInt8>, delimiter: UInt8, at: inout Int, line: inout Int
  ) -> Record? {
    let start = line
    var fields: [String] = []
    var fault: Fault?
    var isEmpty = true
    repeat {
      let field = self.field(bytes, delimiter: delimiter, at: &at, line: &line)
      isEmpty = isEmpty && !field.quoted && field.text.isEmpty
      fields.append(field.text)
      fault = fault ?? field.fault
    } while take(delimiter, bytes, &at)
    if take(0x0D, bytes, &at) {
      _ = take(0x0A, bytes, &at)
    } else {
      _ = take(0x0A, bytes, &at)
    }
    line += 1
    return fields.count > 1 || !isEmpty ? Record(line: start, fields: fields, fault: fault) : nil
  }

  /// The fields as one record, quoted where they need it, ended by CRLF as the RFC asks.
  package static func record(_ fields: [String]) -> String {
    fields.map { field in
      let needsQuotes = field.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
      return needsQuotes ? "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : field
    }.joined(separator: ",") + "\r\n"
  }

  private static func take(_ byte: UInt8, _ bytes: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> Bool {
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  /// Reads up to the delimiter or line end that follows the field.
  private static func field(
    _ bytes: UnsafeBufferPointer<UInt8>, delimiter: UInt8, at: inout Int, line: inout Int
  ) -> (text: String, quoted: Bool, fault: Fault?) {
    func endsField(_ byte: UInt8) -> Bool { byte == delimiter || byte == 0x0A || byte == 0x0D }
    var content: [UInt8] = []
    var fault: Fault?
    let quoted = take(0x22, bytes, &at)
    if quoted {
      let openedOn = line
      while true {
        guard at < bytes.count else {
          // All that follows was taken for its text.
          let lost = line - openedOn - (content.last == 0x0A || content.last == 0x0D ? 1 : 0)
          let rest = lost > 0 ? ", with lines \(openedOn + 1) to \(openedOn + lost) inside it" : ""
          fault = Fault(
            expected: "a closing quote", found: "a quote opened on line \(openedOn) and never closed\(rest)")
          break
        }
        if take(0x22, bytes, &at) {
          guard take(0x22, bytes, &at) else { break }
          content.append(0x22)
          continue
        }
        // CRLF inside quotes is one line end, counted at its LF.
        if bytes[at] == 0x0A || (bytes[at] == 0x0D && !(at + 1 < bytes.count && bytes[at + 1] == 0x0A)) { line += 1 }
        content.append(bytes[at])
        at += 1
      }
    }
    let rest = at
    while at < bytes.count, !endsField(bytes[at]) { at += 1 }
    if rest < at {
      if quoted {
        let found = String(decoding: bytes[rest..<at], as: UTF8.self)
        fault =
          fault
          ?? Fault(expected: "\(TableForm.name(of: delimiter)) or line end after a closing quote", found: "'\(found)'")
      }
      content += bytes[rest..<at]
    }
    guard let text = String(bytes: content, encoding: .utf8) else {
      let lossy = String(decoding: content, as: UTF8.self)
      return (lossy, quoted, fault ?? Fault(expected: "a text in UTF-8", found: TableForm.notUTF8))
    }
    return (text, quoted, fault)
  }
}
