/// The reference model's scores of the answers of one tree: log-probabilities in nats.
public enum ReferenceScores: Sendable, Equatable, ExpressibleByArrayLiteral {
  /// Of each whole answer.
  case totals([Float])
  /// Of each token of each answer: what ``PreferenceObjective/tailWeight`` needs.
  case tokens([[Float]])

  /// Totals, answer by answer.
  public init(arrayLiteral totals: Float...) { self = .totals(totals) }

  /// The total of an answer.
  ///
  /// - Parameters:
  ///   - head: tokens that count whole; nil counts all.
  ///   - tailWeight: how much the tokens after them count.
  /// - Precondition: token scores where a head is given.
  func total(of answer: Int, head: Int? = nil, tailWeight: Float = 1) -> Float {
    switch self {
    case .totals(let totals):
      precondition(head == nil, "the tail of an answer weighs less, so the reference is needed token by token")
      return totals[answer]
    case .tokens(let tokens):
      let own = tokens[answer]
      let head = min(head ?? own.count, own.count)
      // In Float64: a reference is summed once and then compared with for a whole training.
      let sum = own[..<head].reduce(0.0) { $0 + Double($1) }
      return Float(sum + Double(tailWeight) * own[head...].reduce(0.0) { $0 + Double($1) })
    }
  }
}
