/// Reads the fields of a GGUF header one after the other, none beyond the end of the file.
struct GGUFReader {
  private let bytes: UnsafeRawBufferPointer
  private let file: String
  private(set) var offset = 0

  init(_ bytes: UnsafeRawBufferPointer, file: String) { (self.bytes, self.file) = (bytes, file) }

  /// Bytes that are left.
  var rest: Int { bytes.count - offset }

  mutating func number<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type, _ field: @autoclosure () -> String) throws
    -> T
  {
    let start = try skip(MemoryLayout<T>.size, field())
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: T.self))
  }

  /// A count of things of which each takes so many bytes at least: more than the file has room for is not believed.
  mutating func count(ofBytes each: Int, atMost limit: Int = .max, _ field: @autoclosure () -> String) throws -> Int {
    let count = try number(UInt64.self, field())
    guard count <= UInt64(max(0, rest) / each), count <= UInt64(limit) else {
      throw Tensor.GGUFError.invalid(
        file: file, field: field(), expected: "at most \(min(limit, rest / each))", found: "\(count)")
    }
    return Int(count)
  }

  /// A text: its length, then UTF-8.
  mutating func text(atMost limit: Int, _ field: @autoclosure () -> String) throws -> String {
    let length = try count(ofBytes: 1, atMost: limit, field())
    let start = try skip(length, field())
    let part = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + length)])
    guard let text = String(validating: part, as: UTF8.self) else {
      throw Tensor.GGUFError.invalid(file: file, field: field(), expected: "UTF-8", found: "other bytes")
    }
    return text
  }

  /// Goes on by so many bytes.
  ///
  /// - Returns: where they begin.
  @discardableResult
  mutating func skip(_ count: Int, _ field: @autoclosure () -> String) throws -> Int {
    guard count <= rest else {
      throw Tensor.GGUFError.truncated(file: file, field: field(), expectedBytes: count, foundBytes: rest)
    }
    defer { offset += count }
    return offset
  }

  /// Goes to a place that was read before.
  mutating func seek(_ offset: Int) { self.offset = offset }
}
