#if PostgreSQL
  import Annotations
  import Foundation
  import PostgreSQLStore
  import TeacherProtocol
  import TestSupport
  import Testing

  extension PostgreSQLStoreTests {
    /// Several processes ask the same teachers about the same items.
    @Suite struct WorkersTests {
      let address: String
      let log = FileManager.default.temporaryDirectory.appendingPathComponent("workers-\(UUID().uuidString)")

      init() throws { address = try TestServer.freshStore() }

      private func requests() throws -> Int {
        Int(try TestServer.sql("SELECT sum(requests) FROM distill_spending", in: address)) ?? -1
      }

      @Test func `workers ask no question twice, and each ends with all replies`() async throws {
        let (address, log) = (address, log)
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
          for _ in 0..<4 {
            group.addTask { try await Worker(address: address, items: 200, log: log, delay: 0.002).run() }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts == [600, 600, 600, 600])
        let lines = try Lines.all(log)
        #expect(lines["paid"]?.count == 600)
        #expect(Set(lines["paid"] ?? []).count == 600)
        // What was booked ahead has been given back.
        #expect(try requests() == lines["sent"]?.count)
        #expect(try TestServer.sql("SELECT count(*) FROM distill_reply", in: address) == "600")
      }

      @Test(arguments: [1, 40, 301])
      func `workers together send no more requests than the budget has, and leave none`(limit: Int) async throws {
        let (address, log) = (address, log)
        try await withThrowingTaskGroup(of: Int.self) { group in
          for _ in 0..<4 {
            group.addTask {
              try await Worker(
                address: address, items: 200, log: log, limit: SpendingLimit(requests: limit), delay: 0.002
              ).run()
            }
          }
          try await group.waitForAll()
        }
        let sent = try Lines.all(log)["sent"]?.count ?? 0
        #expect(sent <= limit && sent > limit / 2)
        #expect(try requests() == sent)
        // What is left is spent by the next start.
        _ = try await Worker(address: address, items: 200, log: log, limit: SpendingLimit(requests: limit)).run()
        #expect(try Lines.all(log)["sent"]?.count == limit)
      }

      /// At its full size with MEASURE_WORKERS: 20,000 items.
      @Test func `two of four workers are killed and the server is restarted, and nothing is lost or paid twice`()
        async throws
      {
        let isMeasured = ProcessInfo.processInfo.environment["MEASURE_WORKERS"] != nil
        let items = isMeasured ? 20_000 : 400
        let (killedAfter, concurrency) = (isMeasured ? 5000 : 100, 16)
        let limit = items * 3 * 108 / 100 + 300
        let begin = ContinuousClock.now
        let (address, path) = (address, log.path)
        async let restart: Void = {
          // In the middle.
          while (try? Lines.all(URL(filePath: path))["paid"]?.count ?? 0) ?? 0 < items * 3 / 2 {
            try await Task.sleep(for: .milliseconds(isMeasured ? 500 : 20))
          }
          try TestServer.restart("immediate")
        }()
        await withTaskGroup(of: Void.self) { group in
          for number in 0..<4 {
            let killedAfter = number < 2 ? killedAfter * (number + 1) / 2 : Int.max
            group.addTask {
              await #expect(processExitsWith: number < 2 ? .signal(SIGKILL) : .success) {
                [
                  address = address as String, items = items as Int, path = path as String, limit = limit as Int,
                  concurrency = concurrency as Int, killedAfter = killedAfter as Int
                ] in
                var worker = Worker(address: address, items: items, log: URL(filePath: path))
                worker.limit = SpendingLimit(requests: limit)
                (worker.concurrency, worker.killedAfter) = (concurrency, killedAfter)
                let count = try await worker.run()
                #expect(count == items * 3)
              }
            }
          }
        }
        try await restart
        let lines = try Lines.all(log)
        let (paid, sent) = (lines["paid"] ?? [], lines["sent"]?.count ?? 0)
        #expect(Set(paid).count == items * 3)
        #expect(try TestServer.sql("SELECT count(*) FROM distill_reply", in: address) == "\(items * 3)")
        // Those in flight to the three teachers of the two processes.
        let twice = paid.count - items * 3
        #expect(twice <= 2 * 3 * concurrency)
        let booked = try requests()
        #expect(sent <= booked && booked <= limit)
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        print("\(items * 3) replies in \(seconds) s, \(twice) twice, \(sent) requests, \(booked) booked of \(limit)")
      }
    }
  }
#endif
