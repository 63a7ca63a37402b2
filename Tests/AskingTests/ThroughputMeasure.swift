import Annotations
import Foundation
import HTTPTeacher
import SQLiteStore
import TeacherProtocol
import TestSupport
import Testing

/// Measures with `MEASURE_ASKING` set, and only then; numbers depend on the machine.
@Suite(.serialized, .enabled(if: Asking.isMeasured, "set MEASURE_ASKING to measure")) struct ThroughputMeasure {
  static let answer = MisbehavingService.completion("No. It fits.")

  @Test(arguments: Asking.Way.all) func `text replies a second and flat memory`(_ way: Asking.Way) async throws {
    let server = try FaultyServer { _ in .answer(body: Self.answer) }
    let folder = try Scratch()
    var held: [Double] = []
    for count in [10_000, 200_000] {
      let store = try SQLiteAnnotationStore(folder.url.appendingPathComponent("\(count).sqlite"))
      let annotator = try Asking.annotator(server.base, store: store, models: ["a"], concurrency: 64, over: way)
      let most = Locked(0.0)
      let (start, used) = (Date(), Asking.coreSeconds)
      let end = try await annotator.fill(
        Dataset(items: [], root: folder.url), count: count, item: Asking.item,
        progress: { step in
          if step.done % 1000 < 32 { most.withLock { $0 = max($0, Asking.residentMiB ?? 0) } }
        }
      ) { _ in }
      let rate = Double(count) / Date().timeIntervalSince(start)
      #expect(end.failed == 0)
      held.append(most.withLock { $0 })
      let microseconds = Int((Asking.coreSeconds - used) * 1e6 / Double(count))
      print(
        "\(way.testDescription): \(count) text replies: \(Int(rate)) a second, \(microseconds) microseconds of a core each, "
          + "at most \(Int(held.last ?? 0)) MiB")
      #expect(rate >= 1500)
    }
    #expect(held[1] - held[0] <= 50)
  }

  @Test(arguments: Asking.Way.all) func `time of the CPU while 64 questions wait`(_ way: Asking.Way) async throws {
    let server = try FaultyServer { _ in
      sleep(15)
      return .answer(body: Self.answer)
    }
    let transport = way.transport(64)
    let request = TransportRequest(url: server.base, body: Data("{}".utf8), seconds: 60)
    let share = try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<64 { group.addTask { _ = try await transport.send(request) } }
      try await Task.sleep(for: .seconds(3))
      let before = Asking.coreSeconds
      try await Task.sleep(for: .seconds(10))
      let used = Asking.coreSeconds - before
      try await group.waitForAll()
      return used / 10
    }
    print("\(way.testDescription): \(share * 100) % of a core while 64 questions wait")
    if way.testDescription != "URLSession" { #expect(share < 0.01) }
  }

  @Test(arguments: Asking.Way.all) func `image replies a second`(_ way: Asking.Way) async throws {
    let server = try FaultyServer { _ in .answer(body: Self.answer) }
    let folder = try Scratch()
    let count = 4000
    for number in 0..<count {
      var bytes = [UInt8](repeating: UInt8(number % 251), count: 100_000)
      bytes.replaceSubrange(0..<8, with: [0xFF, 0xD8, 0xFF, 0xE0, UInt8(number >> 8), UInt8(number & 255), 0, 0])
      try Data(bytes).write(to: folder.url.appendingPathComponent("\(number).jpg"))
    }
    let store = try SQLiteAnnotationStore(folder.url.appendingPathComponent("images.sqlite"))
    let annotator = try Asking.annotator(server.base, store: store, models: ["a"], concurrency: 64, over: way)
    let start = Date()
    let end = try await annotator.fill(
      Dataset(items: [], root: folder.url), count: count,
      item: { Item(id: "\($0)", image: "\($0).jpg", fields: ["text": "Item \($0)."]) }
    ) { failure in Issue.record("\(failure)") }
    let rate = Double(count) / Date().timeIntervalSince(start)
    print(
      "\(way.testDescription): \(count) image replies of 100 kB: \(Int(rate)) a second, \(Int(Asking.residentMiB ?? 0)) MiB"
    )
    #expect(end.failed == 0)
    #expect(rate >= 300)
  }

  @Test(arguments: Asking.Way.all) func `replies of ten megabytes a second`(_ way: Asking.Way) async throws {
    let answer = MisbehavingService.completion("No. " + String(repeating: "long ", count: 2_000_000))
    let server = try FaultyServer { _ in .answer(body: answer) }
    let folder = try Scratch()
    let store = try SQLiteAnnotationStore(folder.url.appendingPathComponent("large.sqlite"))
    let annotator = try Asking.annotator(server.base, store: store, models: ["a"], concurrency: 1, over: way)
    let start = Date()
    let end = try await annotator.fill(Dataset(items: [], root: folder.url), count: 10, item: Asking.item) { failure in
      Issue.record("\(failure)")
    }
    print("\(way.testDescription): replies of 10 MB: \(10 / Date().timeIntervalSince(start)) a second")
    #expect(end.failed == 0)
  }
}
