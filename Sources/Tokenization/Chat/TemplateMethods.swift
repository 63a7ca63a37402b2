import Foundation

/// The methods of values that templates may call. Methods that change a value are refused, as transformers' sandbox does.
enum TemplateMethods {
  private static let ofStrings: Set<String> = [
    "strip", "lstrip", "rstrip", "split", "startswith", "endswith", "upper", "lower", "title", "capitalize", "replace",
    "join", "find", "count", "splitlines", "removeprefix", "removesuffix", "isdigit", "isspace", "rsplit",
  ]
  private static let ofDictionaries: Set<String> = ["get", "items", "keys", "values"]
  private static let ofLists: Set<String> = ["index", "count"]

  static func names(of value: TemplateValue) -> Set<String> {
    switch value {
    case .string: ofStrings
    case .dictionary: ofDictionaries
    case .list, .tuple: ofLists
    default: []
    }
  }
}

extension TemplateRenderer {
  /// Calls a function, method or macro.
  func call(_ callee: TemplateValue, _ arguments: EvaluatedArguments) throws -> TemplateValue {
    switch callee {
    case .macro(let macro): return try call(macro, arguments)
    case .function(let name): return try call(function: name, arguments)
    case .method(.loop(let state), _):
      guard !arguments.positional.isEmpty else { throw failure("cycle needs values") }
      return arguments.positional[state.index % arguments.positional.count]
    case .method(.string(let text), let name): return try call(method: name, of: text, arguments)
    case .method(.dictionary(let entries), let name): return try call(method: name, of: entries, arguments)
    case .method(.list(let elements), let name), .method(.tuple(let elements), let name):
      guard let wanted = arguments.value(0, "value") else { throw failure("\(name) needs a value") }
      try charge(elements.count)
      if name == "count" { return .integer(elements.count { $0.equals(wanted) }) }
      guard let place = elements.firstIndex(where: { $0.equals(wanted) }) else {
        throw failure("\(wanted.representation) is not in the list")
      }
      return .integer(place)
    case .undefined(let what):
      throw TokenizerError.unsupportedTemplate(line: line, construct: "a call of \(what), which isn't known")
    default: throw failure("\(callee.kind) can't be called")
    }
  }

  private func call(function name: String, _ arguments: EvaluatedArguments) throws -> TemplateValue {
    switch name {
    case "raise_exception": throw TokenizerError.templateRaised(message: arguments.value(0, "message")?.text ?? "")
    case "range": return try range(arguments)
    case "namespace", "dict":
      var members: [String: TemplateValue] = [:]
      var entries: [TemplateValue.Entry] = []
      if let first = arguments.positional.first {
        guard case .dictionary(let given) = first else { throw failure("\(name) takes a mapping, not \(first.kind)") }
        entries = given
      }
      for (key, value) in arguments.named {
        entries.removeAll { $0.key.equals(.string(key)) }
        entries.append(TemplateValue.Entry(key: .string(key), value: value))
      }
      if name == "dict" { return .dictionary(entries) }
      for entry in entries { members[entry.key.text] = entry.value }
      namespaces.append(members)
      return .namespace(namespaces.count - 1)
    default:
      guard case .string(let format)? = arguments.value(0, "format") else {
        throw failure("strftime_now needs a format")
      }
      return try limited(formattedTime(format))
    }
  }

  private func range(_ arguments: EvaluatedArguments) throws -> TemplateValue {
    let numbers = try arguments.positional.map { value in
      guard let integer = value.integer else { throw failure("range takes integers, not \(value.kind)") }
      return integer
    }
    let start = numbers.count > 1 ? numbers[0] : 0
    let step = numbers.count > 2 ? numbers[2] : 1
    guard (1...3).contains(numbers.count), step != 0 else {
      throw failure("range takes 1 to 3 integers, the step not 0")
    }
    let stop = numbers.count > 1 ? numbers[1] : numbers[0]
    var values: [TemplateValue] = []
    for number in stride(from: start, to: stop, by: step) {
      // Jinja's sandbox sets the same limit.
      guard values.count < 100_000 else {
        throw TokenizerError.templateLimit(line: line, limit: "100000 numbers in a range")
      }
      values.append(.integer(number))
    }
    try charge(values.count)
    return .list(values)
  }

