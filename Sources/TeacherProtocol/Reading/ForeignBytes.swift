import Foundation

/// What a file is that is no text in UTF-8: packed, a spreadsheet's own format, or text in another encoding.
///
/// Such a file is refused as a whole and by name. Read as if it were UTF-8, a file in Latin-1 would lose just the rows with
/// an accent in them.
struct ForeignBytes: Equatable {
  var found: String
  /// What to do.
  var remedy: String

  /// Beginnings of files that hold no text.
  private static let signatures: [(bytes: [UInt8], found: String, remedy: String)] = [
    ([0x1F, 0x8B], "data packed with gzip", "Unpack it: gunzip FILE"),
    ([0x28, 0xB5, 0x2F, 0xFD], "data packed with zstd", "Unpack it: unzstd FILE"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "data packed with xz", "Unpack it: unxz FILE"),
    (Array("BZh".utf8), "data packed with bzip2", "Unpack it: bunzip2 FILE"),
    (
      [0x50, 0x4B, 0x03, 0x04], "a zip archive (a workbook, .xlsx or .ods, is one)",
      "Unpack it, or save the sheet as CSV in UTF-8"
    ),
    ([0xD0, 0xCF, 0x11, 0xE0], "a workbook of Excel (.xls)", "Save the sheet as CSV in UTF-8"),
    (
      Array("PAR1".utf8), "a Parquet file",
      "Write it as JSON Lines, with pandas: read_parquet(FILE).to_json(OUT, orient='records', lines=True)"
    ),
    (Array("ARROW1".utf8), "an Arrow file", "Write it as JSON Lines, with datasets: to_json(OUT)"),
    (Array("SQLite format 3\0".utf8), "a database of SQLite", "Write its rows as JSON Lines or CSV"),
  ]

  /// Looks at a file's first bytes. Nil where they may be UTF-8.
  init?(beginning bytes: UnsafeBufferPointer<UInt8>, file: String) {
    if let signature = Self.signatures.first(where: { bytes.starts(with: $0.bytes) }) {
      self.init(found: signature.found, remedy: signature.remedy.replacingOccurrences(of: "FILE", with: file))
      return
    }
    guard let encoding = Self.wideEncoding(bytes) else { return nil }
    self.init(found: "text in \(encoding)", remedy: "Convert it: \(Self.conversion(from: encoding, file))")
  }

  /// Looks at a text that is not UTF-8 throughout. Nil where it is UTF-8 with a damaged place.
  init?(notUTF8 bytes: UnsafeBufferPointer<UInt8>, file: String) {
    guard let (line, word, isWestern) = Self.legacyWord(bytes) else { return nil }
    guard isWestern else {
      self.init(
        found: "on line \(line) text in another encoding than UTF-8",
        remedy: "Find out which one it was saved in, and convert it: iconv -f ENCODING -t UTF-8 \(file) > OUT")
      return
    }
    self.init(
      found: "on line \(line) what looks like Latin-1 or Windows-1252: '\(word)'",
      remedy: "Convert it: \(Self.conversion(from: "WINDOWS-1252", file))")
  }

  private init(found: String, remedy: String) {
    self.found = found
    self.remedy = remedy
  }

  private static func conversion(from encoding: String, _ file: String) -> String {
    "iconv -f \(encoding) -t UTF-8 \(file) > OUT"
  }

  /// UTF-16 or UTF-32, by mark or by the zeros that they are full of.
  private static func wideEncoding(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    let head = bytes.prefix(1024)
    if head.starts(with: [0xFF, 0xFE, 0, 0]) || head.starts(with: [0, 0, 0xFE, 0xFF]) { return "UTF-32" }
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) { return "UTF-16" }
    let (even, odd) = head.enumerated().reduce(into: (0, 0)) { zeros, byte in
      guard byte.element == 0 else { return }
      if byte.offset % 2 == 0 { zeros.0 += 1 } else { zeros.1 += 1 }
    }
    // Without a mark. Western text has a zero in every second byte; one stray zero in UTF-8 is no such thing.
    guard head.count >= 4, 4 * max(even, odd) > head.count else { return nil }
    return even > odd ? "UTF-16BE" : "UTF-16LE"
  }

  /// The first word with a byte that can't be UTF-8, its line, and whether it is one of a Western language. Nil where some
  /// character beyond ASCII is well formed, or where no such byte stands beside a letter: then the file is damaged UTF-8.
  private static func legacyWord(_ bytes: UnsafeBufferPointer<UInt8>) -> (line: Int, word: String, isWestern: Bool)? {
    var (line, at) = (1, 0)
    var first: (line: Int, word: String)?
    var (runs, high, undefined) = (0, 0, 0)
    while at < bytes.count {
      guard bytes[at] >= 0x80 else {
        if bytes[at] == 0x0A { line += 1 }
        at += 1
        continue
      }
      let end = bytes[at...].firstIndex { $0 < 0x80 } ?? bytes.count
      guard String(bytes: bytes[at..<end], encoding: .utf8) == nil else { return nil }
      runs += 1
      high += end - at
      undefined += bytes[at..<end].count { [0x81, 0x8D, 0x8F, 0x90, 0x9D].contains($0) }
      if first == nil, (at > 0 && isLetter(bytes[at - 1])) || (end < bytes.count && isLetter(bytes[end])) {
        first = (line, word(around: at..<end, in: bytes))
      }
      at = end
    }
    // Runs of several such bytes are words of another script.
    let isWestern = undefined == 0 && high < 3 * runs
    if let first { return (first.line, first.word, isWestern) }
    return isWestern || runs < 2 ? nil : (1, "", false)
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & 0xDF) }

  /// The word as Windows-1252 has it.
  private static func word(around run: Range<Int>, in bytes: UnsafeBufferPointer<UInt8>) -> String {
    func isInside(_ byte: UInt8) -> Bool { isLetter(byte) || byte >= 0x80 }
    let start = bytes[..<run.lowerBound].lastIndex { !isInside($0) }.map { $0 + 1 } ?? 0
    let end = bytes[run.upperBound...].firstIndex { !isInside($0) } ?? bytes.count
    let shown = bytes[max(start, run.lowerBound - 20)..<min(end, run.upperBound + 20)]
    return String(data: Data(shown), encoding: .windowsCP1252) ?? String(decoding: shown, as: UTF8.self)
  }
}
