import JSON
import Tokenization

/// Chat templates: statements and expressions over a few variables that hold one another.
enum TemplateGrammar {
  private static let filters = words(
    "trim upper lower capitalize title length join default tojson selectattr rejectattr select reject map list first last "
      + "replace string int float abs items dictsort sort reverse unique sum min max safe indent round wordcount")
  private static let tests = words(
    "defined undefined none string mapping iterable sequence number integer float boolean true odd even divisibleby eq ne lt "
      + "ge in callable sameas upper lower")

  private static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

  static func run(_ choices: inout Choices) {
    var source = choices.happens(oneIn: 2) ? "{% set n = namespace(a=[1], b={'k': 'v'}) %}" : ""
    source += body(&choices, 4)
    // A tenth of the steps: what costs too much for one is found as well, in a tenth of the time.
    var limits = ChatTemplate.Limits()
    limits.work /= 10
    _ = try? ChatTemplate(source, limits: limits).render(
      [.user("Who?"), .assistant("Me.")], variables: [.init("t", [["a": 1], [2, "x", 3.5], "é\n"])])
  }

  private static func body(_ choices: inout Choices, _ depth: Int) -> String {
    choices.several(4) { statement(&$0, depth) }.joined()
  }

  private static func statement(_ choices: inout Choices, _ depth: Int) -> String {
    if depth == 0 { return "{{ \(expression(&choices, 2)) }}" }
    switch choices.below(10) {
    case 0: return choices.text()
    case 1:
      return
        "{% for \(choices.pick(["x", "x, y", "a"])) in \(expression(&choices, 3)) %}\(body(&choices, depth - 1)){% endfor %}"
    case 2:
      return "{% for x in range(\(choices.pick(["60", "3", "100000"]))) %}\(body(&choices, depth - 1)){% endfor %}"
    case 3:
      return
        "{% if \(expression(&choices, 3)) %}\(body(&choices, depth - 1)){% else %}\(body(&choices, depth - 1)){% endif %}"
    case 4, 5: return "{% set \(choices.pick(["n.a", "n.b", "a", "b"])) = \(expression(&choices, 3)) %}"
    case 6: return "{% set a %}\(body(&choices, depth - 1)){% endset %}"
    case 7: return "{% macro f(x, y=\(expression(&choices, 1))) %}\(body(&choices, depth - 1)){% endmacro %}"
    default: return "{{\(choices.pick(["", "-"])) \(expression(&choices, 4)) }}"
    }
  }

  private static func expression(_ choices: inout Choices, _ depth: Int) -> String {
    let leaf = { (choices: inout Choices) -> String in
      choices.pick([
        "1", "n.a", "n.b", "a", "b", "x", "t", "messages", "loop", "loop.previtem", "loop.index", "n", "none", "true",
        "''",
        "[]", "{}", "f", "dict", "(-9223372036854775807 - 1)", choices.number(),
        "'" + choices.pick(["a", "é", "%Y", "a.b"]) + "'",
      ])
    }
    guard depth > 0, choices.below(4) > 0 else { return leaf(&choices) }
    func inner() -> String { expression(&choices, depth - 1) }
    switch choices.below(12) {
    case 0: return "[\(inner()), \(inner())]"
    case 1: return "{\(inner()): \(inner())}"
    case 2: return "(\(inner()), \(inner()))"
    case 3, 4:
      let sign = choices.pick(["+", "-", "*", "/", "//", "%", "**", "~", "==", "<", ">=", "in", "not in", "and", "or"])
      return "(\(inner()) \(sign) \(inner()))"
    case 5: return "\(inner())[\(inner())]"
    case 6: return "\(inner())[\(inner()):\(inner()):\(inner())]"
    case 7, 8:
      let filter = choices.pick(filters)
      let arguments = choices.pick([
        "", "(\(inner()))", "(\(inner()), \(inner()))", "(attribute=\(inner()))", "(separators=(\(inner()), 'y'))",
      ])
      return "(\(inner())|\(filter)\(arguments))"
    case 9: return "(\(inner()) is \(choices.pick(tests)) \(choices.pick(["", "(1)", "('a')"])))"
    case 10:
      let method = choices.pick([
        "split", "rsplit", "strip", "replace", "join", "find", "count", "index", "items", "get", "startswith",
        "endswith",
        "splitlines", "upper", "title", "cycle", "removesuffix",
      ])
      return "\(inner()).\(method)(\(choices.pick(["", inner(), inner() + ", " + inner()])))"
    default:
      return choices.pick(["range", "namespace", "dict", "strftime_now", "f", "raise_exception"])
        + "(\(choices.pick(["", inner(), inner() + ", " + inner()])))"
    }
  }
}
