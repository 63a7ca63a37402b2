internal import CKernels
public import Foundation

extension Tensor {
  /// A model in one file, as llama.cpp and Ollama keep it: metadata with the tokenizer's among it, and tensors.
  ///
  /// ```swift
  /// let file = try Tensor.GGUFFile(contentsOf: url)
  /// let table = try file.tensor(named: "token_embd.weight")
  /// ```
  ///
  /// The file is mapped into memory, not loaded. Sizes, types and places of the header are checked on opening, before
  /// memory is taken for anything that they name. It must not be truncated meanwhile.
  ///
  /// The format, of which versions 2 and 3 are read: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
  public struct GGUFFile: Sendable {
    struct Entry: Sendable {
      let shape: [Int]
      let type: UInt32
      /// Bytes in the file; nil for a type that is not read.
      let range: Range<Int>?
    }

    /// The path of the file.
    package let path: String
    /// Where the values of the metadata stand.
    private(set) var values: [String: Value] = [:]
    private var entries: [String: Entry] = [:]
    private let mapping: FileMapping
    /// The further files of a model that was split, and in which of them a tensor stands that is not in this one.
    var others: [GGUFFile] = []
    var places: [String: Int] = [:]

    /// More than any model has of either.
    private static let countLimit = 1 << 20

    /// Opens a file and checks its header, and those of the files that belong to it: the first one of a model that was split
    /// (`-00001-of-00003.gguf`) stands for all.
    ///
    /// - Throws: `GGUFError`, or `SafetensorsError` where a file cannot be mapped.
    public init(contentsOf url: URL) throws {
      try self.init(alone: url)
      try openOthers(url)
    }

    /// Opens a file, not those that belong to it.
    init(alone url: URL) throws {
      path = url.path
      mapping = try FileMapping(path: url.path)
      var reader = GGUFReader(mapping.bytes, file: path)
      let magic = try reader.number(UInt32.self, "the first bytes")
      guard magic == 0x4655_4747 else {
        throw invalid("the first bytes", "GGUF", withUnsafeBytes(of: magic.littleEndian) { "\(Array($0))" })
      }
      let version = try reader.number(UInt32.self, "the version")
      guard (2...3).contains(version) else {
        // The bytes of a file for machines of the other order, swapped.
        let isSwapped = (2...3).contains(version.byteSwapped)
        throw GGUFError.unsupported(
          file: path, field: "the version", expected: "2 or 3",
          found: isSwapped ? "a file in big-endian order" : "\(version)")
      }
      let tensorCount = try reader.count(ofBytes: 24, atMost: Self.countLimit, "the number of tensors")
      let valueCount = try reader.count(ofBytes: 13, atMost: Self.countLimit, "the number of keys")
      for number in 0..<valueCount {
        let key = try reader.text(atMost: Self.nameLimit, "the name of key \(number)")
        guard values.updateValue(try Self.value(&reader, key, file: path), forKey: key) == nil else {
          throw invalid("key \(number)", "a name that no key before it has", "\"\(key)\"")
        }
      }
      try readTensors(&reader, count: tensorCount)
    }

