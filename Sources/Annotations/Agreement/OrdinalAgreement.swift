internal import TeacherProtocol

/// Agreement beyond what chance gives on labels that are levels: what lies near counts as partly agreed. 1 for all of it, 0
/// for none.
struct OrdinalAgreement {
  /// The level of each vote, numbered from 0, axes (item, teacher).
  private let votes: [[Int?]]
  private let levels: Int

  /// The votes as levels.
  ///
  /// - Precondition: every vote is for one of the levels, and none comes twice.
  init(_ table: VoteTable, levels: [String]) {
    let places = Dictionary(uniqueKeysWithValues: levels.enumerated().map { ($1, $0) })
    func place(_ label: String) -> Int {
      guard let place = places[label] else {
        preconditionFailure("AgreementReport: a vote for '\(label)', expected one of the levels \(levels)")
      }
      return place
    }
    votes = table.votes.map { $0.map { $0.map(place) } }
    self.levels = levels.count
  }

  /// Cohen's kappa of two teachers with weights that grow with the distance (Cohen 1968, doi:10.1037/h0026256); nil without
  /// items on which both voted, and where both have one and the same level throughout.
  func linearKappa(_ first: Int, _ second: Int) -> Double? {
    let pairs = pairs(first, second)
    var shares = [(first: Int, second: Int)](repeating: (0, 0), count: levels)
    var apart = 0
    for (a, b) in pairs {
      shares[a].first += 1
      shares[b].second += 1
      apart += abs(a - b)
    }
    // Votes for two levels are as far apart as there are steps that one has passed and the other has not.
    var (byChance, below) = (0, (first: 0, second: 0))
    for share in shares.dropLast() {
      below = (below.first + share.first, below.second + share.second)
      byChance += below.first * (pairs.count - below.second) + (pairs.count - below.first) * below.second
    }
    // Whole numbers until the division, so that the order of the items leaves no trace in the last digit.
    return byChance > 0 ? 1 - Double(pairs.count) * Double(apart) / Double(byChance) : nil
  }

  /// The same with weights that grow with the square of the distance.
  func quadraticKappa(_ first: Int, _ second: Int) -> Double? {
    pairs(first, second).reduce(LevelSums()) { $0 + LevelSums($1.0, $1.1) }.quadraticKappa
  }

  /// Krippendorff's alpha for ordinal data (2011, repository.upenn.edu/asc_papers/43): two levels are as far apart as there
  /// are votes from the one to the other, of those for the two themselves a half each. Over every item with at least two
  /// votes, of any teachers; nil without such an item, or with one level alone.
  var alpha: Double? {
    var totals = [Int](repeating: 0, count: levels)
    // Pairs of different levels by how many voted: whole numbers, so that the order of the items leaves no trace.
    var pairs: [Int: [Int]] = [:]
    let none = [Int](repeating: 0, count: levels * levels)
    for row in votes {
      let given = row.compactMap(\.self)
      guard given.count > 1 else { continue }
      for level in given { totals[level] += 1 }
      for (place, one) in given.enumerated() {
        for other in given.dropFirst(place + 1) where one != other {
          pairs[given.count, default: none][min(one, other) * levels + max(one, other)] += 1
        }
      }
    }
    let ranked = pairs.sorted { $0.key < $1.key }
    var (observed, byChance) = (0.0, 0.0)
    for low in 0..<levels {
      var between = totals[low]
      for high in (low + 1)..<levels {
        between += totals[high]
        let distance = Double(between) - Double(totals[low] + totals[high]) / 2
        let differing = ranked.reduce(0) { $0 + Double($1.value[low * levels + high]) / Double($1.key - 1) }
        observed += differing * distance * distance
        byChance += Double(totals[low]) * Double(totals[high]) * distance * distance
      }
    }
    return byChance > 0 ? 1 - observed * Double(totals.reduce(0, +) - 1) / byChance : nil
  }

  private func pairs(_ first: Int, _ second: Int) -> [(Int, Int)] {
    votes.compactMap { row in
      if let a = row[first], let b = row[second] { (a, b) } else { nil }
    }
  }
}
