/// Agreement of several teachers beyond what chance gives: 1 for all of it, 0 for none.
enum AgreementBeyondChance {
  /// Fleiss' kappa (1971, doi:10.1037/h0031619) over items on which all voted; nil for fewer than two teachers, no item,
  /// or one label alone.
  static func fleissKappa(_ votes: [[String]]) -> Double? {
    guard let teachers = votes.first?.count, teachers > 1 else { return nil }
    var totals: [String: Int] = [:]
    var agreeing = 0
    for row in votes {
      let counts = Dictionary(row.map { ($0, 1) }, uniquingKeysWith: +)
      totals.merge(counts, uniquingKeysWith: +)
      agreeing += counts.values.reduce(0) { $0 + $1 * ($1 - 1) }
    }
    // Whole numbers until the division, so that the order of the labels leaves no trace in the last digit.
    let all = Double(votes.count * teachers)
    let observed = Double(agreeing) / (all * Double(teachers - 1))
    let byChance = Double(totals.values.reduce(0) { $0 + $1 * $1 }) / (all * all)
    return byChance < 1 ? (observed - byChance) / (1 - byChance) : nil
  }

  /// Krippendorff's alpha for labels without an order (2011, repository.upenn.edu/asc_papers/43): over every item with at
  /// least two votes, of any teachers. Nil without such an item, or with one label alone.
  static func krippendorffAlpha(_ votes: [[String?]]) -> Double? {
    var totals: [String: Int] = [:]
    // Pairs that disagree, by how many voted: whole numbers until the end, so that the order of the items leaves no trace.
    var disagreeing: [Int: Int] = [:]
    for row in votes {
      let given = row.compactMap(\.self)
      guard given.count > 1 else { continue }
      let counts = Dictionary(given.map { ($0, 1) }, uniquingKeysWith: +)
      totals.merge(counts, uniquingKeysWith: +)
      let pairs = given.count * given.count - counts.values.reduce(0) { $0 + $1 * $1 }
      disagreeing[given.count, default: 0] += pairs
    }
    let observed = disagreeing.sorted { $0.key < $1.key }.reduce(0) { $0 + Double($1.value) / Double($1.key - 1) }
    let all = totals.values.reduce(0, +)
    let byChance = all * all - totals.values.reduce(0) { $0 + $1 * $1 }
    return byChance > 0 ? 1 - observed * Double(all - 1) / Double(byChance) : nil
  }
}
