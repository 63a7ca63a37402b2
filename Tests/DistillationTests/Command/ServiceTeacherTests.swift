import Distillation
import TeacherProtocol
import Foundation
import TestSupport
import Testing

/// Teachers behind a service, by the command: the estimate, the asking, batch files, and the key.
@Suite(.enabled(if: DistillBinary.found != nil, "skipped: no distill beside the tests; build it with swift build"))
struct ServiceTeacherTests {
  private static func answer(_ label: String) -> [UInt8] {
    Array(
      """
      {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "\(label). I see it."}}],
       "usage": {"prompt_tokens": 20, "completion_tokens": 5}}
      """.utf8)
  }

  /// A fixture whose third teacher, c, stands behind a service: 20 of its items are to be labelled, two and two with one
  /// caption and one photo, so that 10 questions answer them all.
  private func withService(
    _ more: String = "", answering: @escaping @Sendable (FaultyServer.Request) -> FaultyServer.Action,
    _ body: (FaultyServer, CheckFixture, (String...) throws -> DistillBinary.Outcome) throws -> Void
  ) throws {
    let distill = try #require(DistillBinary.found)
    let server = try FaultyServer(answering)
    try withCheckFixture { fixture in
      try fixture.edit(
        "run.yaml", "student: {model: student}",
        """
          - {name: c, kind: openai, base_url: \(server.base.absoluteString), model: large, key_file: key, max_tokens: 100, \
        input_price: 2.5, output_price: 10}
        student: {model: student}\(more)
        """)
      try fixture.write("sk-very-secret", to: "key")
      try body(server, fixture) { try distill.run($0, in: fixture.folder) }
    }
  }

  @Test func `a dry run says what it would take and asks nobody`() throws {
    try withService("\nspending: {max_requests: 5, max_cost: 1}", answering: { _ in .answer(body: Self.answer("No")) })
    {
      server, fixture, distill in
      for command in [["annotate"], ["run"]] {
        let outcome = try distill(command[0], "run.yaml", "--dry-run")
        #expect(outcome.code == 0, "\(outcome.errors)")
        let row = try #require(outcome.output.split(separator: "\n").first { $0.hasPrefix("c ") })
        // Each question: about 1,000 tokens of its image and some of its text, and an answer of half of 100.
        let cells = row.split(separator: " ").map(String.init)
        #expect(cells[1] == "10" && cells[2] == "0" && cells[4] == "500", "\(row)")
        #expect(Double(cells[5]).map { (0.02...0.04).contains($0) } == true, "\(row)")
        #expect(outcome.output.contains("10 items share the question of another"))
        #expect(outcome.output.contains("spending.max_requests: 5 will not suffice"))
        #expect(outcome.output.contains("spending.max_cost: 1.00, of which this is 3.0 %"))
      }
      #expect(server.requests == 0)
      for name in ["run", "store"] {
        #expect(!FileManager.default.fileExists(atPath: fixture.folder.appending(path: name).path), "\(name) was made")
      }
    }
  }

  @Test func `a budget that is used up ends the command with four, and what was answered is kept`() throws {
    try withService("\nspending: {max_requests: 5}", answering: { _ in .answer(body: Self.answer("No")) }) {
      server, fixture, distill in
      let stopped = try distill("run", "run.yaml", "-q")
      #expect(stopped.code == 4)
      #expect(stopped.errors.contains("the budget of 5 requests is used up"), "\(stopped.errors)")
      #expect(server.requests == 5)
      #expect(try distill("annotate", "run.yaml", "-q", "--set", "spending.max_requests=10").code == 0)
      #expect(server.requests == 10)
    }
  }

