public import Foundation
internal import JSON

extension Tensor {
  /// Writes tensors as Float32 to a safetensors file, whole or not at all.
  ///
  /// ```swift
  /// try Tensor.writeSafetensors(["weight": weight, "bias": bias], to: url)
  /// ```
  ///
  /// The bytes go to a new file in the same folder, are brought to the disk and then take the name, so that a reader or a
  /// crash sees the old file or the new one. The same tensors give the same bytes, and those are the bytes of the
  /// reference writer: entries by name, no spaces, the header padded to a multiple of 8.
  ///
  /// - Parameters:
  ///   - tensors: by name; their history is not written.
  ///   - metadata: free texts for the header. The default is `format: pt`, without which Transformers refuses a file.
  ///   - url: where to; an existing file is replaced.
  ///   - isDurable: whether to wait until the bytes are on the disk. Without, a power cut may leave a damaged file. The
  ///     default is true.
  /// - Precondition: no tensor is called `__metadata__`, which is the header's own key.
  /// - Throws: `SafetensorsError.unwritable`.
  public static func writeSafetensors(
    _ tensors: [String: Tensor], metadata: [String: String] = ["format": "pt"], to url: URL,
    isDurable: Bool = true
  ) throws {
    try writeSafetensors(tensors, as: { _ in .float32 }, metadata: metadata, to: url, isDurable: isDurable)
  }

  /// The same with an element type for each tensor by its name, to the nearest of which its elements are rounded.
  ///
  /// - Throws: `SafetensorsError.unwritable`, of an element that is beyond the type's range too; nothing is written then.
  /// - Precondition: types are Float32, bfloat16 and float16.
  package static func writeSafetensors(
    _ tensors: [String: Tensor], as type: (String) -> SafetensorsFile.ElementType,
    metadata: [String: String] = ["format": "pt"], to url: URL, isDurable: Bool = true
  ) throws {
    precondition(tensors["__metadata__"] == nil, "a tensor cannot be called __metadata__")
    let ordered = tensors.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      .map { (name: $0.key, tensor: $0.value, type: type($0.key)) }
    let header = safetensorsHeader(ordered, metadata)
    try AtomicFile.write(to: url.path, isDurable: isDurable) { write in
      try header.withUnsafeBytes(write)
      for (name, tensor, type) in ordered {
        try tensor.withScalars { scalars in
          guard type != .float32 else { return try write(UnsafeRawBufferPointer(scalars)) }
          let words = scalars.map { type == .bfloat16 ? $0.bfloat16Bits : Float16($0).bitPattern }
          let infinity: UInt16 = type == .bfloat16 ? 0x7F80 : 0x7C00
          if let place = words.indices.first(where: { words[$0] & 0x7FFF == infinity && scalars[$0].isFinite }) {
            throw SafetensorsError.unwritable(
              file: url.path, reason: "\(name) has the element \(scalars[place]), beyond the range of \(type.rawValue)")
          }
          try words.withUnsafeBytes(write)
        }
      }
    }
  }

  private static func safetensorsHeader(
    _ ordered: [(name: String, tensor: Tensor, type: SafetensorsFile.ElementType)], _ metadata: [String: String]
  ) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .map { "\($0.key.quotedAsJSON(.python)):\($0.value.quotedAsJSON(.python))" }
      members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var begin = 0
    for (name, tensor, type) in ordered {
      precondition([.float32, .bfloat16, .float16].contains(type), "\(name): tensors are not written as \(type)")
      let (end, name) = (begin + type.bitCount / 8 * tensor.count, name.quotedAsJSON(.python))
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append("\(name):{\"dtype\":\"\(type.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(begin),\(end)]}")
      begin = end
    }
    var json = Array("{\(members.joined(separator: ","))}".utf8)
    while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
    return withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json
  }
}

extension Float {
  /// The nearest bfloat16 number, ties to even, as its bits. NaN stays one.
  var bfloat16Bits: UInt16 {
    guard !isNaN else { return UInt16(bitPattern >> 16) | 0x40 }
    return UInt16((bitPattern + 0x7FFF + (bitPattern >> 16 & 1)) >> 16)
  }
}
