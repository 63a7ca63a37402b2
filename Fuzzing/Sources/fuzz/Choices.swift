/// A stream of bytes as a stream of choices, by which a grammar makes a text. When the bytes are used up every choice is
/// the first, which grammars make the shortest.
struct Choices {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: UnsafeBufferPointer<UInt8>) { rest = Array(bytes)[...] }

  /// A number from 0 to below `count`.
  mutating func below(_ count: Int) -> Int {
    guard count > 1, let byte = rest.popFirst() else { return 0 }
    if count <= 256 { return Int(byte) % count }
    return (Int(byte) << 8 | Int(rest.popFirst() ?? 0)) % count
  }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// Whether something happens: once in `count` times, and never when the bytes are used up.
  mutating func happens(oneIn count: Int) -> Bool { !rest.isEmpty && below(count) == count - 1 }

  /// Up to `most` parts.
  mutating func several<Element>(_ most: Int, _ part: (inout Choices) -> Element) -> [Element] {
    var parts: [Element] = []
    let count = below(most + 1)
    while parts.count < count { parts.append(part(&self)) }
    return parts
  }

  /// Numbers at the edges of types and of what is reasonable.
  mutating func number() -> String {
    pick([
      "0", "1", "2", "-1", "3", "7", "63", "64", "1000", "100000", "2147483647", "4294967296", "9007199254740993",
      "9223372036854775807", "-9223372036854775808", "18446744073709551616", "0.5", "-0.0", "1e9", "1e300", "1e999999",
      String(repeating: "9", count: 400),
    ])
  }

  mutating func text() -> String {
    let part = pick([
      "", "a", "b", " ", "\n", "é", "e\u{301}", "日本", "\u{1F469}\u{200D}\u{1F469}", "\u{0}", "<s>", "ab\"'\\", "▁",
      "##",
    ])
    return happens(oneIn: 8) ? String(repeating: part, count: pick([2, 30, 1000])) : part
  }
}
