/// Reads the generated tables: groups of base-36 numbers, `.` between the numbers and a space between the groups.
struct PackedNumbers: Sequence, IteratorProtocol {
  private let start: UnsafePointer<UInt8>
  private let count: Int
  private var at = 0

  init(_ text: StaticString) {
    start = text.utf8Start
    count = text.utf8CodeUnitCount
  }

  /// The next number and whether it is the last of its group.
  mutating func next() -> (value: Int, endsGroup: Bool)? {
    guard at < count else { return nil }
    var value = 0
    while at < count {
      let byte = start[at]
      at += 1
      if byte == UInt8(ascii: ".") { return (value, false) }
      if byte == UInt8(ascii: " ") { return (value, true) }
      value = value * 36 + Int(byte < 0x3A ? byte - 0x30 : byte - 0x61 + 10)
    }
    return (value, true)
  }

  /// Calls `body` with each group in turn.
  static func forEachGroup(of text: StaticString, _ body: ([Int]) -> Void) {
    var group: [Int] = []
    for (value, endsGroup) in PackedNumbers(text) {
      group.append(value)
      if endsGroup {
        body(group)
        group.removeAll(keepingCapacity: true)
      }
    }
  }
}
