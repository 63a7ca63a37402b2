import Foundation

/// How a table of text is written, told by its first lines: what stands between fields, and where the header begins.
///
/// ```text
/// sep=;                      the mark that spreadsheets write; it wins, and is no row
/// item;teacher;label         else the delimiter that splits the header, and most rows into as many fields
/// ```
struct TableForm: Equatable {
  /// What stands between fields.
  var delimiter: UInt8
  /// Bytes in front of the header.
  var headerOffset = 0
  /// The number of the header's line, or of an empty line before it.
  var headerLine = 1

  /// The delimiters that are looked for, best first: a name of a column may hold a comma, hardly ever a tab or semicolon.
  static let delimiters: [UInt8] = [0x09, UInt8(ascii: ";"), UInt8(ascii: ","), UInt8(ascii: "|")]

  /// How many rows tell which of two delimiters it is.
  private static let sample = 200

  /// Looks at the first lines of a file without its byte-order mark. A comma where nothing else splits the header.
  init(of bytes: UnsafeBufferPointer<UInt8>) {
    delimiter = UInt8(ascii: ",")
    if let (separator, length) = Self.mark(bytes) {
      (delimiter, headerOffset, headerLine) = (separator, length, 2)
      return
    }
    let candidates = Self.delimiters.filter { Self.splitsHeader(of: bytes, $0) }
    guard candidates.count > 1 else {
      delimiter = candidates.first ?? delimiter
      return
    }
    var best = -1.0
    for candidate in candidates {
      let records = CSV.records(bytes, delimiter: candidate, limit: Self.sample + 1)
      let width = records.first?.fields.count ?? 0
      let fitting = records.dropFirst().count { $0.fault == nil && $0.fields.count == width }
      let share = records.count > 1 ? Double(fitting) / Double(records.count - 1) : 1
      if share > best { (best, delimiter) = (share, candidate) }
    }
  }

  /// The first line `sep=X` as Excel writes and reads it, with or without quotes: X, and the length of the line.
  private static func mark(_ bytes: UnsafeBufferPointer<UInt8>) -> (separator: UInt8, length: Int)? {
    let end = bytes.firstIndex { $0 == 0x0A || $0 == 0x0D } ?? bytes.count
    var line = Array(bytes[..<end])
    if line.count > 2, line.first == 0x22, line.last == 0x22 { line = Array(line.dropFirst().dropLast()) }
    guard line.count == 5, String(decoding: line[..<4], as: UTF8.self).lowercased() == "sep=", line[4] != 0x22 else {
      return nil
    }
    let isCRLF = end + 1 < bytes.count && bytes[end] == 0x0D && bytes[end + 1] == 0x0A
    return (line[4], min(bytes.count, end + (isCRLF ? 2 : 1)))
  }

  /// Whether a byte stands in the first line that is not empty, outside quotes.
  private static func splitsHeader(of bytes: UnsafeBufferPointer<UInt8>, _ delimiter: UInt8) -> Bool {
    var (isQuoted, isEmpty) = (false, true)
    for byte in bytes {
      if byte == 0x22 { isQuoted.toggle() }
      if !isQuoted {
        if byte == delimiter { return true }
        if byte == 0x0A || byte == 0x0D {
          if isEmpty { continue }
          return false
        }
      }
      isEmpty = false
    }
    return false
  }

  /// A delimiter as a person calls it.
  static func name(of delimiter: UInt8) -> String {
    switch delimiter {
    case 0x09: "a tab"
    case UInt8(ascii: ","): "a comma"
    case UInt8(ascii: ";"): "a semicolon"
    default: "'\(Unicode.Scalar(delimiter))'"
    }
  }

  /// The names of a header without the white space around them; an empty one is `Unnamed: N`, N its place counted from 0,
  /// as pandas calls it (a table that was written with its row index begins with such a name).
  static func names(_ header: [String]) -> [String] {
    header.enumerated().map { place, name in
      let trimmed = name.trimmingCharacters(in: .whitespacesAndNewlines)
      return trimmed.isEmpty ? "Unnamed: \(place)" : trimmed
    }
  }

  /// What is found where a text is not UTF-8.
  static let notUTF8 = "bytes that are not UTF-8"
}
