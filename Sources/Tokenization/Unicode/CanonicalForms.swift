/// The four Unicode normalization forms, with the tables of the library whose tokens are to be reproduced.
///
/// Swift's and Foundation's own forms follow a newer Unicode version; they differ in the scalars added since.
enum CanonicalForm: String, Sendable, CaseIterable {
  case nfc = "NFC"
  case nfd = "NFD"
  case nfkc = "NFKC"
  case nfkd = "NFKD"

  /// Brings a text into this form.
  func apply(to text: inout NormalizedText) {
    // Below U+00C0 nothing decomposes canonically, below U+00A0 nothing at all; the composed forms of what lies below
    // U+0300 are themselves.
    let isCompatible = self == .nfkc || self == .nfkd
    let isComposed = self == .nfc || self == .nfkc
    let bound: UInt8 = isCompatible ? 0x80 : isComposed ? 0xCC : 0x80
    if text.bytes.allSatisfy({ $0 < bound }) { return }
    let tables = DecompositionTables.shared
    var items: [(scalar: UInt32, change: Int)] = []
    items.reserveCapacity(text.bytes.count)
    // Marks since the last starter are put in the order of their classes before anything else follows.
    var unordered = 0
    func order() {
      guard items.count - unordered > 1 else { return }
      // Sorted by class and then by place: the order of marks of one class must stay, and `sorted` does not promise that.
      let run = items[unordered...].enumerated().sorted {
        let (a, b) = (tables.combiningClass(of: $0.element.scalar), tables.combiningClass(of: $1.element.scalar))
        return a != b ? a < b : $0.offset < $1.offset
      }
      items.replaceSubrange(unordered..., with: run.map(\.element))
    }
    for scalar in text.bytes.scalars {
      var isFirst = true
      tables.forEachPart(of: scalar, isCompatible: isCompatible) { part in
        if tables.combiningClass(of: part) == 0 {
          order()
          items.append((part, isFirst ? 0 : 1))
          unordered = items.count
        } else {
          items.append((part, isFirst ? 0 : 1))
        }
        isFirst = false
      }
    }
    order()
    if isComposed { Self.compose(&items, tables) }
    text.transform(items)
  }

  /// Joins what a starter and the marks after it make together.
  private static func compose(_ items: inout [(scalar: UInt32, change: Int)], _ tables: DecompositionTables) {
    var starter = -1
    var lastClass: UInt8 = 0
    var write = 0
    for read in items.indices {
      let item = items[read]
      let type = tables.combiningClass(of: item.scalar)
      // A mark joins the starter unless one of its class or higher, or another starter, stands between.
      let isFree = starter == write - 1 || (lastClass != 0 && lastClass < type)
      if starter >= 0, isFree, let joined = tables.composition(items[starter].scalar, item.scalar) {
        // Each item stands for 1 - change old scalars; the join stands for those of both.
        items[starter] = (joined, items[starter].change + item.change - 1)
        continue
      }
      if type == 0 { starter = write }
      lastClass = type
      items[write] = item
      write += 1
    }
    items.removeLast(items.count - write)
  }
}

/// Decompositions, combining classes and compositions, read once from the generated data.
struct DecompositionTables: Sendable {
  static let shared = DecompositionTables()

  private var canonical: [UInt32: [UInt32]] = [:]
  private var compatible: [UInt32: [UInt32]] = [:]
  private var classes: [UInt32: UInt8] = [:]
  private var compositions: [UInt64: UInt32] = [:]

  private init() {
    func scalars(_ group: ArraySlice<Int>) -> [UInt32] { group.map { UInt32($0) } }
    /// The entries of a table, each with its scalar: the first number is the distance from the entry before.
    func read(_ table: StaticString, _ body: (UInt32, ArraySlice<Int>) -> Void) {
      var last = 0
      PackedNumbers.forEachGroup(of: table) { group in
        last += group[0]
        body(UInt32(last), group[1...])
      }
    }
    read(NormalizationData.canonical) { canonical[$0] = scalars($1) }
    read(NormalizationData.compatible) { compatible[$0] = scalars($1) }
    read(NormalizationData.combining) { classes[$0] = UInt8($1[1]) }
    read(NormalizationData.composition) { compositions[UInt64($1[1]) << 32 | UInt64($1[2])] = $0 }
  }

  /// 0 for starters.
  func combiningClass(of scalar: UInt32) -> UInt8 { scalar < 0x300 ? 0 : classes[scalar] ?? 0 }

  /// Calls `body` with each scalar of the full decomposition.
  func forEachPart(of scalar: UInt32, isCompatible: Bool, _ body: (UInt32) -> Void) {
    if scalar < 0xA0 { return body(scalar) }
    if (0xAC00..<0xAC00 + 11172).contains(scalar) {
      let index = scalar - 0xAC00
      body(0x1100 + index / 588)
      body(0x1161 + index % 588 / 28)
      if index % 28 != 0 { body(0x11A7 + index % 28) }
      return
    }
    if let parts = isCompatible ? compatible[scalar] ?? canonical[scalar] : canonical[scalar] {
      for part in parts { body(part) }
    } else {
      body(scalar)
    }
  }

  /// What two scalars make together; nil if nothing.
  func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if (0x1100..<0x1113).contains(first), (0x1161..<0x1176).contains(second) {
      return 0xAC00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28
    }
    if (0xAC00..<0xAC00 + 11172).contains(first), (first - 0xAC00) % 28 == 0, (0x11A8..<0x11C3).contains(second) {
      return first + second - 0x11A7
    }
    return compositions[UInt64(first) << 32 | UInt64(second)]
  }
}
