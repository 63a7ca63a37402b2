import Annotations
import Foundation
import HTTPTeacher
import SQLiteStore
import TeacherProtocol
import TestSupport
import Testing

/// The words side from end to end over real connections. Small here; with `MEASURE_ASKING` set, at the full size.
@Suite(.serialized) struct MisbehavingServiceTests {
  @Test func `every item is answered or listed whatever the service does`() async throws {
    let count = Asking.isMeasured ? 10_000 : 60
    let quota = count * 9 / 10
    let service = MisbehavingService(quota: quota)
    let server = try FaultyServer { service.serve($0) }
    let folder = try Scratch()
    let store = try SQLiteAnnotationStore(folder.url.appendingPathComponent("s.sqlite"))
    // A machine that stands still for longer than the limit is not the server's fault, but costs a retry all the same.
    let late = Locked<[String: Int]>([:])
    let way = Asking.Way(testDescription: "watched") { connections in
      WatchedTransport(Asking.Way.standard.transport(connections)) { question in
        late.withLock { $0[question, default: 0] += 1 }
      }
    }
    let annotator = try Asking.annotator(server.base, store: store, over: way)
    let failures = Locked<[AnnotationRun.Failure]>([])
    let start = Date()
    let end = try await annotator.fill(
      Dataset(items: [], root: folder.url), count: count, item: Asking.item
    ) { failure in failures.withLock { $0.append(failure) } }
    let seconds = Date().timeIntervalSince(start)
    let listed = failures.withLock { $0 }
    let kept = try await store.all()
    #expect(end.done == 3 * count)
    #expect(kept.count + listed.count == 3 * count)
    // Only the model whose quota was used up has questions without a reply, each with its reason.
    #expect(listed.allSatisfy { $0.teacher == "c" && $0.reason.contains("quota is used up: no money") })
    #expect((1...(count - quota + 32)).contains(listed.count))
    // Each question was asked once, and once more for each fault of its own.
    let counts = service.counts.withLock { $0 }
    var (needed, retries, sent, stalls) = (0, 0, 0, 0)
    for annotation in kept {
      let question = "\(annotation.model)/\(annotation.item)"
      let faults = MisbehavingService.faults(of: question).count
      let requests = counts.requests[question] ?? 0
      let stalled = requests - 1 - faults
      #expect(
        (0...late.withLock { $0[question] ?? 0 }).contains(stalled),
        "\(question), \(MisbehavingService.answer(to: question))")
      needed += 1
      retries += faults
      stalls += stalled
      sent += requests
    }
    #expect(sent == needed + retries + stalls)
    #expect(counts.answers.values.reduce(0) { $0 + $1 - 1 } <= stalls)
    // Answers of every kind came back as what they are.
    for annotation in kept {
      let outcome = annotation.reply.outcome
      switch MisbehavingService.answer(to: "\(annotation.model)/\(annotation.item)") {
      case .huge: #expect(annotation.reply.label != nil)
      case .plain, .json, .fenced, .ignoredSchema, .twice:
        // Not another question's, which came twice.
        #expect(annotation.reply.label != nil)
        #expect(annotation.reply.rationale == "What is seen in \(annotation.item).")
      case .unknownLabel: #expect(outcome == .unknownLabel("Perhaps"))
      case .refusal: #expect(outcome == .refused)
      case .empty: #expect(outcome == .empty)
      case .cutOff: #expect(annotation.reply.label != nil && annotation.reply.isRationaleCut == true)
      }
    }
    if Asking.isMeasured {
      print(
        "\(count) items x 3: \(kept.count) kept, \(listed.count) listed, \(sent) requests for \(needed), \(retries) "
          + "retries of the plan and \(stalls) after time-outs of this machine, \(server.requests - sent) for questions without a reply, \(seconds) s"
      )
    }
  }

  @Test func `killed at any instant nothing committed is lost and little is asked again`() async throws {
    let count = Asking.isMeasured ? 10_000 : 300
    let kills = Asking.isMeasured ? 50 : 3
    let concurrency = 8
    let service = MisbehavingService()
    let server = try FaultyServer { service.serve($0) }
    let folder = try Scratch()
    let path = folder.url.appendingPathComponent("killed.sqlite").path
    let log = folder.url.appendingPathComponent("committed").path
    var generator = SystemRandomNumberGenerator()
    var done = 0
    for number in 0..<kills {
      // Spread over the whole: after some replies more, and then at any instant of the next ones.
      let replies = Int.random(in: 1...max(1, 2 * (3 * count - done) / (kills - number + 1)), using: &generator)
      let microseconds = Int.random(in: 0...20_000, using: &generator)
      let port = Int(server.port)
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [
          port = port as Int, path = path as String, log = log as String, count = count as Int,
          replies = replies as Int, microseconds = microseconds as Int, concurrency = concurrency as Int
        ] in
        try await KilledProcess.ask(
          port: port, path: path, log: log, count: count, replies: replies, microseconds: microseconds,
          concurrency: concurrency)
      }
      let store = try SQLiteAnnotationStore(URL(fileURLWithPath: path))
      let kept = try await store.all().count
      // The process wrote down how many were committed, after each commit.
      let said = (try? Data(contentsOf: URL(fileURLWithPath: log)).count) ?? 0
      #expect(kept >= done)
      #expect(kept >= said)
      done = kept
    }
    let store = try SQLiteAnnotationStore(URL(fileURLWithPath: path))
    let annotator = try Asking.annotator(server.base, store: store, concurrency: concurrency)
    _ = try await annotator.fill(Dataset(items: [], root: folder.url), count: count, item: Asking.item) { failure in
      Issue.record("\(failure)")
    }
    // Beyond the faults of the plan, which go on where they were, a question is asked again where its answer was lost.
    let again = service.counts.withLock { counts in
      counts.requests.reduce(0) { $0 + $1.value - 1 - MisbehavingService.faults(of: $1.key).count }
    }
    #expect((0...(kills * 3 * concurrency)).contains(again))
    let whole = try SQLiteAnnotationStore(folder.url.appendingPathComponent("whole.sqlite"))
    _ = try await Asking.annotator(server.base, store: whole).fill(
      Dataset(items: [], root: folder.url), count: count, item: Asking.item
    ) { _ in }
    let (interrupted, uninterrupted) = (try await Asking.export(store), try await Asking.export(whole))
    #expect(interrupted.count == 3 * count)
    #expect(interrupted == uninterrupted)
    if Asking.isMeasured {
      print(
        "\(kills) kills: \(again) of \(3 * count) asked again, at most \(3 * concurrency) each time; \(done) kept by then"
      )
    }
  }
}

