import Foundation

/// Comma-separated values as RFC 4180 describes them: fields in quotes may hold commas, line ends and doubled quotes.
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

  /// All records of a file's bytes. LF, CRLF and CR end a record; empty lines are passed over.
  package static func records(_ bytes: UnsafeBufferPointer<UInt8>) -> [Record] {
    var records: [Record] = []
    var at = 0
    var line = 1
    while at < bytes.count {
      let start = line
      var fields: [String] = []
      var fault: Fault?
      var isEmpty = true
      repeat {
        let field = self.field(bytes, at: &at, line: &line)
        isEmpty = isEmpty && !field.quoted && field.text.isEmpty
        fields.append(field.text)
        fault = fault ?? field.fault
      } while take(UInt8(ascii: ","), bytes, &at)
      if take(0x0D, bytes, &at) {
        _ = take(0x0A, bytes, &at)
      } else {
        _ = take(0x0A, bytes, &at)
      }
      line += 1
      if fields.count > 1 || !isEmpty { records.append(Record(line: start, fields: fields, fault: fault)) }
    }
    return records
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

  /// Reads up to the comma or line end that follows the field.
  private static func field(
    _ bytes: UnsafeBufferPointer<UInt8>, at: inout Int, line: inout Int
  ) -> (text: String, quoted: Bool, fault: Fault?) {
    func endsField(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ",") || byte == 0x0A || byte == 0x0D }
    var content: [UInt8] = []
    var fault: Fault?
    let quoted = take(0x22, bytes, &at)
    if quoted {
      let openedOn = line
      while true {
        guard at < bytes.count else {
          fault = Fault(expected: "a closing quote", found: "a quote opened on line \(openedOn) and never closed")
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
        fault = fault ?? Fault(expected: "a comma or line end after a closing quote", found: "'\(found)'")
      }
      content += bytes[rest..<at]
    }
    guard let text = String(bytes: content, encoding: .utf8) else {
      let lossy = String(decoding: content, as: UTF8.self)
      return (lossy, quoted, fault ?? Fault(expected: "a text in UTF-8", found: "bytes that are not UTF-8"))
    }
    return (text, quoted, fault)
  }
}
