#if Run
  import Foundation
  import JSON
  import LoopbackServer
  import StudentServer
  import TeacherProtocol
  import Testing

  /// A run's own question, about an item that a request gives.
  @Suite struct ServedTaskTests {
    let served: ServedStudent
    let server: StudentServer

    init() throws {
      served = try ServedStudent()
      var options = StudentServer.Options()
      options.task = ServedTask(
        prompt: try PromptTemplate("Caption: {text}\n{image}\nDoes it fit?"),
        labels: try LabelSet([.init(name: "yes", answer: "Yes, it does."), .init(name: "no", answer: "No")]),
        imageSlots: ["photo"], columns: ["text": "review"])
      server = StudentServer(served.student, name: "tiny", options: options)
    }

    func answer(_ body: String, of server: StudentServer) async throws -> JSONValue {
      let response = await server.answer(LoopbackRequest("POST", "/v1/chat/completions", body: Data(body.utf8)))
      guard case .data(let bytes) = response.body else { throw CancellationError() }
      return try JSONParser.value(of: String(decoding: bytes, as: UTF8.self))
    }

    /// A body with these parts.
    func body(_ parts: [String], _ more: String) -> String {
      #"{"model": "tiny", "messages": [{"role": "user", "content": [\#(parts.joined(separator: ", "))]}], \#(more)}"#
    }

    func text(_ text: String) -> String { #"{"type": "text", "text": \#(JSONValue.string(text).text)}"# }

    @Test func `an item's fields become the question, and the answer is a label`() async throws {
      let photo = #"{"type": "image_url", "image_url": {"url": "\#(try ServedStudent.photo(1).url)"}}"#
      let more = #""temperature": 0, "logprobs": true, "max_tokens": 40"#
      let own = try await answer(body([text(#"{"text": "A harbour", "year": 7}"#), photo], more), of: server)
      let plain = try await answer(
        body(
          [text("Caption: A harbour\n"), photo, text("\nDoes it fit?")],
          more + #", "structured_outputs": {"choice": ["Yes, it does.", "No"]}"#), of: served.server)
      #expect(own["choices"] == plain["choices"] && own["usage"] == plain["usage"])
      #expect(["Yes, it does.", "No"].contains(own["choices"]?[0]?["message"]?["content"]?.string))
    }

    @Test func `its own words are there for those who ask for a text`() async throws {
      let more = #""temperature": 0, "max_tokens": 12, "response_format": {"type": "text"}"#
      let photo = #"{"type": "image_url", "image_url": {"url": "\#(try ServedStudent.photo(1).url)"}}"#
      let own = try await answer(body([photo, text(#"{"text": "A harbour"}"#)], more), of: server)
      let plain = try await answer(
        body([text("Caption: A harbour\n"), photo, text("\nDoes it fit?")], more), of: served.server)
      #expect(own["choices"] == plain["choices"])
    }

    @Test func `a field may have the name of its column, as in the file that predict reads`() async throws {
      let more = #""temperature": 0, "max_tokens": 40"#
      let slot = try await answer(body([text(#"{"text": "A harbour", "photo": null}"#)], more), of: server)
      let column = try await answer(
        body([text(#"{"review": "A harbour", "id": 1, "photo": null}"#)], more), of: server)
      #expect(column["choices"] == slot["choices"] && column["choices"] != nil)
      // Where both are there, the template's own name counts.
      let both = try await answer(
        body([text(#"{"review": "A road", "text": "A harbour", "photo": null}"#)], more), of: server)
      #expect(both["usage"] == slot["usage"] && both["choices"] == slot["choices"])
    }

    @Test func `any other conversation is as it is, and a field that is missing is named`() async throws {
      for content in ["Does it fit?", "[1]", "{not JSON}"] {
        let request = ServedStudent.body(content, #""temperature": 0, "max_tokens": 3"#)
        #expect(try await answer(request, of: server)["choices"] == answer(request, of: served.server)["choices"])
      }
      let fault = try await answer(body([text(#"{"caption": "A harbour"}"#)], #""max_tokens": 3"#), of: server)
      #expect(
        fault["error"]?["message"]?.string
          == #"The run's question needs 'review' or 'text', which the object does not give; it gives 'caption'. Send {"text": "..."} "#
          + "with the item's own values.", "\(fault.text)")
    }

    @Test func `an item without its image is refused, and a fault of an image names the part that was sent`()
      async throws
    {
      let more = #""max_tokens": 3"#
      let without = try await answer(body([text(#"{"text": "A harbour"}"#)], more), of: server)
      #expect(without["error"]?["param"]?.string == "messages[0].content")
      #expect(without["error"]?["message"]?.string?.contains("an item with images ('photo'), and none came") == true)
      // The template has the image as its second part and the request as its third.
      let damaged = #"{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8gd29ybGQ="}}"#
      let fault = try await answer(body([text(#"{"text": "#), text(#""A harbour"}"#), damaged], more), of: server)
      #expect(fault["error"]?["param"]?.string == "messages[0].content[2]", "\(fault.text)")
    }

    func message(_ body: String, of server: StudentServer) async throws -> String {
      try await answer(body, of: server)["error"]?["message"]?.string ?? ""
    }

    @Test func `an item of images alone is asked about with an image, whatever stands under its name`() async throws {
      var options = StudentServer.Options()
      options.task = ServedTask(
        prompt: try PromptTemplate("What is shown?"),
        labels: try LabelSet([.init(name: "yes", answer: "Yes"), .init(name: "no", answer: "No")]),
        imageSlots: ["photo"])
      let alone = StudentServer(served.student, name: "tiny", options: options)
      for object in ["{}", #"{"photo": null}"#, #"{"photo": []}"#] {
        let message = try await message(body([text(object)], #""max_tokens": 3"#), of: alone)
        #expect(
          message.contains("none came beside the object: send them as parts of the kind image_url."), "\(message)")
      }
      let photo = #"{"type": "image_url", "image_url": {"url": "\#(try ServedStudent.photo(1).url)"}}"#
      #expect(try await message(body([text("{}"), photo], #""max_tokens": 3"#), of: alone).isEmpty)
    }

    /// As `distill predict` reads the row of a file: null and blank are no text, the elements of a list are joined by "; ".
    @Test func `fields are read as those of a data file's row`() async throws {
      var options = StudentServer.Options()
      options.task = ServedTask(
        prompt: try PromptTemplate("{text}[[ seen: {seen}]]\nIs it?"),
        labels: try LabelSet([.init(name: "yes", answer: "Yes"), .init(name: "no", answer: "No")]), imageSlots: [],
        columns: ["text": "review", "seen": "meta.seen"])
      let task = StudentServer(served.student, name: "tiny", options: options)
      let more = #""temperature": 0, "max_tokens": 40"#
      func usage(_ object: String) async throws -> JSONValue? {
        try await answer(body([text(object)], more), of: task)["usage"]
      }
      func plain(_ words: String) async throws -> JSONValue? {
        try await answer(
          body([text(words)], more + #", "structured_outputs": {"choice": ["Yes", "No"]}"#), of: served.server)["usage"]
      }
      let bare = try await plain("A harbour\nIs it?")
      #expect(bare != nil)
      for seen in ["null", #""""#, #"" ""#, "[]"] {
        #expect(try await usage(#"{"review": "A harbour", "seen": \#(seen)}"#) == bare, "\(seen)")
      }
      #expect(try await usage(#"{"review": "A harbour", "meta": {"seen": null}}"#) == bare)
      #expect(
        try await usage(#"{"review": "A harbour", "seen": ["dog", "grass"]}"#)
          == plain("A harbour seen: dog; grass\nIs it?"))
      for blank in ["null", #""  ""#] {
        let message = try await message(body([text(#"{"review": \#(blank), "seen": "dog"}"#)], more), of: task)
        #expect(message.contains("'review' or 'text'") && message.contains("expected a text, found"), "\(message)")
      }
    }

    /// What the shell makes of it is the body of a request that is answered.
    @Test func `the command that is shown on starting is one that a shell takes`() async throws {
      let task = ServedTask(
        prompt: try PromptTemplate("{title}: it's {text}? {labels}"),
        labels: try LabelSet([.init(name: "yes"), .init(name: "no")]), imageSlots: [])
      let command = task.command(to: "anna's run", port: 8123, needsToken: true)
      let prefix = "curl http://127.0.0.1:8123/v1/chat/completions -H 'Authorization: Bearer TOKEN' -d "
      #expect(command.hasPrefix(prefix))
      let shell = Process()
      shell.executableURL = URL(filePath: "/bin/sh")
      shell.arguments = ["-c", "printf %s " + command.dropFirst(prefix.count)]
      let output = Pipe()
      shell.standardOutput = output
      try shell.run()
      shell.waitUntilExit()
      let body = try JSONParser.value(
        of: String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self))
      #expect(body["model"]?.string == "anna's run" && body["temperature"]?.double == 0)
      #expect(body["messages"]?[0]?["content"]?.string == #"{"title": "...", "text": "..."}"#)
      let photos = ServedTask(
        prompt: try PromptTemplate("{text} {photo:2}"), labels: try LabelSet([.init(name: "yes"), .init(name: "no")]),
        imageSlots: ["photo"]
      ).command(to: "m", port: 1, needsToken: false)
      #expect(
        photos.contains(#""text": "{\"text\": \"...\"}""#) && photos.contains("data:image/jpeg;base64,..."), "\(photos)"
      )
    }
  }
#endif
