internal import CKernels
package import Foundation

extension Tensor.GGUFFile {
  /// A value of the metadata that is written.
  package enum Metadatum: Sendable, Equatable {
    case text(String)
    case count(UInt32)
    case number(Float)
    case flag(Bool)
    case texts([String])
    case kinds([Int32])
    case numbers([Float])
    case flags([Bool])
  }

  /// Writes a file of version 3.
  ///
  /// The same metadata and tensors give the same bytes, and the file appears whole or not at all.
  ///
  /// - Parameters:
  ///   - metadata: in the order of the file.
  ///   - tensors: in the order of the file, each with the type of its elements: F32, F16, BF16, Q8_0 or Q5_0 where its rows are
  ///     of a multiple of 32 elements, Q4_K and Q6_K where of 256. Elements are rounded to the nearest that their scales give; those
  ///     of the last two are searched for.
  ///   - url: where to; an existing file is replaced.
  /// - Throws: `SafetensorsError.unwritable`, of an element that is beyond the type's range too.
  package static func write(
    _ metadata: [(key: String, value: Metadatum)], tensors: [(name: String, tensor: Tensor, type: ElementType)],
    to url: URL
  ) throws {
    var header = Array("GGUF".utf8)
    func add<T: FixedWidthInteger>(_ value: T) { withUnsafeBytes(of: value.littleEndian) { header += $0 } }
    func add(_ text: String) {
      add(UInt64(text.utf8.count))
      header += text.utf8
    }
    func add(_ value: Metadatum) {
      func array<Element>(_ type: ValueType, _ elements: [Element], _ body: (Element) -> Void) {
        add(ValueType.array.rawValue)
        add(type.rawValue)
        add(UInt64(elements.count))
        elements.forEach(body)
      }
      switch value {
      case .text(let text):
        add(ValueType.string.rawValue)
        add(text)
      case .count(let count):
        add(ValueType.uint32.rawValue)
        add(count)
      case .number(let number):
        add(ValueType.float32.rawValue)
        add(number.bitPattern)
      case .flag(let flag):
        add(ValueType.bool.rawValue)
        add(UInt8(flag ? 1 : 0))
      case .texts(let texts): array(.string, texts) { add($0) }
      case .kinds(let kinds): array(.int32, kinds) { add($0) }
      case .numbers(let numbers): array(.float32, numbers) { add($0.bitPattern) }
      case .flags(let flags): array(.bool, flags) { add(UInt8($0 ? 1 : 0)) }
      }
    }
    add(UInt32(3))
    add(UInt64(tensors.count))
    add(UInt64(metadata.count))
    for (key, value) in metadata {
      add(key)
      add(value)
    }
    var offset = 0
    for (name, tensor, type) in tensors {
      let (each, bytes) = type.block
      precondition(
        [.float32, .float16, .bfloat16, .q8_0, .q5_0, .q4_K, .q6_K].contains(type) && tensor.rank > 0
          && tensor.shape[tensor.rank - 1] % each == 0,
        "\(name), \(tensor.shape), is not written as \(type.name)")
      add(name)
      add(UInt32(tensor.rank))
      for extent in tensor.shape.reversed() { add(UInt64(extent)) }
      add(type.rawValue)
      add(UInt64(offset))
      offset = aligned(offset + tensor.count / each * bytes)
    }
    header += [UInt8](repeating: 0, count: aligned(header.count) - header.count)
    try AtomicFile.write(to: url.path, isDurable: true) { write in
      try header.withUnsafeBytes(write)
      for (name, tensor, type) in tensors {
        try tensor.withScalars { scalars in
          let bytes = try packed(scalars, type) { element in
            .unwritable(file: url.path, reason: "\(name) has the element \(element), beyond the range of \(type.name)")
          }
          try bytes.withUnsafeBytes(write)
          let size = aligned(bytes.count) - bytes.count
          if size > 0 { try [UInt8](repeating: 0, count: size).withUnsafeBytes(write) }
        }
      }
    }
  }

  private static func aligned(_ size: Int) -> Int { (size + 31) / 32 * 32 }

  private static func packed(
    _ scalars: UnsafeBufferPointer<Float>, _ type: ElementType, _ fault: (Float) -> Tensor.SafetensorsError
  ) throws -> [UInt8] {
    switch type {
    case .float32: return [UInt8](UnsafeRawBufferPointer(scalars))
    case .float16, .bfloat16:
      var bytes: [UInt8] = []
      bytes.reserveCapacity(2 * scalars.count)
      let infinity: UInt16 = type == .bfloat16 ? 0x7F80 : 0x7C00
      for scalar in scalars {
        let word = type == .bfloat16 ? scalar.bfloat16Bits : Float16(scalar).bitPattern
        guard word & 0x7FFF != infinity || !scalar.isFinite else { throw fault(scalar) }
        bytes += [UInt8(truncatingIfNeeded: word), UInt8(word >> 8)]
      }
      return bytes
    default:
      // Beyond, a scale of 16 bits would be infinite.
      let largest = 65504 * Float(type == .q8_0 ? 127 : type == .q6_K ? 30 * 120 : 16)
      if let odd = scalars.first(where: { !($0.magnitude <= largest) }) { throw fault(odd) }
      let (each, size) = type.block
      let count = scalars.count / each
      return [UInt8](unsafeUninitializedCapacity: count * size) { bytes, filled in
        filled = count * size
        guard let from = scalars.baseAddress, let to = bytes.baseAddress else { return }
        let packed = SendablePointers(from: from, to: to)
        inRowBlocks(rows: count, columns: each) { first, blocks in
          sd_float_to_gguf(
            sd_gguf(rawValue: type.rawValue), packed.from + first * each, blocks, packed.to + first * size)
        }
      }
    }
  }

  private struct SendablePointers: @unchecked Sendable {
    let from: UnsafePointer<Float>
    let to: UnsafeMutablePointer<UInt8>
  }
}
