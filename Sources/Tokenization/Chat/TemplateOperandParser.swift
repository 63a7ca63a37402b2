/// Operands of expressions: values in brackets and what may follow them.
extension TemplateParser {
  mutating func primary() throws -> TemplateExpression {
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

  mutating func postfix(_ start: TemplateExpression) throws -> TemplateExpression {
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

  mutating func filters(_ start: TemplateExpression) throws -> TemplateExpression {
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
