import JSON
import Foundation
import Testing
import Tokenization

@Suite struct ChatTemplateTests {
  @Test func `every template renders as by transformers`() throws {
    let file = try golden("templates")
    let variables = try #require(file["variables"]?.members)
    let cases = file.list("cases")
    try #require(cases.count > 200)
    for entry in cases {
      let source = try #require(entry["template"]?.string)
      if let text = entry["text"]?.string {
        let rendered = try? ChatTemplate(source).render(variables: variables)
        #expect(rendered.map { Array($0.utf8) } == Array(text.utf8), "\(source)")
      } else {
        #expect(throws: TokenizerError.self, "\(source)") { try ChatTemplate(source).render(variables: variables) }
      }
    }
  }

  @Test func `messages in text and in parts are seen by the template`() throws {
    let template = try ChatTemplate(
      "{% for m in messages %}{{ m.role }}:{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
        + "{{ '<image>' if p.type == 'image' else p.text }}{% endfor %}{% endif %};{% endfor %}"
        + "{% if add_generation_prompt %}assistant:{% endif %}")
    let text = try template.render(
      [.system("Be brief."), .user([.image, .text("What?")]), .assistant("A dog.")], addingGenerationPrompt: true)
    #expect(text == "system:Be brief.;user:<image>What?;assistant:A dog.;assistant:")
  }

  @Test func `a template can refuse a conversation`() throws {
    let template = try ChatTemplate("{% if messages|length == 0 %}{{ raise_exception('no messages') }}{% endif %}")
    #expect(throws: TokenizerError.templateRaised(message: "no messages")) { try template.render([]) }
  }

  @Test func `what is not supported is refused with its line`() {
    #expect(throws: TokenizerError.unsupportedTemplate(line: 2, construct: "the statement \"include\"")) {
      try ChatTemplate("a\n{% include 'b' %}")
    }
    #expect(throws: TokenizerError.unsupportedTemplate(line: 3, construct: "the filter \"xmlattr\"")) {
      try ChatTemplate("a\n\n{{ b|xmlattr }}")
    }
    #expect(throws: TokenizerError.unsupportedTemplate(line: 1, construct: "the test \"odder\"")) {
      try ChatTemplate("{{ 1 is odder }}")
    }
    #expect(
      throws: TokenizerError.invalidTemplate(
        line: 1, expected: "elif or else or endif", found: "the end of the template")
    ) {
      try ChatTemplate("{% if a %}")
    }
  }

  @Test(arguments: [
    "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
    "{% set n = namespace(s='xx') %}{% for i in range(100) %}{% set n.s = n.s + n.s %}{% endfor %}",
    "{% set n = namespace(l=[1]) %}{% for i in range(100) %}{% set n.l = n.l + n.l %}{% endfor %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{{ 'x' * 100000000000 }}", "{{ range(1000000) }}",
    "{{ " + String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000) + " }}",
    "{{ 1" + String(repeating: "+1", count: 5000) + " }}",
    String(repeating: "{% if 1 %}", count: 5000) + String(repeating: "{% endif %}", count: 5000),
    "{{ " + String(repeating: "-", count: 5000) + "1 }}",
    "{% for i in range(1000) %}{% for j in range(1000) %}{{ 'x' * 1000 }}{% endfor %}{% endfor %}",
  ])
  func `hostile templates end`(source: String) throws {
    #expect {
      try ChatTemplate(source).render([])
    } throws: { error in
      guard case .templateLimit = error as? TokenizerError else { return false }
      return true
    }
  }

  @Test func `the time is that of the rendering`() throws {
    let template = try ChatTemplate("{{ strftime_now('%Y') }}")
    #expect(try template.render([], date: Date(timeIntervalSince1970: 1_000_000_000)) == "2001")
  }

  @Test func `a folder gives its template and the texts of its special tokens`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ChatTemplateTests-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func put(_ text: String, _ name: String) throws {
      try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }
    #expect(try ChatTemplate(contentsOf: folder)?.source == nil)
    try put(
      #"{"bos_token": {"content": "<s>"}, "chat_template": [{"name": "default", "template": "{{ bos_token }}1"}]}"#,
      "tokenizer_config.json")
    #expect(try ChatTemplate(contentsOf: folder)?.render([]) == "<s>1")
    try put(#"{"chat_template": "{{ bos_token }}2"}"#, "chat_template.json")
    #expect(try ChatTemplate(contentsOf: folder)?.render([]) == "<s>2")
    try put("{{ bos_token }}3", "chat_template.jinja")
    #expect(try ChatTemplate(contentsOf: folder)?.render([]) == "<s>3")
    try put(#"{"chat_template": 2}"#, "chat_template.json")
    #expect(try ChatTemplate(contentsOf: folder)?.source == "{{ bos_token }}3")
  }
}
