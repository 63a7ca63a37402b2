import Foundation
import TeacherProtocol

/// A reply with changes that say nothing: white space, fences, markup, quotes, letter case, marks, full width, thoughts before
/// it and marks of the turn behind it.
struct MangledReply {
  let text: String
  /// What was done, for messages.
  let changes: [String]

  /// - Parameters:
  ///   - reply: the reply.
  ///   - label: the label that it gives, and where its words stand; nil where it gives none.
  ///   - other: words of another label, for drafts in thoughts.
  init(
    _ reply: String, label: Range<String.Index>?, other: String, using generator: inout some RandomNumberGenerator
  ) {
    var text = reply
    var changes: [String] = []
    // Changes at the label come first, while its place is known.
    if let label, !reply[label.upperBound...].hasPrefix(".0"), Int.random(in: 0..<3, using: &generator) == 0 {
      let words = String(reply[label])
      let around = Self.wrappings.randomElement(using: &generator) ?? ("", "")
      text = String(reply[..<label.lowerBound]) + around.0 + words + around.1 + String(reply[label.upperBound...])
      changes.append("\(around.0)label\(around.1)")
    }
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      guard let change = Change.allCases.randomElement(using: &generator) else { continue }
      text = Self.changed(text, change, other: other, using: &generator)
      changes.append(change.rawValue)
    }
    self.text = text
    self.changes = changes
  }

  private static let wrappings = [
    ("**", "**"), ("_", "_"), ("`", "`"), ("***", "***"), ("<b>", "</b>"), ("“", "”"), ("'", "'"),
  ]

  private enum Change: String, CaseIterable {
    case outerSpace, innerSpace, lineEnds, emptyLines, fence, quotes, upperCase, lowerCase, typographicQuotes,
      fullWidthMarks
    case fullWidthLetters, listMark, endOfTurn, thought, trailingComma, blankLineEnds, bold
  }

  private static func changed(
    _ text: String, _ change: Change, other: String, using generator: inout some RandomNumberGenerator
  ) -> String {
    func one(_ choices: [String]) -> String { choices.randomElement(using: &generator) ?? "" }
    let hasObject = text.contains("{")
    switch change {
    case .outerSpace:
      let spaces = ["", " ", "\n", "\n\n", "\t", "\r\n", "\u{A0}", "\u{3000}", "\u{FEFF}", "\u{200B}", "  \n "]
      return one(spaces) + text + one(spaces)
    case .innerSpace:
      return text.replacingOccurrences(of: " ", with: one(["  ", "\u{A0}", "\u{2009}", " \t", "\u{202F}"]))
    case .lineEnds: return text.replacingOccurrences(of: "\n", with: one(["\r\n", "\r", "\u{2028}"]))
    case .emptyLines: return text.replacingOccurrences(of: "\n", with: "\n\n")
    case .blankLineEnds: return text.replacingOccurrences(of: "\n", with: "  \n")
    case .fence: return one(["```\n", "```json\n", "```text\n", "~~~\n"]) + text + "\n```"
    case .quotes:
      let pair =
        [("\"", "\""), ("“", "”"), ("«", "»"), ("「", "」"), ("'", "'")].randomElement(using: &generator) ?? ("", "")
      return pair.0 + text + pair.1
    // An escape in capitals is another one.
    case .upperCase: return text.contains("\\") ? text : text.uppercased()
    case .lowerCase: return text.lowercased()
    case .typographicQuotes:
      var isOpening = false
      return String(
        text.map { character -> Character in
          switch character {
          case "'": return "’"
          case "\"" where !text.contains("\\\""):
            isOpening.toggle()
            return isOpening ? "“" : "”"
          default: return character
          }
        })
    case .fullWidthMarks:
      let wide: [Character: Character] = [",": "，", ":": "：", "!": "！", "(": "（", ")": "）", ";": "；", ".": "．"]
      let characters = Array(text)
      return String(
        characters.indices.map { place -> Character in
          // A point within a number, and marks within a special token or a tag, are no marks of the text.
          let isInside = place + 1 < characters.count && characters[place + 1].isNumber
          return isInside ? characters[place] : wide[characters[place]] ?? characters[place]
        })
    case .fullWidthLetters:
      guard !text.contains("<"), !text.contains("\\"), !text.contains("["), !hasObject else { return text }
      return String(
        String.UnicodeScalarView(
          text.unicodeScalars.map { scalar in
            let isLetter = scalar.isASCII && (Character(scalar).isLetter || Character(scalar).isNumber)
            return isLetter ? Unicode.Scalar(scalar.value + 0xFEE0) ?? scalar : scalar
          }))
    case .listMark: return one(["- ", "* ", "> ", "• ", "# "]) + text
    case .bold: return "**" + text + "**"
    case .endOfTurn: return text + one(["<|im_end|>", "</s>", "<|eot_id|>", "<end_of_turn>", "<|endoftext|>"])
    case .thought:
      let draft = one(["\(other). ", "{\"label\": \"\(other)\"}\n", "Final answer: \(other)? ", "Hm, {a} {b}. "])
      let tags = [
        ("<think>", "</think>"), ("<think>\n", "\n</think>\n\n"), ("[THINK]", "[/THINK]"), ("◁think▷", "◁/think▷"),
      ]
      let pair = tags.randomElement(using: &generator) ?? ("", "")
      return pair.0 + draft + "But wait." + pair.1 + text
    case .trailingComma: return text.replacingOccurrences(of: "\"}", with: "\",}")
    }
  }
}
