internal import Foundation

/// Files as nobody should write them: real ones with bytes changed, cut, repeated and put in from elsewhere.
///
/// How many cases a test tries comes from the environment: `DAMAGED_CASES`, 300 where it says nothing; `DAMAGE_SEED` chooses
/// others. A case that ends the process is in the file that ``tryAll(_:from:words:limit:body:)`` names.
public struct Damage {
  /// Cases of a test.
  public static let cases = number("DAMAGED_CASES") ?? 300
  private static let seed = number("DAMAGE_SEED") ?? 1
  /// Seconds of the processor after which a case hangs.
  private static let patience = 1.0

  private var generator: SplitMix

  /// - Parameter seed: the same gives the same damage.
  public init(seed: UInt64) { generator = SplitMix(state: seed) }

  private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

  /// Runs the closure on damaged copies of files, and says which of them took longer than a second or more memory than
  /// allowed.
  ///
  /// - Parameters:
  ///   - name: what is read, for messages and the file of the case at hand.
  ///   - originals: files as they should be.
  ///   - words: what may be put in, such as the words of a format's grammar.
  ///   - limit: the most bytes of memory that a case may take.
  ///   - repair: mends what a reader checks first, so that damage reaches what lies behind it. The default does nothing.
  ///   - body: reads the bytes; errors are its own affair.
  /// - Returns: what went wrong.
  public static func tryAll(
    _ name: String, from originals: [[UInt8]], words: [String] = [], limit: Int,
    repair: (inout [UInt8], inout Damage) -> Void = { _, _ in }, body: ([UInt8], inout Damage) -> Void
  ) throws -> [String] {
    let kept = FileManager.default.temporaryDirectory.appendingPathComponent("damaged-\(name).bin")
    try Data().write(to: kept)
    // Open throughout: closing a file that was written over waits for the disk.
    let file = try FileHandle(forWritingTo: kept)
    var faults: [String] = []
    var memory = MemoryGauge()
    for number in 0..<cases {
      if number.isMultiple(of: 200) { memory.begin() }
      var damage = Damage(seed: UInt64(seed) << 32 | UInt64(number))
      var bytes = damage.damaged(originals, words: words.map { Array($0.utf8) })
      repair(&bytes, &damage)
      try file.truncate(atOffset: 0)
      try file.write(contentsOf: bytes)
      let start = processorSeconds()
      body(bytes, &damage)
      let (seconds, growth) = (processorSeconds() - start, memory.growth())
      guard seconds > patience || growth > limit else { continue }
      let copy = kept.deletingLastPathComponent().appendingPathComponent("damaged-\(name)-\(seed)-\(number).bin")
      try Data(bytes).write(to: copy)
      faults.append("\(copy.path): \(seconds) s, \(growth >> 20) MiB")
      memory.begin()
    }
    try FileManager.default.removeItem(at: kept)
    return faults
  }

  /// A number from 0 to below `count`.
  public mutating func below(_ count: Int) -> Int { Int.random(in: 0..<max(1, count), using: &generator) }

  /// A copy of one of the files with one to six changes.
  mutating func damaged(_ originals: [[UInt8]], words: [[UInt8]]) -> [UInt8] {
    var bytes = originals[below(originals.count)]
    for _ in 0...below(6) { change(&bytes, originals, words) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8], _ originals: [[UInt8]], _ words: [[UInt8]]) {
    let at = below(bytes.count + 1)
    let end = min(bytes.count, at + 1 + below(below(2) == 0 ? 4 : 200))
    switch below(9) {
    case 0 where at < bytes.count: bytes[at] ^= 1 << UInt8(below(8))
    case 1 where at < bytes.count: bytes[at] = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x7b, 0x5d, 0xc3][below(9)]
    case 2: bytes.removeSubrange(at..<end)
    case 3: bytes.insert(contentsOf: bytes[at..<end], at: below(bytes.count + 1))
    case 4: bytes.insert(contentsOf: repeatElement(UInt8(below(256)), count: 1 + below(64)), at: at)
    case 5 where !words.isEmpty: bytes.insert(contentsOf: words[below(words.count)], at: at)
    case 6:
      let other = originals[below(originals.count)]
      let from = below(other.count)
      bytes.insert(contentsOf: other[from..<min(other.count, from + 1 + below(300))], at: at)
    case 7:
      let numbers = ["0", "-1", "4294967296", "18446744073709551615", "1e400", "99999999999999999999999", "0.5", "1e9"]
      bytes.replaceSubrange(at..<end, with: numbers[below(numbers.count)].utf8)
    case 8 where below(4) == 0: bytes.removeSubrange(at...)
    default: if at < bytes.count { bytes[at] = UInt8(below(256)) }
    }
  }
}

/// Seconds that this thread has had of a processor: other processes do not count.
public func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The most memory that the process had at one time since a moment, over what it had then.
private struct MemoryGauge {
  private var before = 0

  mutating func begin() {
    try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
    before = Self.most
  }

  func growth() -> Int { Self.most - before }

  private static var most: Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (line.split { !$0.isNumber }.first.flatMap { Int($0) } ?? 0) * 1024
  }
}

/// Vigna's SplitMix64.
public struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  /// - Parameter state: the same gives the same numbers.
  public init(state: UInt64) { self.state = state }

  /// The next number.
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
