extension TemplateRenderer {
  func binary(
    _ operation: String, _ left: TemplateValue, _ right: TemplateValue, isUnary: Bool = false
  ) throws -> TemplateValue {
    func unfit() -> TokenizerError {
      isUnary
        ? failure("\(operation) can't be applied to \(right.kind)")
        : failure("\(operation) can't be applied to \(left.kind) and \(right.kind)")
    }
    if operation == "~" {
      return try joined([text(of: left), text(of: right)], separator: "")
    }
    if let a = left.integer, let b = right.integer, let result = try integers(operation, a, b) { return result }
    if let a = left.double, let b = right.double { return try numbers(operation, a, b) }
    switch (operation, left, right) {
    case ("+", .string(let a), .string(let b)): return try joined([a, b], separator: "")
    case ("+", .list(let a, _), .list(let b, _)): return try list(a + b)
    case ("+", .tuple(let a, _), .tuple(let b, _)): return try tuple(a + b)
    case ("*", .string(let text), _):
      guard let count = right.integer else { throw unfit() }
      try checkProduct(text.utf8.count, count)
      return .string(String(repeating: text, count: max(0, count)))
    case ("*", _, .string) where left.integer != nil: return try binary("*", right, left)
    case ("*", .list(let elements, _), _):
      guard let count = right.integer else { throw unfit() }
      try checkProduct(elements.count, count)
      return try list(Array(repeatElement(elements, count: max(0, count)).joined()))
    case ("%", .string, _): throw TokenizerError.unsupportedTemplate(line: line, construct: "formatting with %")
    default: throw unfit()
    }
  }

  private func checkProduct(_ size: Int, _ count: Int) throws {
    let (product, overflows) = size.multipliedReportingOverflow(by: max(0, count))
    try checkLength(overflows ? .max : product)
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
      for _ in 0..<min(b, 64) where a.magnitude > 1 || power == 1 {
        let (next, overflows) = power.multipliedReportingOverflow(by: a)
        if overflows { throw failure("an integer of more than 64 bits") }
        power = next
      }
      if a.magnitude <= 1 { power = a == 0 && b > 0 ? 0 : a == -1 && b % 2 == 1 ? -1 : 1 }
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
