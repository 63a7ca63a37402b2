internal import CKernels
public import Foundation

extension Tensor {
  /// The tensors of one safetensors file, read where they are used.
  ///
  /// ```swift
  /// let file = try Tensor.SafetensorsFile(contentsOf: url)
  /// let bias = try file.tensor(named: "encoder.bias")
  /// ```
  ///
  /// The file is mapped into memory, not loaded: opening costs the header alone, and a Float32 tensor, or a matrix in 16
  /// bits, stands on the file's own pages, shared among processes, for as long as the tensor lives. It must not be truncated meanwhile;
  /// replacing it by a rename, as `writeSafetensors` does, is safe. Header sizes, offsets and shapes are checked on
  /// opening. Elements of types that it does not read stop only who asks for that tensor.
  ///
  /// The format: https://github.com/huggingface/safetensors
  public struct SafetensorsFile: Sendable {
    /// The types of elements that a file may declare, by the names that stand in it: those of safetensors 0.8.
    package enum ElementType: String, Sendable, CaseIterable {
      /// One byte, 0 or 1.
      case bool = "BOOL"
      /// Integers of 8, 16, 32 and 64 bits.
      case uint8 = "U8", int8 = "I8", uint16 = "U16", int16 = "I16"
      /// Wide integers.
      case uint32 = "U32", int32 = "I32", uint64 = "U64", int64 = "I64"
      /// Floating point with a 4-bit pattern, two elements to a byte: listed, not read.
      case float4 = "F4"
      /// Floating point with a 6-bit pattern, four elements to three bytes: listed, not read.
      case float6E2M3 = "F6_E2M3", float6E3M2 = "F6_E3M2"
      /// Floating point with an 8-bit pattern, and exponents alone: listed, not read.
      case float8E4M3 = "F8_E4M3", float8E5M2 = "F8_E5M2", float8E8M0 = "F8_E8M0"
      /// Floating point with an 8-bit pattern without a negative zero: listed, not read.
      case float8E4M3FNUZ = "F8_E4M3FNUZ", float8E5M2FNUZ = "F8_E5M2FNUZ"
      /// Floating point of 16 bits, IEEE and bfloat.
      case float16 = "F16", bfloat16 = "BF16"
      /// Floating point of 32 and 64 bits.
      case float32 = "F32", float64 = "F64"
      /// Complex numbers of two 32-bit parts: listed, not read.
      case complex64 = "C64"

      /// Bits of one element.
      package var bitCount: Int {
        switch self {
        case .float4: 4
        case .float6E2M3, .float6E3M2: 6
        case .bool, .uint8, .int8, .float8E4M3, .float8E5M2, .float8E8M0, .float8E4M3FNUZ, .float8E5M2FNUZ: 8
        case .uint16, .int16, .float16, .bfloat16: 16
        case .uint32, .int32, .float32: 32
        case .uint64, .int64, .float64, .complex64: 64
        }
      }
    }

    /// The path of the file.
    package let path: String
    private let mapping: FileMapping
    private let header: SafetensorsHeader

    /// Opens a file and checks its header.
    ///
    /// - Throws: `SafetensorsError` where the file cannot be mapped or its header is not sound.
    public init(contentsOf url: URL) throws {
      path = url.path
      mapping = try FileMapping(path: url.path)
      header = try SafetensorsHeader(mapping.bytes, file: url.path)
    }

    /// The names of the tensors, in the order of their UTF-8 bytes.
    public var names: [String] { header.entries.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

    /// The free texts of the header, such as `format: pt`.
    public var metadata: [String: String] { header.metadata }

    /// The extents of a tensor; nil where there is none of this name.
    public func shape(of name: String) -> [Int]? { header.entries[name]?.shape }

    /// The element type in which a tensor is stored; nil where there is none of this name.
    package func dtype(of name: String) -> ElementType? { header.entries[name]?.type }

    /// A floating-point tensor in the file's shape. F32 is not copied where it is aligned. Matrices in F16 and BF16 keep
    /// their 16 bits and are converted where they are read; F64 is rounded to nearest.
    ///
    /// - Throws: `SafetensorsError.missingTensor`, or `unsupportedType` for integers, complex numbers and floating point of
    ///   8 bits and fewer.
    public func tensor(named name: String) throws -> Tensor {
      let entry = try entry(name)
      let bytes = bytes(of: entry)
      let count = entry.range.count * 8 / entry.type.bitCount
      guard count > 0 else {
        guard entry.type.isReadableFloat else { throw unsupported(name, "F32, F16, BF16 or F64", entry) }
        return .zeros(entry.shape)
      }
      switch entry.type {
      case .float32:
        guard let base = bytes.baseAddress, UInt(bitPattern: base) % 4 == 0 else {
          return Tensor(shape: entry.shape) { UnsafeMutableRawBufferPointer($0).copyMemory(from: bytes) }
        }
        let pointer = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: Float.self))
        return Tensor(storage: Storage(borrowing: pointer, count: count, owner: mapping), shape: entry.shape)
      case .float16: return words(bytes, entry.shape) { .float16($0) }
      case .bfloat16: return words(bytes, entry.shape) { .bfloat16($0) }
      case .float64:
        return Tensor(shape: entry.shape) { out in
          for i in out.indices { out[i] = Float(bytes.loadUnaligned(fromByteOffset: i * 8, as: Double.self)) }
        }
      default: throw unsupported(name, "F32, F16, BF16 or F64", entry)
      }
    }

