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
  private func node(_ kind: TemplateExpression.Kind, over parts: TemplateExpression?...) throws -> TemplateExpression {
    let depth = 1 + (parts.compactMap { $0?.depth }.max() ?? 0)
    guard depth <= limits.nesting else {
      throw TokenizerError.templateLimit(line: line, limit: "\(limits.nesting) nested expressions")
    }
    return TemplateExpression(kind: kind, line: line, depth: depth)
  }

  private func node(_ kind: TemplateExpression.Kind, overAll parts: [TemplateExpression]) throws -> TemplateExpression {
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

  private mutating func primary() throws -> TemplateExpression {
    guard let token = peek else { throw failure("an expression") }
    advance()
    switch token {
    case .name(let name):
      switch name {
      case "true", "True": return try node(.literal(.bool(true)))
      case "false", "False": return try node(.literal(.bool(false)))
      case "none", "None": return try node(.literal(.none))
      default: return try node(.name(name))
      }
    case .string(var text):
      while case .string(let more)? = peek {
        text += more
        advance()
      }
      return try node(.literal(.string(text)))
    case .integer(let value): return try node(.literal(.integer(value)))
    case .number(let value): return try node(.literal(.number(value)))
    case .symbol("("):
      if take(")") { return try node(.tuple([])) }
      let value = try expression(allowsTuple: true)
      guard take(")") else { throw failure("\")\"") }
      return value
    case .symbol("["):
      let elements = try list(until: "]")
      return try node(.list(elements), overAll: elements)
    case .symbol("{"): return try dictionary()
    case .symbol:
      at -= 1
      throw failure("an expression")
    }
  }

  private mutating func list(until end: String) throws -> [TemplateExpression] {
    var elements: [TemplateExpression] = []
    while !take(end) {
      if !elements.isEmpty {
        guard take(",") else { throw failure("\",\" or \"\(end)\"") }
        if take(end) { break }
      }
      elements.append(try expression())
    }
    return elements
  }

  private mutating func dictionary() throws -> TemplateExpression {
    var entries: [(key: TemplateExpression, value: TemplateExpression)] = []
    while !take("}") {
      if !entries.isEmpty {
        guard take(",") else { throw failure("\",\" or \"}\"") }
        if take("}") { break }
      }
      let key = try expression()
      guard take(":") else { throw failure("\":\"") }
      entries.append((key, try expression()))
    }
    return try node(.dictionary(entries), overAll: entries.flatMap { [$0.key, $0.value] })
  }

  private mutating func postfix(_ start: TemplateExpression) throws -> TemplateExpression {
    var value = start
    while true {
      if take(".") {
        if case .integer(let index)? = peek {
          advance()
          let index = try node(.literal(.integer(index)))
          value = try node(.element(value, index), over: value, index)
        } else {
          value = try node(.attribute(value, try takeName("an attribute")), over: value)
        }
      } else if take("[") {
        value = try subscripted(value)
      } else if peek == .symbol("(") {
        value = try call(value)
      } else {
        return value
      }
    }
  }

  private mutating func subscripted(_ value: TemplateExpression) throws -> TemplateExpression {
    var parts: [TemplateExpression?] = [nil, nil, nil]
    var colons = 0
    while peek != .symbol("]") {
      if take(":") {
        colons += 1
        guard colons <= 2 else { throw failure("\"]\"") }
      } else {
        guard case nil = parts[colons] else { throw failure("\":\" or \"]\"") }
        parts[colons] = try expression()
      }
    }
    advance()
    if colons > 0 {
      return try node(.slice(value, parts[0], parts[1], parts[2]), over: value, parts[0], parts[1], parts[2])
    }
    guard let index = parts[0] else { throw failure("an index") }
    return try node(.element(value, index), over: value, index)
  }

  private mutating func call(_ value: TemplateExpression) throws -> TemplateExpression {
    let arguments = try arguments()
    return try node(
      .call(value, arguments), overAll: [value] + arguments.positional + arguments.named.map(\.value))
  }

  private mutating func arguments() throws -> TemplateArguments {
    var arguments = TemplateArguments()
    guard take("(") else { return arguments }
    var isFirst = true
    while !take(")") {
      if !isFirst {
        guard take(",") else { throw failure("\",\" or \")\"") }
        if take(")") { break }
      }
      isFirst = false
      if peek == .symbol("*") || peek == .symbol("**") {
        throw TokenizerError.unsupportedTemplate(line: line, construct: "unpacked arguments")
      }
      if case .name(let name)? = peek, at + 1 < tokens.count, tokens[at + 1].token == .symbol("=") {
        advance()
        advance()
        arguments.named.append((name, try expression()))
      } else {
        guard arguments.named.isEmpty else { throw failure("a named argument") }
        arguments.positional.append(try expression())
      }
    }
    return arguments
  }

  private mutating func filters(_ start: TemplateExpression) throws -> TemplateExpression {
    var value = start
    while true {
      if take("|") {
        let name = try takeName("a filter")
        guard TemplateFilters.names.contains(name) else {
          throw TokenizerError.unsupportedTemplate(line: line, construct: "the filter \"\(name)\"")
        }
        let arguments = try arguments()
        value = try node(
          .filter(value, name, arguments), overAll: [value] + arguments.positional + arguments.named.map(\.value))
      } else if take(name: "is") {
        value = try test(value)
      } else if peek == .symbol("(") {
        value = try call(value)
      } else {
        return value
      }
    }
  }

  private mutating func test(_ value: TemplateExpression) throws -> TemplateExpression {
    let isNegated = take(name: "not")
    let name = try takeName("a test")
    guard TemplateTests.names.contains(name) else {
      throw TokenizerError.unsupportedTemplate(line: line, construct: "the test \"\(name)\"")
    }
    var arguments = TemplateArguments()
    switch peek {
    case .symbol("("): arguments = try self.arguments()
    case .name(let word)? where !["else", "or", "and", "is", "if", "not", "in"].contains(word):
      arguments.positional = [try postfix(primary())]
    case .string, .integer, .number, .symbol("["), .symbol("{"): arguments.positional = [try postfix(primary())]
    default: break
    }
    let result = try node(
      .test(value, name, arguments), overAll: [value] + arguments.positional + arguments.named.map(\.value))
    return isNegated ? try node(.not(result), over: result) : result
  }
}
