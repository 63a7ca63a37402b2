package import TeacherProtocol

/// The price of tokens, in the currency of the limits.
public struct TokenPrice: Sendable, Equatable {
  /// For a million tokens of questions.
  package var input: Double
  /// For a million tokens of answers.
  package var output: Double

  /// A price.
  public init(input: Double, output: Double) {
    self.input = input
    self.output = output
  }

  package func cost(of usage: TeacherReply.Usage) -> Double {
    (input * Double(usage.inputTokens) + output * Double(usage.outputTokens)) / 1e6
  }
}

/// Actual or estimated spending.
public struct Spending: Sendable, Equatable {
  /// Requests sent, those that failed and were tried again included.
  public var requests = 0
  /// Tokens of questions.
  public var inputTokens = 0
  /// Tokens of answers.
  public var outputTokens = 0
  /// By the teachers' prices; 0 for teachers without one.
  public var cost = 0.0

  /// Nothing.
  package init() {}

  package init(requests: Int, usage: TeacherReply.Usage, price: TokenPrice?) {
    self.requests = requests
    inputTokens = usage.inputTokens
    outputTokens = usage.outputTokens
    cost = price?.cost(of: usage) ?? 0
  }

  /// Tokens of questions and answers.
  package var tokens: Int { inputTokens.addingSaturated(outputTokens) }

  /// Both together. What is too large to be counted stays the largest count.
  package static func + (a: Spending, b: Spending) -> Spending {
    var sum = a
    sum.requests = a.requests.addingSaturated(b.requests)
    sum.inputTokens = a.inputTokens.addingSaturated(b.inputTokens)
    sum.outputTokens = a.outputTokens.addingSaturated(b.outputTokens)
    sum.cost += b.cost
    return sum
  }

  /// What is left of one after another.
  package static func - (a: Spending, b: Spending) -> Spending {
    var rest = a
    rest.requests -= b.requests
    rest.inputTokens -= b.inputTokens
    rest.outputTokens -= b.outputTokens
    rest.cost -= b.cost
    return rest
  }
}

/// The most that may be spent. Nil is no limit.
public struct SpendingLimit: Sendable, Equatable {
  /// Requests, those that are tried again included.
  package var requests: Int?
  /// Tokens of questions and answers.
  package var tokens: Int?
  /// Money, by the teachers' prices.
  package var cost: Double?

  /// A limit.
  public init(requests: Int? = nil, tokens: Int? = nil, cost: Double? = nil) {
    self.requests = requests
    self.tokens = tokens
    self.cost = cost
  }

  /// The limit that a spending exceeds, in words; nil where it keeps all.
  package func exceeded(by spending: Spending) -> String? {
    if let requests, spending.requests > requests { return "\(requests) requests" }
    if let tokens, spending.tokens > tokens { return "\(tokens) tokens" }
    // Sums of many small costs end a hair beside the whole; that is not spending.
    if let cost, spending.cost > cost * (1 + 1e-12) { return "\(cost) in cost" }
    return nil
  }
}
