#if Run
  import ConfigurationFiles
  import DistillationConfiguration
  import TeacherProtocol
  import Testing

  /// A section of a downstream project, as the documentation of `ConfigurationSection` shows it.
  struct Smoothing: DefaultedSection {
    var width = 5
    var name: String?
    var values: [String: [String]] = [:]
    var weight = 0.5
    static let keys: [ConfigurationKey<Smoothing>] = [
      ConfigurationKey("width", \.width, "Steps that are averaged.", range: .from(1, through: 99)),
      ConfigurationKey("name", \.name, "A name."),
      ConfigurationKey("values", \.values, "Values by name."),
      ConfigurationKey(
        "weight", \.weight, "Any weight.", range: .from(-.greatestFiniteMagnitude, through: .greatestFiniteMagnitude)),
    ]
  }

  @Suite struct ConfigurationWriterTests {
    @Test func `a key that is turned off is written as null where its default is something`() throws {
      var fields = FieldConfiguration()
      #expect(!fields.yaml.contains("null") && fields.yaml.contains("image: image"))
      fields.image = nil
      #expect(fields.yaml.contains("image: null") && !fields.yaml.contains("group"))
      #expect(try FieldConfiguration(text: fields.yaml, format: .yaml) == fields)
      #expect(try FieldConfiguration(text: fields.json, format: .json) == fields)
      var columns = DualCheckerDataConfiguration.Fields()
      columns.detail = nil
      #expect(try DualCheckerDataConfiguration.Fields(text: columns.yaml, format: .yaml) == columns)
    }

    @Test func `images are one column or several`() throws {
      func fields(_ text: String) throws -> FieldConfiguration { try FieldConfiguration(text: text, format: .yaml) }
      #expect(try fields("image: photo").image == "photo")
      let two = try fields("image: [photo, meta.found]")
      #expect(two.image == ["photo", "meta.found"])
      #expect(try fields(two.yaml) == two && FieldConfiguration(text: two.json, format: .json) == two)
      // One column is written as it always was: what a finished run is remembered by has it.
      #expect(try fields("image: [photo]").json == fields("image: photo").json)
      #expect(
        ConfigurationFixture.problems(FieldConfiguration.self, "image: 3", .yaml) == [
          "image (line 1): expected a column's name, or a list of them, found the number 3"
        ])
      for (text, reason) in [
        ("image: []", "not empty"), ("image: [photo, '']", "not empty"), ("image: [photo, photo]", "{photo}"),
        ("image: [photo, words]\nevidence: {words: web}", "{words}"), ("image: [photo, 1]", "text (put it in quotes"),
      ] {
        let problems = ConfigurationFixture.problems(FieldConfiguration.self, text, .yaml)
        #expect(problems.count == 1 && problems[0].contains(reason) && problems[0].contains("image"), "\(problems)")
      }
      // A text of that name was a slot before images were.
      #expect(throws: Never.self) { try fields("image: photo\nevidence: {photo: description}") }
    }

    @Test func `a section of another project is read in the same way`() throws {
      #expect(try Smoothing(text: "width: 9", format: .yaml).width == 9)
      #expect(
        ConfigurationFixture.problems(Smoothing.self, "width: 0", .yaml) == [
          "width (line 1): expected a whole number, from 1 to 99, found the number 0"
        ])
      #expect(
        ConfigurationFixture.problems(Smoothing.self, "widht: 3", .yaml) == [
          "unknown key 'widht' (line 1); did you mean 'width'?"
        ])
    }

    @Test(arguments: [
      "plain", "two words", "no", "Yes", "on", "null", "~", "true", "1", "1e5", ".5", ".inf", "-", "- a", "a: b",
      "a #b", "#a",
      " a", "a ", "", " ", "'", "\"", "\\", "\t", "a\tb", "é", "😀", "a\u{85}b", "\u{2028}", "a\u{FEFF}b", "\u{7F}",
      "\u{1}", "a\rb",
      "*a", "&a", "!a", "%a", "@a", "`a", "[a]", "{a}", "a, b", "?", "a?", "| a", "> a", "=", "<<", "---", "...",
      "...a", "../x/y.z",
      "line\nline", "line\n", "line\n\nline", "line\nline\n", "line\nline\n\n", "\nline", " a\nb", "a\n b\n  c",
      "a\nb ", "a\r\nb",
      "a\n\tb", "a\n#b", "a\n---\nb", "\n", "\n\n", "a\n ", "a\n \nb", "a: b\n- c", "/abs/path", "0x1f", "007", "12:30",
      "2001-01-01",
      String(repeating: "long ", count: 100) + "end",
    ])
    func `every text reads back from both languages`(text: String) throws {
      var section = Smoothing()
      section.name = text
      section.values = [text: [text, text], "other": []]
      // `String ==` takes canonically equivalent texts for equal; the scalars must be the same.
      let yaml = try Smoothing(text: section.yaml, format: .yaml)
      #expect(yaml == section)
      #expect(yaml.name.map { Array($0.unicodeScalars) } == Array(text.unicodeScalars))
      let json = try Smoothing(text: section.json, format: .json)
      #expect(json.name.map { Array($0.unicodeScalars) } == Array(text.unicodeScalars))
      #expect(try Smoothing(text: section.json, format: .yaml) == section)
    }

    @Test(arguments: [
      0.1, 1e-5, 1e-300, .leastNonzeroMagnitude, 1e22, 123_456_789.125, 1, 0, 2e-4, .pi, .greatestFiniteMagnitude,
    ])
    func `every number reads back exactly`(value: Double) throws {
      var section = Smoothing()
      section.weight = value
      #expect(try Smoothing(text: section.yaml, format: .yaml).weight == value)
      #expect(try Smoothing(text: section.json, format: .json).weight == value)
      // A number without a decimal point is a text to parsers of YAML 1.1.
      #expect(!section.yaml.contains(#/: [0-9]+e/#))
    }

    @Test func `canonical text is plain to read`() {
      var section = Smoothing()
      section.name = "two\nlines"
      section.values = ["b": ["x", "no"], "a": []]
      #expect(
        section.yaml == """
          width: 5
          name: |-
            two
            lines
          values:
            a: []
            b: [x, "no"]
          weight: 0.5

          """)
    }
  }
#endif
