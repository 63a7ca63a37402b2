import JSON

#if Run
  import Foundation
  import LoopbackServer
  import StudentModels
  import StudentServer
  import TeacherProtocol
  import Testing
  import Tokenization

  @Suite struct RefusalTests {
    let served: ServedStudent

    init() throws { served = try ServedStudent() }

    @Test(arguments: ["/v1/chat/completions", "/v1/systemone", "/v1/decisions"])
    func `a body that is no JSON object is refused with the place where it goes wrong`(_ path: String) async throws {
      for (body, words) in [
        (
          "{\n  \"model\": \"tiny\" 3}",
          "at line 2, column 19 expected ',' or '}' after the value of 'model', found '3}'"
        ),
        ("", "at line 1, column 1 expected a value, found the end of the text"),
        ("[1]", "must be one JSON object in UTF-8, not an array"),
      ] {
        let response = await served.server.answer(LoopbackRequest("POST", path, body: Data(body.utf8)))
        guard case .data(let bytes) = response.body else { throw CancellationError() }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(response.status == (path == "/v1/systemone" ? 422 : 400))
        #expect(text.contains(words), "\(text)")
      }
    }

    @Test func `every request that cannot be answered as it is has its reason`() async throws {
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
        (with(#""guided_json": {}"#), "guided_json"), (with(#""tool_choice": "required""#), "tool_choice"),
        (with(#""tools": [{"type": "function"}], "tool_choice": "auto""#), "tools"),
        (with(#""stop": [3]"#), "stop"), (with(#""reasoning_effort": "high""#), "reasoning_effort"),
        (with(#""modalities": ["text", "audio"]"#), "modalities"),
        (with(#""repetition_penalty": 1.1"#), "repetition_penalty"),
        (with(#""min_tokens": 2"#), "min_tokens"), (with(#""skip_special_tokens": false"#), "skip_special_tokens"),
        (with(#""prediction": {"type": "content", "content": "x"}"#), "prediction"),
        (with(#""max_tokens": -2"#), "max_tokens"),
        (turn("null"), "messages[0].content"),
        (#"{"model": "tiny", "messages": [{"role": "user"}]}"#, "messages[0].content"),
        (
          #"{"model": "tiny", "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": null, "tool_calls": [{"id": "1"}]}]}"#,
          "messages[1].tool_calls"
        ),
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

    /// What clients fill in although nothing is asked for by it: openai-python 2 sends `null` for what was set to None;
    /// vLLM 0.19's and llama.cpp's clients send their defaults; `tool_choice` without tools is met from agents
    /// (chenyme/grok2api #1042, zeroclaw #7862), and -1 tokens are LM Studio's "no limit".
    @Test(arguments: [
      #""stop": []"#, #""stop": null"#, #""logit_bias": {}"#, #""logit_bias": {"50256": 0}"#, #""logit_bias": []"#,
      #""tool_choice": "none""#, #""tool_choice": "auto", "tools": []"#,
      #""tools": [{"type": "function"}], "tool_choice": "none""#,
      #""functions": [], "function_call": "auto""#, #""response_format": {"type": "text"}"#, #""n": 1"#,
      #""presence_penalty": 0, "frequency_penalty": 0.0"#, #""logprobs": false, "top_logprobs": 0"#,
      #""logprobs": null, "top_logprobs": null"#, #""seed": null, "temperature": null, "top_p": 1, "top_k": -1"#,
      #""user": "me", "metadata": {}, "store": false, "safety_identifier": "a""#,
      #""stream": false, "stream_options": null"#, #""parallel_tool_calls": true"#, #""reasoning_effort": "none""#,
      #""reasoning_effort": null, "verbosity": "medium", "prompt_cache_key": "k", "prompt_cache_retention": "24h""#,
      #""modalities": ["text"], "audio": null, "prediction": null, "web_search_options": null"#,
      #""service_tier": "auto""#, #""max_completion_tokens": null"#,
      #""max_tokens": 1, "repetition_penalty": 1.0, "min_p": 0"#,
      #""structured_outputs": {}, "response_format": null"#,
      #""structured_outputs": {"json": null, "choice": null}, "response_format": {"type": "text"}"#,
      #""ignore_eos": false, "skip_special_tokens": true, "stop_token_ids": [], "bad_words": [], "min_tokens": 0"#,
      #""cache_prompt": true, "id_slot": -1, "repeat_penalty": 1, "n_probs": 0, "mirostat": 0"#,
      #""add_generation_prompt": true, "continue_final_message": false, "echo": false, "chat_template_kwargs": {}"#,
    ]) func `what asks for nothing is taken as if it were not there`(_ more: String) async throws {
      let plain = try await served.answer(ServedStudent.body("x", #""max_tokens": 3, "temperature": 0"#))
      // Of two members with one name the last counts.
      let limit = more.contains(#""max_tokens": 1"#) ? "" : #", "max_tokens": 3"#
      let asked = ServedStudent.body("x", more + limit + #", "temperature": 0"#)
      let found = try await served.answer(asked)
      #expect(found["error"] == nil, "\(more)")
      let count = more.contains(#""max_tokens": 1"#) ? 1 : 3
      #expect(found["usage"]?["completion_tokens"]?.integer == count, "\(more)")
      if count == 3 { #expect(found["choices"] == plain["choices"], "\(more)") }
    }

    /// vLLM's and llama.cpp's spelling of what a template is told.
    @Test func `the chat template is told what chat_template_kwargs says, and what it does not read changes nothing`()
      async throws
    {
      let template = try ChatTemplate(
        "<|im_start|>{{ tone }}<end_of_utterance>{% for m in messages %}<|im_start|>{{ m.role }}: {% if m.role == 'assistant' and loop.last %}<t></t>{% endif %}"
          + "{% for p in m.content %}{{ '<image>' if p.type == 'image' else p.text }}{% endfor %}<end_of_utterance>\n"
          + "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant: "
          + "{% if enable_thinking is defined and enable_thinking is false %}<t></t>{% endif %}{% endif %}")
      let tiny = served.student
      let student = try SmolVLM(
        model: tiny.model, tokenizer: tiny.tokenizer, template: template, processor: tiny.processor)
      let server = StudentServer(student, name: "tiny")
      func tokens(_ more: String) async throws -> (count: Int?, error: JSONValue?) {
        let body = ServedStudent.body("x", #""max_tokens": 1"# + more)
        let response = await server.answer(LoopbackRequest("POST", "/v1/chat/completions", body: Data(body.utf8)))
        guard case .data(let bytes) = response.body else { throw CancellationError() }
        let answer = try bytes.withUnsafeBytes { try JSONParser.value(of: $0.bindMemory(to: UInt8.self)) }
        return (answer["usage"]?["prompt_tokens"]?.integer, answer["error"])
      }
      func count(_ text: String) -> Int { tiny.tokenizer.encode(text, addingSpecialTokens: false).count }
      let plain = try #require(try await tokens("").count)
      let thought = count("<|im_start|>assistant: <t></t>") - count("<|im_start|>assistant: ")
      for (kwargs, more) in [
        (#"{"enable_thinking": false}"#, thought), (#"{"enable_thinking": true}"#, 0),
        (#"{"enable_thinking": null}"#, 0),
        (#"{"other": 1, "enable_thinkin": false}"#, 0), (#"{"tone": "short"}"#, count("short")),
        (#"{"tone": 7}"#, count("7")), (#"{"tone": "!", "enable_thinking": false}"#, count("!") + thought), ("{}", 0),
        ("null", 0),
      ] {
        let found = try await tokens(#", "chat_template_kwargs": \#(kwargs)"#)
        #expect(found.error == nil && found.count == plain + more, "\(kwargs) \(found)")
      }
      for (kwargs, parameter) in [
        ("3", "chat_template_kwargs"), (#"{"tone": [1]}"#, "chat_template_kwargs.tone"),
        (#"{"messages": "x"}"#, "chat_template_kwargs.messages"),
        (#"{"bos_token": "x"}"#, "chat_template_kwargs.bos_token"),
      ] {
        let error = try await tokens(#", "chat_template_kwargs": \#(kwargs)"#).error
        #expect(error?["param"]?.string == parameter, "\(kwargs)")
      }
    }

    /// As openai-python 2 sends back the assistant's message (`message.model_dump()`), and as vercel/ai sends a turn without
    /// a text (its PR 13744 wrote `content: null`).
    @Test(arguments: [
      #"{"role": "assistant", "content": null}"#, #"{"role": "assistant"}"#, #"{"role": "assistant", "content": []}"#,
      #"{"role": "assistant", "content": null, "tool_calls": []}"#,
      #"{"content": null, "refusal": null, "role": "assistant", "annotations": [], "audio": null, "function_call": null, "tool_calls": null}"#,
    ]) func `an assistant's turn without a text is an empty one`(_ turn: String) async throws {
      func body(_ turn: String) -> String {
        #"{"model": "tiny", "max_tokens": 2, "temperature": 0, "messages": [{"role": "user", "content": "x"}, \#(turn), {"role": "user", "content": "y"}]}"#
      }
      let empty = try await served.answer(body(#"{"role": "assistant", "content": ""}"#))
      let found = try await served.answer(body(turn))
      #expect(found["error"] == nil)
      #expect(found["usage"] == empty["usage"] && found["choices"] == empty["choices"])
    }

    @Test func `statuses are those that clients act on`() async throws {
      let unknown = #"{"model": "gpt", "messages": [{"role": "user", "content": "x"}]}"#
      let (status, text) = try await served.post(unknown)
      #expect(status == 404)
      #expect(try JSONParser.value(of: text)["error"]?["code"]?.string == "model_not_found")
      #expect(try await served.post("{").status == 400)
      #expect(try await served.post("{}", to: "/v1/completions").status == 404)
    }
  }
#endif
