import Foundation
import TeacherProtocol

/// Reads how sure a model was of a label from the probabilities of the tokens that it is written with.
enum LabelTokens {
  /// The probability of the label relative to the other labels, from its first token to the one that settles it.
  ///
  /// At each token, what else might have stood there is counted for the label if the text so far could still become that
  /// label, against it if it could become another one, and not at all else. Letter case is ignored, as in reading.
  /// "Out of scope" and "Out of date" share two tokens that settle nothing, and the third one does.
  ///
  /// - Parameters:
  ///   - label: name of the label that was read.
  ///   - offset: where its words begin in the text, in bytes.
  ///   - tokens: those of the text, from its beginning.
  /// - Returns: nil where the tokens do not lead to the label, or the service named no alternatives.
  static func probability(of label: String, at offset: Int, in tokens: [SpokenToken], labels: LabelSet) -> Double? {
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
      var masses = Masses()
      masses.add(token.bytes, token.logProbability)
      for other in token.alternatives where other.bytes != token.bytes { masses.add(other.bytes, other.logProbability) }
      let own = masses.sum { owners(said + $0.dropping(skipped, isFirst: said.isEmpty), labels).contains(label) }
      let any = masses.sum { !owners(said + $0.dropping(skipped, isFirst: said.isEmpty), labels).isEmpty }
      said += token.bytes.dropFirst(skipped.count)
      let left = owners(said, labels)
      guard left.contains(label), any > 0 else { return isKnown ? probability : nil }
      probability *= min(1, own / any)
      isKnown = isKnown || masses.count > 1
      if left.count == 1 || spellings(of: label, labels).contains(text(said)) { break }
    }
    return isKnown ? probability : nil
  }

  /// Names of the labels that a text could still become, or already is with more behind it.
  private static func owners(_ bytes: [UInt8], _ labels: LabelSet) -> Set<String> {
    let said = text(bytes)
    guard !said.isEmpty else { return [] }
    var found: Set<String> = []
    for label in labels.labels {
      for spelling in spellings(of: label.name, labels)
      where spelling.hasPrefix(said) || continues(said, behind: spelling) { found.insert(label.name) }
    }
    return found
  }

  private static func continues(_ said: String, behind spelling: String) -> Bool {
    guard said.hasPrefix(spelling) else { return false }
    let next = said.dropFirst(spelling.count).first
    return next.map { !$0.isLetter && !$0.isNumber } ?? true
  }

  private static func spellings(of name: String, _ labels: LabelSet) -> [String] {
    labels[name].map { ([$0.answer, $0.name] + $0.aliases).map { $0.lowercased() } } ?? []
  }

  private static func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self).drop(while: \.isWhitespace).lowercased()
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

extension [UInt8] {
  /// Without what stands before the label in the token that was said; an alternative that begins otherwise, a space where
  /// none was said for example, is taken whole.
  fileprivate func dropping(_ lead: [UInt8], isFirst: Bool) -> [UInt8] {
    isFirst && starts(with: lead) ? Array(dropFirst(lead.count)) : self
  }
}
