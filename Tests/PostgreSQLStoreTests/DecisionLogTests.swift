#if PostgreSQL
  import Annotations
  import Foundation
  import PostgreSQLStore
  import TeacherProtocol
  import Testing

  extension PostgreSQLStoreTests {
    @Suite struct PostgreSQLDecisionLogTests {
      let address: String

      init() throws { address = try TestServer.freshStore() }

      private func entry(_ item: String, _ reviewer: String, _ label: String = "x") -> ReviewEntry {
        ReviewEntry(item: item, reviewer: reviewer, decision: .label(label), time: 1)
      }

      @Test func `it keeps what every log must keep`() async throws {
        let problems = try await DecisionLogCheck().problems(
          areClaimsShared: true,
          expire: { try TestServer.sql("UPDATE distill_review_claim SET expires = now()", in: address) },
          opening: { try PostgreSQLDecisionLog(address, log: "a") })
        #expect(problems == [])
      }

      @Test func `logs of other names in one data base know nothing of each other`() async throws {
        let (one, two) = (
          try PostgreSQLDecisionLog(address, log: "one"), try PostgreSQLDecisionLog(address, log: "two")
        )
        try await one.add(entry("a", "anna"))
        #expect(try await one.claim(firstOf: ["b"], for: "anna", opinions: 1) == "b")
        #expect(try await two.entries() == [])
        #expect(try await two.claims() == [])
        #expect(try await two.claim(firstOf: ["a"], for: "bea", opinions: 1) == "a")
        #expect(try await two.claim(firstOf: ["b"], for: "carl", opinions: 1) == "b")
        try await two.add(entry("a", "bea", "y"))
        #expect(try await one.entries() == [entry("a", "anna")])
      }

      @Test func `many who ask at once get each item as often as opinions are wanted`() async throws {
        let logs = try (0..<4).map { _ in try PostgreSQLDecisionLog(address, log: "a") }
        let items = (0..<30).map { "i\($0)" }
        let got = Locked<[String: Int]>([:])
        try await withThrowingTaskGroup(of: Void.self) { group in
          for (number, log) in logs.enumerated() {
            for person in 0..<2 {
              group.addTask {
                var left = items
                while let item = try await log.claim(firstOf: left, for: "r\(number)-\(person)", opinions: 2) {
                  got.withLock { $0[item, default: 0] += 1 }
                  left.removeAll { $0 == item }
                  if item.hasSuffix("7") { continue }
                  try await log.add(entry(item, "r\(number)-\(person)"))
                }
              }
            }
          }
          try await group.waitForAll()
        }
        #expect(got.withLock { $0 } == Dictionary(uniqueKeysWithValues: items.map { ($0, 2) }))
        #expect(try await logs[0].entries().opinions.values.allSatisfy { $0 == 2 })
        #expect(try await Set(logs[1].claims().map(\.item)) == ["i7", "i17", "i27"])
      }

      @Test func `what was decided elsewhere is taken once, and what followed it stands`() async throws {
        let log = try PostgreSQLDecisionLog(address, log: "a")
        let old = [entry("1", "anna"), entry("2", "anna"), ReviewEntry(item: "3", reviewer: "bea", decision: .skipped)]
        try await log.take(old)
        try await log.add(entry("1", "anna", "y"))
        _ = try await log.undo("bea")
        try await PostgreSQLDecisionLog(address, log: "a").take(old)
        #expect(try await log.entries() == [entry("2", "anna"), entry("1", "anna", "y")])
      }

      @Test(arguments: ["fast", "immediate"])
      func `a server that is restarted is waited for, and each decision is there once`(mode: String) async throws {
        let log = try PostgreSQLDecisionLog(address, log: "a")
        for number in 0..<20 {
          if number == 10 { try TestServer.restart(mode) }
          try await log.add(entry("i\(number)", "anna"))
        }
        #expect(try await log.entries().map(\.item) == (0..<20).map { "i\($0)" })
        #expect(try TestServer.sql("SELECT count(*) FROM distill_decision", in: address) == "20")
      }

      @Test func `a row that is no decision is named by its number`() async throws {
        let log = try PostgreSQLDecisionLog(address, log: "a")
        try await log.add(entry("1", "anna"))
        try TestServer.sql(#"UPDATE distill_decision SET decision = '{"secret": 1}'"#, in: address)
        let error = await #expect(throws: PostgreSQLError.self) {
          try await PostgreSQLDecisionLog(address, log: "a").entries()
        }
        #expect(error?.message.hasPrefix("row 1 of the table distill_decision") == true)
      }
    }
  }
#endif