  /// The time of rendering in the local time zone, as C's `strftime` writes it.
  private func formattedTime(_ format: String) -> String {
    guard !format.isEmpty else { return "" }
    var time = time_t(now)
    var parts = tm()
    localtime_r(&time, &parts)
    var buffer = [CChar](repeating: 0, count: format.utf8.count * 64 + 256)
    let length = strftime(&buffer, buffer.count, format, &parts)
    return String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func call(
    method name: String, of entries: [TemplateValue.Entry], _ arguments: EvaluatedArguments
  ) throws -> TemplateValue {
    try charge(entries.count)
    switch name {
    case "items": return .list(entries.map { .tuple([$0.key, $0.value]) })
    case "keys": return .list(entries.map(\.key))
    case "values": return .list(entries.map(\.value))
    default:
      guard let key = arguments.value(0, "key") else { throw failure("get needs a key") }
      return TemplateValue.dictionary(entries).entry(key) ?? arguments.value(1, "default") ?? .none
    }
  }

  private func call(method name: String, of text: String, _ arguments: EvaluatedArguments) throws -> TemplateValue {
    try charge(text.utf8.count / 4)
    func string(_ place: Int, _ parameter: String) throws -> String {
      guard case .string(let value)? = arguments.value(place, parameter) else {
        throw failure("\(name) needs a string")
      }
      return value
    }
    let strings = PythonText(text)
    switch name {
    case "strip", "lstrip", "rstrip":
      var characters: String?
      if case .string(let given)? = arguments.value(0, "chars") { characters = given }
      return .string(strings.stripped(characters, left: name != "rstrip", right: name != "lstrip"))
    case "upper": return try limited(text.uppercased())
    case "lower": return try limited(text.lowercased())
    case "title": return try limited(strings.titled)
    case "capitalize": return try limited(strings.capitalized)
    case "isdigit":
      return .bool(
        !text.isEmpty
          && text.unicodeScalars.allSatisfy {
            $0.properties.numericType == .decimal || $0.properties.numericType == .digit
          })
    case "isspace": return .bool(!text.isEmpty && text.unicodeScalars.allSatisfy(PythonText.isSpace))
    case "startswith", "endswith":
      let options: [TemplateValue]
      if case .tuple(let several)? = arguments.value(0, "prefix") {
        options = several
      } else {
        options = [.string(try string(0, "prefix"))]
      }
      return .bool(
        options.contains {
          name == "startswith"
            ? text.utf8.starts(with: $0.text.utf8) : text.utf8.reversed().starts(with: $0.text.utf8.reversed())
        })
    case "removeprefix":
      let prefix = try string(0, "prefix")
      return .string(
        text.utf8.starts(with: prefix.utf8)
          ? String(decoding: text.utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : text)
    case "removesuffix":
      let suffix = try string(0, "suffix")
      let has = !suffix.isEmpty && text.utf8.reversed().starts(with: suffix.utf8.reversed())
      return .string(has ? String(decoding: text.utf8.dropLast(suffix.utf8.count), as: UTF8.self) : text)
    case "replace":
      let count = arguments.value(2, "count")?.integer ?? -1
      return try limited(
        strings.replacing(try string(0, "old"), with: try string(1, "new"), count: count, limit: limits.outputBytes))
    case "join":
      return try limited(
        try elements(of: arguments.value(0, "iterable") ?? .none).map { element in
          guard case .string(let part) = element else { throw failure("join takes strings, not \(element.kind)") }
          return part
        }.joined(separator: text))
    case "find": return .integer(strings.position(of: try string(0, "sub")))
    case "count": return .integer(strings.occurrences(of: try string(0, "sub")))
    case "splitlines": return .list(strings.lines.map { .string($0) })
    default:
      let limit = arguments.value(1, "maxsplit")?.integer ?? -1
      var separator: String?
      if case .string(let given)? = arguments.value(0, "sep") {
        guard !given.isEmpty else { throw failure("\(name) needs a separator that isn't empty") }
        separator = given
      }
      let parts = strings.split(separator, limit: limit, fromEnd: name == "rsplit")
      try charge(parts.count)
      return .list(parts.map { .string($0) })
    }
  }
}
