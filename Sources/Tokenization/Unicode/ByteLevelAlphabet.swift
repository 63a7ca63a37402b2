/// GPT-2's spelling of bytes as visible characters, under which byte-level vocabularies are written.
///
/// Printable bytes stand for themselves; the 68 others, in order, for the scalars from U+0100 on, so that a space is "Ġ"
/// (`bytes_to_unicode` of the GPT-2 release).
enum ByteLevelAlphabet {
  /// The scalar that stands for each byte.
  static let scalars: [UInt32] = {
    var next: UInt32 = 0x100
    return (0..<256).map { byte in
      let isPrintable = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
      if isPrintable { return UInt32(byte) }
      defer { next += 1 }
      return next
    }
  }()

  /// The UTF-8 spelling of each byte.
  static let spellings: [[UInt8]] = scalars.map { scalar in
    var bytes: [UInt8] = []
    bytes.append(scalar: scalar)
    return bytes
  }

  /// The byte that each scalar below U+0144 stands for; -1 where it stands for none.
  private static let inverse: [Int16] = {
    var inverse = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { inverse[Int(scalar)] = Int16(byte) }
    return inverse
  }()

  /// The byte that a scalar stands for; nil when it stands for none.
  static func byte(for scalar: UInt32) -> UInt8? {
    guard scalar < 0x144, inverse[Int(scalar)] >= 0 else { return nil }
    return UInt8(inverse[Int(scalar)])
  }

  /// The text with every byte spelled out.
  static func spell(_ bytes: [UInt8]) -> [UInt8] { bytes.flatMap { spellings[Int($0)] } }

  /// The bytes that a text spells; nil if one of its characters stands for no byte.
  static func read(_ text: [UInt8]) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    for scalar in text.scalars {
      guard let byte = byte(for: scalar) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}
