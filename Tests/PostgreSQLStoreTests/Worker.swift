#if PostgreSQL
  import Annotations
  import Foundation
  import PostgreSQLStore
  import TeacherProtocol

  /// A worker as a process of its own: three teachers with faults are asked about numbered items.
  struct Worker {
    var address: String
    var items: Int
    /// Each request and each answer is a line there, which is written before it counts.
    var log: URL
    var limit = SpendingLimit()
    var concurrency = 16
    /// The process kills itself after so many answers.
    var killedAfter = Int.max
    /// How long a teacher takes to answer, in seconds.
    var delay = 0.0
    var lease = 2.0

    static let teachers = ["a", "b", "c"]

    /// - Returns: how many replies the worker ends with.
    func run() async throws -> Int {
      let store = try PostgreSQLAnnotationStore(address, patience: 60, lease: lease, renewal: lease / 4)
      let budget = try PostgreSQLBudget(address, of: Set(Self.teachers), patience: 60)
      let book = Lines(log)
      let data = Dataset(
        items: (0..<items).map { Item(id: "i\($0)", fields: ["text": "text \($0)"]) }, root: log)
      let answered = Locked(0)
      let assignments = try Self.teachers.map { name in
        Annotator.Assignment(
          teacher: FaultyTeacher(name: name, delay: delay) { line in
            book.add(line)
            guard line.hasPrefix("paid") else { return }
            let count = answered.withLock { count in
              count += 1
              return count
            }
            if count == killedAfter { kill(getpid(), SIGKILL) }
          },
          template: try PromptTemplate("{text}"), concurrency: concurrency)
      }
      let annotator = try Annotator(
        store: store, labels: .outOfContext, assignments: assignments,
        ledger: SpendingLedger(limit: limit, shared: budget))
      let run = try await annotator.annotate(data)
      return run.annotations.reduce(0) { $0 + $1.count }
    }
  }

  /// Lines that several processes add to one file, each whole.
  final class Lines: Sendable {
    private let descriptor: Int32

    init(_ file: URL) { descriptor = open(file.path, O_WRONLY | O_APPEND | O_CREAT, 0o600) }

    deinit { close(descriptor) }

    func add(_ line: String) {
      let line = line + "\n"
      _ = line.withCString { write(descriptor, $0, strlen($0)) }
    }

    /// The lines of a file by their first word: the rest of each.
    static func all(_ file: URL) throws -> [String: [Substring]] {
      let words = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
        $0.split(separator: " ", maxSplits: 1)
      }
      return Dictionary(grouping: words, by: { String($0[0]) }).mapValues { $0.map { $0[1] } }
    }
  }

  /// A teacher some of whose replies are lost on the way, and which is then asked again as services are.
  struct FaultyTeacher: Teacher {
    let name: String
    var delay = 0.0
    let note: @Sendable (String) -> Void

    func reply(to request: TeacherRequest) async throws -> TeacherReply {
      while true {
        try request.meter?.countRequest()
        note("sent \(name) \(request.item.id)")
        if delay > 0 { try await Task.sleep(for: .seconds(delay * Double.random(in: 0.5...1.5))) }
        if Int.random(in: 0..<20) > 0 { break }
      }
      note("paid \(name) \(request.item.id)")
      return TeacherReply(
        reading: "Yes", with: AnswerReader(labels: request.labels), usage: .init(inputTokens: 10, outputTokens: 2))
    }
  }
#endif
