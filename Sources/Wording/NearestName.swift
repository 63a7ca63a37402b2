/// Finds the known name that is nearest to a misspelt one.
package enum NearestName {
  /// The name that is fewest slips of the keyboard away from `word`: letters left out, added, replaced or swapped.
  ///
  /// - Returns: nil where even the nearest needs more than one slip in three letters; the first of equally near ones.
  package static func nearest<Names: Sequence<String>>(to word: String, among names: Names) -> String? {
    // Names have up to 40 letters, and tables tens of columns; the distance of a long text takes long and says nothing.
    guard word.utf8.count <= 100 else { return nil }
    let limit = max(1, word.count / 3)
    let word = Array(word.lowercased().map { $0 == "-" || $0 == " " ? "_" : $0 })
    let ranked = names.prefix(1000).map {
      ($0, slips(from: word, to: Array($0.lowercased().map { $0 == "-" ? "_" : $0 })))
    }
    return ranked.min { $0.1 < $1.1 }.flatMap { $0.1 <= limit ? $0.0 : nil }
  }

  /// The optimal string alignment distance.
  /// Source: Damerau 1964, https://doi.org/10.1145/363958.363994
  static func slips(from word: [Character], to name: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...name.count)
    for i in word.indices {
      var row = [i + 1]
      for j in name.indices {
        var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (word[i] == name[j] ? 0 : 1))
        if i > 0, j > 0, word[i] == name[j - 1], word[i - 1] == name[j] { best = min(best, beforeLast[j - 1] + 1) }
        row.append(best)
      }
      (beforeLast, last) = (last, row)
    }
    return last[name.count]
  }
}
