import JSON

#if Run
  import Annotations
  import Foundation
  import LoopbackServer
  import ReviewServer
  import TeacherProtocol
  import Testing

  /// Several people at one page, and at pages of several machines, which have a log in common.
  @Suite struct SharedReviewTests {
    private func claim(_ world: ReviewWorld, _ reviewer: String, _ more: String = #""from": -1"#) async throws
      -> JSONValue
    {
      let (status, state) = try await world.post("/api/claim", #"{"reviewer": "\#(reviewer)", \#(more)}"#)
      #expect(status == 200)
      return state
    }

    private func decide(_ world: ReviewWorld, _ reviewer: String, _ index: Int, _ label: String?) async throws -> (
      status: Int, value: JSONValue
    ) {
      let given = label.map { "\"\($0)\"" } ?? #"null, "skipped": true"#
      return try await world.post(
        "/api/decision", #"{"reviewer": "\#(reviewer)", "index": \#(index), "item": "i\#(index)", "label": \#(given)}"#)
    }

    @Test func `an item is before one person at a time, and passed over by the others`() async throws {
      let world = try ReviewWorld()
      #expect(try await claim(world, "anna")["at"]?.integer == 0)
      #expect(try await claim(world, "bea")["at"]?.integer == 1)
      #expect(try await claim(world, "carl")["at"]?.integer == 2)
      // Asked for again it is renewed.
      #expect(try await claim(world, "anna", #""index": 0"#)["at"]?.integer == 0)
      #expect(try await claim(world, "bea", #""index": 0"#)["at"] == .null)
      // The next in a direction is the next that is before nobody else.
      #expect(try await claim(world, "anna", #""from": 0, "step": 1"#)["at"]?.integer == 3)
      #expect(try await claim(world, "carl", #""from": 2, "step": -1"#)["at"] == .null)
      _ = try await world.post("/api/release", #"{"reviewer": "anna", "index": 0}"#)
      #expect(try await claim(world, "carl", #""from": 2, "step": -1"#)["at"]?.integer == 0)
    }

    @Test func `who has decided all that is open is told whose items may come back, and gets them`() async throws {
      let world = try ReviewWorld()
      #expect(try await claim(world, "bea")["at"]?.integer == 0)
      for index in 1..<10 { #expect(try await decide(world, "anna", index, "pristine").status == 200) }
      var state = try await claim(world, "anna", #""from": 9"#)
      #expect(state["at"] == .null && state["open"]?.integer == 1)
      #expect(state["waiting"]?.text == #"[{"name": "bea", "items": 1}]"#)
      #expect(try await decide(world, "bea", 0, nil).status == 200)
      state = try await claim(world, "anna")
      #expect(state["at"]?.integer == 0 && state["waiting"] == .array([]))
      #expect(try await decide(world, "anna", 0, "pristine").status == 200)
      // What anna has labelled is not open to bea, and anna sees it again.
      #expect(try await claim(world, "bea", #""index": 0"#)["at"] == .null)
      #expect(try await claim(world, "anna", #""from": 10, "step": -1"#)["at"]?.integer == 9)
    }

    @Test func `a decision that comes when others have the item is refused and adds nothing`() async throws {
      let time = Locked(ContinuousClock.now)
      let world = try ReviewWorld(time: time)
      #expect(try await claim(world, "anna")["at"]?.integer == 0)
      time.withLock { $0 += .seconds(ReviewClaim.lease) }
      #expect(try await claim(world, "bea")["at"]?.integer == 0)
      let (status, value) = try await decide(world, "anna", 0, "pristine")
      #expect(status == 409 && value["code"]?.string == "taken")
      #expect(try await world.journal.entries().isEmpty)
      #expect(try await decide(world, "bea", 0, "falsified").status == 200)
      #expect(try await decide(world, "anna", 0, "pristine").status == 409)
      // A page that did not hear of its success sends the decision again.
      #expect(try await decide(world, "bea", 0, "falsified").status == 200)
    }

    @Test func `so many people decide an item as opinions are wanted`() async throws {
      let world = try ReviewWorld(opinions: 2)
      #expect(try await claim(world, "anna")["at"]?.integer == 0)
      #expect(try await claim(world, "bea")["at"]?.integer == 0)
      #expect(try await claim(world, "carl")["at"]?.integer == 1)
      #expect(try await decide(world, "anna", 0, "pristine").value["open"]?.integer == 10)
      #expect(try await claim(world, "anna", #""from": 0"#)["at"]?.integer == 1)
      #expect(try await claim(world, "carl", #""index": 0"#)["at"] == .null)
      #expect(try await decide(world, "bea", 0, nil).status == 200)
      // Who skips gives no opinion.
      #expect(try await claim(world, "carl", #""index": 0"#)["at"]?.integer == 0)
      let state = try await decide(world, "carl", 0, "falsified").value
      #expect(state["open"]?.integer == 9 && state["labelled"]?.integer == 2)
      #expect(try await claim(world, "dora", #""index": 0"#)["at"] == .null)
    }

    @Test func `what is taken back is before its person again`() async throws {
      let world = try ReviewWorld()
      #expect(try await decide(world, "anna", 0, "pristine").status == 200)
      #expect(try await world.post("/api/undo", #"{"reviewer": "anna"}"#).value["at"]?.integer == 0)
      #expect(try await claim(world, "bea")["at"]?.integer == 1)
    }

    @Test func `a claim needs the page's token`() async throws {
      let world = try ReviewWorld()
      for path in ["/api/claim", "/api/release"] {
        #expect(try await world.post(path, #"{"reviewer": "evil", "from": -1}"#, token: "guess").status == 403)
      }
      #expect(await world.journal.claims().isEmpty)
      #expect(try await world.get("/api/claim").status == 404)
      for wrong in [
        #""index": 10"#, #""index": -1"#, #""from": 99"#, #""from": -99, "step": -1"#, #""from": 99, "step": 1"#,
      ] {
        #expect([.null, .number(0)].contains(try await claim(world, "anna", wrong)["at"] ?? .null))
      }
    }
  }
#endif
