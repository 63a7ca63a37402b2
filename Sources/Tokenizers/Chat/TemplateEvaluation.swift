/// The arguments of a call, evaluated.
struct EvaluatedArguments {
  var positional: [TemplateValue] = []
  var named: [(name: String, value: TemplateValue)] = []

  /// An argument by place or name; nil if it isn't given.
  func value(_ place: Int, _ name: String) -> TemplateValue? {
    place < positional.count ? positional[place] : named.last { $0.name == name }?.value
  }
}

extension TemplateRenderer {
  /// The value of an expression.
  func value(of expression: TemplateExpression) throws -> TemplateValue {
    try charge(1)
    line = expression.line
    switch expression.kind {
    case .literal(let value): return value
    case .name(let name): return variable(name)
    case .list(let parts): return .list(try parts.map(value(of:)))
    case .tuple(let parts): return .tuple(try parts.map(value(of:)))
    case .dictionary(let entries): return try dictionary(entries)
    case .attribute(let object, let name): return try attribute(name, of: value(of: object))
    case .element(let object, let index): return try element(value(of: index), of: value(of: object))
    case .slice(let object, let start, let stop, let step):
      return try slice(
        value(of: object), start.map(value(of:)), stop.map(value(of:)), step.map(value(of:)))
    case .call(let function, let arguments):
      let callee = try value(of: function)
      let evaluated = try evaluate(arguments)
      line = expression.line
      return try call(callee, evaluated)
    case .filter(let input, let name, let arguments):
      let input = try value(of: input)
      let evaluated = try evaluate(arguments)
      line = expression.line
      return try apply(filter: name, to: input, evaluated)
    case .test(let input, let name, let arguments):
      let input = try value(of: input)
      let evaluated = try evaluate(arguments)
      line = expression.line
      return .bool(try holds(test: name, input, evaluated))
    case .negative(let operand): return try binary("-", .integer(0), value(of: operand), isUnary: true)
    case .positive(let operand): return try binary("+", .integer(0), value(of: operand), isUnary: true)
    case .not(let operand): return .bool(!(try value(of: operand).isTrue))
    case .and(let left, let right):
      let left = try value(of: left)
      return left.isTrue ? try value(of: right) : left
    case .or(let left, let right):
      let left = try value(of: left)
      return left.isTrue ? left : try value(of: right)
    case .binary(let operation, let left, let right):
      let (left, right) = (try value(of: left), try value(of: right))
      line = expression.line
      return try binary(operation, left, right)
    case .comparison(let first, let rest):
      var left = try value(of: first)
      for (operation, operand) in rest {
        let right = try value(of: operand)
        guard try compare(left, operation, right) else { return .bool(false) }
        left = right
      }
      return .bool(true)
    case .conditional(let result, let condition, let otherwise):
      if try value(of: condition).isTrue { return try value(of: result) }
      return try otherwise.map(value(of:)) ?? .undefined("the value of an if without else")
    }
  }

  private func evaluate(_ arguments: TemplateArguments) throws -> EvaluatedArguments {
    EvaluatedArguments(
      positional: try arguments.positional.map(value(of:)),
      named: try arguments.named.map { ($0.name, try value(of: $0.value)) })
  }

  private func dictionary(
    _ entries: [(key: TemplateExpression, value: TemplateExpression)]
  ) throws -> TemplateValue {
    var out: [TemplateValue.Entry] = []
    for entry in entries {
      let (key, value) = (try value(of: entry.key), try value(of: entry.value))
      try charge(out.count)
      if let i = out.firstIndex(where: { $0.key.equals(key) }) {
        out[i].value = value
      } else {
        out.append(TemplateValue.Entry(key: key, value: value))
      }
    }
    return .dictionary(out)
  }

  /// `object.name`: a method first, then an entry.
  private func attribute(_ name: String, of object: TemplateValue) throws -> TemplateValue {
    switch object {
    case .undefined(let what): throw failure("\(what) is undefined and has no attribute \"\(name)\"")
    case .loop(let state): return try attribute(name, of: state)
    case .namespace(let number): return namespaces[number][name] ?? missing(name, of: object)
    case .dictionary(let entries):
      if TemplateMethods.names(of: object).contains(name) { return .method(object, name) }
      try charge(entries.count)
      return object.entry(.string(name)) ?? missing(name, of: object)
    default:
      return TemplateMethods.names(of: object).contains(name) ? .method(object, name) : missing(name, of: object)
    }
  }

  func missing(_ name: String, of object: TemplateValue) -> TemplateValue {
    .undefined("\"\(name)\" of \(object.kind)")
  }

  private func attribute(_ name: String, of loop: TemplateValue.LoopState) throws -> TemplateValue {
    switch name {
    case "index": return .integer(loop.index + 1)
    case "index0": return .integer(loop.index)
    case "revindex": return .integer(loop.count - loop.index)
    case "revindex0": return .integer(loop.count - loop.index - 1)
    case "first": return .bool(loop.index == 0)
    case "last": return .bool(loop.index == loop.count - 1)
    case "length": return .integer(loop.count)
    // How deep a recursive loop is in itself, and those are refused.
    case "depth": return .integer(1)
    case "depth0": return .integer(0)
    case "previtem": return loop.previous
    case "nextitem": return loop.next
    case "cycle": return .method(.loop(loop), "cycle")
    default: throw TokenizerError.unsupportedTemplate(line: line, construct: "loop.\(name)")
    }
  }

