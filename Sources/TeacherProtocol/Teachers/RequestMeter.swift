/// Counts the requests that a question takes, and stops them when there is nothing left to spend.
///
/// A teacher behind a service calls it before each request that it sends, those that are tried again included; a teacher
/// that sends none need not know it.
package protocol RequestMeter: Sendable {
  /// Counts one request, before it is sent.
  ///
  /// - Throws: ``BudgetExhausted`` where it may not be sent.
  func countRequest() throws

  /// Says that a request was sent whose reply was lost on its way, so that it may have been charged all the same.
  func countLostReply()

  /// Says what people who wait for the answer should know of the service, such as that it is not reached.
  func tell(_ words: String)
}

/// The budget is used up: nothing more is asked of anybody.
public struct BudgetExhausted: Error, Sendable, Equatable, CustomStringConvertible {
  /// Which limit was met, such as "1000 requests".
  package let limit: String

  /// A budget that is used up.
  package init(limit: String) { self.limit = limit }

  /// Which limit, and what to do.
  public var description: String { "the budget of \(limit) is used up; raise it and start again, nothing is lost" }
}
