extension TemplateRenderer {
  /// Whether a comparison holds, as in Python.
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