  /// `object[index]`: an entry or element first, then a method.
  func element(_ index: TemplateValue, of object: TemplateValue) throws -> TemplateValue {
    switch object {
    case .undefined(let what): throw failure("\(what) is undefined and has no elements")
    case .dictionary(let entries):
      try charge(entries.count)
      if let value = object.entry(index) { return value }
    case .list(let elements), .tuple(let elements):
      if let place = index.integer {
        let position = place < 0 ? place + elements.count : place
        return elements.indices.contains(position) ? elements[position] : .undefined("element \(place)")
      }
    case .string(let text):
      if let place = index.integer {
        let scalars = Array(text.unicodeScalars)
        try charge(scalars.count)
        let position = place < 0 ? place + scalars.count : place
        return scalars.indices.contains(position)
          ? .string(String(scalars[position])) : .undefined("character \(place)")
      }
    case .namespace, .loop:
      if case .string(let name) = index { return try attribute(name, of: object) }
    default: break
    }
    if case .string(let name) = index, TemplateMethods.names(of: object).contains(name) { return .method(object, name) }
    return .undefined("element \(index.representation) of \(object.kind)")
  }

  private func slice(
    _ object: TemplateValue, _ start: TemplateValue?, _ stop: TemplateValue?, _ step: TemplateValue?
  ) throws -> TemplateValue {
    func bound(_ value: TemplateValue?) throws -> Int? {
      guard let value else { return nil }
      if case .none = value { return nil }
      guard let integer = value.integer else {
        throw failure("a slice goes from integer to integer, not to \(value.kind)")
      }
      return integer
    }
    let (start, stop, step) = (try bound(start), try bound(stop), try bound(step) ?? 1)
    guard step != 0 else { throw failure("a slice's step can't be 0") }
    func places(_ count: Int) throws -> [Int] {
      try charge(count)
      // Python's rule: negative bounds count from the end, then both are clipped.
      func clipped(_ bound: Int?, _ standard: Int) -> Int {
        guard let bound else { return standard }
        let place = bound < 0 ? bound.addingReportingOverflow(count).partialValue : bound
        return step > 0 ? min(max(place, 0), count) : min(max(place, -1), count - 1)
      }
      let low = clipped(start, step > 0 ? 0 : count - 1)
      let high = clipped(stop, step > 0 ? count : -1)
      if step > 0 ? low >= high : low <= high { return [] }
      var places: [Int] = []
      var place = low
      while step > 0 ? place < high : place > high {
        places.append(place)
        let (next, overflows) = place.addingReportingOverflow(step)
        if overflows { break }
        place = next
      }
      return places
    }
    switch object {
    case .list(let elements): return .list(try places(elements.count).map { elements[$0] })
    case .tuple(let elements): return .tuple(try places(elements.count).map { elements[$0] })
    case .string(let text):
      let scalars = Array(text.unicodeScalars)
      return .string(String(String.UnicodeScalarView(try places(scalars.count).map { scalars[$0] })))
    default: throw failure("\(object.kind) can't be sliced")
    }
  }

  /// What a loop goes through.
  func elements(of value: TemplateValue) throws -> [TemplateValue] {
    switch value {
    case .undefined: return []
    case .list(let elements), .tuple(let elements):
      try charge(elements.count)
      return elements
    case .dictionary(let entries):
      try charge(entries.count)
      return entries.map(\.key)
    case .string(let text):
      try charge(text.utf8.count)
      return text.unicodeScalars.map { .string(String($0)) }
    default: throw failure("\(value.kind) can't be gone through")
    }
  }

  func compare(_ left: TemplateValue, _ operation: String, _ right: TemplateValue) throws -> Bool {
    func precedes(_ a: TemplateValue, _ b: TemplateValue) throws -> Bool {
      guard let result = a.precedes(b) else { throw failure("\(a.kind) and \(b.kind) can't be ordered") }
      return result
    }
    try charge(1)
    switch operation {
    case "==": return left.equals(right)
    case "!=": return !left.equals(right)
    case "<": return try precedes(left, right)
    case ">": return try precedes(right, left)
    case "<=": return try left.equals(right) || precedes(left, right)
    case ">=": return try left.equals(right) || precedes(right, left)
    case "in": return try contains(right, left)
    default: return try !contains(right, left)
    }
  }

  /// Python's `element in container`.
  func contains(_ container: TemplateValue, _ element: TemplateValue) throws -> Bool {
    if case .string(let text) = container {
      guard case .string(let part) = element else { throw failure("a string can't contain \(element.kind)") }
      try charge(text.utf8.count)
      return Array(text.utf8).firstRange(of: Array(part.utf8)) != nil
    }
    if case .namespace = container { throw failure("a namespace can't be searched") }
    return try elements(of: container).contains { $0.equals(element) }
  }

