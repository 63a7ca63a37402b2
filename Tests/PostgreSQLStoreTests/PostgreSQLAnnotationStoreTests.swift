#if PostgreSQL
  import Annotations
  import Foundation
  import PostgreSQLStore
  import TeacherProtocol
  import Testing

  extension PostgreSQLStoreTests {
    @Suite struct PostgreSQLAnnotationStoreTests {
      let address: String

      init() throws { address = try TestServer.freshStore() }

      @Test(arguments: [false, true]) func `it keeps what every store must keep`(isDurable: Bool) async throws {
        let problems = try await AnnotationStoreCheck().problems {
          try PostgreSQLAnnotationStore(address, isDurable: isDurable)
        }
        #expect(problems == [])
      }

      @Test func `texts with a zero byte come back, and items with one are found`() async throws {
        let store = try PostgreSQLAnnotationStore(address)
        // PostgreSQL keeps no zero byte in a text.
        let strange = [
          "a\0b", "a\u{1A}0b", "a\u{1A}\0", "{\"\\\",NULL}", "NULL", "", String(repeating: "é", count: 20_000),
        ]
        let kept = strange.enumerated().map { Annotation.sample("k\($0)", item: $1, raw: $1) }
        try await store.append(kept)
        #expect(try await store.annotations(forItems: nil) == kept)
        for one in kept { #expect(try await store.annotations(forItems: [one.item]) == [one]) }
      }

      @Test func `many are kept at once, all or none, in their order`() async throws {
        let store = try PostgreSQLAnnotationStore(address)
        let many = (0..<10_000).map { Annotation.sample("k\(($0 * 7919) % 10_000)", item: "i\($0 % 1300)") }
        try await store.append(many)
        #expect(try await store.annotations(forItems: nil) == many)
        #expect(try await store.annotations(forKeys: many.map(\.key)).count == 10_000)
        #expect(try await store.annotations(forItems: ["i7", "i8"]) == many.filter { ["i7", "i8"].contains($0.item) })
      }

      @Test func `writers that keep the same in other orders do not stop each other`() async throws {
        let stores = try (0..<4).map { _ in try PostgreSQLAnnotationStore(address) }
        let many = (0..<2000).map { Annotation.sample("k\($0)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
          for (number, store) in stores.enumerated() {
            group.addTask { for _ in 0..<3 { try await store.append(number % 2 == 0 ? many : many.reversed()) } }
          }
          try await group.waitForAll()
        }
        #expect(try await stores[0].annotations(forItems: nil).count == 2000)
        #expect(
          try TestServer.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == "0")
      }

      @Test(arguments: ["fast", "immediate"])
      func `a server that is restarted is waited for, and nothing that was kept is lost`(mode: String) async throws {
        let store = try PostgreSQLAnnotationStore(address)
        let writing = Task {
          for number in 0..<400 {
            try await store.append([.sample("k\(number)")])
            try await Task.sleep(for: .milliseconds(2))
          }
        }
        try await Task.sleep(for: .milliseconds(200))
        try TestServer.restart(mode)
        try await writing.value
        #expect(try await store.annotations(forItems: nil).map(\.key) == (0..<400).map { "k\($0)" })
      }

      @Test func `a newer store is refused, and processes that make one at the same time end with one`() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<8 { group.addTask { _ = try PostgreSQLAnnotationStore(address) } }
          try await group.waitForAll()
        }
        #expect(try TestServer.sql("SELECT count(*) FROM distill_version", in: address) == "1")
        try TestServer.sql("UPDATE distill_version SET version = 99", in: address)
        let error = #expect(throws: AnnotationsError.self) { try PostgreSQLAnnotationStore(address) }
        #expect("\(error.map { "\($0)" } ?? "")".contains("has the format '99'"))
      }

      @Test func `a server that only reads gives what it has`() async throws {
        try await PostgreSQLAnnotationStore(address).append([.sample("a")])
        let reading = address + "%20-cdefault_transaction_read_only%3Don"
        let store = try PostgreSQLAnnotationStore(reading)
        #expect(store.isReadOnly)
        #expect(try await store.annotations(forItems: nil).map(\.key) == ["a"])
        await #expect(throws: AnnotationsError.self) { try await store.append([.sample("b")]) }
        let none = try TestServer.freshStore() + "%20-cdefault_transaction_read_only%3Don"
        let error = #expect(throws: PostgreSQLError.self) { try PostgreSQLAnnotationStore(none) }
        #expect(error?.message == "there is no store, and the server only reads")
      }

      @Test func `a damaged row is named by its number, and nothing of it is shown`() async throws {
        let store = try PostgreSQLAnnotationStore(address)
        try await store.append([.sample("a"), .sample("b")])
        try TestServer.sql(#"UPDATE distill_reply SET reply = '{"secret": 1}' WHERE key = 'b'"#, in: address)
        let error = await #expect(throws: PostgreSQLError.self) { try await store.annotations(forItems: nil) }
        #expect(error?.message == "row 2 of the table distill_reply: expected an annotation in the column 'reply'")
        #expect(try await store.annotations(forKeys: ["a"]).count == 1)
      }

      @Test func `what keeps a store from being opened is said with what to do, and without a password`() throws {
        func fault(_ address: String) -> String {
          do {
            _ = try PostgreSQLAnnotationStore(address)
            return "none"
          } catch {
            return "\(error)"
          }
        }
        let own = TestServer.address ?? ""
        #expect(fault("postgresql://a:secret@h/d").hasPrefix("store: the address has a password in it. Take it out"))
        #expect(fault("postgresql://h/d?password=secret").contains("~/.pgpass"))
        #expect(!fault("postgresql://a:secr%zzet@h/d").contains("secr"))
        #expect(fault("postgresql://127.0.0.1:1/d").contains("Check that the server runs"))
        #expect(fault(own.replacing("/postgres?", with: "/none?")).contains(#"database "none" does not exist"#))
        #expect(fault(own + "&options=-csearch_path%3Dnone").contains("Make the schema with: CREATE SCHEMA"))
      }
    }
  }
#endif
