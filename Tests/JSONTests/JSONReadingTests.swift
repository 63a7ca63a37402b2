import JSON
import Testing

@Suite struct `Reading JSON step by step` {
  private func reading<Result>(
    _ text: String, _ options: JSONParser.Options = .init(), _ body: (inout JSONParser) throws -> Result
  ) throws -> Result {
    var text = text
    return try text.withUTF8 { bytes in
      var json = JSONParser(bytes, options)
      return try body(&json)
    }
  }

  @Test func `a layout is followed without building a tree`() throws {
    let text = #" {"skipped": {"a": [1, {"b": "c"}], "d": null}, "sizes": [3, 0], "none": null, "name": "x\u0041"} "#
    try reading(text) { json in
      var (sizes, name, isNone): ([Int], String?, Bool) = ([], nil, false)
      var object = try json.beginObject()
      while let key = try json.nextName(in: &object) {
        switch key {
        case "sizes":
          var array = try json.beginArray()
          while try json.nextElement(in: &array) { sizes.append(try json.size("a size")) }
        case "none": isNone = try json.takeNull()
        case "name": name = try json.string()
        default: try json.skipValue()
        }
      }
      try json.end()
      #expect(sizes == [3, 0])
      #expect(name == "xA")
      #expect(isNone)
    }
  }

  @Test(arguments: ["-1", "1.0", "1e2", "9223372036854775808"])
  func `a size is a whole number from 0 to the greatest Int`(text: String) throws {
    #expect(
      throws: JSONSyntaxError(
        offset: 1, expected: "a length that is whole and from 0 to 9223372036854775807", found: "'\(text)'")
    ) { try reading(" " + text) { try $0.size("a length") } }
    #expect(try reading("9223372036854775807") { try $0.size("a length") } == Int.max)
  }

  @Test func `what is no object, array or text says which was wanted`() throws {
    #expect(throws: JSONSyntaxError(offset: 1, expected: "the header, which starts with '{'", found: "'[]'")) {
      try reading(" []") { try $0.beginObject("the header") }
    }
    #expect(throws: JSONSyntaxError(offset: 0, expected: "a shape, which starts with '['", found: "'7'")) {
      try reading("7") { try $0.beginArray("a shape") }
    }
    #expect(
      throws: JSONSyntaxError(offset: 0, expected: "a name, which starts with '\"'", found: "the end of the text")
    ) {
      try reading("") { try $0.string("a name") }
    }
  }

  @Test func `of a name that comes twice the last counts, or the second is refused at its place`() throws {
    let text = #"{"a": 1, "b": {"a": 2}, "a": 3}"#
    #expect(try JSONParser.value(of: text)["a"] == 3)
    #expect(try JSONParser.value(of: text).members?.count == 3)
    var options = JSONParser.Options()
    options.refusesRepeatedNames = true
    #expect(throws: JSONSyntaxError(offset: 24, expected: "every name of an object once", found: "\"a\" a second time"))
    {
      try JSONParser.value(of: text, options)
    }
    #expect(throws: Never.self) { try JSONParser.value(of: #"{"a": {"a": 1}}"#, options) }
  }

  @Test func `levels are counted with the innermost value, and the bracket beyond them is refused`() throws {
    var options = JSONParser.Options()
    options.levels = 4
    #expect(throws: Never.self) { try JSONParser.value(of: #"[{"a": [1]}, [[2]]]"#, options) }
    #expect(throws: JSONSyntaxError(offset: 7, expected: "at most 4 levels", found: "'[]]}]'")) {
      try JSONParser.value(of: #"[{"a":[[]]}]"#, options)
    }
    #expect(throws: JSONSyntaxError.self) {
      try reading(String(repeating: #"{"a":"#, count: 100_000)) { try $0.skipValue() }
    }
  }

  @Test(arguments: ["1e999", "-1e400", "1" + String(repeating: "0", count: 400)])
  func `a number beyond Double keeps its spelling, or is refused`(text: String) throws {
    #expect(try JSONParser.value(of: text) == .number(text))
    let error = #expect(throws: JSONSyntaxError.self) { try JSONParser.value(of: text, .modelFile) }
    #expect(error?.offset == 0)
    #expect(throws: Never.self) { try JSONParser.value(of: "[1e308, -1.5E-400, 12345678901234567890123]", .modelFile) }
  }

  @Test func `names that differ in bytes alone stay two members`() throws {
    let value = try JSONParser.value(of: "{\"\u{E9}\": 1, \"e\u{301}\": 2}")
    #expect(value.members?.map { $0.name.utf8.count } == [2, 3])
  }

  @Test(arguments: 0..<20)
  func `texts of any length and place read the same`(length: Int) throws {
    // Eight bytes are looked at together; every place of a special one among them is tried.
    for (written, meant) in [
      (#"\""#, "\""), (#"\\"#, "\\"), ("é", "é"), ("😀", "😀"), (#"\n"#, "\n"), ("\u{7F}", "\u{7F}"),
    ] {
      for place in 0...length {
        let (before, after) = (String(repeating: "a", count: place), String(repeating: "!", count: length - place))
        #expect(try JSONParser.value(of: "\"\(before)\(written)\(after)\"").string == before + meant + after)
      }
    }
    let start = "\"" + String(repeating: "a", count: length)
    #expect(
      throws: JSONSyntaxError(
        offset: start.utf8.count, expected: "no control character inside a text", found: "the control character 31")
    ) {
      try JSONParser.value(of: start + "\u{1F}\"")
    }
    #expect(
      throws: JSONSyntaxError(
        offset: start.utf8.count, expected: "'\"' at the end of a text", found: "the end of the text")
    ) {
      try JSONParser.value(of: start)
    }
  }

  @Test func `what was found is one line of whole characters`() {
    #expect(throws: JSONSyntaxError(offset: 1, expected: "a value", found: "'xxxxxxxxxxxxxxxxxxx'")) {
      try JSONParser.value(of: "[xxxxxxxxxxxxxxxxxxxéé")
    }
    #expect(throws: JSONSyntaxError(offset: 1, expected: "a value", found: "'x'")) { try JSONParser.value(of: "[x\ny") }
    #expect(throws: JSONSyntaxError(offset: 2, expected: "no control character inside a text", found: "a line break")) {
      try JSONParser.value(of: "\"a\nb\"")
    }
  }

  @Test func `offsets become lines, and columns of characters`() {
    var text = "{\n  \"é\": 1,\r\n  \"😀\": 2}"
    text.withUTF8 { bytes in
      var places = JSONPlaces(bytes)
      #expect(places.place(of: 0) == JSONPlace(line: 1, column: 1))
      #expect(places.place(of: 4) == JSONPlace(line: 2, column: 3))
      #expect(places.place(of: 10) == JSONPlace(line: 2, column: 8))
      #expect(places.place(of: 16) == JSONPlace(line: 3, column: 3))
      #expect(places.place(of: bytes.count) == JSONPlace(line: 3, column: 10))
    }
  }
}
