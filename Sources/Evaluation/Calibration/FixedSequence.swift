internal import Foundation

/// Where the tests of a ``CertainThreshold`` begin, and how strict each is: starts at the fewest answers that can prove anything,
/// twice as many, four times as many, as long as there are so many, each with its share of 1 - certainty.
struct FixedSequence {
  /// How many starts there are.
  let starts: Int
  /// The answers accepted at the first start, which are just enough if all are right.
  let fewest: Int
  private let precision: Double
  /// The probability with which one start's first test may pass by chance.
  private let level: Double

  init(starts: Int, _ precision: Double, _ certainty: Double) {
    (self.starts, self.precision, level) = (starts, precision, (1 - certainty) / Double(starts))
    fewest = max(1, Int((log(level) / log(precision)).rounded(.up)))
  }

  /// As many starts as so many labelled answers have room for, one at least.
  init(answers: Int, _ precision: Double, _ certainty: Double) {
    var sequence = FixedSequence(starts: 1, precision, certainty)
    while true {
      let next = FixedSequence(starts: sequence.starts + 1, precision, certainty)
      guard next.leastAnswers <= answers else { break }
      sequence = next
    }
    self = sequence
  }

  /// The labelled answers from which on there are so many starts.
  private var leastAnswers: Int { accepted(at: starts - 1) }

  /// The answers accepted at a start, from 0.
  func accepted(at start: Int) -> Int { fewest << start }

  /// Whether so many right answers would be too many by chance, were the wanted precision not there.
  func shows(_ right: Int, of accepted: Int) -> Bool {
    Binomial.tail(right, of: accepted, probability: precision) <= level
  }

  /// The fewest right answers that show it; more than there are where none do.
  private func critical(of accepted: Int) -> Int {
    var (low, high) = (Int(Double(accepted) * precision), accepted + 1)
    while low < high {
      let middle = (low + high) / 2
      if shows(middle, of: accepted) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// How many labelled answers have a threshold in four cases of five, if of the surest ones this share is right; nil where no
  /// number has, or none below a billion.
  ///
  /// A threshold is found where the first test of some start passes; the chance of the best start is counted, and not that of
  /// several.
  ///
  /// - Parameters:
  ///   - share: of the surest answers, right.
  ///   - part: of all answers, the surest.
  static func needed(share: Double, part: Double, _ precision: Double, _ certainty: Double) -> Int? {
    guard share > precision else { return nil }
    var best: Int?
    for starts in 1..<40 {
      let sequence = FixedSequence(starts: starts, precision, certainty)
      guard sequence.leastAnswers < best ?? 1_000_000_000 else { break }
      let next = FixedSequence(starts: starts + 1, precision, certainty)
      for start in 0..<starts {
        let accepted = sequence.accepted(at: start)
        let answers = max(Int((Double(accepted) / part).rounded(.up)), sequence.leastAnswers)
        guard answers < next.leastAnswers, answers < best ?? 1_000_000_000 else { continue }
        let critical = sequence.critical(of: accepted)
        guard critical <= accepted, Binomial.tail(critical, of: accepted, probability: share) >= 0.8 else { continue }
        best = answers
      }
    }
    return best
  }
}

/// Binomial distributions.
enum Binomial {
  /// The probability of at least so many hits.
  ///
  /// - Parameter probability: of a hit, above 0 and at most 1.
  /// - Complexity: O(√count) terms, which fall from the nearer side of the mean outwards.
  static func tail(_ hits: Int, of count: Int, probability: Double) -> Double {
    guard hits > 0 else { return 1 }
    guard probability < 1 else { return 1 }
    let odds = probability / (1 - probability)
    func term(_ hits: Int) -> Double {
      let (all, own) = (Double(count), Double(hits))
      let ways: Double = lgamma(all + 1) - lgamma(own + 1) - lgamma(all - own + 1)
      return exp(ways + own * log(probability) + (all - own) * log1p(-probability))
    }
    if Double(hits) > Double(count) * probability {
      var (next, sum, at) = (term(hits), 0.0, hits)
      while next > sum * 1e-17 {
        sum += next
        next *= Double(count - at) / Double(at + 1) * odds
        at += 1
      }
      return sum
    }
    var (next, sum, at) = (term(hits - 1), 0.0, hits - 1)
    while next > sum * 1e-17 {
      sum += next
      next *= Double(at) / Double(count - at + 1) / odds
      at -= 1
    }
    return 1 - sum
  }

  /// The probability of a hit at which so many or more have the probability 1 - certainty (Clopper and Pearson 1934).
  static func lowerBound(_ hits: Int, of count: Int, certainty: Double) -> Double {
    guard hits > 0 else { return 0 }
    var (low, high) = (0.0, 1.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if tail(hits, of: count, probability: middle) <= 1 - certainty { low = middle } else { high = middle }
    }
    return low
  }
}
