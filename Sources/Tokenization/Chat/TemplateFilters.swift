internal import JSON

/// The filters that may stand behind `|`.
enum TemplateFilters {
  static let names: Set<String> = [
    "trim", "upper", "lower", "capitalize", "title", "length", "count", "join", "default", "d", "tojson", "selectattr",
    "rejectattr", "select", "reject", "map", "list", "first", "last", "replace", "string", "int", "float", "abs",
    "items",
    "dictsort", "sort", "reverse", "unique", "sum", "min", "max", "safe", "indent", "round", "wordcount",
  ]
}

extension TemplateRenderer {
  func apply(filter name: String, to value: TemplateValue, _ arguments: EvaluatedArguments) throws -> TemplateValue {
    try charge(1)
    switch name {
    case "trim", "upper", "lower", "capitalize", "title", "replace", "string", "safe", "indent", "wordcount":
      return try apply(textFilter: name, to: text(of: value), arguments)
    case "length", "count": return .integer(try length(of: value))
    case "default", "d":
      let standard = arguments.value(0, "default_value") ?? .string("")
      if case .undefined = value { return standard }
      return arguments.value(1, "boolean")?.isTrue == true && !value.isTrue ? standard : value
    case "tojson": return try json(of: value, arguments)
    case "int", "float", "abs", "round": return try apply(numberFilter: name, to: value, arguments)
    case "join":
      let separator = try arguments.value(0, "d").map(text(of:)) ?? ""
      var parts = try elements(of: value)
      if let key = arguments.value(1, "attribute") { parts = try parts.map { try part(key, of: $0) } }
      return try joined(parts.map(text(of:)), separator: separator)
    case "first": return try elements(of: value).first ?? .undefined("the first element of nothing")
    case "last": return try elements(of: value).last ?? .undefined("the last element of nothing")
    case "list": return try list(elements(of: value))
    case "items":
      if case .undefined = value { return try list([]) }
      guard case .dictionary(let entries, _) = value else {
        throw failure("items is for mappings, not for \(value.kind)")
      }
      return try list(entries.map { try tuple([$0.key, $0.value]) })
    case "reverse":
      if case .string(let text) = value {
        try charge(text.utf8.count / 4)
        return .string(String(String.UnicodeScalarView(text.unicodeScalars.reversed())))
      }
      return try list(elements(of: value).reversed())
    // Of what is not true, none among it, nothing is chosen.
    case "map": return try list(value.isTrue ? mapped(elements(of: value), arguments) : [])
    case "select", "reject", "selectattr", "rejectattr":
      return try list(value.isTrue ? selected(name, elements(of: value), arguments) : [])
    default: return try apply(orderFilter: name, to: value, arguments)
    }
  }

  func length(of value: TemplateValue) throws -> Int {
    switch value {
    case .undefined: return 0
    case .string(let text):
      try charge(text.utf8.count / 16)
      return text.unicodeScalars.count
    case .list(let elements, _), .tuple(let elements, _): return elements.count
    case .dictionary(let entries, _): return entries.count
    default: throw failure("\(value.kind) has no length")
    }
  }

  private func apply(
    textFilter name: String, to text: String, _ arguments: EvaluatedArguments
  ) throws -> TemplateValue {
    try charge(text.utf8.count / 4)
    let strings = PythonText(text)
    switch name {
    case "trim":
      var characters: String?
      if case .string(let given)? = arguments.value(0, "chars") { characters = given }
      return .string(strings.stripped(characters, left: true, right: true))
    case "upper": return try limited(text.uppercased())
    case "lower": return try limited(strings.lowercased)
    case "capitalize": return try limited(strings.capitalized)
    case "title": return try limited(titled(text))
    case "replace":
      guard let old = arguments.value(0, "old"), let new = arguments.value(1, "new") else {
        throw failure("replace needs an old and a new text")
      }
      let count = arguments.value(2, "count")?.integer ?? -1
      return try replaced(strings, self.text(of: old), self.text(of: new), count)
    case "wordcount": return .integer(strings.split(nil, limit: -1, fromEnd: false).count)
    case "indent": return try indented(text, arguments)
    default: return .string(text)
    }
  }

  /// Jinja's own `title`: words begin after spaces, hyphens and opening brackets only.
  private func titled(_ text: String) -> String {
    var out = ""
    // What follows a word's first letter, which is made lower by itself.
    var rest = ""
    var isStart = true
    func close() {
      out += PythonText(rest).lowercased
      rest = ""
    }
    for scalar in text.unicodeScalars {
      let separates = PythonText.isSpace(scalar) || "-({[<".unicodeScalars.contains(scalar)
      if separates { close() }
      if isStart || separates {
        out += scalar.properties.uppercaseMapping
      } else {
        rest.unicodeScalars.append(scalar)
      }
      isStart = separates
    }
    close()
    return out
  }