    /// A tensor of integers or truth values (0 and 1), its elements in row-major order.
    ///
    /// - Throws: `SafetensorsError.missingTensor`, or `unsupportedType` for floating point and for U64 above `Int.max`.
    package func integers(named name: String) throws -> [Int] {
      let entry = try entry(name)
      let bytes = bytes(of: entry)
      func load<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) throws -> [Int] {
        try (0..<(entry.range.count / MemoryLayout<T>.size)).map { i in
          let value = T(littleEndian: bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<T>.size, as: T.self))
          guard let exact = Int(exactly: value) else { throw unsupported(name, "values up to \(Int.max)", entry) }
          return exact
        }
      }
      switch entry.type {
      case .bool: return try load(UInt8.self).map { $0 == 0 ? 0 : 1 }
      case .uint8: return try load(UInt8.self)
      case .int8: return try load(Int8.self)
      case .uint16: return try load(UInt16.self)
      case .int16: return try load(Int16.self)
      case .uint32: return try load(UInt32.self)
      case .int32: return try load(Int32.self)
      case .uint64: return try load(UInt64.self)
      case .int64: return try load(Int64.self)
      default: throw unsupported(name, "integers", entry)
      }
    }

    /// The bytes of a tensor as they stand in the file, for those who keep its element type.
    ///
    /// - Throws: `SafetensorsError.missingTensor`, or what `body` throws.
    package func withBytes<Result>(
      of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
      try withExtendedLifetime(mapping) { try body(bytes(of: entry(name))) }
    }

    private func entry(_ name: String) throws -> SafetensorsHeader.Entry {
      guard let entry = header.entries[name] else {
        throw SafetensorsError.missingTensor(file: path, tensor: name, available: names)
      }
      return entry
    }

    private func bytes(of entry: SafetensorsHeader.Entry) -> UnsafeRawBufferPointer {
      let start = header.dataOffset
      return UnsafeRawBufferPointer(
        rebasing: mapping.bytes[(start + entry.range.lowerBound)..<(start + entry.range.upperBound)])
    }

    /// Elements of 16 bits. A matrix stays as it is on the file's pages; a vector is small, and converted at once.
    private func words(
      _ bytes: UnsafeRawBufferPointer, _ shape: [Int], _ source: (UnsafePointer<UInt16>) -> CompactStorage.Source
    ) -> Tensor {
      let count = bytes.count / 2
      func convertedNow(_ words: UnsafePointer<UInt16>) -> Tensor {
        let elements = CompactStorage(source(words), count: count, owner: nil)
        return Tensor(shape: shape) { if let out = $0.baseAddress { elements.convertAll(to: out) } }
      }
      guard let base = bytes.baseAddress, UInt(bitPattern: base) % 2 == 0 else {
        let aligned = [UInt16](unsafeUninitializedCapacity: count) { words, filled in
          UnsafeMutableRawBufferPointer(words).copyMemory(from: bytes)
          filled = count
        }
        return aligned.withUnsafeBufferPointer { $0.baseAddress.map(convertedNow) ?? .zeros(shape) }
      }
      let words = base.assumingMemoryBound(to: UInt16.self)
      guard shape.count >= 2 else { return convertedNow(words) }
      return Tensor(storage: Storage(CompactStorage(source(words), count: count, owner: mapping)), shape: shape)
    }

    private func unsupported(_ name: String, _ expected: String, _ entry: SafetensorsHeader.Entry) -> SafetensorsError {
      .unsupportedType(file: path, tensor: name, expected: expected, found: entry.type.rawValue)
    }
  }
}

extension Tensor.SafetensorsFile.ElementType {
  fileprivate var isReadableFloat: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }
}
