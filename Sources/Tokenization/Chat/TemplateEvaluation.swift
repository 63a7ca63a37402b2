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
  func value(of expression: TemplateExpression) throws -> TemplateValue {
    try charge(1)
    try descend()
    defer { ascend() }
    line = expression.line
    switch expression.kind {
    case .literal(let value): return value
    case .name(let name): return variable(name)
    case .list(let parts): return try list(parts.map(value(of:)))
    case .tuple(let parts): return try tuple(parts.map(value(of:)))
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
      if let i = try place(of: key, in: out) {
        out[i].value = value
      } else {
        out.append(TemplateValue.Entry(key: key, value: value))
      }
    }
    return try dictionary(out)
  }

  // MARK: Containers, which are made here alone: each element is charged, and the depth is bounded

  func list(_ elements: [TemplateValue]) throws -> TemplateValue {
    .list(elements, depth: try checked(TemplateValue.depth(over: elements), elements.count))
  }

  func tuple(_ elements: [TemplateValue]) throws -> TemplateValue {
    .tuple(elements, depth: try checked(TemplateValue.depth(over: elements), elements.count))
  }

  func dictionary(_ entries: [TemplateValue.Entry]) throws -> TemplateValue {
    .dictionary(entries, depth: try checked(TemplateValue.depth(over: entries), entries.count))
  }

  private func checked(_ depth: Int, _ count: Int) throws -> Int {
    try charge(count)
    guard depth <= limits.depth else {
      throw TokenizerError.templateLimit(line: line, limit: "\(limits.depth) values in one another")
    }
    return depth
  }

  /// `object.name`: a method first, then an entry.
  private func attribute(_ name: String, of object: TemplateValue) throws -> TemplateValue {
    switch object {
    case .undefined(let what): throw failure("\(what) is undefined and has no attribute \"\(name)\"")
    case .loop(let state): return try attribute(name, of: state)
    case .namespace(let number): return namespaces[number][name] ?? missing(name, of: object)
    case .dictionary(let entries, _):
      if TemplateMethods.names(of: object).contains(name) { return .method(object, name) }
      return try entry(.string(name), of: entries) ?? missing(name, of: object)
    default:
      return TemplateMethods.names(of: object).contains(name) ? .method(object, name) : missing(name, of: object)
    }
  }

  func missing(_ name: String, of object: TemplateValue) -> TemplateValue {
    .undefined("\(TemplateValue.string(name).summary) of \(object.kind)")
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
    case .dictionary(let entries, _):
      if let value = try entry(index, of: entries) { return value }
    case .list(let elements, _), .tuple(let elements, _):
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
    return .undefined("element \(index.summary) of \(object.kind)")
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
    case .list(let elements, _): return try list(places(elements.count).map { elements[$0] })
    case .tuple(let elements, _): return try tuple(places(elements.count).map { elements[$0] })
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
    case .list(let elements, _), .tuple(let elements, _):
      try charge(elements.count)
      return elements
    case .dictionary(let entries, _):
      try charge(entries.count)
      return entries.map(\.key)
    case .string(let text):
      try charge(text.utf8.count)
      return text.unicodeScalars.map { .string(String($0)) }
    default: throw failure("\(value.kind) can't be gone through")
    }
  }
}