  @Test func `two servers share a teacher's questions, check says which answer, and other addresses ask nothing again`()
    throws
  {
    let models = Array(#"{"object": "list", "data": [{"id": "large"}]}"#.utf8)
    let answer = Self.answer("No")
    let second = try FaultyServer { .answer(body: $0.path == "/v1/models" ? models : answer) }
    let dead = "http://127.0.0.1:1/v1"
    try withService(answering: { .answer(body: $0.path == "/v1/models" ? models : answer) }) { server, _, distill in
      func set(_ addresses: String...) -> String { "teachers.c.base_url=[\(addresses.joined(separator: ", "))]" }
      let (a, b) = (server.base.absoluteString, second.base.absoluteString)
      let good = try distill("check", "run.yaml", "--set", set(a, b))
      #expect(good.output.contains("2 of its 2 addresses answer"), "\(good.output)")
      let poor = try distill("check", "run.yaml", "--set", set(a, dead))
      #expect(poor.code == 0 && poor.output.contains("1 of its 2 addresses answers; the others get no question"))
      #expect(
        poor.output.contains("\(a) answers and has the model") && poor.output.contains("\(dead) does not answer: "))
      let none = try distill("check", "run.yaml", "--set", set(dead, "http://127.0.0.1:2/v1"))
      #expect(none.code == 2 && none.output.contains("0 of its 2 addresses answer"), "\(none.output)")
      let other = try distill("check", "run.yaml", "--set", set(a, b), "--set", "teachers.c.model=small")
      #expect(other.output.contains("\(b) has no model 'small', but 'large'"), "\(other.output)")
      let before = server.requests + second.requests

      let first = try distill("annotate", "run.yaml", "--set", set(a, b, dead))
      #expect(first.code == 0, "\(first.errors)")
      #expect(server.requests + second.requests - before == 10)
      #expect(first.errors.contains("teacher c: \(dead)/chat/completions is left out until it answers again: "))
      let again = try distill("annotate", "run.yaml", "--set", set(b, a))
      #expect(again.errors.contains("skipped, since their inputs are unchanged: annotate"), "\(again.errors)")
      #expect(server.requests + second.requests - before == 10)
    }
  }

