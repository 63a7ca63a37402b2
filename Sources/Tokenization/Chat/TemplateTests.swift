/// The tests that may stand behind `is`.
enum TemplateTests {
  static let names: Set<String> = [
    "defined", "undefined", "none", "string", "mapping", "iterable", "sequence", "number", "integer", "float",
    "boolean",
    "true", "false", "odd", "even", "divisibleby", "equalto", "eq", "ne", "lt", "le", "gt", "ge", "lessthan",
    "greaterthan", "in", "callable", "sameas", "upper", "lower",
  ]
}

extension TemplateRenderer {
  /// Whether a value passes a test.
  func holds(test name: String, _ value: TemplateValue, _ arguments: EvaluatedArguments) throws -> Bool {
    func argument() throws -> TemplateValue {
      guard let argument = arguments.positional.first else { throw failure("the test \"\(name)\" needs a value") }
      return argument
    }
    func whole() throws -> Int {
      guard let integer = value.integer else { throw failure("\"\(name)\" is for integers, not for \(value.kind)") }
      return integer
    }
    let comparisons = [
      "equalto": "==", "eq": "==", "ne": "!=", "lt": "<", "lessthan": "<", "le": "<=", "gt": ">", "greaterthan": ">",
      "ge": ">=", "in": "in",
    ]
    if let operation = comparisons[name] { return try compare(value, operation, argument()) }
    switch (name, value) {
    case ("defined", .undefined): return false
    case ("defined", _): return true
    case ("undefined", .undefined): return true
    case ("none", .none), ("string", .string), ("mapping", .dictionary), ("boolean", .bool), ("float", .number),
      ("integer", .integer):
      return true
    case ("number", .integer), ("number", .number), ("number", .bool): return true
    case ("iterable", .string), ("iterable", .list), ("iterable", .tuple), ("iterable", .dictionary),
      ("iterable", .undefined):
      return true
    case ("sequence", .string), ("sequence", .list), ("sequence", .tuple), ("sequence", .dictionary),
      ("sequence", .undefined):
      return true
    case ("true", .bool(let flag)): return flag
    case ("false", .bool(let flag)): return !flag
    case ("callable", .function), ("callable", .method), ("callable", .macro): return true
    case ("odd", _): return try whole() % 2 != 0
    case ("even", _): return try whole() % 2 == 0
    case ("divisibleby", _):
      guard let divisor = try argument().integer, divisor != 0 else { throw failure("divisibleby needs a divisor") }
      return try whole().remainderReportingOverflow(dividingBy: divisor).partialValue == 0
    case ("sameas", _):
      // Identity is told apart from equality only for the constants that templates use it with.
      return try value.kind == argument().kind && equal(value, argument())
    case ("upper", _), ("lower", _):
      let text = try text(of: value)
      try charge(text.utf8.count / 4)
      return text.unicodeScalars.contains { $0.properties.isCased }
        && (name == "upper" ? text.uppercased() : PythonText(text).lowercased).hasSameBytes(as: text)
    default: return false
    }
  }
}
