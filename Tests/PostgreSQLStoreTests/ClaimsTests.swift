#if PostgreSQL
  import Annotations
  import Foundation
  import PostgreSQLStore
  import TeacherProtocol
  import Testing

  extension PostgreSQLStoreTests {
    @Suite struct ClaimsTests {
      let address: String

      init() throws { address = try TestServer.freshStore() }

      @Test func `a question is one worker's until it is answered or given up`() async throws {
        let (one, two) = (try PostgreSQLAnnotationStore(address), try PostgreSQLAnnotationStore(address))
        #expect(try await one.claim(["a", "b\0", "c"]).mine == ["a", "b\0", "c"])
        #expect(try await one.claim(["a"]).mine == ["a"])
        var other = try await two.claim(["a", "b\0", "c", "d"])
        #expect(other.mine == ["d"] && other.answered == [])
        try await one.append([.sample("a")])
        await one.release(["b\0"])
        let holder = await two.holder(of: "c")
        #expect(holder?.name.hasPrefix("process \(ProcessInfo.processInfo.processIdentifier) on ") == true)
        #expect(await two.holder(of: "e") == nil && holder?.process == nil)
        other = try await two.claim(["a", "b\0", "c"])
        #expect(other.mine == ["b\0"] && other.answered == ["a"])
        await one.release(nil)
        #expect(try await two.claim(["c"]).mine == ["c"])
        // What is another's can't be given up.
        await one.release(["c"])
        #expect(try await one.claim(["c"]).mine == [])
      }

      /// When a question's claim ends, in seconds of the server's clock.
      private func expiry(of key: String) throws -> Double {
        let found = try TestServer.sql(
          "SELECT extract(epoch FROM expires) FROM distill_claim WHERE key = '\(key)'", in: address)
        return try #require(Double(found))
      }

      @Test(.timeLimit(.minutes(2))) func `claims of a worker that lives are renewed, and those of a dead one end`()
        async throws
      {
        // So long that no slow machine ends it, and renewed each second.
        let alive = try PostgreSQLAnnotationStore(address, lease: 600, renewal: 1)
        let other = try PostgreSQLAnnotationStore(address)
        do {
          let dead = try PostgreSQLAnnotationStore(address, lease: 600, renewal: 1)
          #expect(try await dead.claim(["d"]).mine == ["d"])
        }
        #expect(try await alive.claim(["a"]).mine == ["a"])
        #expect(try await other.claim(["a", "d"]).mine == [])
        let (first, left) = (try expiry(of: "a"), try expiry(of: "d"))
        while try expiry(of: "a") <= first { try await Task.sleep(for: .milliseconds(50)) }
        // That of the dead one stands as it was, and ends.
        #expect(try expiry(of: "d") == left)
        try TestServer.sql(
          "UPDATE distill_claim SET expires = now() - interval '1 second' WHERE key = 'd'", in: address)
        #expect(try await other.claim(["a", "d"]).mine == ["d"])
      }

      @Test func `a store of an older version is brought up to date with what it has`() async throws {
        do { try await PostgreSQLAnnotationStore(address).append([.sample("a")]) }
        try TestServer.sql(
          """
          DROP TABLE distill_claim, distill_spending, distill_sent, distill_decision, distill_review_claim;
          UPDATE distill_version SET version = 1
          """, in: address)
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<4 { group.addTask { [address] in _ = try PostgreSQLAnnotationStore(address) } }
          try await group.waitForAll()
        }
        let store = try PostgreSQLAnnotationStore(address)
        #expect(try await store.claim(["a", "b"]).mine == ["b"])
        #expect(try await store.annotations(forItems: nil).map(\.key) == ["a"])
      }
    }

    @Suite struct BudgetTests {
      let address: String

      init() throws { address = try TestServer.freshStore() }

      private func amount(_ requests: Int, tokens: Int = 0, cost: Double = 0) -> Spending {
        var amount = Spending()
        (amount.requests, amount.inputTokens, amount.cost) = (requests, tokens, cost)
        return amount
      }

      @Test func `the teachers that count are summed, each limit is kept, and names may have any characters`()
        async throws
      {
        let odd = "o'd\\d\0 é"
        let budget = try PostgreSQLBudget(address, of: [odd, "b"])
        let limit = SpendingLimit(requests: 10, tokens: 100, cost: 0.3)
        #expect(try await budget.book(amount(6, tokens: 50, cost: 0.1), of: odd, limit: limit) == nil)
        #expect(try await budget.book(amount(4, tokens: 50, cost: 0.2), of: "b", limit: limit) == nil)
        #expect(try await budget.book(amount(1), of: "b", limit: limit)?.exceeded == "10 requests")
        #expect(try budget.bookAtOnce(amount(0, tokens: 1), of: odd, limit: limit)?.exceeded == "100 tokens")
        #expect(try await budget.book(amount(0, cost: 0.01), of: odd, limit: limit)?.exceeded == "0.3 in cost")
        await budget.giveBack(amount(3, tokens: 20, cost: 0.1), of: odd)
        #expect(try await budget.book(amount(3, tokens: 20, cost: 0.1), of: "b", limit: limit) == nil)
        // Another's teachers do not count.
        let other = try PostgreSQLBudget(address, of: ["c"])
        #expect(other.before == Spending())
        #expect(try await other.book(amount(10), of: "c", limit: limit) == nil)
        #expect(try PostgreSQLBudget(address, of: ["b", odd]).before.requests == 10)
      }

      @Test func `many book at once and never more than there is`() async throws {
        let budgets = try (0..<6).map { _ in try PostgreSQLBudget(address, of: ["a", "b"]) }
        let fitted = Locked(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
          for (number, budget) in budgets.enumerated() {
            group.addTask {
              for _ in 0..<40 {
                let teacher = number % 2 == 0 ? "a" : "b"
                if try await budget.book(amount(1), of: teacher, limit: SpendingLimit(requests: 100)) == nil {
                  fitted.withLock { $0 += 1 }
                }
              }
            }
          }
          try await group.waitForAll()
        }
        #expect(fitted.withLock { $0 } == 100)
      }

      @Test func `a question that goes with a batch is booked once, until its result is read`() throws {
        let budget = try PostgreSQLBudget(address, of: ["a"])
        let limit = SpendingLimit(requests: 3)
        func requests() throws -> Int { try PostgreSQLBudget(address, of: ["a"]).before.requests }
        #expect(try budget.send("k", of: "a", estimate: amount(2), again: false, limit: limit))
        #expect(try !budget.send("k", of: "a", estimate: amount(1), again: false, limit: limit))
        #expect(throws: BudgetExhausted.self) {
          try budget.send("l", of: "a", estimate: amount(2), again: false, limit: limit)
        }
        #expect(try budget.send("k", of: "a", estimate: amount(1), again: true, limit: limit))
        #expect(try requests() == 3)
        try budget.receive("k", of: "a", amount(1))
        #expect(try requests() == 3)
        try budget.receive("l", of: "a", amount(0))
        try budget.receive("m", of: "a", amount(1))
        #expect(try requests() == 4)
      }
    }
  }
#endif
