internal import Foundation

/// Judges every text by the labels of the others, those of its own group left out: naive Bayes over the texts' words and pairs of
/// neighbouring words.
///
///     log p(y | x) = log(N_y + 1) + Σ_words log (n_y(word) + 1) / (T_y + V) + constant
///
/// N_y is the number of the other texts of class y, n_y(word) the number of those that have the word, T_y the sum of these over all V
/// words (the multinomial model of McCallum and Nigam 1998, each word of a text once). A text that may be of several classes counts in
/// each by its probability. Words of a single text tell nothing and are left out.
package struct WordJudge: Sendable {
  /// The words of each text by their numbers, each once, in the order in which they come.
  private let words: [[Int]]
  /// How many there are.
  private let count: Int
  /// The texts of each group, by their places.
  private let groups: [[Int]]

  /// A judge of texts.
  ///
  /// - Parameter groups: the group of each text.
  package init(_ texts: [String], groups names: [String]) {
    precondition(texts.count == names.count, "\(names.count) groups for \(texts.count) texts")
    var places: [String: Int] = [:]
    groups = names.indices.reduce(into: [[Int]]()) { groups, text in
      let place = places[names[text]] ?? groups.count
      places[names[text]] = place
      if place == groups.count { groups.append([]) }
      groups[place].append(text)
    }
    var numbers: [String: Int] = [:]
    let texts = texts.map { text in
      var own: [Int] = []
      var seen = Set<Int>()
      for word in Self.words(of: text) {
        let number = numbers[word] ?? numbers.count
        numbers[word] = number
        if seen.insert(number).inserted { own.append(number) }
      }
      return own
    }
    var having = [Int](repeating: 0, count: numbers.count)
    for number in texts.joined() { having[number] += 1 }
    // Numbers of those that stand in several texts.
    var shared = [Int?](repeating: nil, count: having.count)
    var count = 0
    for number in having.indices where having[number] > 1 {
      shared[number] = count
      count += 1
    }
    words = texts.map { $0.compactMap { shared[$0] } }
    self.count = count
  }

  private static func words(of text: String) -> [String] {
    let single = WordToken.tokens(of: text).map { $0.text.lowercased() }
    return single + zip(single, single.dropFirst()).map { "\($0) \($1)" }
  }

  /// The logarithms of the classes' probabilities for each text, given those of the texts of other groups.
  ///
  /// - Parameter classes: [text][class], each text's add up to 1.
  package func judgements(_ classes: [[Double]]) -> [[Double]] {
    precondition(classes.count == words.count, "\(classes.count) labels for \(words.count) texts")
    let width = classes.first?.count ?? 0
    var (all, having) = (Totals(width), [Double](repeating: 0, count: count * width))
    for (own, shares) in zip(words, classes) {
      all.add(shares, words: own.count)
      for place in 0..<width { for word in own { having[word * width + place] += shares[place] } }
    }
    var judgements = [[Double]](repeating: [], count: words.count)
    for group in groups {
      var (apart, apartHaving) = (Totals(width), [Int: [Double]]())
      for text in group {
        apart.add(classes[text], words: words[text].count)
        // Of a text alone the words are its own.
        for word in words[text] where group.count > 1 {
          let before = apartHaving[word] ?? [Double](repeating: 0, count: width)
          apartHaving[word] = zip(before, classes[text]).map { $0 + $1 }
        }
      }
      for text in group {
        judgements[text] =
          (0..<width).map { place in
            let others = max(0, all.texts[place] - apart.texts[place])
            let total = log(max(0, all.words[place] - apart.words[place]) + Double(count))
            return words[text].reduce(log(others + 1)) { sum, word in
              let own = group.count > 1 ? apartHaving[word]?[place] ?? 0 : classes[text][place]
              return sum + log(max(0, having[word * width + place] - own) + 1) - total
            }
          }.logNormalised
      }
    }
    return judgements
  }

  /// Texts of each class, and the words that these have.
  private struct Totals {
    private(set) var texts: [Double]
    private(set) var words: [Double]

    init(_ classes: Int) {
      texts = [Double](repeating: 0, count: classes)
      words = texts
    }

    mutating func add(_ shares: [Double], words count: Int) {
      for place in shares.indices {
        texts[place] += shares[place]
        words[place] += shares[place] * Double(count)
      }
    }
  }
}

extension [Double] {
  /// The same logarithms, so that what they are of adds up to 1.
  var logNormalised: [Double] {
    guard let most = self.max() else { return [] }
    let sum = log(reduce(0) { $0 + exp($1 - most) }) + most
    return map { $0 - sum }
  }
}
