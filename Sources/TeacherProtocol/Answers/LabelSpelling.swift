import Foundation

/// The equality of spellings of a label or an id: one rule for configurations, data files and replies.
///
/// ```swift
/// LabelSpelling.key("D’accord") == LabelSpelling.key("d'Accord")   // quotes and letter case
/// LabelSpelling.key("ＹＥＳ") == LabelSpelling.key("yes")            // full width
/// LabelSpelling.key("1.0") == LabelSpelling.key("1")               // as pandas writes a column that has a gap
/// ```
package enum LabelSpelling {
  /// One text for all spellings of a label: compatibility forms (NFKC), apostrophes, quotes and dashes, white space and
  /// letter case are made alike, characters without width are left out, and a whole number loses its decimals.
  package static func key(_ text: String) -> String {
    if let key = keyOfASCII(text) { return whole(key) ?? key }
    var key = ""
    for character in text {
      let folded = folded(character)
      if folded == " " {
        if !key.isEmpty, key.last != " " { key += " " }
      } else {
        key += folded
      }
    }
    if key.last == " " { key.removeLast() }
    return whole(key) ?? key
  }

  /// The same for a text of ASCII, as most are, before whole numbers are looked at; nil for any other.
  private static func keyOfASCII(_ text: String) -> String? {
    var key: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x80...: return nil
      case 0x20, 0x09...0x0D: if let last = key.last, last != 0x20 { key.append(0x20) }
      case 0x41...0x5A: key.append(byte + 0x20)
      default: key.append(byte)
      }
    }
    if key.last == 0x20 { key.removeLast() }
    return String(decoding: key, as: UTF8.self)
  }

  /// The text as it was written, without outer white space, and a whole number without its decimals: what an id or a raw
  /// label is called.
  package static func plain(_ text: String) -> String {
    let trimmed = String(AnswerWords.trimmed(text[...]))
    return whole(trimmed) ?? trimmed
  }

  /// `-1.00` as `-1`; nil for anything else than a whole number with decimals.
  private static func whole(_ text: String) -> String? {
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[1].isEmpty, parts[1].allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
    let digits = parts[0].first == UInt8(ascii: "-") ? parts[0].dropFirst() : parts[0]
    guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return String(Substring(parts[0]))
  }

  /// One character as keys have it: empty where it has no width, one space for white space of any kind.
  static func folded(_ character: Character) -> String {
    if let ascii = character.asciiValue {
      if ascii == 0x20 || (0x09...0x0D).contains(ascii) { return " " }
      if (0x41...0x5A).contains(ascii) { return String(Unicode.Scalar(ascii + 0x20)) }
      return String(character)
    }
    let scalars = character.unicodeScalars
    if let scalar = scalars.first, scalars.index(after: scalars.startIndex) == scalars.endIndex {
      switch scalar.value {
      // Han, Hiragana, Katakana and Hangul have neither case nor compatibility forms here.
      case 0x4E00...0x9FFF, 0x3041...0x3096, 0x30A1...0x30FA, 0xAC00...0xD7A3: return String(character)
      case 0x0410...0x042F: return String(Unicode.Scalar(scalar.value + 0x20) ?? scalar)
      case 0x0430...0x044F, 0x0451...0x045F, 0x0491: return String(character)
      case 0xFF01...0xFF5E:
        let narrow = UInt8(scalar.value - 0xFEE0)
        return String(Unicode.Scalar((0x41...0x5A).contains(narrow) ? narrow + 0x20 : narrow))
      default: break
      }
    }
    if character.isWhitespace { return " " }
    // A letter under a heap of marks is no spelling of another one, and slow to compose.
    if character.utf8.count > 64 { return String(character) }
    // The acute accent by itself would become a space with a mark.
    if character == "\u{B4}" { return "'" }
    var folded = ""
    for scalar in String(character).precomposedStringWithCompatibilityMapping.unicodeScalars {
      switch scalar.value {
      case 0x2018...0x201B, 0x2032, 0x02B9, 0x02BB...0x02BD, 0x07F4, 0x055A: folded += "'"
      case 0x201C...0x201F, 0x2033, 0x00AB, 0x00BB, 0x301D...0x301F: folded += "\""
      case 0x2010...0x2015, 0x2212, 0xFE58: folded += "-"
      case 0x3002: folded += "."
      case 0x3001: folded += ","
      case 0x00AD, 0x061C, 0x180E, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2064, 0xFE00...0xFE0F, 0xFEFF: break
      default:
        // Upper case first: "ß" and "SS" are one letter by the Unicode standard's full folding.
        for upper in scalar.properties.uppercaseMapping.unicodeScalars { folded += upper.properties.lowercaseMapping }
      }
    }
    return folded
  }
}

/// The names of labels where no set says what they are called: of several spellings of one label the first that was seen.
package struct RawLabelNames: Sendable, Equatable {
  private var names: [String: String] = [:]

  package init() {}

  /// Whether a spelling of this label was seen.
  package func has(_ text: String) -> Bool { names[LabelSpelling.key(text)] != nil }

  /// What the labels are called, in the order of letters.
  package var all: [String] { names.values.sorted() }

  /// What this spelling's label is called.
  package mutating func name(_ text: String) -> String {
    let key = LabelSpelling.key(text)
    if let name = names[key] { return name }
    let name = LabelSpelling.plain(text)
    names[key] = name
    return name
  }
}
