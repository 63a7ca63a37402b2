/// Number of bytes of the UTF-8 sequence that starts with this byte; the text is known to be valid.
@inline(__always) func utf8Length(_ first: UInt8) -> Int {
  first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
}

/// The scalar at a position of valid UTF-8, and its length in bytes.
@inline(__always) func decodeScalar(_ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) -> (scalar: UInt32, length: Int) {
  let first = UInt32(bytes[at])
  if first < 0x80 { return (first, 1) }
  if first < 0xE0 { return ((first & 0x1F) << 6 | UInt32(bytes[at + 1]) & 0x3F, 2) }
  if first < 0xF0 {
    return ((first & 0x0F) << 12 | (UInt32(bytes[at + 1]) & 0x3F) << 6 | UInt32(bytes[at + 2]) & 0x3F, 3)
  }
  return (
    (first & 0x07) << 18 | (UInt32(bytes[at + 1]) & 0x3F) << 12 | (UInt32(bytes[at + 2]) & 0x3F) << 6
      | UInt32(bytes[at + 3]) & 0x3F, 4
  )
}

/// The scalar that ends before a position of valid UTF-8, and its length in bytes.
@inline(__always) func decodeScalar(_ bytes: UnsafeBufferPointer<UInt8>, before end: Int) -> (
  scalar: UInt32, length: Int
) {
  var start = end - 1
  while bytes[start] & 0xC0 == 0x80 { start -= 1 }
  return decodeScalar(bytes, start)
}

extension [UInt8] {
  /// Appends the UTF-8 bytes of a scalar.
  @inline(__always) mutating func append(scalar: UInt32) {
    if scalar < 0x80 {
      append(UInt8(scalar))
    } else if scalar < 0x800 {
      append(UInt8(0xC0 | scalar >> 6))
      append(UInt8(0x80 | scalar & 0x3F))
    } else if scalar < 0x10000 {
      append(UInt8(0xE0 | scalar >> 12))
      append(UInt8(0x80 | (scalar >> 6) & 0x3F))
      append(UInt8(0x80 | scalar & 0x3F))
    } else {
      append(UInt8(0xF0 | scalar >> 18))
      append(UInt8(0x80 | (scalar >> 12) & 0x3F))
      append(UInt8(0x80 | (scalar >> 6) & 0x3F))
      append(UInt8(0x80 | scalar & 0x3F))
    }
  }

  /// The scalars of valid UTF-8.
  var scalars: [UInt32] {
    var out: [UInt32] = []
    out.reserveCapacity(count)
    withUnsafeBufferPointer { buffer in
      var at = 0
      while at < buffer.count {
        let (scalar, length) = decodeScalar(buffer, at)
        out.append(scalar)
        at += length
      }
    }
    return out
  }

  /// Whether no byte is beyond ASCII.
  var isASCII: Bool {
    withUnsafeBufferPointer { buffer in
      var all: UInt8 = 0
      for byte in buffer { all |= byte }
      return all < 0x80
    }
  }
}