  func binary(
    _ operation: String, _ left: TemplateValue, _ right: TemplateValue, isUnary: Bool = false
  ) throws -> TemplateValue {
    func unfit() -> TokenizerError {
      isUnary
        ? failure("\(operation) can't be applied to \(right.kind)")
        : failure("\(operation) can't be applied to \(left.kind) and \(right.kind)")
    }
    if operation == "~" {
      try charge((left.text.utf8.count + right.text.utf8.count) / 16)
      return try limited(left.text + right.text)
    }
    if let a = left.integer, let b = right.integer, let result = try integers(operation, a, b) { return result }
    if let a = left.double, let b = right.double { return try numbers(operation, a, b) }
    switch (operation, left, right) {
    case ("+", .string(let a), .string(let b)): return try limited(a + b)
    case ("+", .list(let a), .list(let b)):
      try charge(a.count + b.count)
      return .list(a + b)
    case ("+", .tuple(let a), .tuple(let b)):
      try charge(a.count + b.count)
      return .tuple(a + b)
    case ("*", .string(let text), _):
      guard let count = right.integer else { throw unfit() }
      try checkProduct(text.utf8.count, count)
      return .string(String(repeating: text, count: max(0, count)))
    case ("*", _, .string) where left.integer != nil: return try binary("*", right, left)
    case ("*", .list(let elements), _):
      guard let count = right.integer else { throw unfit() }
      try checkProduct(elements.count, count)
      return .list(Array(repeatElement(elements, count: max(0, count)).joined()))
    case ("%", .string, _): throw TokenizerError.unsupportedTemplate(line: line, construct: "formatting with %")
    default: throw unfit()
    }
  }

  /// A string that isn't longer than a whole output may be.
  func limited(_ text: String) throws -> TemplateValue {
    try charge(text.utf8.count / 16)
    guard text.utf8.count <= limits.outputBytes else {
      throw TokenizerError.templateLimit(line: line, limit: "\(limits.outputBytes) bytes of text")
    }
    return .string(text)
  }

  private func checkProduct(_ size: Int, _ count: Int) throws {
    let (product, overflows) = size.multipliedReportingOverflow(by: max(0, count))
    guard !overflows, product <= limits.outputBytes else {
      throw TokenizerError.templateLimit(line: line, limit: "\(limits.outputBytes) bytes of text")
    }
    try charge(product)
  }

  /// Nil for operations that leave the integers.
  private func integers(_ operation: String, _ a: Int, _ b: Int) throws -> TemplateValue? {
    let result: (partialValue: Int, overflow: Bool)
    switch operation {
    case "+": result = a.addingReportingOverflow(b)
    case "-": result = a.subtractingReportingOverflow(b)
    case "*": result = a.multipliedReportingOverflow(by: b)
    case "//", "%":
      guard b != 0 else { throw failure("a division by 0") }
      let (quotient, overflows) = a.dividedReportingOverflow(by: b)
      if overflows { throw failure("an integer of more than 64 bits") }
      let remainder = a % b
      // Python rounds down, and the remainder has the sign of the divisor.
      let isLow = remainder != 0 && (remainder < 0) != (b < 0)
      return .integer(operation == "//" ? quotient - (isLow ? 1 : 0) : remainder + (isLow ? b : 0))
    case "**":
      guard b >= 0 else { return nil }
      var power = 1
      for _ in 0..<min(b, 64) where abs(a) > 1 || power == 1 {
        let (next, overflows) = power.multipliedReportingOverflow(by: a)
        if overflows { throw failure("an integer of more than 64 bits") }
        power = next
      }
      if abs(a) <= 1 { power = a == 0 && b > 0 ? 0 : a == -1 && b % 2 == 1 ? -1 : 1 }
      return .integer(power)
    default: return nil
    }
    if result.overflow { throw failure("an integer of more than 64 bits") }
    return .integer(result.partialValue)
  }

  private func numbers(_ operation: String, _ a: Double, _ b: Double) throws -> TemplateValue {
    switch operation {
    case "+": return .number(a + b)
    case "-": return .number(a - b)
    case "*": return .number(a * b)
    case "/", "//", "%":
      guard b != 0 else { throw failure("a division by 0") }
      if operation == "/" { return .number(a / b) }
      let quotient = (a / b).rounded(.down)
      return .number(operation == "//" ? quotient : a - quotient * b)
    default: throw TokenizerError.unsupportedTemplate(line: line, construct: "powers of numbers that aren't whole")
    }
  }
}

extension [UInt8] {
  /// Where a run of bytes first occurs.
  func firstRange(of part: [UInt8], from start: Int = 0) -> Range<Int>? {
    guard start + part.count <= count else { return nil }
    for at in start...count - part.count where self[at..<at + part.count].elementsEqual(part) {
      return at..<at + part.count
    }
    return nil
  }
}
