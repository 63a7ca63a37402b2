import JSON

#if Run
  import Foundation
  import TeacherProtocol
  import Testing

  /// Answers of a student that knows nothing, held to a form: whatever it draws, the form is kept.
  @Suite struct FormTests {
    let served: ServedStudent

    init() throws { served = try ServedStudent() }

    func answers(_ format: String, count: Int = 12, tokens: Int = 400) async throws -> [String] {
      let value = try await served.answer(
        ServedStudent.body(
          "Answer.", #""n": \#(count), "seed": 11, "temperature": 1.3, "max_tokens": \#(tokens), \#(format)"#))
      let choices = try #require(value["choices"]?.elements, "\(value.text)")
      return choices.filter { $0["finish_reason"]?.string == "stop" }
        .map { $0["message"]?["content"]?.string ?? "" }
    }

    func schema(_ schema: String) -> String {
      #""response_format": {"type": "json_schema", "json_schema": {"name": "answer", "strict": true, "schema": \#(schema)}}"#
    }

    @Test func `label, rationale and confidence come in their order and within their bounds`() async throws {
      let texts = try await answers(
        schema(
          #"""
          {"type": "object", "properties": {"label": {"type": "string", "enum": ["No", "Yes", "Can't \"say\""]},
          "rationale": {"type": "string", "maxLength": 30, "title": "why"},
          "confidence": {"type": "number", "minimum": 0, "maximum": 1}, "sure": {"type": "boolean"}},
          "required": ["label", "rationale", "confidence", "sure"], "additionalProperties": false}
          """#))
      #expect(texts.count == 12, "thirty characters and a number always fit")
      for text in texts {
        let value = try JSONParser.value(of: text)
        guard case .object(let members) = value else {
          Issue.record("no object: \(text)")
          continue
        }
        #expect(members.map(\.name) == ["label", "rationale", "confidence", "sure"])
        #expect(["No", "Yes", "Can't \"say\""].contains(value["label"]?.string))
        #expect((value["rationale"]?.string ?? "").unicodeScalars.count <= 30)
        #expect((0...1).contains(value["confidence"]?.double ?? -1))
      }
      #expect(Set(texts).count > 6)
    }

    /// Each token of the model was tried on each of the values, and on a copy of all that was still to be written: minutes.
    @Test func `hundreds of thousands of values or properties are no harder than a few`() async throws {
      let values = (0..<200_000).map { "\"value \($0)\"" }
      let texts = try await answers(schema(#"{"enum": [\#(values.joined(separator: ","))]}"#), count: 2)
      #expect(texts.count == 2 && texts.allSatisfy { values.contains($0) }, "\(texts)")
      let properties = (0..<100_000).map { #""p\#($0)": {"type": "boolean"}"# }.joined(separator: ",")
      let value = try await served.answer(
        ServedStudent.body(
          "Answer.", #""max_tokens": 30, \#(schema(#"{"type": "object", "properties": {\#(properties)}}"#))"#))
      let text = try #require(value["choices"]?[0]?["message"]?["content"]?.string)
      #expect(text.hasPrefix("{\"p0\":"), "\(text)")
      let listed = (0..<200_000).map { "\"choice \($0)\"" }.joined(separator: ",")
      let chosen = try await answers(#""structured_outputs": {"choice": [\#(listed)]}"#, count: 2)
      #expect(
        chosen.count == 2 && chosen.allSatisfy { $0.hasPrefix("choice ") && Int($0.dropFirst(7)) ?? 200_000 < 200_000 })
    }

    @Test func `numbers keep their bounds and lists their counts`() async throws {
      let texts = try await answers(
        schema(
          #"""
          {"type": "object", "properties": {"a": {"type": "integer", "minimum": 95, "maximum": 210},
          "b": {"type": "number", "minimum": -0.25, "maximum": -0.125}, "c": {"const": 1.5},
          "d": {"type": "array", "items": {"enum": [1, 10, null]}, "minItems": 2, "maxItems": 3}, "e": {"type": "null"}},
          "required": ["a"]}
          """#))
      #expect(texts.count == 12)
      for text in texts {
        let value = try JSONParser.value(of: text)
        #expect((95...210).contains(value["a"]?.integer ?? 0))
        #expect((-0.25 ... -0.125).contains(value["b"]?.double ?? 0))
        #expect(value["c"]?.double == 1.5)
        #expect([2, 3].contains(value["d"]?.elements?.count))
        #expect(value["d"]?.elements?.allSatisfy { [.number(1), .number(10), .null].contains($0) } == true)
        #expect(value["e"] == .null)
      }
    }

    @Test func `a choice is one of its texts and an object is JSON`() async throws {
      let choices = try await answers(#""structured_outputs": {"choice": ["Yes", "Yes, but", "No"]}"#)
      #expect(choices.count == 12)
      #expect(choices.allSatisfy { ["Yes", "Yes, but", "No"].contains($0) })
      // What is drawn at random seldom ends by itself; what does is an object.
      let objects = try await answers(#""response_format": {"type": "json_object"}"#, count: 8, tokens: 200)
      for text in objects {
        guard case .object = try JSONParser.value(of: text) else {
          Issue.record("no object: \(text)")
          continue
        }
      }
      let begun = try await served.texts(
        ServedStudent.body("Answer.", #""temperature": 0, "max_tokens": 3, "response_format": {"type": "json_object"}"#)
      )
      #expect(begun[0].hasPrefix("{"))
    }

    @Test func `what cannot be kept is refused by its place`() async throws {
      let cases = [
        (#"{"type": "string", "pattern": "a+"}"#, "response_format.json_schema.schema.pattern"),
        (#"{"anyOf": [{"type": "string"}]}"#, "response_format.json_schema.schema.type"),
        (
          #"{"type": "object", "properties": {"x": {"type": "date"}}}"#,
          "response_format.json_schema.schema.properties.x.type"
        ),
        (#"{"type": "number", "minimum": 2, "maximum": 1}"#, "response_format.json_schema.schema"),
        (#"{"type": "object", "properties": {}, "required": ["x"]}"#, "response_format.json_schema.schema.required"),
        (#"{"enum": [[1]]}"#, "response_format.json_schema.schema"), ("3", "response_format.json_schema.schema"),
      ]
      for (text, place) in cases {
        let error = try await served.answer(ServedStudent.body("x", schema(text)))["error"]
        #expect(error?["param"]?.string == place, "\(text)")
        #expect(error?["type"]?.string == "invalid_request_error")
      }
    }
  }
#endif
