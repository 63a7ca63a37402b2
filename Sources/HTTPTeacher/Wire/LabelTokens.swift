import Foundation
import TeacherProtocol

/// Reads how sure a model was of a label from the probabilities of the tokens that it is written with.
enum LabelTokens {
  /// The probability of the label relative to the other labels, from its first token to the one that settles it.
  ///
  /// At each token, what else might have stood there is counted for the label if the text so far could still become that
  /// label, against it if it could become another one, and not at all else. Spellings are alike as in reading. "Out of scope"
  /// and "Out of date" share two tokens that settle nothing, and the third one does; behind "No" it is the full stop or the
  /// closing quote that tells it from "No evidence".
  ///
  /// - Parameters:
  ///   - label: name of the label that was read.
  ///   - offset: where its words begin in the text, in bytes.
  ///   - text: what was read.
  ///   - tokens: those of the text; thoughts that the service took out of it may stand before.
  /// - Returns: nil where the tokens do not lead to the label, end before it is settled, or come without alternatives.
  static func probability(
    of label: String, at offset: Int, of text: String, in tokens: [SpokenToken], labels: LabelSet
  ) -> Double? {
    let offset = offset + start(of: text, in: tokens)
    let spellings = Spelling.all(of: labels)
    var start = 0
    var index = 0
    while index < tokens.count, start + tokens[index].bytes.count <= offset {
      start += tokens[index].bytes.count
      index += 1
    }
    guard index < tokens.count else { return nil }
    // What comes before the label within its first token: a space or a quote.
    let lead = Array(tokens[index].bytes.prefix(offset - start))
    var (said, probability, isKnown) = ([UInt8](), 1.0, false)
    for token in tokens[index...] {
      let skipped = said.isEmpty ? lead : []
      func owners(_ bytes: [UInt8]) -> Set<String> {
        Spelling.owners(of: said + bytes.dropping(skipped, isFirst: said.isEmpty), spellings)
      }
      var masses = Masses()
      masses.add(token.bytes, token.logProbability)
      for other in token.alternatives where other.bytes != token.bytes { masses.add(other.bytes, other.logProbability) }
      let own = masses.sum { owners($0).contains(label) }
      let any = masses.sum { !owners($0).isEmpty }
      let left = owners(token.bytes)
      said += token.bytes.dropFirst(skipped.count)
      guard left.contains(label), any > 0 else { return nil }
      probability *= min(1, own / any)
      isKnown = isKnown || masses.count > 1
      if left.count == 1 { return isKnown ? probability : nil }
    }
    return nil
  }

  /// Where a text begins among its tokens, in bytes: behind the thoughts that vLLM, for one, counts with the tokens of the
  /// answer.
  private static func start(of text: String, in tokens: [SpokenToken]) -> Int {
    let (said, wanted) = (tokens.flatMap(\.bytes), Array(text.utf8))
    guard said.count > wanted.count, !said.starts(with: wanted) else { return 0 }
    for start in stride(from: said.count - wanted.count, through: 1, by: -1)
    where said[start] == wanted.first && said[start...].starts(with: wanted) {
      return start
    }
    return 0
  }

  private struct Masses {
    var parts: [(bytes: [UInt8], mass: Double)] = []
    var count: Int { parts.count }

    /// Services write -9999 for what is not among their likeliest.
    mutating func add(_ bytes: [UInt8], _ log: Double) {
      if log <= 1e-6, log > -1000 { parts.append((bytes, exp(min(log, 0)))) }
    }

    func sum(where counts: ([UInt8]) -> Bool) -> Double {
      parts.reduce(0) { $0 + (counts($1.bytes) ? $1.mass : 0) }
    }
  }
}

/// One way in which a label is written.
private struct Spelling {
  let label: String
  let words: [UInt8]
  let key: [UInt8]

  static func all(of labels: LabelSet) -> [Spelling] {
    labels.labels.flatMap { label in
      ([label.answer, label.name] + label.aliases).map {
        Spelling(label: label.name, words: Array($0.utf8), key: Array(LabelSpelling.key($0).utf8))
      }
    }
  }

  /// Names of the labels that a text could still become, or already is with more behind it.
  static func owners(of bytes: [UInt8], _ spellings: [Spelling]) -> Set<String> {
    let said = bytes.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
    guard !said.isEmpty else { return [] }
    // A token may end within a character, whose first bytes are compared as they are.
    let whole = said.dropLast(said.unfinished)
    let key = Array(LabelSpelling.key(String(decoding: whole, as: UTF8.self)).utf8)
    let beginning = key + said.suffix(said.unfinished)
    let becoming = spellings.filter { $0.key.starts(with: beginning) || $0.words.starts(with: said) }
    let passed = spellings.filter { $0.key.count < key.count && key.starts(with: $0.key) && $0.ends(in: key) }
    let longest = passed.map(\.key.count).max() ?? 0
    // Words behind a label that another one may still have belong to that one: "No ev" is no longer "No".
    let hasWords = String(decoding: key.dropFirst(longest), as: UTF8.self).contains { $0.isLetter || $0.isNumber }
    let given = becoming.isEmpty || !hasWords ? passed.filter { $0.key.count == longest } : []
    return Set((becoming + given).map(\.label))
  }

  /// Whether the label ends where the text goes on.
  private func ends(in text: [UInt8]) -> Bool {
    let next = String(decoding: text.dropFirst(key.count), as: UTF8.self).first
    return next.map { !$0.isLetter && !$0.isNumber } ?? true
  }
}

extension Collection<UInt8> where Self: BidirectionalCollection {
  /// How many bytes at the end begin a character that is not whole.
  fileprivate var unfinished: Int {
    var (place, count) = (endIndex, 0)
    while place > startIndex, count < 4 {
      formIndex(before: &place)
      count += 1
      let byte = self[place]
      if byte & 0xC0 == 0x80 { continue }
      let width = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      return width > count ? count : 0
    }
    return 0
  }
}

extension [UInt8] {
  /// Without what stands before the label in the token that was said; an alternative that begins otherwise, a space where
  /// none was said for example, is taken whole.
  fileprivate func dropping(_ lead: [UInt8], isFirst: Bool) -> [UInt8] {
    isFirst && starts(with: lead) ? Array(dropFirst(lead.count)) : self
  }
}
