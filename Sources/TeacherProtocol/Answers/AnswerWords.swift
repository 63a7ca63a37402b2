import Foundation

/// How the words of an answer are taken apart.
enum AnswerWords {
  private static let wrapping: Set<Character> = ["*", "\"", "'", "`", "_", "#", "“", "”", "(", "["]

  /// The text from its first word on.
  static func bare(_ text: Substring) -> Substring {
    text.drop { $0.isWhitespace || wrapping.contains($0) }
  }

  /// What follows these words at the beginning of the text, if they are followed by the end of a word.
  static func after(_ words: String, in text: Substring) -> Substring? {
    guard let range = text.range(of: words, options: [.caseInsensitive, .anchored]) else { return nil }
    let rest = text[range.upperBound...]
    if let next = rest.first, next.isLetter || next.isNumber { return nil }
    return rest
  }

  /// The reasons that follow a label.
  static func rationale(_ text: Substring) -> String {
    let marks: Set<Character> = [".", ",", ":", ";", "-", "–", "—", "!", ")", "]"]
    return String(trimmed(text.drop { $0.isWhitespace || wrapping.contains($0) || marks.contains($0) }))
  }

  /// Without white space at either end. Answers of ten megabytes come, and `trimmingCharacters` takes them apart whole.
  static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop(while: \.isWhitespace)
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }

  /// What stands in a label's place: the rest of its line, if that is short enough to be one.
  static func label(_ text: Substring) -> String? {
    let line = text.prefix { !$0.isNewline }.prefix { !".,;".contains($0) }
    let label = line.trimmingCharacters(in: .whitespaces.union(CharacterSet(charactersIn: "*\"'`_)]")))
    return label.isEmpty || label.count > 40 ? nil : label
  }

  /// A last line that states a confidence, and the text without it.
  static func confidence(endingIn text: String) -> (rest: String, confidence: Confidence?) {
    // Such a line is short, so a long one need not be gone through for its beginning.
    let end = text.suffix(200)
    guard
      let start = end.lastIndex(where: \.isNewline).map(text.index(after:))
        ?? (end.startIndex == text.startIndex ? text.startIndex : nil)
    else { return (text, nil) }
    guard let after = after("confidence", in: bare(text[start...])) else { return (text, nil) }
    let value = after.drop { $0.isWhitespace || "*:=".contains($0) }
    let number = value.trimmingCharacters(in: CharacterSet(charactersIn: ".*_ \t"))
    guard let confidence = confidence(number) else { return (text, nil) }
    return (String(trimmed(text[..<start])), confidence)
  }

  /// 0...1, or per cent above 1 or with a sign: "85 %", 85, 0.85.
  static func confidence(_ text: String) -> Confidence? {
    let isPercent = text.contains("%")
    let digits = text.replacingOccurrences(of: "%", with: "").trimmingCharacters(in: .whitespaces)
    guard var number = Double(digits), number.isFinite else { return nil }
    if isPercent || number > 1 { number /= 100 }
    return (0...1).contains(number) ? Confidence(number, source: .verbalised) : nil
  }
}

/// A JSON object within an answer.
struct AnswerObject {
  enum Search {
    case whole(AnswerObject)
    /// The text begins as an object and ends within it.
    case neverEnds
    case none
  }

  let value: JSONValue
  /// Where it begins, in bytes.
  let start: Int

  /// The first JSON object that begins within the text and ends properly.
  static func first(in text: String) -> Search {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBufferPointer { buffer in
      // A few tries: an object begins early or not at all, and a text of braces must not cost the square of its length.
      var neverEnds = false
      for (tries, start) in buffer.indices.lazy.filter({ buffer[$0] == UInt8(ascii: "{") }).enumerated() where tries < 4
      {
        var parser = JSONParser(buffer, at: start)
        do throws(JSONSyntaxError) {
          return .whole(AnswerObject(value: try parser.value(), start: start))
        } catch {
          neverEnds = neverEnds || error.offset >= buffer.count || parser.at >= buffer.count
        }
      }
      return neverEnds ? .neverEnds : .none
    }
  }

  /// Where the value of a member begins, past the quote of a text.
  func offset(of name: String, in text: String) -> Int? {
    let object = text[text.utf8.index(text.startIndex, offsetBy: start)...]
    guard let key = object.range(of: "\"\(name)\"") else { return nil }
    let value = object[key.upperBound...].drop { $0.isWhitespace || $0 == ":" }
    let begin = value.first == "\"" ? value.dropFirst().startIndex : value.startIndex
    return text.utf8.distance(from: text.startIndex, to: begin)
  }
}