  private func indented(_ text: String, _ arguments: EvaluatedArguments) throws -> TemplateValue {
    var indent = String(repeating: " ", count: 4)
    if let width = arguments.value(0, "width") {
      if case .string(let given) = width {
        indent = given
      } else if let count = width.integer, (0...1000).contains(count) {
        indent = String(repeating: " ", count: count)
      } else {
        throw failure("indent takes a width from 0 to 1000 or a string")
      }
    }
    let indentsBlank = arguments.value(2, "blank")?.isTrue == true
    var lines = PythonText(text + "\n").lines
    let (bytes, breaks) = (indent.utf8.count, lines.count)
    try charge(bytes * breaks / 16)
    for i in lines.indices.dropFirst() where indentsBlank || !lines[i].isEmpty { lines[i] = indent + lines[i] }
    let first = arguments.value(1, "first")?.isTrue == true ? indent : ""
    return try joined([first + (lines.first ?? "")] + lines.dropFirst(), separator: "\n")
  }

  private func apply(
    numberFilter name: String, to value: TemplateValue, _ arguments: EvaluatedArguments
  ) throws -> TemplateValue {
    switch name {
    case "int":
      let standard = arguments.value(0, "default") ?? .integer(0)
      if let integer = value.integer { return .integer(integer) }
      let text = try stripped(value)
      if let integer = Int(text) { return .integer(integer) }
      guard let number = value.double ?? Double(text), number.isFinite else { return standard }
      guard let integer = Int(exactly: number.rounded(.towardZero)) else {
        throw failure("an integer of more than 64 bits")
      }
      return .integer(integer)
    case "float":
      let text = try stripped(value)
      guard let number = value.double ?? Double(text) else { return arguments.value(0, "default") ?? .number(0) }
      return .number(number)
    case "abs":
      if let integer = value.integer {
        guard integer != .min else { throw failure("an integer of more than 64 bits") }
        return .integer(abs(integer))
      }
      guard let number = value.double else { throw failure("abs is for numbers, not for \(value.kind)") }
      return .number(abs(number))
    default:
      guard let number = value.double else { throw failure("round is for numbers, not for \(value.kind)") }
      guard (arguments.value(0, "precision")?.integer ?? 0) == 0, arguments.value(1, "method") == nil else {
        throw TokenizerError.unsupportedTemplate(line: line, construct: "round with a precision or method")
      }
      return .number(number.rounded(.toNearestOrEven))
    }
  }

  /// The text of a value without white space around it.
  private func stripped(_ value: TemplateValue) throws -> String {
    let text = try text(of: value)
    try charge(text.utf8.count / 4)
    return PythonText(text).stripped(nil, left: true, right: true)
  }

  private func json(of value: TemplateValue, _ arguments: EvaluatedArguments) throws -> TemplateValue {
    let json = try json(of: value)
    var layout = JSONLayout.python()
    if let indent = arguments.named.last(where: { $0.name == "indent" })?.value.integer
      ?? arguments.value(0, "indent")?.integer
    {
      guard (0...64).contains(indent) else { throw failure("tojson takes an indent from 0 to 64") }
      layout.indent = indent
      layout.itemSeparator = ","
    }
    switch arguments.value(2, "separators") {
    case .tuple(let pair, _)? where pair.count == 2, .list(let pair, _)? where pair.count == 2:
      layout.itemSeparator = try text(of: pair[0])
      layout.nameSeparator = try text(of: pair[1])
    default: break
    }
    if arguments.named.last(where: { $0.name == "ensure_ascii" })?.value.isTrue ?? false { layout.escapes = .ascii }
    layout.sortsNames = arguments.value(3, "sort_keys")?.isTrue ?? false
    guard let text = json.text(layout, limit: limits.outputBytes) else {
      throw TokenizerError.templateLimit(line: line, limit: "\(limits.outputBytes) bytes of text")
    }
    return try limited(text)
  }

  /// An attribute by its name, which may be a path with dots, or an element by its number.
  private func part(_ key: TemplateValue, of value: TemplateValue) throws -> TemplateValue {
    guard case .string(let path) = key else { return try element(key, of: value) }
    try charge(path.utf8.count)
    return try path.split(separator: ".", omittingEmptySubsequences: false).reduce(value) { value, name in
      if case .undefined = value { return value }
      return try element(Int(name).map { .integer($0) } ?? .string(String(name)), of: value)
    }
  }