/// A transport that tells which questions met their time limit.
private struct WatchedTransport: Transport {
  private let transport: any Transport
  private let late: @Sendable (_ question: String) -> Void

  init(_ transport: any Transport, late: @escaping @Sendable (_ question: String) -> Void) {
    self.transport = transport
    self.late = late
  }

  func send(_ request: TransportRequest) async throws -> TransportResponse {
    do {
      return try await transport.send(request)
    } catch let error as HTTPTeacherError {
      if case .timedOut = error, let question = MisbehavingService.question(in: request.body) { late(question) }
      throw error
    }
  }
}

/// What the process does that is killed.
enum KilledProcess {
  static func ask(
    port: Int, path: String, log: String, count: Int, replies: Int, microseconds: Int, concurrency: Int
  ) async throws {
    @Sendable func die(after microseconds: Int) {
      Thread.detachNewThread {
        usleep(UInt32(microseconds))
        kill(getpid(), SIGKILL)
      }
    }
    let store = try SQLiteAnnotationStore(URL(fileURLWithPath: path))
    let base = try #require(URL(string: "http://127.0.0.1:\(port)/v1"))
    let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    let written = Locked(0)
    let annotator = try Asking.annotator(base, store: store, concurrency: concurrency)
    _ = try await annotator.fill(
      Dataset(items: [], root: URL(fileURLWithPath: "/tmp")), count: count, item: Asking.item,
      progress: { step in
        let fresh = step.done - step.alreadyStored - written.withLock { $0 }
        guard fresh > 0 else { return }
        let bytes = [UInt8](repeating: 0x2E, count: fresh)
        _ = write(descriptor, bytes, fresh)
        let isTime = written.withLock { written in
          defer { written += fresh }
          return written < replies && written + fresh >= replies
        }
        if isTime { die(after: microseconds) }
      }
    ) { _ in }
    // Where less was left to ask, the end is here.
    die(after: microseconds)
    try await Task.sleep(for: .seconds(60))
  }
}

/// A folder of its own that is removed with the last reference to it.
final class Scratch: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("asking-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}
