import JSON
import Testing

@Suite struct `Writing JSON` {
  private let value: JSONValue = ["b": [1, 2.5, .null], "a": ["é": true], "empty": [], "none": [:]]

  @Test func `a line keeps the order of members`() {
    #expect(value.text == #"{"b": [1, 2.5, null], "a": {"é": true}, "empty": [], "none": {}}"#)
  }

  @Test func `the canonical layout has no spaces, and members by the bytes of their names`() {
    #expect(value.text(.canonical) == #"{"a":{"é":true},"b":[1,2.5,null],"empty":[],"none":{}}"#)
    // U+FF5E sorts before U+1F600 by scalars, and behind it by the UTF-16 units of other languages.
    let names: JSONValue = ["😀": 1, "\u{FF5E}": 2, "Z": 3, "a": 4]
    #expect(names.text(.canonical) == "{\"Z\":3,\"a\":4,\"\u{FF5E}\":2,\"😀\":1}")
  }

  @Test func `Python's layout with an indent is that of json dumps`() {
    // python3.12 -c 'json.dumps({"b": [1, 2.5, None], "a": {"é": True}, "empty": [], "none": {}}, indent=2,
    //   sort_keys=True, ensure_ascii=False)'
    let expected = """
      {
        "a": {
          "é": true
        },
        "b": [
          1,
          2.5,
          null
        ],
        "empty": [],
        "none": {}
      }
      """
    #expect(value.text(.python(indent: 2, sortsNames: true)) == expected)
  }

  @Test(arguments: [
    (JSONLayout.Escapes.least, #""\"\\/\n\r\t\u0008\u000c\u0000\u001f"# + "\u{7F}é\u{2028}\u{FEFF}😀\""),
    (.python, #""\"\\/\n\r\t\b\f\u0000\u001f"# + "\u{7F}é\u{2028}\u{FEFF}😀\""),
    (.ascii, #""\"\\/\n\r\t\b\f\u0000\u001f\u007f\u00e9\u2028\ufeff\ud83d\ude00""#),
    (.yaml, #""\"\\/\n\r\t\u0008\u000c\u0000\u001f\u007fé\u2028\ufeff😀""#),
  ])
  func `a text is quoted in four ways`(escapes: JSONLayout.Escapes, expected: String) throws {
    let text = "\"\\/\n\r\t\u{8}\u{C}\u{0}\u{1F}\u{7F}é\u{2028}\u{FEFF}😀"
    #expect(text.quotedAsJSON(escapes) == expected)
    #expect(try JSONParser.value(of: expected).string == text)
    #expect("plain".quotedAsJSON(escapes) == "\"plain\"")
  }

  @Test(arguments: [
    ("1.50", "1.5"), ("1E5", "100000.0"), ("1e-05", "1e-05"), ("1e16", "1e+16"),
    ("9007199254740993.0", "9007199254740992.0"),
    ("-0", "0"), ("-0.0", "-0.0"), ("12345678901234567890123", "12345678901234567890123"), ("0.0001", "0.0001"),
  ])
  func `numbers keep their spelling, or get Python's`(spelling: String, python: String) {
    #expect(JSONValue.number(spelling).text == spelling)
    #expect(JSONValue.number(spelling).text(.python()) == python)
  }

  @Test func `what is written is read as the same value`() throws {
    for layout in [JSONLayout.line, .python(), .python(indent: 3)] {
      #expect(try JSONParser.value(of: value.text(layout)) == value)
    }
  }

  @Test func `a value tells its parts and shows itself shortly`() {
    #expect(value["b"]?[1]?.double == 2.5)
    #expect(value["b"]?[1]?.spelledInteger == nil)
    #expect(JSONValue.number("1.0").integer == 1)
    #expect(JSONValue.number("1.0").spelledInteger == nil)
    #expect(value["b"]?[3] == nil)
    #expect(value["a"]?["é"]?.bool == true)
    #expect(value["b"]?[2]?.isNull == true)
    #expect(value["b"]?.summary == "an array of 3")
    #expect(JSONValue.string(String(repeating: "x", count: 100)).summary.count == 62)
  }
}
