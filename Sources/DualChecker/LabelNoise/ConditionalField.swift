internal import Foundation

/// How probable every sequence of tags of a text is: a linear-chain conditional random field (Lafferty, McCallum and Pereira 2001).
///
///     log p(tags | text) = Σ_places (Σ_features w[feature, tag] + v[tag before, tag]) - log Z
///
/// The weights are those for which what it learned is most probable, less a penalty of c·|w|² (``penalty``). Features with tags that
/// stood together nowhere in it have none, nor have tags after tags, but for those that may not follow any other (``Lattice``). A text
/// of one place is one of classes: the field is multinomial logistic regression then. One that learned from nothing holds all
/// sequences equally probable.
///
/// ```swift
/// let field = ConditionalField(tags: 2, follows: { _, _ in true }, features: 3, of: [
///   .init(FieldText([[0], [1]]), targets: [(tags: [0, 1], share: 1)]),
/// ])
/// field.mostProbable(FieldText([[0], [2]]))
/// ```
package struct ConditionalField {
  /// A text and what is learned of it.
  package struct Example {
    package var text: FieldText
    /// Sequences of tags, each with how much it counts: their probabilities where the text counts once.
    package var targets: [(tags: [Int], share: Double)]

    package init(_ text: FieldText, targets: [(tags: [Int], share: Double)]) {
      (self.text, self.targets) = (text, targets)
    }
  }

  /// The penalty of squared weights: half of the inverse of their variance.
  static let penalty = 1.0

  private let tags: Int
  /// The pairs of a feature and a tag that stood together in an example: those of feature f are at first[f]..<first[f + 1].
  private let first: [Int]
  private let tag: [Int]
  /// The weights of the pairs, then those of the lattice's transitions.
  private var weights: [Double]
  private let lattice: Lattice

  /// A field that has learned from examples.
  ///
  /// - Parameters:
  ///   - tags: how many tags there are.
  ///   - follows: whether the second tag may follow the first; nil in the place of the first for the begin of a text.
  ///   - features: how many features there are; texts name them by 0..<features.
  ///   - other: one whose weights are the first ones, which changes how soon it ends; nil for none.
  package init(
    tags: Int, follows: (_ before: Int?, _ tag: Int) -> Bool, features: Int, of examples: [Example],
    from other: ConditionalField? = nil, by optimiser: LimitedMemoryBFGS = LimitedMemoryBFGS()
  ) {
    self.tags = tags
    var steps = [Bool](repeating: false, count: tags * tags)
    for target in examples.flatMap(\.targets) {
      for (before, tag) in zip(target.tags, target.tags.dropFirst()) { steps[before * tags + tag] = true }
    }
    lattice = Lattice(tags: tags, follows: follows, isMet: { steps[$0 * tags + $1] })
    var met = [Bool](repeating: false, count: features * tags)
    for example in examples {
      for target in example.targets {
        for (place, tag) in target.tags.enumerated() {
          for feature in example.text[place] { met[Int(feature) * tags + tag] = true }
        }
      }
    }
    var (first, tag) = ([0], [Int]())
    first.reserveCapacity(features + 1)
    for feature in 0..<features {
      for own in 0..<tags where met[feature * tags + own] { tag.append(own) }
      first.append(tag.count)
    }
    (self.first, self.tag) = (first, tag)
    weights = [Double](repeating: 0, count: tag.count + lattice.transitions.count)
    var found = other.map(weights(of:)) ?? weights
    let observed = observed(in: examples)
    var space = Lattice.Space(lattice, places: examples.map(\.text.count).max() ?? 0)
    optimiser.minimise(&found) { weights, gradient in
      loss(weights, examples, observed: observed, gradient: &gradient, &space)
    }
    weights = found
  }

  /// What another field has for the pairs and transitions of this one; 0 for those that it lacks.
  private func weights(of other: ConditionalField) -> [Double] {
    var found = weights
    for feature in 0..<(first.count - 1) {
      var place = other.first[feature]
      for pair in first[feature]..<first[feature + 1] {
        while place < other.first[feature + 1], other.tag[place] < tag[pair] { place += 1 }
        if place < other.first[feature + 1], other.tag[place] == tag[pair] { found[pair] = other.weights[place] }
      }
    }
    for (index, step) in lattice.transitions.enumerated() {
      if let place = other.lattice.transitions.firstIndex(where: { $0 == step }) {
        found[tag.count + index] = other.weights[other.tag.count + place]
      }
    }
    return found
  }

  /// How often each pair and each transition stands in what is learned.
  private func observed(in examples: [Example]) -> [Double] {
    var counts = [Double](repeating: 0, count: weights.count)
    var steps = [Int?](repeating: nil, count: tags * tags)
    for (index, step) in lattice.transitions.enumerated() { steps[step.before * tags + step.tag] = tag.count + index }
    for example in examples {
      for target in example.targets {
        for (place, own) in target.tags.enumerated() {
          for feature in example.text[place] {
            for pair in first[Int(feature)]..<first[Int(feature) + 1] where tag[pair] == own {
              counts[pair] += target.share
            }
          }
          if place > 0, let step = steps[target.tags[place - 1] * tags + own] { counts[step] += target.share }
        }
      }
    }
    return counts
  }

  /// Minus the logarithm of the probability of what is learned, with the penalty.
  private func loss(
    _ weights: [Double], _ examples: [Example], observed: [Double], gradient: inout [Double],
    _ space: inout Lattice.Space
  ) -> Double {
    var loss = 0.0
    for index in weights.indices {
      loss += weights[index] * (Self.penalty * weights[index] - observed[index])
      gradient[index] = 2 * Self.penalty * weights[index] - observed[index]
    }
    let factors = weights[tag.count...].map { exp($0) }
    for index in space.expected.indices { space.expected[index] = 0 }
    for example in examples {
      writeScores(of: example.text, by: weights, &space)
      let weight = example.targets.reduce(0) { $0 + $1.share }
      loss += weight * lattice.writeMarginals(factors, weight: weight, &space)
      addExpected(of: example.text, weight: weight, to: &gradient, space)
    }
    for (index, count) in space.expected.enumerated() { gradient[tag.count + index] += count }
    return loss
  }

  /// Adds how often each pair is expected in a text.
  private func addExpected(
    of text: FieldText, weight: Double, to gradient: inout [Double], _ space: Lattice.Space
  ) {
    gradient.withUnsafeMutableBufferPointer { gradient in
      space.marginals.withUnsafeBufferPointer { marginals in
        forEachPair(of: text) { gradient[$2] += weight * marginals[$0 * tags + $1] }
      }
    }
  }

  /// Writes what the features say of each tag, [place × tag].
  private func writeScores(of text: FieldText, by weights: [Double], _ space: inout Lattice.Space) {
    space.places = text.count
    space.scores.withUnsafeMutableBufferPointer { scores in
      for index in 0..<(text.count * tags) { scores[index] = 0 }
      weights.withUnsafeBufferPointer { weights in
        forEachPair(of: text) { scores[$0 * tags + $1] += weights[$2] }
      }
    }
  }

  /// Calls a body with each place, tag and pair of a text.
  @inline(__always)
  private func forEachPair(of text: FieldText, _ body: (_ place: Int, _ tag: Int, _ pair: Int) -> Void) {
    text.withUnsafeFeatures { features, ends in
      first.withUnsafeBufferPointer { first in
        tag.withUnsafeBufferPointer { tag in
          var next = 0
          for place in ends.indices {
            while next < ends[place] {
              let feature = Int(features[next])
              for pair in first[feature]..<first[feature + 1] { body(place, tag[pair], pair) }
              next += 1
            }
          }
        }
      }
    }
  }

  private func scored(_ text: FieldText) -> Lattice.Space {
    var space = Lattice.Space(lattice, places: text.count)
    writeScores(of: text, by: weights, &space)
    return space
  }

  // MARK: What it tells

  /// The most probable sequence of tags.
  package func mostProbable(_ text: FieldText) -> [Int] {
    lattice.best(scored(text).scores, steps: Array(weights[tag.count...]))
  }

  /// The logarithms of the probabilities of sequences of tags; minus infinity for one that may not be.
  package func logProbabilities(of sequences: [[Int]], in text: FieldText) -> [Double] {
    var space = scored(text)
    let all = lattice.writeMarginals(weights[tag.count...].map { exp($0) }, &space)
    return sequences.map { sequence in
      let steps = zip(sequence, sequence.dropFirst()).reduce(0) { sum, step in
        sum + lattice.score(of: step, steps: weights[tag.count...])
      }
      let start = sequence.first.map(lattice.mayBegin) ?? true ? -all : -Double.infinity
      return sequence.enumerated().reduce(start + steps) { $0 + space.scores[$1.offset * tags + $1.element] }
    }
  }
}

/// A text as a field sees it: the numbers of the features of each of its places.
package struct FieldText {
  private let features: [Int32]
  /// Where those of each place end.
  private let ends: [Int]

  package init(_ places: [[Int32]]) {
    features = Array(places.joined())
    ends = places.reduce(into: []) { $0.append(($0.last ?? 0) + $1.count) }
  }

  /// How many places it has.
  var count: Int { ends.count }

  /// The features of a place.
  subscript(place: Int) -> ArraySlice<Int32> { features[(place == 0 ? 0 : ends[place - 1])..<ends[place]] }

  @inline(__always)
  func withUnsafeFeatures(_ body: (_ features: UnsafeBufferPointer<Int32>, _ ends: UnsafeBufferPointer<Int>) -> Void) {
    features.withUnsafeBufferPointer { features in ends.withUnsafeBufferPointer { body(features, $0) } }
  }
}
