/// Reads the statements of a template; expressions are in TemplateExpressionParser.swift.
struct TemplateParser {
  private var segments: [TemplateSegment]
  private var next = 0
  private var depth = 0
  private var loops = 0
  /// The tokens of the tag being read, and where in them we are.
  var tokens: [PlacedToken] = []
  var at = 0
  var line = 1
  var expressionDepth = 0
  let limits: ChatTemplate.Limits

  static func parse(_ source: String, limits: ChatTemplate.Limits) throws -> [TemplateStatement] {
    var parser = TemplateParser(segments: try TemplateLexer.segments(of: source), limits: limits)
    let (body, end) = try parser.statements(until: [])
    precondition(end == nil, "a body without closing tags ends with the template")
    return body
  }

  private init(segments: [TemplateSegment], limits: ChatTemplate.Limits) {
    self.segments = segments
    self.limits = limits
  }

  /// Statements up to a tag of one of these names, whose tokens are then current; nil if the template ends first.
  private mutating func statements(until ends: [String]) throws -> ([TemplateStatement], end: String?) {
    depth += 1
    defer { depth -= 1 }
    guard depth <= limits.nesting else {
      throw TokenizerError.templateLimit(line: line, limit: "\(limits.nesting) nested statements")
    }
    var body: [TemplateStatement] = []
    while next < segments.count {
      let segment = segments[next]
      next += 1
      switch segment {
      case .text(let text): body.append(.text(text))
      case .output(let tokens, let line):
        begin(tokens, line)
        body.append(.output(try expression(allowsTuple: true)))
        try end()
      case .tag(let tokens, let line):
        begin(tokens, line)
        let name = try takeName("the name of a statement")
        if ends.contains(name) { return (body, name) }
        body.append(try statement(name))
      }
    }
    guard ends.isEmpty else {
      throw TokenizerError.invalidTemplate(
        line: line, expected: ends.joined(separator: " or "), found: "the end of the template")
    }
    return (body, nil)
  }

  private mutating func begin(_ tokens: [PlacedToken], _ line: Int) {
    self.tokens = tokens
    self.line = line
    at = 0
  }

  /// Makes sure that the tag is read to its end.
  private func end() throws {
    if let token = peek {
      throw TokenizerError.invalidTemplate(line: line, expected: "the end of the tag", found: token.text)
    }
  }

  private mutating func statement(_ name: String) throws -> TemplateStatement {
    switch name {
    case "if": return try condition()
    case "for": return try loop()
    case "set": return try assignment()
    case "macro": return try macro()
    case "generation":
      try end()
      let (body, _) = try statements(until: ["endgeneration"])
      try end()
      return .group(body)
    case "break", "continue":
      try end()
      guard loops > 0 else {
        throw TokenizerError.invalidTemplate(line: line, expected: "a loop around it", found: name)
      }
      return name == "break" ? .breakLoop : .continueLoop
    default:
      if name.hasPrefix("end") || ["elif", "else"].contains(name) {
        throw TokenizerError.invalidTemplate(line: line, expected: "a statement to close", found: name)
      }
      throw TokenizerError.unsupportedTemplate(line: line, construct: "the statement \"\(name)\"")
    }
  }

  private mutating func condition() throws -> TemplateStatement {
    var branches: [(condition: TemplateExpression, body: [TemplateStatement])] = []
    var condition = try expression(allowsTuple: true)
    while true {
      try end()
      let (body, ending) = try statements(until: ["elif", "else", "endif"])
      branches.append((condition, body))
      switch ending {
      case "elif": condition = try expression(allowsTuple: true)
      case "else":
        try end()
        let (otherwise, _) = try statements(until: ["endif"])
        try end()
        return .condition(branches, otherwise: otherwise)
      default:
        try end()
        return .condition(branches, otherwise: [])
      }
    }
  }

  private mutating func loop() throws -> TemplateStatement {
    let start = line
    let target = try target(allowsAttribute: false)
    guard take(name: "in") else { throw failure("\"in\"") }
    let sequence = try expression(allowsTuple: true, allowsConditional: false)
    let condition = take(name: "if") ? try expression() : nil
    if take(name: "recursive") { throw TokenizerError.unsupportedTemplate(line: line, construct: "a recursive loop") }
    try end()
    loops += 1
    let (body, ending) = try statements(until: ["else", "endfor"])
    loops -= 1
    try end()
    var otherwise: [TemplateStatement] = []
    if ending == "else" {
      otherwise = try statements(until: ["endfor"]).0
      try end()
    }
    return .loop(
      TemplateLoop(
        target: target, sequence: sequence, condition: condition, body: body, otherwise: otherwise, line: start))
  }

  private mutating func assignment() throws -> TemplateStatement {
    let start = line
    let target = try target(allowsAttribute: true)
    if take("=") {
      let value = try expression(allowsTuple: true)
      try end()
      return .set(target, value, line: start)
    }
    if peek == .symbol("|") {
      throw TokenizerError.unsupportedTemplate(line: line, construct: "a filter on a set block")
    }
    try end()
    let (body, _) = try statements(until: ["endset"])
    try end()
    return .setBlock(target, body, line: start)
  }

  private mutating func macro() throws -> TemplateStatement {
    let name = try takeName("a macro's name")
    guard take("(") else { throw failure("\"(\"") }
    var parameters: [(name: String, standard: TemplateExpression?)] = []
    while !take(")") {
      if !parameters.isEmpty { guard take(",") else { throw failure("\",\" or \")\"") } }
      let parameter = try takeName("a parameter's name")
      parameters.append((parameter, take("=") ? try expression() : nil))
    }
    try end()
    let outerLoops = loops
    loops = 0
    let (body, _) = try statements(until: ["endmacro"])
    loops = outerLoops
    // The name may be repeated.
    _ = take(name: name)
    try end()
    return .macro(TemplateMacro(name: name, parameters: parameters, body: body))
  }

  private mutating func target(allowsAttribute: Bool) throws -> TemplateTarget {
    var targets: [TemplateTarget] = []
    let isParenthesized = take("(")
    repeat {
      if !targets.isEmpty, peek == .name("in") || peek == .symbol("=") || peek == .symbol(")") { break }
      let name = try takeName("a variable")
      if allowsAttribute, targets.isEmpty, take(".") {
        return .attribute(name, try takeName("an attribute"))
      }
      guard !["true", "false", "none", "True", "False", "None"].contains(name) else { throw failure("a variable") }
      targets.append(.name(name))
    } while take(",")
    if isParenthesized { guard take(")") else { throw failure("\")\"") } }
    return targets.count == 1 ? targets[0] : .tuple(targets)
  }
}