  private func mapped(_ elements: [TemplateValue], _ arguments: EvaluatedArguments) throws -> [TemplateValue] {
    if let attribute = arguments.named.last(where: { $0.name == "attribute" })?.value {
      let standard = arguments.named.last { $0.name == "default" }?.value
      return try elements.map { element in
        let value = try part(attribute, of: element)
        if case .undefined = value, let standard { return standard }
        return value
      }
    }
    guard case .string(let name)? = arguments.positional.first, TemplateFilters.names.contains(name) else {
      throw TokenizerError.unsupportedTemplate(line: line, construct: "map without a known filter or an attribute")
    }
    let rest = EvaluatedArguments(positional: Array(arguments.positional.dropFirst()), named: arguments.named)
    return try elements.map { try apply(filter: name, to: $0, rest) }
  }

  private func selected(
    _ filter: String, _ elements: [TemplateValue], _ arguments: EvaluatedArguments
  ) throws -> [TemplateValue] {
    var given = arguments.positional[...]
    let attribute = filter.hasSuffix("attr") ? given.popFirst() : nil
    if filter.hasSuffix("attr"), attribute == nil { throw failure("\(filter) needs an attribute") }
    let test = given.popFirst()
    let wanted = filter.hasPrefix("select")
    let name = try test.map(text(of:))
    if let test, let name, !TemplateTests.names.contains(name) {
      throw TokenizerError.unsupportedTemplate(line: line, construct: "the test \(test.summary)")
    }
    let rest = EvaluatedArguments(positional: Array(given))
    return try elements.filter { element in
      try charge(1)
      let value = try attribute.map { try part($0, of: element) } ?? element
      guard let name else { return value.isTrue == wanted }
      return try holds(test: name, value, rest) == wanted
    }
  }

  /// Filters that compare the elements with one another.
  private func apply(
    orderFilter name: String, to value: TemplateValue, _ arguments: EvaluatedArguments
  ) throws -> TemplateValue {
    func comparable(_ value: TemplateValue, _ isSensitive: Bool) throws -> TemplateValue {
      if case .string(let text) = value, !isSensitive {
        try charge(text.utf8.count / 4)
        return .string(PythonText(text).lowercased)
      }
      return value
    }
    func sorted(_ items: [(key: TemplateValue, item: TemplateValue)], reverse: Bool) throws -> [TemplateValue] {
      try charge(items.count * (Int.bitWidth - items.count.leadingZeroBitCount))
      // Stable in both directions, as Python's.
      return try items.enumerated().sorted { a, b in
        if try compare(a.element.key, reverse ? ">" : "<", b.element.key) { return true }
        if try compare(b.element.key, reverse ? ">" : "<", a.element.key) { return false }
        return a.offset < b.offset
      }.map(\.element.item)
    }
    if name == "dictsort" {
      guard case .dictionary(let entries, _) = value else {
        throw failure("dictsort is for mappings, not for \(value.kind)")
      }
      let byValue = try arguments.value(1, "by").map(text(of:)) == "value"
      let isSensitive = arguments.value(0, "case_sensitive")?.isTrue == true
      let items = try entries.map {
        (try comparable(byValue ? $0.value : $0.key, isSensitive), try tuple([$0.key, $0.value]))
      }
      return try list(sorted(items, reverse: arguments.value(2, "reverse")?.isTrue == true))
    }
    let elements = try elements(of: value)
    let attribute = arguments.named.last { $0.name == "attribute" }?.value
    let keys = try elements.map { try attribute.map { [$0] }?.reduce($0) { try part($1, of: $0) } ?? $0 }
    switch name {
    case "sort":
      let isSensitive = arguments.value(1, "case_sensitive")?.isTrue == true
      let items = try zip(keys, elements).map { (key: try comparable($0, isSensitive), item: $1) }
      return try list(sorted(items, reverse: arguments.value(0, "reverse")?.isTrue == true))
    case "unique":
      var seen: [TemplateValue] = []
      var kept: [TemplateValue] = []
      for (key, element) in zip(keys, elements) {
        let key = try comparable(key, arguments.value(0, "case_sensitive")?.isTrue == true)
        if try seen.contains(where: { try equal($0, key) }) { continue }
        seen.append(key)
        kept.append(element)
      }
      return try list(kept)
    case "sum": return try keys.reduce(arguments.value(1, "start") ?? .integer(0)) { try binary("+", $0, $1) }
    default:
      guard var best = elements.first, var bestKey = keys.first else { return .undefined("the \(name) of nothing") }
      bestKey = try comparable(bestKey, false)
      for (key, element) in zip(keys, elements).dropFirst() {
        let key = try comparable(key, false)
        if try compare(key, name == "min" ? "<" : ">", bestKey) { (best, bestKey) = (element, key) }
      }
      return best
    }
  }
}
