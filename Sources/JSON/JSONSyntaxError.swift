/// Where and why a text is not JSON.
package struct JSONSyntaxError: Error, Equatable, Sendable {
  /// Bytes before the fault.
  package let offset: Int
  package let expected: String
  package let found: String

  package init(offset: Int, expected: String, found: String) {
    self.offset = offset
    self.expected = expected
    self.found = found
  }
}

/// A line and a column of a text, both counted from 1; columns are Unicode scalars.
package struct JSONPlace: Equatable, Sendable {
  package var line: Int
  package var column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// Turns offsets into lines and columns.
///
/// Offsets are asked for in the order of the text, so that the places of a whole file cost one pass over it.
package struct JSONPlaces {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var offset = 0
  private var place = JSONPlace(line: 1, column: 1)

  package init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// The place of the byte at an offset.
  ///
  /// - Precondition: the offset is not before the one asked for last.
  package mutating func place(of wanted: Int) -> JSONPlace {
    precondition(wanted >= offset, "expected offsets in rising order, found \(wanted) after \(offset)")
    while offset < min(wanted, bytes.count) {
      if bytes[offset] == 0x0A {
        place = JSONPlace(line: place.line + 1, column: 1)
      } else if bytes[offset] & 0xC0 != 0x80 {
        place.column += 1
      }
      offset += 1
    }
    return place
  }
}
