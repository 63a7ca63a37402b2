import Foundation
import TeacherProtocol

/// What it means for a question that a service answers with a fault.
extension ServiceClient {
  /// An error that ends the question, so that it is not taken for one of the transport's.
  struct Refusal: Error { let cause: any Error }

  /// What a response with another status than 200 means.
  ///
  /// - Parameter told: how an error is told that came in a body of status 200, whose response stands for one with the status
  ///   that it should have had. The default is nil: by its status.
  func step(
    for response: TransportResponse, _ cause: ServiceError, to question: Question, from endpoint: URL,
    habits asked: ServerHabits, told: HTTPTeacherError? = nil, _ outcome: inout RequestPace.Outcome
  ) throws -> Step {
    var error = cause
    error.message = hidden(error.message)
    let status = response.status
    // OpenRouter gives a question that was found unfit the status of a refused key.
    if !error.isRefusal, let gone = unavailable(status, error, endpoint, wasSent: told == nil) {
      throw Refusal(cause: gone)
    }
    if error.isOfForm(status), let next = asked.adapted(to: error) {
      // Another question may have learned the same meanwhile, or more.
      habits.withLock { if $0 == asked { $0 = next } }
      if asked.sendsLogProbabilities, !next.sendsLogProbabilities {
        tell(
          lackOfTokens:
            "it refuses to send token probabilities (logprobs). \(Spoken.withoutTokens). It said: \(error.message)",
          of: question)
      }
      return .adapted
    }
    if error.isRefusal {
      return .answered(Spoken(samples: [.init(text: error.message, end: .refused)], usage: nil))
    }
    let fault = told ?? .refused(status: status, message: error.message)
    let wait = retry.wait(in: response, now: Date())
    let isTransient =
      switch response.headers["x-should-retry"] {
      case "true": true
      case "false": false
      default: [408, 409, 429].contains(status) || (500...599).contains(status)
      }
    guard isTransient else {
      outcome = .refused("\(fault)")
      throw Refusal(cause: fault)
    }
    if let wait, wait > retry.longestAsked, endpoints.count == 1 {
      throw Refusal(cause: leftAlone(for: wait, said: "\(fault)"))
    }
    if status == 429 || status == 529 {
      outcome = .throttled("\(fault)", wait: wait)
      return .throttled("\(fault)", wait: wait)
    }
    outcome = .fault("\(fault)", wait: wait)
    return .fault("\(fault)", wait: wait, isServers: status >= 500)
  }

  /// Why there is no use in asking on; nil where there is.
  ///
  /// - Parameter wasSent: whether the status is that of the response, and not one that its body should have had.
  private func unavailable(
    _ status: Int, _ error: ServiceError, _ endpoint: URL, wasSent: Bool
  ) -> TeacherUnavailable? {
    func gone(_ reason: String) -> TeacherUnavailable {
      TeacherUnavailable(teacher: address.teacher, reason: "\(reason): \(error.message)")
    }
    if error.isQuota || status == 402 { return gone("its quota is used up") }
    return switch status {
    case 401, 403: gone("its key is refused \(wasSent ? "with status \(status)" : "in a body of status 200")")
    case 404: gone("\(Address.asked(endpoint)) or the model '\(address.model)' is not there")
    case 300...399: gone("the server points elsewhere with status \(status), and keys are not taken there")
    default: nil
    }
  }
}
