import JSON

#if Run
  import Annotations
  import Foundation
  import LoopbackServer
  import ReviewServer
  import TeacherProtocol
  import TestSupport
  import Testing

  #if canImport(FoundationNetworking)
    import FoundationNetworking
  #endif

  /// Three conflicts with photographs in a folder of their own, and what a browser would ask of their page.
  final class ReviewWorld: Sendable {
    let folder: URL
    let journal: ReviewJournal
    let server: ReviewServer

    init(
      showsNames: Bool = false, showsAbsolutePaths: Bool = false, opinions: Int = 1,
      time: Locked<ContinuousClock.Instant> = Locked(ContinuousClock.now),
      prepare: ReviewServer.Prepare? = nil
    ) throws {
      folder = FileManager.default.temporaryDirectory.appending(path: "review-\(UUID().uuidString)")
      let images = folder.appending(path: "images")
      try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
      let picture = Data([0x89, 0x50, 0x4E, 0x47, 1, 2, 3])
      try picture.write(to: images.appending(path: "a.png"))
      try picture.write(to: folder.appending(path: "secret.png"))
      try Data("words".utf8).write(to: images.appending(path: "words.txt"))
      try FileManager.default.createSymbolicLink(
        at: images.appending(path: "link.png"), withDestinationURL: folder.appending(path: "secret.png"))
      let paths = [
        "a.png", "../secret.png", "link.png", "words.txt", "none.png", folder.path + "/secret.png",
        "file://" + folder.path + "/%73ecret.png", "file:../secret.png", folder.path, "/dev/zero",
      ]
      let questions = paths.enumerated().map { number, path in
        ReviewQuestion(
          item: Item(id: "i\(number)", image: path, fields: ["text": "Caption \(number) <b>", "entities": "Rome"]),
          answers: [
            .init(teacher: "gpt", label: "pristine", rationale: "It is Rome."),
            .init(teacher: "gemini", label: "falsified", rationale: "It is Paris.", confidence: 0.5),
          ])
      }
      journal = try ReviewJournal(folder.appending(path: "answers.jsonl")) { time.withLock { $0 } }
      var options = ReviewServer.Options()
      options.showsNames = showsNames
      options.showsAbsolutePaths = showsAbsolutePaths
      options.opinions = opinions
      server = ReviewServer(
        questions: questions, labels: .outOfContext, images: images, journal: journal, options: options,
        prepare: prepare)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func get(_ path: String, _ query: [String: String] = [:]) async throws -> (status: Int, value: JSONValue) {
      try Self.read(await server.answer(LoopbackRequest("GET", path, query: query)))
    }

    func photo(_ index: Int) async throws -> LoopbackResponse {
      await server.answer(LoopbackRequest("GET", "/photo", query: ["index": "\(index)"]))
    }

    /// What a page that has read the state sends.
    func post(
      _ path: String, _ body: String, token: String? = nil, type: String = "application/json"
    ) async throws -> (status: Int, value: JSONValue) {
      let own = try await get("/api/state").value["token"]?.string
      return try Self.read(
        await server.answer(
          LoopbackRequest(
            "POST", path, headers: ["x-review-token": token ?? own ?? "", "content-type": type], body: Data(body.utf8)))
      )
    }

    static func read(_ response: LoopbackResponse) throws -> (status: Int, value: JSONValue) {
      guard case .data(let bytes) = response.body else { throw CancellationError() }
      let value = bytes.withUnsafeBytes { try? JSONParser.value(of: $0.bindMemory(to: UInt8.self)) }
      return (response.status, value ?? .null)
    }
  }

  @Suite struct ReviewServerTests {
    @Test func `a decision is kept before it is confirmed and survives the server`() async throws {
      let world = try ReviewWorld()
      let body = #"{"reviewer": "anna", "index": 1, "item": "i1", "label": "falsified", "note": "no"}"#
      let (status, state) = try await world.post("/api/decision", body)
      #expect(status == 200)
      #expect(state["decisions"]?[1]?["label"]?.string == "falsified")
      #expect(state["labelled"]?.integer == 1)
      let lines = try String(contentsOf: world.folder.appending(path: "answers.jsonl"), encoding: .utf8)
      #expect(lines.hasPrefix(#"{"item": "i1", "reviewer": "anna", "label": "falsified", "note": "no""#))
      // A server that is started anew on the same file knows it.
      let journal = try ReviewJournal(world.folder.appending(path: "answers.jsonl"))
      let again = ReviewServer(
        questions: [ReviewQuestion(item: Item(id: "i1", fields: [:]), answers: [])], labels: .outOfContext,
        images: world.folder, journal: journal)
      let known = try ReviewWorld.read(
        await again.answer(LoopbackRequest("GET", "/api/state", query: ["reviewer": "anna"])))
      #expect(known.value["decisions"]?[0]?["note"]?.string == "no")
      #expect(known.value["token"] != state["token"])
    }

    @Test func `undo takes back the reviewer's own last decision`() async throws {
      let world = try ReviewWorld()
      for (reviewer, index) in [("anna", 0), ("anna", 2), ("bea", 1)] {
        _ = try await world.post(
          "/api/decision",
          #"{"reviewer": "\#(reviewer)", "index": \#(index), "item": "i\#(index)", "label": "pristine"}"#)
      }
      let (_, state) = try await world.post("/api/undo", #"{"reviewer": "anna"}"#)
      #expect(state["at"]?.integer == 2)
      #expect(state["decisions"]?[2] == .null)
      #expect(state["labelled"]?.integer == 2)
    }

    @Test func `names are hidden until the reviewer has decided`() async throws {
      let world = try ReviewWorld()
      func teachers(_ reviewer: String, of world: ReviewWorld) async throws -> [JSONValue?] {
        let question = try await world.get("/api/question", ["index": "0", "reviewer": reviewer]).value
        return try #require(question["answers"]?.elements).map { $0["teacher"] }
      }
      #expect(try await teachers("anna", of: world) == [.null, .null])
      _ = try await world.post(
        "/api/decision", #"{"reviewer": "anna", "index": 0, "item": "i0", "label": null, "skipped": true}"#)
      #expect(try await Set(teachers("anna", of: world).compactMap { $0?.string }) == ["gpt", "gemini"])
      #expect(try await teachers("bea", of: world) == [.null, .null])
      #expect(try await teachers("bea", of: ReviewWorld(showsNames: true)) == ["gpt", "gemini"])
      let question = try await world.get("/api/question", ["index": "0"]).value
      #expect(question["caption"]?.string == "Caption 0 <b>")
      #expect(question["fields"]?[0]?["text"]?.string == "Rome")
      let marks = try #require(question["answers"]?.elements).flatMap { $0["rationale"]?.elements ?? [] }
        .filter { $0["differs"] == .bool(true) }
      #expect(marks.count == 2, "Paris and Rome")
    }

    @Test func `reviewers see how far they agree with each other and with teachers`() async throws {
      let world = try ReviewWorld(opinions: 2)
      for (reviewer, index, label) in [
        ("anna", 0, "pristine"), ("anna", 1, "falsified"), ("bea", 0, "pristine"), ("bea", 1, "pristine"),
      ] {
        _ = try await world.post(
          "/api/decision",
          #"{"reviewer": "\#(reviewer)", "index": \#(index), "item": "i\#(index)", "label": "\#(label)"}"#)
      }
      let state = try await world.get("/api/state", ["reviewer": "anna"]).value
      #expect(state["reviewers"]?[0]?["name"]?.string == "bea")
      #expect(state["reviewers"]?[0]?["both"]?.integer == 2)
      #expect(state["reviewers"]?[0]?["same"]?.integer == 1)
      #expect(state["teachers"]?.elements?.map { $0["same"]?.integer } == [1, 1])
      // anna: pristine, falsified; bea: pristine twice. Krippendorff's alpha is 1 - 3 * 2 / 6.
      #expect(state["agreement"]?["items"]?.integer == 2 && state["agreement"]?["share"]?.double == 0.5)
      #expect(state["agreement"]?["alpha"]?.double == 0)
      #expect(state["labelled"]?.integer == 4 && state["budget"]?.integer == 20 && state["open"]?.integer == 8)
    }

    @Test func `all photographs of an item are shown with their slots`() async throws {
      let world = try ReviewWorld()
      let slots = [
        ImageSlot(name: "photo", paths: ["a.png"]), ImageSlot(name: "found", paths: ["words.txt", "b.jpg"]),
      ]
      try Data([0xFF, 0xD8, 0xFF, 1]).write(to: world.folder.appending(path: "images/b.jpg"))
      let server = ReviewServer(
        questions: [
          ReviewQuestion(item: Item(id: "1", imageSlots: slots, fields: [:]), answers: []),
          ReviewQuestion(
            item: Item(id: "2", imageSlots: [ImageSlot(name: "photo", paths: ["a.png"])], fields: [:]), answers: []),
          ReviewQuestion(item: Item(id: "3", fields: [:]), answers: []),
        ], labels: .outOfContext, images: world.folder.appending(path: "images"), journal: world.journal)
      func get(_ path: String, _ query: [String: String]) async throws -> (status: Int, value: JSONValue) {
        try ReviewWorld.read(await server.answer(LoopbackRequest("GET", path, query: query)))
      }
      let photos = try await get("/api/question", ["index": "0"]).value["photos"]
      #expect(photos?.elements?.map { $0["name"]?.string } == ["photo", "found 1", "found 2"])
      #expect(
        photos?.elements?.map { $0["url"]?.string } == [
          "/photo?index=0", "/photo?index=0&image=1", "/photo?index=0&image=2",
        ])
      let one = try await get("/api/question", ["index": "1"]).value["photos"]
      #expect(one?.text == #"[{"url": "/photo?index=1", "name": null}]"#)
      #expect(try await get("/api/question", ["index": "2"]).value["photos"]?.elements == [])
      var statuses: [Int] = []
      for image in ["0", "1", "2", "3", "-1", "x"] {
        statuses.append(try await get("/photo", ["index": "0", "image": image]).status)
      }
      #expect(statuses == [200, 415, 200, 404, 404, 404])
      #expect(try await get("/photo", ["index": "2"]).status == 404)
    }

    @Test func `photographs outside the folder are refused`() async throws {
      let world = try ReviewWorld()
      var statuses: [Int] = []
      for index in 0..<10 { statuses.append(try await world.photo(index).status) }
      #expect(statuses == [200, 403, 403, 415, 404, 403, 403, 403, 403, 403])
      #expect(try await world.get("/photo", ["index": "10"]).status == 404)
      #expect(try await world.get("/photo", ["index": "../secret.png"]).status == 404)
    }

    /// A run joins no absolute path to the folder of its images, and neither does its page; steps upwards and links are no
    /// way out of the folder all the same.
    @Test func `photographs that a run names by an absolute path are shown`() async throws {
      let world = try ReviewWorld(showsAbsolutePaths: true)
      var statuses: [Int] = []
      for index in 0..<10 { statuses.append(try await world.photo(index).status) }
      #expect(statuses == [200, 403, 403, 415, 404, 200, 200, 403, 404, 404])
    }

    @Test func `a photograph is shown as it was prepared`() async throws {
      let upright = Data([0xFF, 0xD8, 0xFF, 7])
      let world = try ReviewWorld { $0.count == 7 ? upright : nil }
      let photo = try await world.photo(0)
      guard case .data(let body) = photo.body else { throw CancellationError() }
      #expect(photo.headers["content-type"] == "image/jpeg" && body == upright)
      struct Damaged: Error {}
      let unprepared = try await ReviewWorld { _ in throw Damaged() }.photo(0)
      #expect(unprepared.status == 200 && unprepared.headers["content-type"] == "image/png")
    }

    @Test func `a decision without the token or of a strange item is refused`() async throws {
      let world = try ReviewWorld()
      let body = #"{"reviewer": "a", "index": 0, "item": "i0", "label": "pristine"}"#
      #expect(try await world.post("/api/decision", body, token: "guess").status == 403)
      #expect(try await world.post("/api/decision", body, type: "text/plain").status == 400)
      #expect(try await world.post("/api/decision", body.replacing("i0", with: "i7")).status == 409)
      #expect(try await world.post("/api/decision", body.replacing("pristine", with: "maybe")).status == 400)
      #expect(try await world.journal.entries().isEmpty)
    }

    @Test func `over the network pages of other origins are refused, and the page loads nothing from elsewhere`()
      async throws
    {
      let world = try ReviewWorld()
      let token = try #require(try await world.get("/api/state").value["token"]?.string)
      try await world.server.withPort { port in
        func send(_ method: String, _ path: String, origin: String?) async throws -> (HTTPURLResponse?, String) {
          var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
          request.httpMethod = method
          if method == "POST" {
            request.httpBody = Data(#"{"reviewer": "a", "index": 0, "item": "i0", "label": "pristine"}"#.utf8)
          }
          request.setValue("application/json", forHTTPHeaderField: "Content-Type")
          request.setValue(token, forHTTPHeaderField: "X-Review-Token")
          if let origin { request.setValue(origin, forHTTPHeaderField: "Origin") }
          let (data, response) = try await URLSession.shared.data(for: request)
          return (response as? HTTPURLResponse, String(decoding: data, as: UTF8.self))
        }
        #expect(try await send("POST", "/api/decision", origin: "https://example.org").0?.statusCode == 403)
        #expect(try await world.journal.entries().isEmpty)
        #expect(try await send("POST", "/api/decision", origin: "http://127.0.0.1:\(port)").0?.statusCode == 200)
        #expect(try await world.journal.entries().count == 1)
        let (response, page) = try await send("GET", "/", origin: nil)
        #expect(response?.value(forHTTPHeaderField: "Content-Security-Policy")?.contains("default-src 'none'") == true)
        for path in ["/", "/review.css", "/review.js", "/icon.svg"] {
          let (response, text) = try await send("GET", path, origin: nil)
          #expect(response?.statusCode == 200)
          #expect(!text.replacing("http://www.w3.org/2000/svg", with: "").contains("http"), "\(path)")
        }
        #expect(page.contains("<html lang=\"en\">") && !page.contains("style=") && !page.contains("onclick"))
      }
    }

    @Test func `no other origin's page may show a photograph`() async throws {
      let world = try ReviewWorld()
      try await world.server.withPort { (port: Int) async throws in
        for path in ["/photo?index=0", "/photo?index=99", "/", "/api/state"] {
          let client = try RawClient(port: port)
          client.ask("GET", path)
          let head = client.read(until: "\r\n\r\n").lowercased()
          for line in [
            "cross-origin-resource-policy: same-origin", "x-content-type-options: nosniff", "x-frame-options: deny",
            "referrer-policy: no-referrer",
          ] { #expect(head.contains(line + "\r\n"), "\(path): \(line)") }
        }
        let large = try RawClient(port: port)
        large.ask("POST", "/api/decision", "Content-Length: 10000000000")
        #expect(!large.floods(with: Data(count: 1 << 20)))
        #expect(large.read(until: "bytes").hasPrefix("HTTP/1.1 413 "))
        #expect(large.isClosed())
      }
    }

    /// Only root may start a process as somebody else.
    @Test(.enabled(if: geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")))
    func `another user of this machine learns nothing`() async throws {
      @Sendable func status(_ port: Int, as user: Int) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/setpriv")
        process.arguments = [
          "--reuid=\(user)", "--clear-groups", "/bin/bash", "-c",
          "exec 3<>/dev/tcp/127.0.0.1/\(port); printf 'GET /api/state HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n' >&3; head -1 <&3",
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text
      }
      let world = try ReviewWorld()
      try await world.server.withPort { (port: Int) async throws in
        #expect(try status(port, as: 0).contains(" 200 "))
        #expect(try status(port, as: 65534).contains(" 403 "))
      }
    }
  }
#endif
