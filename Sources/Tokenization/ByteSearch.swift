/// Looks for a run of bytes in time linear in what is looked through, whatever repeats itself in either
/// (Knuth, Morris and Pratt 1977).
package struct ByteSearch: Sendable {
  private let part: [UInt8]
  /// For each length of a match so far, how long a shorter match the same bytes end with.
  private let shorter: [Int32]

  /// The number of bytes looked for.
  var count: Int { part.count }

  package init(_ part: [UInt8]) {
    self.part = part
    var shorter: [Int32] = Array(repeating: 0, count: part.count + 1)
    var length = 0
    for end in part.indices.dropFirst() {
      while length > 0, part[length] != part[end] { length = Int(shorter[length]) }
      if part[length] == part[end] { length += 1 }
      shorter[end + 1] = Int32(length)
    }
    self.shorter = shorter
  }

  /// Where the bytes first occur, from a place on.
  func first(in bytes: UnsafeBufferPointer<UInt8>, from start: Int = 0) -> Range<Int>? {
    if part.isEmpty { return start..<start }
    var length = 0
    var at = start
    while at < bytes.count {
      while length > 0, part[length] != bytes[at] { length = Int(shorter[length]) }
      if part[length] == bytes[at] { length += 1 }
      at += 1
      if length == part.count { return at - length..<at }
    }
    return nil
  }

  func first(in bytes: [UInt8], from start: Int = 0) -> Range<Int>? {
    bytes.withUnsafeBufferPointer { first(in: $0, from: start) }
  }

  /// The parts of a text between the places where the bytes stand.
  package func pieces(of text: String) -> [String] {
    let bytes = Array(text.utf8)
    var pieces: [String] = []
    var start = 0
    while !part.isEmpty, let found = first(in: bytes, from: start) {
      pieces.append(String(decoding: bytes[start..<found.lowerBound], as: UTF8.self))
      start = found.upperBound
    }
    return pieces + [String(decoding: bytes[start...], as: UTF8.self)]
  }
}
