internal import Foundation

/// All sequences of tags of a text at once: their sum by the forward and backward recursions, and the best of them (Rabiner 1989).
///
/// A step from one tag to the next has a score of its own where it is a transition, and else none. So a sum over all tags before
/// is 1 for tags that may follow any, and what its transitions change of it: few steps of many types of spans are ever met.
package struct Lattice {
  private let tags: Int
  /// Whether a text may begin with a tag, and whether a tag may follow any other.
  private let begins: [Bool]
  private let isOpen: [Bool]
  /// The steps that have a score: the ones that were met, and all that may lead to a tag that may not follow any other.
  package let transitions: [(before: Int, tag: Int)]

  /// - Parameters:
  ///   - follows: whether the second tag may follow the first; nil in the place of the first for the begin of a text.
  ///   - isMet: whether a step that may be is a transition.
  package init(
    tags: Int, follows: (_ before: Int?, _ tag: Int) -> Bool, isMet: (_ before: Int, _ tag: Int) -> Bool
  ) {
    self.tags = tags
    begins = (0..<tags).map { follows(nil, $0) }
    let isOpen = (0..<tags).map { tag in (0..<tags).allSatisfy { follows($0, tag) } }
    self.isOpen = isOpen
    transitions = (0..<tags).flatMap { before in
      (0..<tags).compactMap { tag in
        (isOpen[tag] ? isMet(before, tag) : follows(before, tag)) ? (before, tag) : nil
      }
    }
  }

  /// What is computed of one text after the other.
  package struct Space {
    /// Of the text at hand.
    var places: Int
    /// What is said of each tag, [place × tag].
    package var scores: [Double]
    /// The tags' probabilities, [place × tag].
    package fileprivate(set) var marginals: [Double]
    /// How often each transition is expected in the texts so far.
    package var expected: [Double]
    fileprivate var emissions: [Double]
    fileprivate var forward: [Double]
    fileprivate var scales: [Double]
    fileprivate var backward: [Double]
    fileprivate var reachable: [Double]

    /// - Parameter places: of the longest text.
    package init(_ lattice: Lattice, places: Int) {
      let tags = lattice.tags
      self.places = places
      scores = [Double](repeating: 0, count: places * tags)
      (marginals, emissions, forward) = (scores, scores, scores)
      scales = [Double](repeating: 1, count: places)
      expected = [Double](repeating: 0, count: lattice.transitions.count)
      backward = [Double](repeating: 1, count: tags)
      reachable = backward
    }
  }

  /// Writes the tags' probabilities, and adds how often each transition is expected.
  ///
  /// - Parameters:
  ///   - factors: the exponentials of the transitions' scores.
  ///   - weight: how much the text counts where transitions are expected.
  /// - Returns: the logarithm of the sum over all sequences.
  package func writeMarginals(_ factors: [Double], weight: Double = 1, _ space: inout Space) -> Double {
    // What a transition changes of the sum over all tags before.
    let changes = zip(factors, transitions).map { isOpen[$1.tag] ? $0 - 1 : $0 }
    let logPartition = goForward(changes, &space)
    goBackward(factors.map { weight * $0 }, changes, &space)
    return logPartition
  }

  /// Every place is scaled: its scores by the largest of them, its sums to 1.
  private func goForward(_ changes: [Double], _ space: inout Space) -> Double {
    let (tags, places) = (tags, space.places)
    var logPartition = 0.0
    space.scores.withUnsafeBufferPointer { scores in
      space.emissions.withUnsafeMutableBufferPointer { emissions in
        space.forward.withUnsafeMutableBufferPointer { forward in
          for place in 0..<places {
            let row = place * tags
            var top = scores[row]
            for tag in 1..<max(1, tags) { top = max(top, scores[row + tag]) }
            for tag in 0..<tags { forward[row + tag] = (place == 0 ? begins[tag] : isOpen[tag]) ? 1 : 0 }
            if place > 0 {
              for (change, step) in zip(changes, transitions) {
                forward[row + step.tag] += forward[row - tags + step.before] * change
              }
            }
            var sum = 0.0
            for tag in 0..<tags {
              // No sequence is impossible for its scores alone, and no rounding makes one less than impossible.
              emissions[row + tag] = exp(max(scores[row + tag] - top, -600))
              forward[row + tag] = max(0, forward[row + tag]) * emissions[row + tag]
              sum += forward[row + tag]
            }
            space.scales[place] = sum
            logPartition += top + log(sum)
            for tag in 0..<tags { forward[row + tag] /= sum }
          }
        }
      }
    }
    return logPartition
  }

  /// - Parameter counted: the factors, by how much the text counts.
  private func goBackward(_ counted: [Double], _ changes: [Double], _ space: inout Space) {
    let (tags, places) = (tags, space.places)
    guard places > 0 else { return }
    for tag in 0..<tags {
      space.backward[tag] = 1
      space.marginals[(places - 1) * tags + tag] = space.forward[(places - 1) * tags + tag]
    }
    space.marginals.withUnsafeMutableBufferPointer { marginals in
      space.expected.withUnsafeMutableBufferPointer { expected in
        space.reachable.withUnsafeMutableBufferPointer { reachable in
          space.backward.withUnsafeMutableBufferPointer { backward in
            for place in stride(from: places - 1, to: 0, by: -1) {
              let (row, before) = (place * tags, (place - 1) * tags)
              var open = 0.0
              for tag in 0..<tags {
                reachable[tag] = backward[tag] * space.emissions[row + tag] / space.scales[place]
                if isOpen[tag] { open += reachable[tag] }
              }
              for tag in 0..<tags { backward[tag] = open }
              for (index, step) in transitions.enumerated() {
                backward[step.before] += changes[index] * reachable[step.tag]
                expected[index] += space.forward[before + step.before] * counted[index] * reachable[step.tag]
              }
              for tag in 0..<tags {
                backward[tag] = max(0, backward[tag])
                marginals[before + tag] = space.forward[before + tag] * backward[tag]
              }
            }
          }
        }
      }
    }
  }

  /// Whether a text may begin with a tag.
  func mayBegin(_ tag: Int) -> Bool { begins[tag] }

  /// The score of a step; minus infinity for one that may not be.
  func score(of step: (Int, Int), steps: ArraySlice<Double>) -> Double {
    transitions.firstIndex { $0 == step }.map { steps[steps.startIndex + $0] } ?? (isOpen[step.1] ? 0 : -.infinity)
  }

  /// The most probable sequence (Viterbi 1967); of equally probable ones that with the lower tags at the end.
  ///
  /// - Parameters:
  ///   - scores: of the tags, [place × tag].
  ///   - steps: the scores of the transitions.
  package func best(_ scores: [Double], steps: [Double]) -> [Int] {
    let places = scores.count / tags
    guard places > 0 else { return [] }
    var table = (0..<(tags * tags)).map { isOpen[$0 % tags] ? 0 : -Double.infinity }
    for (score, step) in zip(steps, transitions) { table[step.before * tags + step.tag] = score }
    var sums = (0..<tags).map { begins[$0] ? scores[$0] : -.infinity }
    var from: [[Int]] = []
    for place in 1..<max(1, places) {
      var (next, origins) = ([Double](repeating: -.infinity, count: tags), [Int](repeating: 0, count: tags))
      for tag in 0..<tags {
        for before in 0..<tags {
          let sum = sums[before] + table[before * tags + tag] + scores[place * tags + tag]
          if sum > next[tag] { (next[tag], origins[tag]) = (sum, before) }
        }
      }
      sums = next
      from.append(origins)
    }
    var path = [sums.placeOfLargest]
    for origins in from.reversed() { path.append(origins[path[path.count - 1]]) }
    return path.reversed()
  }
}
