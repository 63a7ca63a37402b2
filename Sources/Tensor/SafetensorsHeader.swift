/// The header of one safetensors file, checked in full before a byte of data is touched.
///
/// https://github.com/huggingface/safetensors#format
struct SafetensorsHeader: Sendable {
  struct Entry: Sendable {
    let type: Tensor.SafetensorsFile.ElementType
    let shape: [Int]
    /// Bytes, counted from the start of the data.
    let range: Range<Int>
  }

  /// The reference reader's bound.
  static let sizeLimit = 100_000_000
  /// NumPy's bound on axes is 64.
  static let rankLimit = 64

  private(set) var entries: [String: Entry] = [:]
  private(set) var metadata: [String: String] = [:]
  /// Where the data starts in the file.
  let dataOffset: Int

  /// Reads the header at the start of `bytes`, which are the whole file.
  init(_ bytes: UnsafeRawBufferPointer, file: String) throws {
    guard bytes.count >= 8 else {
      throw Tensor.SafetensorsError.truncated(file: file, expectedBytes: 8, foundBytes: bytes.count)
    }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= Self.sizeLimit else {
      throw Tensor.SafetensorsError.oversizedHeader(file: file, limit: Self.sizeLimit, found: length)
    }
    dataOffset = 8 + Int(length)
    guard bytes.count >= dataOffset else {
      throw Tensor.SafetensorsError.truncated(file: file, expectedBytes: dataOffset, foundBytes: bytes.count)
    }
    guard length > 0, bytes[8] == UInt8(ascii: "{") else {
      throw Tensor.SafetensorsError.malformed(
        file: file, byte: 8, expected: "\"{\", the start of the header", found: length > 0 ? "\(bytes[8])" : "no header"
      )
    }
    var json = SafetensorsJSON(UnsafeRawBufferPointer(rebasing: bytes[8..<dataOffset]), file: file, origin: 8)
    try json.object("the header") { json, name in
      if name == "__metadata__" {
        // The reference reader takes null for no metadata.
        if try json.takeNull() { return }
        try json.object("__metadata__") { json, key in metadata[key] = try json.string("the value of \"\(key)\"") }
      } else {
        entries[name] = try Self.entry(&json, name: name, file: file)
      }
    }
    try json.end()
    try checkCoverage(of: bytes.count - dataOffset, file: file)
  }

  private static func entry(_ json: inout SafetensorsJSON, name: String, file: String) throws -> Entry {
    var (type, shape, offsets): (String?, [Int]?, [Int]?)
    try json.object("the entry of \"\(name)\"") { json, key in
      switch key {
      case "dtype": type = try json.string("dtype")
      case "shape": shape = try json.sizes("shape", atMost: rankLimit)
      case "data_offsets": offsets = try json.sizes("data_offsets", atMost: 2)
      default: try json.skipValue()  // as the reference reader does
      }
    }
    func wrong(_ expected: String, _ found: String) -> Tensor.SafetensorsError {
      .inconsistent(file: file, tensor: name, expected: expected, found: found)
    }
    guard let type, let shape, let offsets else {
      throw wrong(
        "dtype, shape and data_offsets", "no \(type == nil ? "dtype" : shape == nil ? "shape" : "data_offsets")")
    }
    guard let known = Tensor.SafetensorsFile.ElementType(rawValue: type) else {
      let names = Tensor.SafetensorsFile.ElementType.allCases.map(\.rawValue).joined(separator: ", ")
      throw wrong("a dtype among \(names)", type)
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw wrong("data_offsets [begin, end] with begin <= end", "\(offsets)")
    }
    var size = known.bitCount
    for extent in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw wrong("a size that fits in 63 bits", "the shape \(shape)") }
      size = product
    }
    guard size % 8 == 0 else { throw wrong("whole bytes for \(type)", "\(size) bits for the shape \(shape)") }
    guard offsets[1] - offsets[0] == size / 8 else {
      throw wrong("\(size / 8) bytes for \(type) \(shape)", "data_offsets \(offsets)")
    }
    return Entry(type: known, shape: shape, range: offsets[0]..<offsets[1])
  }

  /// Every byte of the data belongs to one tensor: a hole could hide something, an overlap could change two at once.
  private func checkCoverage(of dataBytes: Int, file: String) throws {
    let ordered = entries.sorted {
      let (a, b) = ($0.value.range, $1.value.range)
      return a.lowerBound != b.lowerBound
        ? a.lowerBound < b.lowerBound
        : a.upperBound != b.upperBound
          ? a.upperBound < b.upperBound : $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
    }
    var end = 0
    for (name, entry) in ordered {
      guard entry.range.lowerBound == end else {
        throw Tensor.SafetensorsError.inconsistent(
          file: file, tensor: name, expected: "data that begins at \(end), where the one before it ends",
          found: "\(entry.range.lowerBound)")
      }
      end = entry.range.upperBound
      guard end <= dataBytes else {
        let (expected, overflow) = dataOffset.addingReportingOverflow(end)
        throw Tensor.SafetensorsError.truncated(
          file: file, expectedBytes: overflow ? Int.max : expected, foundBytes: dataOffset + dataBytes)
      }
    }
    guard end == dataBytes else {
      throw Tensor.SafetensorsError.inconsistent(
        file: file, tensor: ordered.last?.key ?? "",
        expected: "that the last tensor ends with the file, at \(dataBytes)",
        found: "\(end)")
    }
  }
}