    /// The names of the tensors, in the order of their UTF-8 bytes.
    public var names: [String] {
      (ownNames + places.keys).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Those of this file, in no order.
    var ownNames: [String] { Array(entries.keys) }

    /// The extents of a tensor, the rows' first, as in safetensors; nil where there is none of this name.
    public func shape(of name: String) -> [Int]? { holder(of: name).entries[name]?.shape }

    /// What a tensor's elements are packed as (`Q4_K`, say); nil where there is none of this name.
    package func typeName(of name: String) -> String? {
      holder(of: name).entries[name].map { ElementType.described($0.type) }
    }

    /// Elements of all tensors together; as many as fit in a number where a damaged file says more.
    package var elements: Int {
      names.reduce(0) { sum, name in
        let (next, overflow) = sum.addingReportingOverflow(shape(of: name)?.reduce(1, *) ?? 0)
        return overflow ? .max : next
      }
    }

    /// Throws where there is no such tensor, or one of a type that is not read: of these only the extents are known to be
    /// in the file.
    ///
    /// - Throws: `GGUFError`.
    package func demand(_ name: String) throws { _ = try holder(of: name).found(name) }

    /// The file in which a tensor stands.
    private func holder(of name: String) -> GGUFFile { places[name].map { others[$0] } ?? self }

    /// A tensor whose elements are the Float32 that llama.cpp's tools make of those of the file. Elements of 32 bits, and
    /// matrices in fewer, stay on the file's pages as they are; products and look-ups unpack the part they need.
    ///
    /// - Throws: `GGUFError` where there is no such tensor, or one of a type that is not read.
    public func tensor(named name: String) throws -> Tensor {
      let holder = holder(of: name)
      let (entry, type, bytes) = try holder.found(name)
      return tensor(bytes, type, entry.shape, owner: holder.mapping)
    }

    /// The same with its rows, or a vector's elements, in another order, in memory of their own.
    ///
    /// - Parameter rows: for each row of the result the file's.
    /// - Precondition: as many as the tensor has, all of them its own.
    package func tensor(named name: String, rows: [Int]) throws -> Tensor {
      let holder = holder(of: name)
      let (entry, type, bytes) = try holder.found(name)
      precondition(rows.count == entry.shape.first, "\(rows.count) rows for \(name), \(entry.shape)")
      guard let base = bytes.baseAddress, !bytes.isEmpty else { return .zeros(entry.shape) }
      let stride = bytes.count / rows.count
      let copy = CompactMemory<UInt8>(count: bytes.count)
      for (place, row) in rows.enumerated() {
        UnsafeMutableRawPointer(copy.pointer + place * stride).copyMemory(from: base + row * stride, byteCount: stride)
      }
      withExtendedLifetime(holder.mapping) {}
      let ordered = UnsafeRawBufferPointer(start: copy.pointer, count: bytes.count)
      return tensor(ordered, type, entry.shape, owner: copy)
    }

    private func tensor(
      _ bytes: UnsafeRawBufferPointer, _ type: ElementType, _ shape: [Int], owner: AnyObject
    ) -> Tensor {
      guard let base = bytes.baseAddress, !bytes.isEmpty else { return .zeros(shape) }
      let count = shape.reduce(1, *)
      let (address, isMatrix) = (UInt(bitPattern: base), shape.count >= 2)
      func kept(_ source: CompactStorage.Source) -> Tensor {
        Tensor(storage: Storage(CompactStorage(source, count: count, owner: owner)), shape: shape)
      }
      switch type {
      case .float32 where address % 4 == 0:
        let pointer = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: Float.self))
        return Tensor(storage: Storage(borrowing: pointer, count: count, owner: owner), shape: shape)
      case .float16 where address % 2 == 0 && isMatrix: return kept(.float16(base.assumingMemoryBound(to: UInt16.self)))
      case .bfloat16 where address % 2 == 0 && isMatrix:
        return kept(.bfloat16(base.assumingMemoryBound(to: UInt16.self)))
      case .float32, .float16, .bfloat16:
        // A vector is small, and an odd address rare.
        return Tensor(shape: shape) { out in
          guard let out = out.baseAddress else { return }
          type.widen(base, count: count, to: out)
          withExtendedLifetime(owner) {}
        }
      default:
        let packing = sd_gguf(rawValue: type.rawValue)
        guard !isMatrix else { return kept(.packed(packing, base)) }
        return Tensor(shape: shape) { out in
          guard let out = out.baseAddress else { return }
          sd_gguf_part_to_float(packing, base, 0, count, out)
          withExtendedLifetime(owner) {}
        }
      }
    }

    /// Runs the closure with a reader at a place of the file.
    func withReader<Result>(at offset: Int, _ body: (inout GGUFReader) throws -> Result) rethrows -> Result {
      try withExtendedLifetime(mapping) {
        var reader = GGUFReader(mapping.bytes, file: path)
        reader.seek(offset)
        return try body(&reader)
      }
    }

    private func found(_ name: String) throws -> (entry: Entry, type: ElementType, bytes: UnsafeRawBufferPointer) {
      guard let entry = entries[name] else {
        throw invalid("tensor \"\(name)\"", "it among \(entries.count) tensors", "none of this name")
      }
      guard let type = ElementType(rawValue: entry.type), let range = entry.range else {
        throw GGUFError.unsupported(
          file: path, field: "tensor \"\(name)\"",
          expected: ElementType.allCases.map(\.name).joined(separator: ", "), found: ElementType.described(entry.type))
      }
      return (entry, type, UnsafeRawBufferPointer(rebasing: mapping.bytes[range]))
    }

    func invalid(_ field: String, _ expected: String, _ found: String) -> GGUFError {
      .invalid(file: path, field: field, expected: expected, found: found)
    }
  }
}

