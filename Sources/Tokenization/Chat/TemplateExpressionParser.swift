extension TemplateParser {
  var peek: TemplateToken? { at < tokens.count ? tokens[at].token : nil }

  func failure(_ expected: String) -> TokenizerError {
    .invalidTemplate(line: line, expected: expected, found: peek?.text ?? "the end of the tag")
  }

  mutating func advance() {
    if at < tokens.count { line = tokens[at].line }
    at += 1
  }

  mutating func take(_ symbol: String) -> Bool {
    guard peek == .symbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func take(name: String) -> Bool {
    guard peek == .name(name) else { return false }
    advance()
    return true
  }

  mutating func takeName(_ what: String) throws -> String {
    guard case .name(let name)? = peek else { throw failure(what) }
    advance()
    return name
  }

  /// An expression over its parts; parts that nest too deep are refused, since evaluation and clean-up are recursive.
  func node(_ kind: TemplateExpression.Kind, over parts: TemplateExpression?...) throws -> TemplateExpression {
    let depth = 1 + (parts.compactMap { $0?.depth }.max() ?? 0)
    guard depth <= limits.nesting else {
      throw TokenizerError.templateLimit(line: line, limit: "\(limits.nesting) nested expressions")
    }
    return TemplateExpression(kind: kind, line: line, depth: depth)
  }

  func node(_ kind: TemplateExpression.Kind, overAll parts: [TemplateExpression]) throws -> TemplateExpression {
    try node(kind, over: parts.max { $0.depth < $1.depth })
  }

  /// A whole expression, several with commas between them where a tuple may stand.
  mutating func expression(allowsTuple: Bool = false, allowsConditional: Bool = true) throws -> TemplateExpression {
    expressionDepth += 1
    defer { expressionDepth -= 1 }
    guard expressionDepth <= limits.nesting else {
      throw TokenizerError.templateLimit(line: line, limit: "\(limits.nesting) nested expressions")
    }
    let first = try allowsConditional ? conditional() : or()
    guard allowsTuple, peek == .symbol(",") else { return first }
    var elements = [first]
    while take(",") {
      if peek == nil || peek == .symbol(")") { break }
      elements.append(try allowsConditional ? conditional() : or())
    }
    return try node(.tuple(elements), overAll: elements)
  }

  private mutating func conditional() throws -> TemplateExpression {
    var value = try or()
    while take(name: "if") {
      let condition = try or()
      let otherwise = take(name: "else") ? try expression() : nil
      value = try node(
        .conditional(value, condition: condition, otherwise: otherwise), over: value, condition, otherwise)
    }
    return value
  }

  private mutating func or() throws -> TemplateExpression {
    var left = try and()
    while take(name: "or") {
      let right = try and()
      left = try node(.or(left, right), over: left, right)
    }
    return left
  }

  private mutating func and() throws -> TemplateExpression {
    var left = try not()
    while take(name: "and") {
      let right = try not()
      left = try node(.and(left, right), over: left, right)
    }
    return left
  }

  private mutating func not() throws -> TemplateExpression {
    var count = 0
    while take(name: "not") { count += 1 }
    var value = try comparison()
    for _ in 0..<count { value = try node(.not(value), over: value) }
    return value
  }

  private mutating func comparison() throws -> TemplateExpression {
    let first = try sum()
    var rest: [(operation: String, operand: TemplateExpression)] = []
    while true {
      if case .symbol(let symbol)? = peek, ["==", "!=", "<", ">", "<=", ">="].contains(symbol) {
        advance()
        rest.append((symbol, try sum()))
      } else if take(name: "in") {
        rest.append(("in", try sum()))
      } else if peek == .name("not"), at + 1 < tokens.count, tokens[at + 1].token == .name("in") {
        advance()
        advance()
        rest.append(("not in", try sum()))
      } else {
        break
      }
    }
    if rest.isEmpty { return first }
    return try node(.comparison(first, rest), overAll: [first] + rest.map(\.operand))
  }

  private mutating func sum() throws -> TemplateExpression {
    var left = try concatenation()
    while case .symbol(let symbol)? = peek, symbol == "+" || symbol == "-" {
      advance()
      let right = try concatenation()
      left = try node(.binary(symbol, left, right), over: left, right)
    }
    return left
  }

  private mutating func concatenation() throws -> TemplateExpression {
    var left = try product()
    while take("~") {
      let right = try product()
      left = try node(.binary("~", left, right), over: left, right)
    }
    return left
  }

  private mutating func product() throws -> TemplateExpression {
    var left = try power()
    while case .symbol(let symbol)? = peek, ["*", "/", "//", "%"].contains(symbol) {
      advance()
      let right = try power()
      left = try node(.binary(symbol, left, right), over: left, right)
    }
    return left
  }

  private mutating func power() throws -> TemplateExpression {
    var left = try unary(takesFilters: true)
    while take("**") {
      let right = try unary(takesFilters: true)
      left = try node(.binary("**", left, right), over: left, right)
    }
    return left
  }

  private mutating func unary(takesFilters: Bool) throws -> TemplateExpression {
    expressionDepth += 1
    defer { expressionDepth -= 1 }
    guard expressionDepth <= limits.nesting else {
      throw TokenizerError.templateLimit(line: line, limit: "\(limits.nesting) nested expressions")
    }
    var value: TemplateExpression
    if take("-") {
      let operand = try unary(takesFilters: false)
      value = try node(.negative(operand), over: operand)
    } else if take("+") {
      let operand = try unary(takesFilters: false)
      value = try node(.positive(operand), over: operand)
    } else {
      value = try primary()
    }
    value = try postfix(value)
    return takesFilters ? try filters(value) : value
  }
}