  @Test(arguments: [
    ("systemone", #"{"label": {"type": "noul", "noul": 0.75}}"#),
    ("decisions", #"[{"type": "predicate", "name": "label", "probability": 0.75}]"#),
  ])
  func `a decision service is asked a typed question, and a run learns from its labels without reasons`(
    _ api: String, _ answer: String
  ) throws {
    let body = Array(#"{"answers": \#(answer), "usage": {"input_tokens": 20, "output_tokens": 0}}"#.utf8)
    let paths = Locked(Set<String>())
    try withService(
      "\nstage1: {answers: c, epochs: 1, batch: 4}",
      answering: { request in
        paths.withLock { _ = $0.insert(request.path) }
        return .answer(body: body)
      }
    ) { server, fixture, distill in
      try fixture.edit("run.yaml", "kind: openai,", "kind: decision, api: \(api),")
      try fixture.edit("run.yaml", ", max_tokens: 100", "")
      let check = try distill("check", "run.yaml")
      #expect(
        check.output.contains(
          "each sends the item's text and its images as the state, the template as the instructions, and a yes/no question"
        ),
        "\(check.output)")
      let estimate = try distill("annotate", "run.yaml", "--dry-run")
      let row = try #require(estimate.output.split(separator: "\n").first { $0.hasPrefix("c ") })
      #expect(row.split(separator: " ").dropFirst().prefix(2) == ["10", "0"], "\(row)")
      #expect(server.requests == 0)

      let run = try distill("run", "run.yaml", "--through", "stage1", "-q")
      #expect(run.code == 0, "\(run.errors)")
      #expect(server.requests == 10 && paths.withLock { $0 } == ["/v1/\(api)"])
      let replies = try distill("replies", "export", "store/annotations.sqlite").output.split(separator: "\n")
        .filter { $0.contains(#""teacher": "c""#) }
      #expect(replies.count == 10)
      #expect(
        replies.allSatisfy {
          $0.contains(#""confidence": 0.75, "confidence_source": "measured""#)
            && $0.contains(#""probabilities": {"falsified": 0.75, "pristine": 0.25}"#)
        }, "\(replies.first ?? "")")
      let batch = try distill("batch", "write", "run.yaml", "--teacher", "c", "--batch", "q.jsonl")
      #expect(batch.code == 2 && batch.errors.contains("c is none of kind openai"), "\(batch.errors)")
    }
  }

  @Test func `what is stored is not estimated and not asked again`() throws {
    try withService(answering: { _ in .answer(body: Self.answer("No")) }) { server, _, distill in
      let first = try distill("annotate", "run.yaml", "-q")
      #expect(first.code == 0, "\(first.errors)")
      #expect(server.requests == 10)
      let row = try #require(
        try distill("annotate", "run.yaml", "--dry-run").output.split(separator: "\n").first { $0.hasPrefix("c ") })
      #expect(row.split(separator: " ").dropFirst().prefix(2) == ["0", "20"], "\(row)")
      #expect(try distill("annotate", "run.yaml", "-q").code == 0)
      #expect(server.requests == 10)
    }
  }

  @Test func `a refused key is said and shown nowhere`() throws {
    // Services quote the key that they refuse.
    let refusal = Array(#"{"error": {"message": "Incorrect API key: sk-very-secret", "code": "invalid_api_key"}}"#.utf8)
    try withService(answering: { _ in .answer(status: 401, body: refusal) }) { server, fixture, distill in
      let outcome = try distill("annotate", "run.yaml")
      #expect((outcome.output + outcome.errors).contains("its key is refused"), "\(outcome.errors)")
      #expect(!(outcome.output + outcome.errors).contains("sk-very-secret"))
      // One request for each that was under way when the first one was refused.
      #expect((1...8).contains(server.requests))
      let files = FileManager.default.enumerator(at: fixture.folder, includingPropertiesForKeys: nil)
      var read = 0
      for case let file as URL in try #require(files) where file.lastPathComponent != "key" {
        guard let bytes = try? Data(contentsOf: file) else { continue }
        read += 1
        #expect(bytes.range(of: Data("sk-very-secret".utf8)) == nil, "\(file.lastPathComponent)")
      }
      #expect(read > 10)
    }
  }

  @Test func `a batch is written, read in parts, and what expired stays open`() throws {
    try withService(answering: { _ in .close }) { server, fixture, distill in
      let written = try distill("batch", "write", "run.yaml", "--teacher", "c", "--batch", "q.jsonl")
      #expect(written.output == "10 questions: q.jsonl\n", "\(written.errors)")
      let lines = try String(contentsOf: fixture.folder.appending(path: "q.jsonl"), encoding: .utf8)
        .split(separator: "\n")
      let ids = try lines.map { line in
        let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect(row?["url"] as? String == "/v1/chat/completions")
        return try #require(row?["custom_id"] as? String)
      }
      func result(_ id: String, _ label: String) -> String {
        let body = String(decoding: Self.answer(label), as: UTF8.self).replacingOccurrences(of: "\n", with: "")
        return #"{"id": "b", "custom_id": "\#(id)", "response": {"status_code": 200, "body": \#(body)}, "error": null}"#
      }
      // In no order, twice the same, a torn line; what was not answered in time is in a file of its own.
      let answered = ids.prefix(6).reversed().map { result($0, "No") } + [result(ids[3], "Yes")]
      try fixture.write((answered + [#"{"id": "b", "custom_"#]).joined(separator: "\n"), to: "out.jsonl")
      let expired = ids.dropFirst(6).map { id in
        #"{"id": "b", "custom_id": "\#(id)", "response": null, "error": "#
          + #"{"code": "batch_expired", "message": "This request could not be executed before the completion window expired."}}"#
      }
      try fixture.write(expired.joined(separator: "\n"), to: "errors.jsonl")
      let read = try distill("batch", "read", "run.yaml", "--teacher", "c", "out.jsonl", "errors.jsonl")
      #expect(read.code == 0)
      #expect(read.output == "6 replies kept, 4 questions still open\n")
      #expect(read.errors.contains("4 not answered: batch_expired: This request could not be executed"))
      #expect(read.errors.contains("out.jsonl, line 8"))
      let rest = try distill("batch", "write", "run.yaml", "--teacher", "c", "--batch", "rest.jsonl")
      #expect(rest.output == "4 questions: rest.jsonl\n")
      let again = try distill("batch", "read", "run.yaml", "--teacher", "c", "out.jsonl")
      #expect(again.output == "0 replies kept, 4 questions still open\n")
      #expect(server.requests == 0)
    }
  }

  @Test func `every command that may ask has a dry run`() throws {
    try withService(answering: { _ in .answer(body: Self.answer("No")) }) { server, fixture, distill in
      let commands = [
        ["agree"], ["review"], ["stage1"], ["stage2"], ["evaluate"], ["report"],
        ["batch", "write", "--teacher", "c"],
      ]
      for command in commands {
        let outcome = try distillWith(fixture, command + ["run.yaml", "--dry-run"])
        #expect(outcome.code == 0, "\(command): \(outcome.errors)")
        let row = outcome.output.split(separator: "\n").first { $0.hasPrefix("c ") } ?? ""
        #expect(row.split(separator: " ").dropFirst().first == "10", "\(command): \(outcome.output)")
      }
      #expect(server.requests == 0)
      #expect(!FileManager.default.fileExists(atPath: fixture.folder.appending(path: "store").path))
    }
  }

  private func distillWith(_ fixture: CheckFixture, _ arguments: [String]) throws -> DistillBinary.Outcome {
    try #require(DistillBinary.found).run(arguments, in: fixture.folder)
  }

  @Test func `a batch has what the budget has room for, and what it cost is booked with the run`() throws {
    try withService("\nspending: {max_requests: 6}", answering: { _ in .answer(body: Self.answer("No")) }) {
      server, fixture, distill in
      let written = try distill("batch", "write", "run.yaml", "--teacher", "c", "--batch", "q.jsonl")
      #expect(written.code == 4 && written.output == "6 questions: q.jsonl\n", "\(written.errors)")
      #expect(written.errors.contains("the budget of 6 requests is used up"))
      let lines = try String(contentsOf: fixture.folder.appending(path: "q.jsonl"), encoding: .utf8)
        .split(separator: "\n")
      let body = String(decoding: Self.answer("No"), as: UTF8.self).replacingOccurrences(of: "\n", with: "")
      let answers = try lines.map { line in
        let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        let id = try #require(row?["custom_id"] as? String)
        return #"{"custom_id": "\#(id)", "response": {"status_code": 200, "body": \#(body)}, "error": null}"#
      }
      let second = try distill("batch", "write", "run.yaml", "--teacher", "c", "--batch", "second.jsonl")
      #expect(second.code == 4 && second.output == "0 questions: no file was written\n")
      #expect(second.errors.contains("6 questions went with a batch of which no result was read"), "\(second.errors)")
      // Read in two parts, the first twice: booked once each, 20 tokens at 2.5 and 5 at 10 a million.
      try fixture.write(answers.prefix(4).joined(separator: "\n"), to: "first.jsonl")
      try fixture.write(answers.dropFirst(4).joined(separator: "\n"), to: "rest.jsonl")
      for file in ["first.jsonl", "first.jsonl", "rest.jsonl"] {
        #expect(try distill("batch", "read", "run.yaml", "--teacher", "c", file).code == 0)
      }
      let book = try String(contentsOf: fixture.folder.appending(path: "run/spending.txt"), encoding: .utf8)
      let paid = book.split(separator: "\n").filter { $0.contains(" paid ") }
      #expect(paid.count == 6 && paid.allSatisfy { $0.hasSuffix(" c paid 1 20 5 0.0001") }, "\(book)")
      // Nothing is left of the budget, for a batch as for asking.
      let more = try distill("batch", "write", "run.yaml", "--teacher", "c", "--batch", "more.jsonl")
      #expect(more.code == 4 && more.output == "0 questions: no file was written\n")
      #expect(try distill("annotate", "run.yaml", "-q").code == 4)
      #expect(server.requests == 0)
      #expect(try distill("annotate", "run.yaml", "-q", "--set", "spending.max_requests=10").code == 0)
      #expect(server.requests == 4)
    }
  }

  @Test(arguments: ["..", "absolute", "link"]) func `images from elsewhere are not sent to services unasked`(
    way: String
  ) throws {
    try withService(answering: { _ in .answer(body: Self.answer("No")) }) { server, fixture, distill in
      let photos = fixture.folder.appending(path: "photos")
      let elsewhere = fixture.folder.appending(path: "elsewhere")
      try FileManager.default.createDirectory(at: elsewhere, withIntermediateDirectories: true)
      let secret = elsewhere.appending(path: "secret.png")
      try FileManager.default.copyItem(at: photos.appending(path: "3.png"), to: secret)
      let name =
        switch way {
        case "..": "../elsewhere/secret.png"
        case "absolute": secret.path
        default: "link.png"
        }
      if way == "link" {
        try FileManager.default.createSymbolicLink(at: photos.appending(path: name), withDestinationURL: secret)
      }
      let file = fixture.folder.appending(path: "items.jsonl")
      let items = try String(contentsOf: file, encoding: .utf8)
      try Data(items.replacing("\"3.png\"", with: "\"\(name)\"").utf8).write(to: file)
      for command in [["annotate"], ["batch", "write", "--teacher", "c", "--batch", "q.jsonl"]] {
        let outcome = try distillWith(fixture, command + ["run.yaml"])
        #expect(outcome.code == 2, "\(outcome.errors)")
        #expect(outcome.errors.contains("outside of the folder") && outcome.errors.contains(name), "\(outcome.errors)")
        #expect(outcome.errors.contains("data.outside_images"))
      }
      #expect(server.requests == 0)
      #expect(try distill("check", "run.yaml").output.contains("data.outside_images: true"))
      let asked = try distill("annotate", "run.yaml", "-q", "--set", "data.outside_images=true")
      #expect(asked.code == 0 && server.requests == 10, "\(asked.errors)")
      // What has been sent is not sent again.
      #expect(try distill("annotate", "run.yaml", "-q").code == 0)
    }
  }
}