extension Tensor.GGUFFile {
  private mutating func readTensors(_ reader: inout GGUFReader, count: Int) throws {
    var found: [(name: String, shape: [Int], type: UInt32, offset: UInt64)] = []
    for number in 0..<count {
      let name = try reader.text(atMost: Self.nameLimit, "the name of tensor \(number)")
      let field = "tensor \"\(name)\""
      let rank = try reader.number(UInt32.self, field)
      guard (1...4).contains(rank) else { throw invalid(field, "1 to 4 extents", "\(rank)") }
      let extents = try (0..<rank).map { _ in try reader.number(UInt64.self, field) }
      let type = try reader.number(UInt32.self, field)
      let offset = try reader.number(UInt64.self, field)
      var product = 1
      for extent in extents {
        // Each by itself, too: beside an extent of 0 the product says nothing.
        let (next, overflow) = product.multipliedReportingOverflow(by: Int(clamping: extent))
        guard !overflow, next <= Int.max >> 6, extent <= UInt64(Int.max >> 6) else {
          throw invalid(field, "a size that fits in 57 bits", "\(extents)")
        }
        product = next
      }
      // A file counts the elements of a row first.
      found.append((name, extents.reversed().map { Int($0) }, type, offset))
    }
    let alignment = try integer("general.alignment") ?? 32
    guard alignment > 0, alignment <= 1 << 20, alignment & (alignment - 1) == 0 else {
      throw invalid("general.alignment", "a power of 2 up to \(1 << 20)", "\(alignment)")
    }
    let start = (reader.offset + alignment - 1) / alignment * alignment
    for (name, shape, type, offset) in found {
      let entry = try Entry(shape: shape, type: type, range: range(name, shape, type, offset, alignment, start))
      guard entries.updateValue(entry, forKey: name) == nil else {
        throw invalid("tensor \"\(name)\"", "one tensor of this name", "two")
      }
    }
    try checkOverlaps()
  }

  /// Where a tensor stands in the file; nil for a type whose size is not known.
  private func range(
    _ name: String, _ shape: [Int], _ type: UInt32, _ offset: UInt64, _ alignment: Int, _ start: Int
  ) throws -> Range<Int>? {
    let field = "tensor \"\(name)\""
    guard offset % UInt64(alignment) == 0 else {
      throw invalid(field, "an offset in steps of \(alignment)", "\(offset)")
    }
    guard let known = ElementType(rawValue: type) else { return nil }
    let (each, bytes) = known.block
    guard let row = shape.last, row % each == 0 else {
      throw invalid(field, "rows of a multiple of \(each) elements for \(known.name)", "\(shape)")
    }
    let size = shape.reduce(1, *) / each * bytes
    guard offset <= UInt64(mapping.bytes.count), start <= mapping.bytes.count - Int(offset),
      size <= mapping.bytes.count - Int(offset) - start
    else {
      throw Tensor.GGUFError.truncated(
        file: path, field: field, expectedBytes: size,
        foundBytes: max(0, mapping.bytes.count - Int(clamping: offset) - min(start, mapping.bytes.count)))
    }
    return (start + Int(offset))..<(start + Int(offset) + size)
  }

  /// No byte belongs to two tensors.
  private func checkOverlaps() throws {
    var (end, before) = (0, "")
    let placed = entries.compactMap { name, entry in entry.range.map { (name, $0) } }
    for (name, range) in placed.sorted(by: {
      ($0.1.lowerBound, $0.1.upperBound, $0.0) < ($1.1.lowerBound, $1.1.upperBound, $1.0)
    }) {
      guard range.isEmpty || range.lowerBound >= end else {
        throw invalid("tensor \"\(name)\"", "data behind that of \"\(before)\"", "an overlap")
      }
      if !range.isEmpty { (end, before) = (range.upperBound, name) }
    }
  }
}

extension Tensor.GGUFFile.ElementType {
  /// Widens so many elements that are not packed.
  fileprivate func widen(_ from: UnsafeRawPointer, count: Int, to out: UnsafeMutablePointer<Float>) {
    guard self != .float32 else { return UnsafeMutableRawPointer(out).copyMemory(from: from, byteCount: count * 4) }
    for i in 0..<count {
      let bits = UInt16(littleEndian: from.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
      out[i] = self == .float16 ? Float(Float16(bitPattern: bits)) : Float(bitPattern: UInt32(bits) << 16)
    }
  }
}
