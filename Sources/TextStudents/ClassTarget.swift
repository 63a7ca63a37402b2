/// What is learned of a text, or of a token: how probable each class is (a soft target, Hinton et al. 2015).
struct ClassTarget: Sendable {
  /// Different classes, by their numbers, with their probabilities, which add up to 1. Those that are missing have none.
  var shares: [(place: Int, probability: Float)]

  /// A class that is certain.
  init(_ place: Int) { shares = [(place, 1)] }

  /// A class of this probability; the others, of so many in all, have what is left, all the same.
  init(_ place: Int, probability: Float, of count: Int) {
    shares = [(place, probability)]
    guard probability < 1 else { return }
    let rest = (1 - probability) / Float(count - 1)
    shares += (0..<count).filter { $0 != place }.map { ($0, rest) }
  }

  /// Each of the targets with its probability.
  ///
  /// - Parameter parts: at least one, with probabilities that add up to 1.
  init(mixing parts: [(target: ClassTarget, probability: Float)]) {
    shares = []
    for part in parts {
      for share in part.target.shares {
        let probability = part.probability * share.probability
        if let known = shares.firstIndex(where: { $0.place == share.place }) {
          shares[known].probability += probability
        } else {
          shares.append((share.place, probability))
        }
      }
    }
  }
}
