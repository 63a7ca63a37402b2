/// One answer, as far as it is written.
struct ChatAnswer: Sendable, Equatable {
  /// A token and how probable it was, whatever the form or the temperature would have.
  struct Token: Sendable, Equatable {
    /// What the token adds to the text; U+FFFD for a part of a character.
    var text: String
    var bytes: [UInt8]
    /// Logarithm of its probability.
    var logProbability: Double
    /// The most probable tokens in its place, the likeliest first.
    var alternatives: [Token]
  }

  /// Why an answer ended.
  enum End: String, Sendable {
    /// Its turn, its form or a stop was reached.
    case stop
    /// It has as many tokens as it may have.
    case length
  }

  var text = ""
  /// The tokens, where probabilities are asked for.
  var tokens: [Token] = []
  /// How many tokens were generated.
  var count = 0
  var end = End.length
}

/// What a further token adds to an answer that is sent piece by piece.
struct ChatPiece: Sendable {
  /// Which answer.
  var index: Int
  /// What is added to its text; empty where a character is not whole yet or a stop may be under way.
  var text: String
  /// The token, where probabilities are asked for.
  var token: ChatAnswer.Token?
  /// Nil while the answer goes on.
  var end: ChatAnswer.End?
}
