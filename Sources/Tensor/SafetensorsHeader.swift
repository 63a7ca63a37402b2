internal import JSON

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
    try readSafetensorsJSON(bytes[8..<dataOffset], file: file) { json in
      var header = try json.beginObject("the header")
      while let name = try json.nextName(in: &header) {
        guard name == "__metadata__" else {
          entries[name] = try Self.entry(&json, name: name, file: file)
          continue
        }
        // The reference reader takes null for no metadata.
        if try json.takeNull() { continue }
        var texts = try json.beginObject("__metadata__")
        while let key = try json.nextName(in: &texts) { metadata[key] = try json.string("the value of \"\(key)\"") }
      }
    }
    try checkCoverage(of: bytes.count - dataOffset, file: file)
  }

  private static func entry(_ json: inout JSONParser, name: String, file: String) throws -> Entry {
    var (type, shape, offsets): (String?, [Int]?, [Int]?)
    var object = try json.beginObject("the entry of \"\(name)\"")
    while let key = try json.nextName(in: &object) {
      switch key {
      case "dtype": type = try json.string("dtype")
      case "shape": shape = try sizes(&json, "shape", atMost: rankLimit)
      case "data_offsets": offsets = try sizes(&json, "data_offsets", atMost: 2)
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

  /// Reads an array of integers that are not negative.
  private static func sizes(_ json: inout JSONParser, _ what: String, atMost limit: Int) throws -> [Int] {
    var sizes: [Int] = []
    var array = try json.beginArray(what)
    while try json.nextElement(in: &array) {
      guard sizes.count < limit else { throw json.fault("at most \(limit) numbers in \(what)") }
      sizes.append(try json.size("a number of \(what)"))
    }
    return sizes
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

/// Reads the JSON of a header or an index, which comes from strangers: a name that comes twice is refused, because readers
/// differ in which of the two they take, and so would mean two things by one file; nesting is bound, and no tree is built,
/// which would take many times the bytes of a hostile header.
///
/// - Parameter bytes: a part of the file; bytes are counted from the file's start in errors.
func readSafetensorsJSON(
  _ bytes: Slice<UnsafeRawBufferPointer>, file: String, _ body: (inout JSONParser) throws -> Void
) throws {
  var options = JSONParser.Options()
  options.levels = 16
  options.loneSurrogates = .refused
  options.refusesRepeatedNames = true
  do {
    let text = UnsafeRawBufferPointer(rebasing: bytes).bindMemory(to: UInt8.self)
    var json = JSONParser(text, options)
    try body(&json)
    try json.end()
  } catch let fault as JSONSyntaxError {
    throw Tensor.SafetensorsError.malformed(
      file: file, byte: bytes.startIndex + fault.offset, expected: fault.expected, found: fault.found)
  }
}
