internal import Foundation

/// All sequences of tags of a text at once: their sum by the forward and backward recursions, and the best of them (Rabiner 1989).
package struct Lattice {
  let tags: Int
  /// Whether a text may begin with a tag, and whether a tag may follow another, [before × tag].
  private let begins: [Bool]
  private let follows: [Bool]

  package init(tags: Int, follows: (_ before: Int?, _ tag: Int) -> Bool) {
    self.tags = tags
    begins = (0..<tags).map { follows(nil, $0) }
    self.follows = (0..<tags).flatMap { before in (0..<tags).map { follows(before, $0) } }
  }

  /// What is computed of one text after the other.
  package struct Space {
    /// Of the text at hand.
    var places: Int
    /// What is said of each tag, [place × tag].
    package var scores: [Double]
    /// The tags' probabilities, [place × tag].
    package fileprivate(set) var marginals: [Double]
    /// How often each transition is expected in the texts so far, [before × tag].
    package var expected: [Double]
    fileprivate var emissions: [Double]
    fileprivate var forward: [Double]
    fileprivate var scales: [Double]
    fileprivate var backward: [Double]
    fileprivate var reachable: [Double]

    /// - Parameter places: of the longest text.
    package init(tags: Int, places: Int) {
      self.places = places
      scores = [Double](repeating: 0, count: places * tags)
      (marginals, emissions, forward) = (scores, scores, scores)
      scales = [Double](repeating: 1, count: places)
      expected = [Double](repeating: 0, count: tags * tags)
      backward = [Double](repeating: 1, count: tags)
      reachable = backward
    }
  }

  /// What sums of products need of transitions: their exponentials, 0 for what may not be.
  package func factors(_ transitions: ArraySlice<Double>) -> [Double] {
    zip(transitions, follows).map { $1 ? exp($0) : 0 }
  }

  /// Writes the tags' probabilities, and adds how often each transition is expected.
  ///
  /// - Parameter factors: of the transitions, as ``factors(_:)`` gives them.
  /// - Returns: the logarithm of the sum over all sequences.
  package func writeMarginals(_ factors: [Double], _ space: inout Space) -> Double {
    let logPartition = goForward(factors, &space)
    goBackward(factors, &space)
    return logPartition
  }

  /// Every place is scaled: its scores by the largest of them, its sums to 1.
  private func goForward(_ factors: [Double], _ space: inout Space) -> Double {
    let (tags, places) = (tags, space.places)
    var logPartition = 0.0
    space.scores.withUnsafeBufferPointer { scores in
      space.emissions.withUnsafeMutableBufferPointer { emissions in
        space.forward.withUnsafeMutableBufferPointer { forward in
          factors.withUnsafeBufferPointer { factors in
            for place in 0..<places {
              let row = place * tags
              var top = scores[row]
              for tag in 1..<max(1, tags) { top = max(top, scores[row + tag]) }
              for tag in 0..<tags { forward[row + tag] = place == 0 && begins[tag] ? 1 : 0 }
              if place > 0 {
                for before in 0..<tags {
                  let reached = forward[row - tags + before]
                  for tag in 0..<tags { forward[row + tag] += reached * factors[before * tags + tag] }
                }
              }
              var sum = 0.0
              for tag in 0..<tags {
                // No sequence is impossible for its scores alone.
                emissions[row + tag] = exp(max(scores[row + tag] - top, -600))
                forward[row + tag] *= emissions[row + tag]
                sum += forward[row + tag]
              }
              space.scales[place] = sum
              logPartition += top + log(sum)
              for tag in 0..<tags { forward[row + tag] /= sum }
            }
          }
        }
      }
    }
    return logPartition
  }

  private func goBackward(_ factors: [Double], _ space: inout Space) {
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
            factors.withUnsafeBufferPointer { factors in
              for place in stride(from: places - 1, to: 0, by: -1) {
                let row = place * tags
                let scale = space.scales[place]
                for tag in 0..<tags { reachable[tag] = backward[tag] * space.emissions[row + tag] / scale }
                for before in 0..<tags {
                  let (reached, own) = (space.forward[row - tags + before], before * tags)
                  var sum = 0.0
                  for tag in 0..<tags {
                    let share = factors[own + tag] * reachable[tag]
                    sum += share
                    expected[own + tag] += reached * share
                  }
                  backward[before] = sum
                  marginals[row - tags + before] = reached * sum
                }
              }
            }
          }
        }
      }
    }
  }

  /// The most probable sequence (Viterbi 1967); of equally probable ones that with the lower tags at the end.
  package func best(_ scores: [Double], transitions: [Double]) -> [Int] {
    let places = scores.count / tags
    guard places > 0 else { return [] }
    var sums = (0..<tags).map { begins[$0] ? scores[$0] : -.infinity }
    var from: [[Int]] = []
    for place in 1..<max(1, places) {
      var (next, origins) = ([Double](repeating: -.infinity, count: tags), [Int](repeating: 0, count: tags))
      for tag in 0..<tags {
        for before in 0..<tags where follows[before * tags + tag] {
          let sum = sums[before] + transitions[before * tags + tag] + scores[place * tags + tag]
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
