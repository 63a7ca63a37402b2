/// Text from data files, services and people, as it may stand on a terminal.
package enum ShownText {
  /// The text with each sign by which it could command a terminal, or hide what it says, written out as `\u{1b}`: control
  /// characters other than line ends and tabs, other ends of lines, and those that turn the direction of writing (Unicode
  /// Standard Annex 9: https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters).
  package static func safe(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: commands) else { return text }
    var shown = ""
    for scalar in text.unicodeScalars {
      if commands(scalar) {
        shown += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        shown.unicodeScalars.append(scalar)
      }
    }
    return shown
  }

  private static func commands(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: false
    case ..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
