internal import JSON

/// Renders the statements of a template; expressions are in TemplateEvaluation.swift.
///
/// One object per rendering, used by one thread.
final class TemplateRenderer {
  let limits: ChatTemplate.Limits
  /// Seconds since 1970 that `strftime_now` shows.
  let now: Int
  /// Variables, the innermost scope last.
  var scopes: [[String: TemplateValue]]
  var namespaces: [[String: TemplateValue]] = []
  /// The line of what is being evaluated.
  var line = 1
  private var output: [String] = [""]
  private var outputBytes = 0
  private var workLeft: Int
  private var depth = 0

  init(variables: [JSONValue.Member], limits: ChatTemplate.Limits, now: Int) {
    self.limits = limits
    self.now = now
    workLeft = limits.work
    var globals: [String: TemplateValue] = [:]
    for name in Self.functions { globals[name] = .function(name) }
    for member in variables { globals[member.name] = TemplateValue(member.value) }
    scopes = [globals]
  }

  /// Functions that every template may call.
  static let functions = ["range", "namespace", "dict", "raise_exception", "strftime_now"]

  func render(_ body: [TemplateStatement]) throws -> String {
    _ = try run(body)
    return output[0]
  }

  func failure(_ reason: String) -> TokenizerError { .templateFailure(line: line, reason: reason) }

  /// Takes note of work: about one unit per value looked at or byte copied.
  func charge(_ units: Int) throws {
    workLeft -= units
    if workLeft < 0 { throw TokenizerError.templateLimit(line: line, limit: "\(limits.work) steps") }
  }

  /// Takes note of one more level of evaluation: statements, expressions and calls lie on one stack.
  func descend() throws {
    depth += 1
    guard depth <= limits.depth else {
      throw TokenizerError.templateLimit(line: line, limit: "\(limits.depth) nested evaluations")
    }
  }

  func ascend() { depth -= 1 }

  /// How a body ended.
  private enum Outcome { case finished, breaks, continues }

  private func run(_ body: [TemplateStatement]) throws -> Outcome {
    try descend()
    defer { ascend() }
    for statement in body {
      try charge(1)
      switch statement {
      case .text(let text): try write(text)
      case .output(let expression): try write(text(of: value(of: expression)))
      case .condition(let branches, let otherwise):
        let outcome = try run(branches.first { try value(of: $0.condition).isTrue }?.body ?? otherwise)
        if outcome != .finished { return outcome }
      case .loop(let loop): try run(loop)
      case .set(let target, let expression, let line): try assign(try value(of: expression), to: target, line)
      case .setBlock(let target, let body, let line):
        try assign(.string(try captured { _ = try run(body) }), to: target, line)
      case .macro(let macro): scopes[scopes.count - 1][macro.name] = .macro(macro)
      case .group(let body):
        let outcome = try run(body)
        if outcome != .finished { return outcome }
      case .breakLoop: return .breaks
      case .continueLoop: return .continues
      }
    }
    return .finished
  }

  private func write(_ text: String) throws {
    outputBytes += text.utf8.count
    try checkLength(outputBytes)
    try charge(text.utf8.count / 16)
    output[output.count - 1] += text
  }

  /// The text that a body writes.
  private func captured(_ body: () throws -> Void) throws -> String {
    output.append("")
    try body()
    return output.removeLast()
  }

  private func run(_ loop: TemplateLoop) throws {
    var elements = try elements(of: value(of: loop.sequence))
    scopes.append([:])
    defer { scopes.removeLast() }
    if let condition = loop.condition {
      elements = try elements.filter { element in
        scopes[scopes.count - 1] = [:]
        try assign(element, to: loop.target, loop.line)
        return try value(of: condition).isTrue
      }
    }
    if elements.isEmpty {
      scopes[scopes.count - 1] = [:]
      _ = try run(loop.otherwise)
      return
    }
    for (index, element) in elements.enumerated() {
      try charge(1)
      let previous = index > 0 ? elements[index - 1] : .undefined("there is no previous item")
      let next = index + 1 < elements.count ? elements[index + 1] : .undefined("there is no next item")
      let state = TemplateValue.LoopState(
        index: index, count: elements.count, previous: previous, next: next, depth: max(previous.depth, next.depth) + 1)
      scopes[scopes.count - 1] = ["loop": .loop(state)]
      try assign(element, to: loop.target, loop.line)
      if try run(loop.body) == .breaks { break }
    }
  }

  private func assign(_ value: TemplateValue, to target: TemplateTarget, _ line: Int) throws {
    self.line = line
    switch target {
    case .name(let name): scopes[scopes.count - 1][name] = value
    case .attribute(let name, let attribute):
      guard case .namespace(let number) = variable(name) else {
        throw failure("\(name).\(attribute) can't be set, since \(name) is \(variable(name).kind) and no namespace")
      }
      namespaces[number][attribute] = value
    case .tuple(let targets):
      let parts = try elements(of: value)
      guard parts.count == targets.count else {
        throw failure("\(parts.count) values can't be assigned to \(targets.count) variables")
      }
      for (part, target) in zip(parts, targets) { try assign(part, to: target, line) }
    }
  }

  func variable(_ name: String) -> TemplateValue {
    for scope in scopes.reversed() {
      if let value = scope[name] { return value }
    }
    return .undefined("\"\(name)\"")
  }

  /// The text that a macro gives for arguments.
  func call(_ macro: TemplateMacro, _ arguments: EvaluatedArguments) throws -> TemplateValue {
    try check(arguments, of: macro)
    // A macro sees what is defined outside of loops and its own parameters.
    let outer = scopes
    defer { scopes = outer }
    scopes = [outer[0], [:]]
    for (index, parameter) in macro.parameters.enumerated() {
      var value = TemplateValue.undefined("the parameter \"\(parameter.name)\"")
      if index < arguments.positional.count {
        value = arguments.positional[index]
      } else if let given = arguments.named.last(where: { $0.name == parameter.name }) {
        value = given.value
      } else if let standard = parameter.standard {
        value = try self.value(of: standard)
      }
      scopes[1][parameter.name] = value
    }
    try takeFurther(arguments, of: macro)
    return .string(try captured { _ = try run(macro.body) })
  }
  // Apart from the call, so that calls within calls take no stack for it.
  @inline(never)
  private func check(_ arguments: EvaluatedArguments, of macro: TemplateMacro) throws {
    guard macro.takesPlaces || arguments.positional.count <= macro.parameters.count else {
      throw failure("macro \(macro.name) takes \(macro.parameters.count) arguments, not \(arguments.positional.count)")
    }
    try charge(macro.parameters.count * (arguments.named.count + 1))
    for (name, _) in arguments.named
    where !macro.takesNames && !macro.parameters.contains(where: { $0.name == name }) {
      throw failure("macro \(macro.name) takes no argument \"\(name)\"")
    }
  }

  /// Sets what a macro reads as `varargs` and `kwargs`.
  @inline(never)
  private func takeFurther(_ arguments: EvaluatedArguments, of macro: TemplateMacro) throws {
    if macro.takesPlaces {
      scopes[1]["varargs"] = try tuple(Array(arguments.positional.dropFirst(macro.parameters.count)))
    }
    if macro.takesNames {
      let further = arguments.named.filter { argument in !macro.parameters.contains { $0.name == argument.name } }
      scopes[1]["kwargs"] = try dictionary(further.map { .init(key: .string($0.name), value: $0.value) })
    }
  }
}
