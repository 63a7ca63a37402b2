/// Lower-case mappings scalar by scalar, without regard to neighbours.
enum Lowercase {
  private static let mappings: [UInt32: [UInt32]] = {
    var mappings: [UInt32: [UInt32]] = [:]
    var last = 0
    PackedNumbers.forEachGroup(of: LowercaseData.mappings) { group in
      last += group[0]
      mappings[UInt32(last)] = group[1...].map { UInt32($0) }
    }
    return mappings
  }()

  /// The lower-case form of a scalar; nil if it is itself.
  static func mapping(of scalar: UInt32) -> [UInt32]? {
    if scalar < 0x80 { return (0x41...0x5A).contains(scalar) ? [scalar | 0x20] : nil }
    return mappings[scalar]
  }

  /// All pairs of a scalar and its lower-case form where that is one scalar.
  static var pairs: [(UInt32, UInt32)] { mappings.compactMap { $1.count == 1 ? ($0, $1[0]) : nil } }
}

extension NormalizedText {
  /// Maps every scalar to its lower-case form.
  mutating func lowercase() {
    if bytes.isASCII { return mapASCII { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 } }
    var changes: [(scalar: UInt32, change: Int)] = []
    changes.reserveCapacity(bytes.count)
    for scalar in bytes.scalars {
      guard let mapping = Lowercase.mapping(of: scalar) else {
        changes.append((scalar, 0))
        continue
      }
      for (i, part) in mapping.enumerated() { changes.append((part, i == 0 ? 0 : 1)) }
    }
    transform(changes)
  }
}
