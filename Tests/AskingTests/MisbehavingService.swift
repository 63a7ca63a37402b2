import JSON
import Foundation
import TeacherProtocol
import TestSupport

/// Three models behind one server on loopback that does everything wrong that a service can do, by a fixed plan: for
/// each question so many faults first, then the answer. It counts what it was asked.
final class MisbehavingService: Sendable {
  /// What goes wrong once before a question is asked again.
  enum Fault: CaseIterable {
    case milliseconds, seconds, fraction, date, noRoom, overloaded, conflict, internalError, unavailable, close, reset
    case cutJSON, notJSON, noChoice, drip, flood
  }

  /// How an answer comes in the end.
  enum Answer: CaseIterable {
    case plain, json, fenced, ignoredSchema, unknownLabel, refusal, empty, cutOff, twice, huge
  }

  /// What the server saw.
  struct Counts {
    /// Requests by question.
    var requests: [String: Int] = [:]
    /// Answers by question: how often one was sent whole.
    var answers: [String: Int] = [:]
    var underWay = 0
    var mostUnderWay = 0
  }

  let counts = Locked(Counts())
  /// The number of the question of model "c" from which on its quota is used up; nil for never.
  private let quota: Int?
  private let isFaulty: Bool

  init(quota: Int? = nil, isFaulty: Bool = true) {
    self.quota = quota
    self.isFaulty = isFaulty
  }

  /// Equal for equal questions, whatever the process.
  static func hash(_ text: String) -> UInt64 {
    var hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
    return hash ^ (hash >> 31)
  }

  /// The faults of a question, in order: none for most, up to three for some. What takes long is rare.
  static func faults(of question: String) -> [Fault] {
    let hash = hash(question)
    guard hash % 5 == 0 else { return [] }
    let quick: [Fault] = [
      .milliseconds, .noRoom, .overloaded, .conflict, .internalError, .unavailable, .close, .reset, .cutJSON, .notJSON,
      .noChoice,
    ]
    let slow: [Fault] = [.seconds, .fraction, .date, .drip, .flood]
    return (0...Int(hash >> 8) % 3).map { step in
      let own = Self.hash("\(question)/\(step)")
      return own % 100 == 0 ? slow[Int(own >> 16) % slow.count] : quick[Int(own >> 16) % quick.count]
    }
  }

  /// How the answer comes: every second one plain, the huge ones rare.
  static func answer(to question: String) -> Answer {
    let hash = hash(question + "/answer")
    if hash % 2 == 0 { return .plain }
    if hash % 997 == 0 { return .huge }
    return Answer.allCases.dropLast()[Int(hash >> 16) % (Answer.allCases.count - 1)]
  }

  func serve(_ request: FaultyServer.Request) -> FaultyServer.Action {
    guard let question = Self.question(in: request.body) else { return Self.failure(400, "no question") }
    let (model, item) = (question.prefix(1), String(question.dropFirst(2)))
    let attempt = counts.withLock { counts in
      counts.underWay += 1
      counts.mostUnderWay = max(counts.mostUnderWay, counts.underWay)
      counts.requests[question, default: 0] += 1
      return counts.requests[question, default: 0]
    }
    defer { counts.withLock { $0.underWay -= 1 } }
    if model == "c", let quota, Int(item) ?? 0 >= quota { return Self.failure(429, "no money", "insufficient_quota") }
    let faults = isFaulty ? Self.faults(of: question) : []
    // After a kill a question may come once more; its faults are over then.
    if attempt <= faults.count { return action(faults[attempt - 1]) }
    counts.withLock { $0.answers[question, default: 0] += 1 }
    let label = (Self.hash(item) ^ Self.hash(String(model))) % 3 == 0 ? "Yes" : "No"
    return action(isFaulty ? Self.answer(to: question) : .plain, label: label, item: item)
  }

