import Annotations
import Foundation
import HTTPTeacher
import TeacherProtocol
import Testing

/// Three teachers behind a server on this machine, asked about numbered items.
enum Asking {
  /// Whether the measures are made at their full size.
  static let isMeasured = ProcessInfo.processInfo.environment["MEASURE_ASKING"] != nil

  /// A transport by its name, with so many connections.
  struct Way: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let transport: @Sendable (_ connections: Int) -> any Transport

    static let urlSession = Way(testDescription: "URLSession") { URLSessionTransport(connections: $0) }
    #if Run
      static let curl = Way(testDescription: "libcurl") { _ in CurlTransport() }
      static let standard = curl
      static let all = [curl, urlSession]
    #else
      static let standard = urlSession
      static let all = [urlSession]
    #endif
  }

  static func item(_ number: Int) -> Item { Item(id: "\(number)", fields: ["text": "Item \(number)."]) }

  static func annotator(
    _ base: URL, store: any AnnotationStore, models: [String] = ["a", "b", "c"], concurrency: Int = 32,
    ledger: SpendingLedger = SpendingLedger(), over way: Way = .standard
  ) throws -> Annotator {
    var options = OpenAICompatibleTeacher.Options(model: "")
    options.seconds = isMeasured ? 5 : 2
    // The plan has more faults in a row for one question than a run of the default attempts bears.
    options.retry.attempts = 6
    options.retry.firstWait = 0.005
    options.retry.longestWait = 0.02
    options.pace.inFlight = concurrency
    // The faults of the plan come in no order; ten in a row are nothing unusual among many at once.
    options.pace.faultsToPause = 200
    let template = try PromptTemplate("{text} Is it so? Yes or No.")
    return try Annotator(
      store: store, labels: .outOfContext,
      assignments: models.map { model in
        options.model = model
        let teacher = OpenAICompatibleTeacher(
          model, options: options, base: base, transport: way.transport(concurrency))
        return .init(
          teacher: teacher, template: template, parameters: .init(maximumTokens: 64, answersInJSON: true),
          concurrency: concurrency)
      }, ledger: ledger)
  }

  /// Everything that a store says, but for times, usage and seconds, in the order of the keys.
  static func export(_ store: any AnnotationStore) async throws -> [String] {
    try await store.all().map { one in
      [
        one.key, one.item, one.teacher, one.model, "\(one.reply.outcome)", one.reply.rationale, one.reply.raw,
        one.reply.confidence.map { "\($0.value) \($0.source)" } ?? "",
      ].joined(separator: "|")
    }.sorted()
  }

  /// Seconds for which the process has used a core.
  static var coreSeconds: Double {
    var used = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used)
    return Double(used.tv_sec) + Double(used.tv_nsec) * 1e-9
  }

  /// Memory that the process holds now, in MiB; nil where the system does not say.
  static var residentMiB: Double? {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
      let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
    else { return nil }
    return kilobytes / 1024
  }
}
