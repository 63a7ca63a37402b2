internal import Foundation

/// How numbers are spelled for readers: the same in tables, progress lines and reports, and in every locale.
package enum NumberText {
  /// A whole number with commas between thousands: 14,034.
  package static func grouped(_ number: Int) -> String {
    var digits = String(number.magnitude)
    var end = digits.endIndex
    while let comma = digits.index(end, offsetBy: -3, limitedBy: digits.startIndex), comma > digits.startIndex {
      digits.insert(",", at: comma)
      end = comma
    }
    return (number < 0 ? "-" : "") + digits
  }

  /// A whole number with its noun, whose plural has an s: "1 item", "2,000 items".
  package static func counted(_ number: Int, _ noun: String) -> String {
    "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
  }

  /// A number with a fixed count of digits after the point.
  package static func fixed(_ number: Double, digits: Int) -> String { String(format: "%.\(digits)f", number) }

  /// A number with its sign always shown (a plain hyphen for minus), so that gains and losses line up; zero has a plus.
  package static func signed(_ number: Double, digits: Int) -> String {
    let text = fixed(abs(number), digits: digits)
    return (number < 0 && text.contains { $0 != "0" && $0 != "." } ? "-" : "+") + text
  }

  /// About three digits of a number of any size: 0.000123 is "1.23e-04", 0.4567 "0.457", 12345.6 "12,346".
  package static func short(_ number: Double) -> String {
    let size = abs(number)
    guard number.isFinite else { return number.isNaN ? "not a number" : number < 0 ? "-infinite" : "infinite" }
    if size == 0 { return "0" }
    if size < 0.001 || size >= 1e9 { return String(format: "%.2e", number) }
    if size < 9.9995 { return fixed(number, digits: 3) }
    if size < 999.95 { return fixed(number, digits: 1) }
    return grouped(Int(number.rounded()))
  }

  /// A stretch of time in its two largest units: "2 h 5 min", "3 min 52 s", "8 s", "0.4 s".
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "unknown" }
    if seconds < 9.95 { return seconds < 0.05 ? "0 s" : fixed(seconds, digits: 1).replacing(".0", with: "") + " s" }
    let whole = Int(seconds.rounded())
    let (days, hours, minutes, rest) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60, whole % 60)
    if days > 0 { return "\(days) d \(hours) h" }
    if hours > 0 { return "\(hours) h \(minutes) min" }
    if minutes > 0 { return "\(minutes) min \(rest) s" }
    return "\(rest) s"
  }
}

extension Float {
  /// The decimal number that was asked for: 0.1, and not 0.10000000149.
  package var decimal: Double { Double("\(self)") ?? Double(self) }
}
