internal import JSON
import Foundation
import TeacherProtocol

/// A number as an answer may spell it: no exponent, at most fifteen digits before and six after the point, within bounds.
struct NumberForm: Sendable, Equatable {
  var isWhole: Bool
  var range: ClosedRange<Double>
  private static let (digits, decimals) = (15, 6)

  init(_ schema: JSONValue, isWhole: Bool, at place: String) throws(ChatError) {
    self.isWhole = isWhole
    let low = schema["minimum"]?.double ?? -.greatestFiniteMagnitude
    let high = schema["maximum"]?.double ?? .greatestFiniteMagnitude
    guard low <= high else { throw .invalid(place, "minimum is more than maximum.") }
    range = low...high
    guard allows([]) else { throw .unsupported(place, "No number of fifteen digits is within these bounds.") }
  }

  static let any = NumberForm()

  private init() {
    isWhole = false
    range = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
  }

  /// Whether the text is a number of this form.
  func isComplete(_ text: [UInt8]) -> Bool {
    guard let last = text.last, (0x30...0x39).contains(last), allows(text) else { return false }
    return Double(String(decoding: text, as: UTF8.self)).map(range.contains) ?? false
  }

  /// Whether the text is the beginning of a number of this form, or one.
  func allows(_ text: [UInt8]) -> Bool {
    // At the very beginning both signs are open.
    if text.isEmpty, allows([UInt8(ascii: "-")]) { return true }
    let isNegative = text.first == UInt8(ascii: "-")
    let parts = text.dropFirst(isNegative ? 1 : 0).split(
      separator: UInt8(ascii: "."), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count <= 2, let head = parts.first, parts.joined().allSatisfy({ (0x30...0x39).contains($0) }) else {
      return false
    }
    guard head.count <= Self.digits, head.count < 2 || head.first != UInt8(ascii: "0") else { return false }
    if parts.count == 2 {
      guard !isWhole, !head.isEmpty, parts[1].count <= Self.decimals else { return false }
    }
    return spans(head, parts.count == 2 ? parts[1] : nil).contains { low, high in
      isNegative
        ? -high <= range.upperBound && -low >= range.lowerBound : low <= range.upperBound && high >= range.lowerBound
    }
  }

  /// Where the amount may still come to lie: between these bounds, both within reach.
  private func spans(_ head: ArraySlice<UInt8>, _ tail: ArraySlice<UInt8>?) -> [(low: Double, high: Double)] {
    guard !head.isEmpty else { return [(0, pow(10, Double(Self.digits)) - 1)] }
    func number(_ text: some Sequence<UInt8>) -> Double { Double(String(decoding: Array(text), as: UTF8.self)) ?? 0 }
    if let tail {
      let low = number(Array(head) + [UInt8(ascii: ".")] + Array(tail) + [UInt8(ascii: "0")])
      let step = pow(10, -Double(tail.count)) - pow(10, -Double(Self.decimals))
      return [(low, low + step)]
    }
    let whole = number(head)
    let fraction = isWhole ? 0 : 1 - pow(10, -Double(Self.decimals))
    guard whole > 0 else { return [(0, fraction)] }
    return (0...(Self.digits - head.count)).map { more in
      let scale = pow(10, Double(more))
      return (whole * scale, (whole + 1) * scale - 1 + fraction)
    }
  }
}
