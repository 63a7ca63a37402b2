/// Text that is safe to stand in a page: whatever is put into it as a `String` is escaped, so that no caption, name or
/// rationale can end up as markup. Only string literals in our own sources and other `HTML` pass as they are.
///
/// ```swift
/// let caption = "<script>alert(1)</script>"
/// let line: HTML = "<p>\(caption)</p>"
/// line.text  // "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"
/// ```
package struct HTML: ExpressibleByStringInterpolation, Sendable, Equatable {
  package var text: String

  package init(stringLiteral: String) { text = stringLiteral }

  package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

  /// Markup that was checked elsewhere.
  package init(trusted: String) { text = trusted }

  package static func + (left: HTML, right: HTML) -> HTML { HTML(trusted: left.text + right.text) }
  package static func += (left: inout HTML, right: HTML) { left.text += right.text }
  package static func += (left: inout HTML, right: [HTML]) { for part in right { left.text += part.text } }

  package struct StringInterpolation: StringInterpolationProtocol, Sendable {
    var text = ""

    package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity * 2) }

    package mutating func appendLiteral(_ literal: String) { text += literal }
    package mutating func appendInterpolation(_ value: String) { text += HTML.escaped(value) }
    package mutating func appendInterpolation(_ value: Int) { text += "\(value)" }
    package mutating func appendInterpolation(_ html: HTML) { text += html.text }
    package mutating func appendInterpolation(_ html: HTML?) { text += html?.text ?? "" }
    package mutating func appendInterpolation(_ parts: [HTML]) { for part in parts { text += part.text } }

    /// A coordinate in pixels, to a tenth.
    package mutating func appendInterpolation(px value: Double) {
      let tenths = Int((value * 10).rounded())
      text += tenths % 10 == 0 ? "\(tenths / 10)" : "\(Double(tenths) / 10)"
    }
  }

  /// Text with the five characters that markup is made of written as entities, and control characters, which no page
  /// may hold, replaced.
  static func escaped(_ value: String) -> String {
    var out: [UInt8] = []
    out.reserveCapacity(value.utf8.count)
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "&"): out += "&amp;".utf8
      case UInt8(ascii: "<"): out += "&lt;".utf8
      case UInt8(ascii: ">"): out += "&gt;".utf8
      case UInt8(ascii: "\""): out += "&quot;".utf8
      case UInt8(ascii: "'"): out += "&#39;".utf8
      case 0..<9, 11..<13, 14..<32, 127: out += "\u{FFFD}".utf8
      default: out.append(byte)
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
