#if Run
  import Foundation
  import LoopbackServer
  import StudentServer
  import TeacherProtocol
  import Testing

  @Suite struct RefusalTests {
    let served: ServedStudent

    init() throws { served = try ServedStudent() }

    @Test func everyRequestThatCanNotBeAnsweredAsItIsHasItsReason() async throws {
      let turns = #""messages": [{"role": "user", "content": "x"}]"#
      func with(_ more: String) -> String { #"{"model": "tiny", \#(turns), \#(more)}"# }
      func turn(_ content: String) -> String {
        #"{"model": "tiny", "messages": [{"role": "user", "content": \#(content)}]}"#
      }
      let cases: [(body: String, parameter: String?)] = [
        ("{", nil), ("[]", nil), (#"{"model": "tiny"}"#, "messages"), (#"{\#(turns)}"#, "model"),
        (#"{"model": "tiny", "messages": []}"#, "messages"),
        (#"{"model": "tiny", "messages": [{"role": "robot", "content": "x"}]}"#, "messages[0].role"),
        (turn("3"), "messages[0].content"), (turn(#"[{"type": "audio"}]"#), "messages[0].content[0].type"),
        (
          turn(#"[{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]"#),
          "messages[0].content[0].image_url.url"
        ),
        (
          turn(#"[{"type": "image_url", "image_url": {"url": "data:image/png;base64,*"}}]"#),
          "messages[0].content[0].image_url.url"
        ),
        (
          turn(#"[{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]"#),
          "messages[0].content[0]"
        ),
        (turn(#""a <image> here""#), "messages[0].content[0]"), (with(#""temperature": 3"#), "temperature"),
        (with(#""max_tokens": 0"#), "max_tokens"), (with(#""max_tokens": 100000"#), "messages"),
        (with(#""n": 0"#), "n"), (with(#""stop": [""]"#), "stop"), (with(#""top_logprobs": 3"#), "top_logprobs"),
        (with(#""logprobs": true, "top_logprobs": 21"#), "top_logprobs"), (with(#""stream": "yes""#), "stream"),
        (with(#""tools": [{"type": "function"}]"#), "tools"), (with(#""logit_bias": {"1": 2}"#), "logit_bias"),
        (with(#""frequency_penalty": 1"#), "frequency_penalty"),
        (with(#""response_format": {"type": "xml"}"#), "response_format.type"),
        (with(#""structured_outputs": {"regex": "a"}"#), "structured_outputs.regex"),
        (with(#""guided_json": {}"#), "guided_json"),
      ]
      for (body, parameter) in cases {
        let error = try await served.answer(body)["error"]
        #expect(error?["message"]?.string?.isEmpty == false, "\(body)")
        #expect(error?["param"] == (parameter.map { .string($0) } ?? .null), "\(body)")
      }
      let accepted = with(
        #""max_tokens": 1, "tools": [], "user": "me", "seed": null, "stop": null, "presence_penalty": 0, "store": false"#
      )
      #expect(try await served.answer(accepted)["choices"] != nil)
    }

    @Test func statusesAreThoseThatClientsActOn() async throws {
      let unknown = #"{"model": "gpt", "messages": [{"role": "user", "content": "x"}]}"#
      let (status, text) = try await served.post(unknown)
      #expect(status == 404)
      #expect(try JSONParser.value(of: text)["error"]?["code"]?.string == "model_not_found")
      #expect(try await served.post("{").status == 400)
      #expect(try await served.post("{}", to: "/v1/completions").status == 404)
    }
  }
#endif