  /// Model and item of a request: `a/17`.
  static func question(in body: some Sequence<UInt8>) -> String? {
    let body = String(decoding: Array(body), as: UTF8.self)
    guard let model = between("\"model\": \"", "\"", body), let item = between("Item ", ".", body) else { return nil }
    return "\(model)/\(item)"
  }

  private func action(_ fault: Fault) -> FaultyServer.Action {
    func busy(_ header: String...) -> FaultyServer.Action { Self.failure(429, "slow down", headers: header) }
    switch fault {
    case .milliseconds: return busy("retry-after-ms: 20", "Retry-After: 30")
    case .seconds: return busy("Retry-After: 1")
    case .fraction: return busy("Retry-After: 0.05")
    case .date: return busy("Retry-After: " + Self.date(in: 1))
    case .noRoom: return busy()
    case .overloaded: return Self.failure(529, "overloaded")
    case .conflict: return Self.failure(409, "again", headers: ["x-should-retry: true"])
    case .internalError: return Self.failure(500, "oops")
    case .unavailable: return Self.failure(503, "gone for a moment", headers: ["Retry-After: soon"])
    case .close: return .close
    case .reset: return .breakOff(body: Self.completion("No. Never seen."), after: 40)
    case .cutJSON: return .answer(body: Array(Self.completion("No. Never seen.").dropLast(30)))
    case .notJSON: return .answer(body: Array("<html>welcome to the proxy</html>".utf8))
    case .noChoice: return .answer(body: Array("{\"choices\": []}".utf8))
    case .drip: return .drip(body: Array(repeating: 0x20, count: 10_000), milliseconds: 20)
    case .flood: return .flood
    }
  }

  private func action(_ answer: Answer, label: String, item: String) -> FaultyServer.Action {
    let rationale = "What is seen in \(item)."
    let object = "{\"label\": \"\(label)\", \"rationale\": \"\(rationale)\", \"confidence\": 0.8}"
    switch answer {
    case .plain: return .answer(body: Self.completion("\(label). \(rationale)"))
    case .json: return .answer(body: Self.completion(object))
    case .fenced: return .answer(body: Self.completion("Sure:\n```json\n\(object)\n```"))
    case .ignoredSchema: return .answer(body: Self.completion("**\(label)** - \(rationale)"))
    case .unknownLabel: return .answer(body: Self.completion("{\"label\": \"Perhaps\"}"))
    case .refusal: return .answer(body: Self.completion("I'm sorry, but I can't help with that."))
    case .empty: return .answer(body: Self.completion(""))
    case .cutOff: return .answer(body: Self.completion(String(object.dropLast(30)), end: "length"))
    case .twice: return .twice(body: Self.completion("\(label). \(rationale)"))
    case .huge: return .answer(body: Self.completion("\(label). " + String(repeating: "long ", count: 2_000_000)))
    }
  }

  static func completion(_ text: String, end: String = "stop") -> [UInt8] {
    Array(
      ("{\"choices\": [{\"index\": 0, \"finish_reason\": \"\(end)\", \"message\": {\"role\": \"assistant\", \"content\": "
        + JSONValue.string(text).text + "}}], \"usage\": {\"prompt_tokens\": 20, \"completion_tokens\": 10}}").utf8)
  }

  private static func failure(
    _ status: Int, _ message: String, _ code: String = "x", headers: [String] = []
  ) -> FaultyServer.Action {
    let body = "{\"error\": {\"message\": \"\(message)\", \"code\": \"\(code)\"}}"
    return .answer(status: status, headers: headers, body: Array(body.utf8))
  }

  private static func date(in seconds: Double) -> String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(secondsFromGMT: 0)
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    return format.string(from: Date().addingTimeInterval(seconds))
  }

  private static func between(_ start: String, _ end: String, _ text: String) -> String? {
    guard let from = text.range(of: start) else { return nil }
    return text[from.upperBound...].range(of: end).map { String(text[from.upperBound..<$0.lowerBound]) }
  }
}
