import JSON
import Foundation
import Testing
import Tokenization

/// Two values that each hold another value twice, and so on, 60 times over.
private let shared =
  "{% set n = namespace(a=[1], b=[1]) %}{% for i in range(60) %}{% set n.a = [n.a, n.a] %}{% set n.b = [n.b, n.b] %}"
  + "{% endfor %}"

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

  // The texts are those of Jinja2 3.1.
  @Test(arguments: [
    ("{{ 'ΑΣ'.lower() }} {{ 'ΑΣ ΣΑ ΑΣΑ Σ'|lower }}", "ας ας σα ασα σ"),
    ("{{ 'ΑΣ.'|lower }} {{ \"ΑΣ'Α\"|lower }}", "ας. ασ'α"),
    ("{{ 'ΟΔΟΣ ΟΔΟΣ'.title() }} {{ 'ΟΔΟΣ'.capitalize() }} {{ 'ας' is lower }}", "Οδος Οδος Οδος True"),
    ("{{ 'ΟΔΟΣ ΑΣ (ΟΔΟΣ)'|title }}", "Οδος Ασ (Οδος)"),
    ("{% macro f(x) %}{{ x }}{{ varargs }}{% endmacro %}{{ f(1) }} {{ f(1, 2, 'a') }}", "1() 1(2, 'a')"),
    ("{% macro f() %}{{ varargs is defined }} {{ kwargs is defined }}{% endmacro %}{{ f() }}", "True True"),
    ("{% macro f(x) %}{{ kwargs }}{{ kwargs.y }}{% endmacro %}{{ f(x=1, y=2) }}", "{'y': 2}2"),
    ("{% macro f() %}{{ varargs }}{% endmacro %}{{ varargs is defined }}", "False"),
    ("{% macro f(varargs) %}{{ varargs }}{% endmacro %}{{ f(3) }}", "3"),
    ("{% macro f(a) %}{{ kwargs }}|{{ varargs }}{% endmacro %}{{ f(1, 2, b=3) }}", "{'b': 3}|(2,)"),
    ("{% macro f(a) %}{{ kwargs }}{% endmacro %}{{ f(1) }}|{{ f(1, b=2) }}", "{}|{'b': 2}"),
    ("{% macro f(a) %}{% set varargs = 5 %}{{ a }}{{ varargs }}{% endmacro %}{{ f(1) }}", "15"),
    ("{% macro f(a) %}{{ varargs }}{% set varargs = 5 %}{{ varargs }}{% endmacro %}{{ f(1, 2) }}", "(2,)5"),
    (
      "{% macro f(a) %}{% for x in [1] %}{{ varargs }}{{ kwargs }}{% endfor %}{% endmacro %}{{ f(1, 2, b=3) }}",
      "(2,){'b': 3}"
    ),
    (
      "{% macro f(a) %}{% macro g() %}{{ varargs }}{% endmacro %}{{ g() }}{{ g(7) }}{% endmacro %}{{ f(1) }}{{ f(1, 2) }}",
      "()(7,)()(7,)"
    ),
    ("{% macro f(a) %}{% macro g() %}{{ kwargs }}{% endmacro %}{{ g(b=7) }}{% endmacro %}{{ f(1, c=2) }}", "{'b': 7}"),
    ("{% macro f(a, b=varargs) %}{{ b }}{% endmacro %}{{ f(1) }}", ""),
    (
      "{% macro f(a) %}{{ kwargs.b }}{{ kwargs['b'] }}{{ 'b' in kwargs }}{{ kwargs|length }}"
        + "{% for k, v in kwargs.items() %}{{ k }}={{ v }};{% endfor %}{% endmacro %}{{ f(1, b=2, c=3) }}",
      "22True2b=2;c=3;"
    ),
    ("{% set kwargs = 9 %}{% macro f(a) %}{{ kwargs }}{% endmacro %}{{ f(1) }}{{ f(1, b=2) }}", "{}{'b': 2}"),
    ("{% macro f(a) %}{% set x = kwargs %}{{ x }}{% endmacro %}{{ f(1, b=2) }}", "{'b': 2}"),
    ("{% macro f(a) %}{% if kwargs %}yes{% else %}no{% endif %}{% endmacro %}{{ f(1, b=2) }}{{ f(1) }}", "yesno"),
    ("{% macro f(a, b) %}{{ a }}{{ b }}{{ kwargs }}{% endmacro %}{{ f(b=2, c=3) }}", "2{'c': 3}"),
  ])
  func `words in lower case end in ς, and macros that read further arguments take them`(
    source: String, text: String
  ) throws {
    #expect(try ChatTemplate(source).render([]) == text)
  }

  @Test func `a macro takes no arguments that it does not read`() {
    for source in [
      "{% macro f() %}{{ kwargs }}{% endmacro %}{{ f(1) }}", "{% macro f() %}{{ varargs }}{% endmacro %}{{ f(x=1) }}",
      // What a macro has given itself before it reads it is no further argument.
      "{% macro f(a) %}{% set varargs = 5 %}{{ a }}{{ varargs }}{% endmacro %}{{ f(1, 2) }}",
      "{% macro f(a) %}{% set varargs = 5 %}{{ a }}{% endmacro %}{{ f(1, 2) }}",
      "{% macro f(a) %}{% set kwargs = 5 %}{{ kwargs }}{% endmacro %}{{ f(1, b=2) }}",
      "{% macro f(a) %}{% if a %}{% set varargs = 5 %}{% endif %}{{ varargs }}{% endmacro %}{{ f(1, 2) }}",
      "{% macro f(a) %}{% for varargs in [1] %}{{ varargs }}{% endfor %}{% endmacro %}{{ f(1, 2) }}",
      "{% macro f(a) %}{% set varargs %}x{% endset %}{{ varargs }}{% endmacro %}{{ f(1, 2) }}",
      "{% macro f(a) %}{% set varargs = varargs %}{{ varargs }}{% endmacro %}{{ f(1, 2) }}",
      "{% macro f(a) %}{% set (kwargs, y) = (1, 2) %}{{ a }}{% endmacro %}{{ f(1, b=2) }}",
      "{% macro f(varargs) %}{{ varargs }}{% endmacro %}{{ f(1, 2) }}",
      "{% macro f(a, b=varargs) %}{{ b }}{% endmacro %}{{ f(1, 2, 3) }}",
    ] {
      #expect(throws: TokenizerError.self, "\(source)") { try ChatTemplate(source).render([]) }
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
    // Values that hold one another twice: written out they would have 2^60 parts.
    shared + "{{ n.a }}", shared + "{{ n.a == n.b }}", shared + "{{ n.a < n.b }}", shared + "{{ n.a|tojson }}",
    shared + "{{ [n.a]|join }}", shared + "{{ n.a ~ '' }}", shared + "{{ n.a in [n.b] }}",
    shared + "{{ [n.b].index(n.a) }}",
    shared + "{{ [n.a, n.b]|sort }}", shared + "{{ [n.a, n.b]|unique }}", shared + "{{ {n.a: 1}[n.b] }}",
    shared + "{{ n.a|upper }}", shared + "{{ n.a is upper }}", shared + "{{ raise_exception(n.a) }}",
    shared + "{{ [1]|select(n.a) }}", shared + "{{ {'a': 1}|dictsort(by=n.a) }}", shared + "{{ namespace({n.a: 1}) }}",
    shared + "{{ 'x'.startswith((n.a, n.b)) }}", shared + "{{ [1]|tojson(separators=(n.a, n.b)) }}",
    shared + "{{ n.a|int }}", shared + "{{ 'x'|replace(n.a, n.b) }}",
    // Values in one another, 50,000 deep.
    "{% set n = namespace(a={}) %}{% for i in range(50000) %}{% set n.a = {'a': n.a} %}{% endfor %}",
    "{% set n = namespace(a=[]) %}{% for i in range(50000) %}{% set n.a = [n.a].index %}{% endfor %}",
    "{% set n = namespace(a=1) %}{% for i in range(50000) %}{% for x in [n.a, 1] %}{% set n.a = loop %}{% endfor %}"
      + "{% endfor %}",
    "{% set n = namespace(a=1) %}{% for i in range(50000) %}{% set n.a = [n.a]|list %}{% endfor %}",
    "{% macro f(x) %}{{ f([x]) }}{% endmacro %}{{ f(1) }}",
    "{% macro f(x=f()) %}{% endmacro %}{{ f() }}",
    // Texts that grow by what is put between their parts.
    "{{ range(100000)|list|tojson(separators=('x' * 1600000, 'y')) }}", "{{ range(100000)|join('x' * 1000000) }}",
    "{{ ('x' * 1000000).join(('a ' * 10000).split()) }}", "{{ ((('[' * 90) ~ '\n') * 100)|indent('x' * 1000000) }}",
    "{{ ('a' * 100000)|replace('a', 'b' * 100000) }}", "{{ ('a' * 100000)|replace('', 'b' * 100000) }}",
    // A naive search would compare 10^11 bytes.
    "{% for i in range(100) %}{% set a = ('a' * 400000 ~ 'b') in ('a' * 1000000) %}{% endfor %}",
    "{% set a = 'a' * 400000 %}{% for i in range(100000) %}{% set b = a == 'a' * 400000 %}{% endfor %}",
    "{% set a = 'a' * 400000 %}{% set d = {a: 1} %}{% for i in range(100000) %}{% set b = d[a] %}{% endfor %}",
    "{% set a = 'a.' * 200000 %}{% set b = [{}] * 1000 %}{{ b|map(attribute=a)|list }}",
  ])
  func `hostile templates end`(source: String) throws {
    #expect {
      try ChatTemplate(source).render([])
    } throws: { error in
      guard case .templateLimit = error as? TokenizerError else { return false }
      return true
    }
  }

  /// What Python writes with integers of any size has no 64-bit counterpart; a wrong number would be worse than an error.
  @Test(arguments: [
    "(-9223372036854775807 - 1) ** 2", "2 ** 63", "(-2) ** 64", "(-9223372036854775807 - 1) * -1",
    "-(-9223372036854775807 - 1)", "(-9223372036854775807 - 1) // -1", "(-9223372036854775807 - 1)|abs",
    "9223372036854775807 + 1", "[9223372036854775807, 1]|sum", "1e300|int", "'99999999999999999999'|int",
    "1 // 0", "1 % 0", "1.5 % 0", "1 is divisibleby 0",
  ])
  func `an integer of more than 64 bits is a failure`(expression: String) {
    #expect {
      try ChatTemplate("{{ \(expression) }}").render([])
    } throws: { error in
      guard case .templateFailure = error as? TokenizerError else { return false }
      return true
    }
  }

  /// The values are Python's and Jinja 3.1's.
  @Test(arguments: [
    ("(-9223372036854775807 - 1) ** 1", "-9223372036854775808"), ("(-9223372036854775807 - 1) ** 0", "1"),
    ("(-9223372036854775807 - 1) % 3", "1"), ("9223372036854775807 // -1", "-9223372036854775807"),
    ("(-1) ** 9223372036854775807", "-1"), ("0 ** 9223372036854775807", "0"),
    ("range(9223372036854775800, 9223372036854775807, 5)|list", "[9223372036854775800, 9223372036854775805]"),
    ("range(-9223372036854775807, 9223372036854775807, 9223372036854775807)|list", "[-9223372036854775807, 0]"),
    ("'abc'[-9223372036854775807:9223372036854775807:9223372036854775807]", "a"),
    ("'abc'[::-9223372036854775807]", "c"), ("[1][-9223372036854775807 - 1] is defined", "False"),
    ("'nan'|int(7)", "7"), ("'inf'|int(7)", "7"), ("1.5|int", "1"),
    ("'aXbXc'.rsplit('X', 1)", "['aXb', 'c']"), ("'aaa'.rsplit('aa')", "['a', '']"), ("'aaa'.split('aa')", "['', 'a']"),
    ("'é€'.split('€')", "['é', '']"), ("'ababac'.find('abac')", "2"), ("'aaaa'.count('aa')", "2"),
  ])
  func `numbers and texts at their edges are Python's`(expression: String, expected: String) throws {
    #expect(try ChatTemplate("{{ \(expression) }}").render([]) == expected)
  }

  @Test(arguments: ["%Y%m", "%5000d"]) func `a long date is a failure`(format: String) {
    #expect(throws: TokenizerError.self) {
      try ChatTemplate("{{ strftime_now('\(format)' * 100000) }}").render([])
    }
  }

  /// Threads of a dispatch queue and of Swift's tasks have stacks of their own, much smaller than the main thread's.
  @Test func `the deepest values and calls fit a small stack`() throws {
    let templates = try [
      "{% macro f(x, n) %}{% if n %}{% for y in [x] %}{{ f({'a': [x]}, n - 1) }}{% endfor %}{% endif %}{% endmacro %}"
        + "{{ f(1, 1000) }}",
      "{{ " + String(repeating: "[", count: 48) + String(repeating: "]", count: 48) + " }}",
      "{% set n = namespace(a=1) %}{% for i in range(399) %}{% set n.a = [n.a] %}{% endfor %}{{ n.a }}{{ n.a|tojson }}"
        + "{{ n.a == n.a }}{{ n.a < n.a }}",
      "{% for i in range(398) %}{% set n.a = [n.a] %}{% endfor %}" + String(repeating: "{% if 1 %}", count: 98)
        + "{{ " + String(repeating: "-", count: 45) + "1 }}" + String(repeating: "{% endif %}", count: 98),
    ].map { try ChatTemplate($0) }
    let thread = Thread { for template in templates { _ = try? template.render([]) } }
    thread.stackSize = 512 << 10
    thread.start()
    while !thread.isFinished { Thread.sleep(forTimeInterval: 0.01) }
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
