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
    case .method(.dictionary(let entries, _), let name): return try call(method: name, of: entries, arguments)
    case .method(.list(let elements, _), let name), .method(.tuple(let elements, _), let name):
      guard let wanted = arguments.value(0, "value") else { throw failure("\(name) needs a value") }
      if name == "count" { return .integer(try elements.count { try equal($0, wanted) }) }
      guard let place = try elements.firstIndex(where: { try equal($0, wanted) }) else {
        throw failure("\(wanted.summary) is not in the list")
      }
      return .integer(place)
    case .undefined(let what):
      throw TokenizerError.unsupportedTemplate(line: line, construct: "a call of \(what), which isn't known")
    default: throw failure("\(callee.kind) can't be called")
    }
  }

  private func call(function name: String, _ arguments: EvaluatedArguments) throws -> TemplateValue {
    switch name {
    case "raise_exception":
      throw TokenizerError.templateRaised(message: try arguments.value(0, "message").map(text(of:)) ?? "")
    case "range": return try range(arguments)
    case "namespace", "dict":
      var members: [String: TemplateValue] = [:]
      var entries: [TemplateValue.Entry] = []
      if let first = arguments.positional.first {
        guard case .dictionary(let given, _) = first else {
          throw failure("\(name) takes a mapping, not \(first.kind)")
        }
        entries = given
      }
      for (key, value) in arguments.named {
        try entries.removeAll { try equal($0.key, .string(key)) }
        entries.append(TemplateValue.Entry(key: .string(key), value: value))
      }
      if name == "dict" { return try dictionary(entries) }
      try charge(entries.count + 8)
      for entry in entries { members[try text(of: entry.key)] = entry.value }
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
    return try list(values)
  }

  /// The time of rendering in the local time zone, as C's `strftime` writes it.
  private func formattedTime(_ format: String) throws -> String {
    guard format.utf8.count <= 1000, !format.utf8.contains(0) else {
      throw failure("strftime_now takes a format of up to 1000 bytes, none of them 0")
    }
    try charge(format.utf8.count * 8)
    var time = time_t(now)
    var parts = tm()
    localtime_r(&time, &parts)
    var buffer = [CChar](repeating: 0, count: format.utf8.count * 64 + 256)
    // The full stop tells an empty result from one without room.
    let length = strftime(&buffer, buffer.count, format + ".", &parts)
    guard length > 0 else { throw failure("strftime_now gives more than \(buffer.count) bytes") }
    // A C character has a sign on some CPUs and none on others.
    return buffer.withUnsafeBytes { String(decoding: $0[..<(length - 1)], as: UTF8.self) }
  }

  private func call(
    method name: String, of entries: [TemplateValue.Entry], _ arguments: EvaluatedArguments
  ) throws -> TemplateValue {
    switch name {
    case "items": return try list(entries.map { try tuple([$0.key, $0.value]) })
    case "keys": return try list(entries.map(\.key))
    case "values": return try list(entries.map(\.value))
    default:
      guard let key = arguments.value(0, "key") else { throw failure("get needs a key") }
      return try entry(key, of: entries) ?? arguments.value(1, "default") ?? .none
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
    case "lower": return try limited(strings.lowercased)
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
      if case .tuple(let several, _)? = arguments.value(0, "prefix") {
        options = several
      } else {
        options = [.string(try string(0, "prefix"))]
      }
      return .bool(
        try options.contains { option in
          let part = try self.text(of: option)
          try charge(1 + min(part.utf8.count, text.utf8.count) / 4)
          return name == "startswith"
            ? text.utf8.starts(with: part.utf8) : text.utf8.reversed().starts(with: part.utf8.reversed())
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
      return try replaced(strings, string(0, "old"), string(1, "new"), count)
    case "join":
      return try joined(
        elements(of: arguments.value(0, "iterable") ?? .none).map { element in
          guard case .string(let part) = element else { throw failure("join takes strings, not \(element.kind)") }
          return part
        }, separator: text)
    case "find": return .integer(strings.position(of: try string(0, "sub")))
    case "count": return .integer(strings.occurrences(of: try string(0, "sub")))
    case "splitlines": return try list(strings.lines.map { .string($0) })
    default:
      let limit = arguments.value(1, "maxsplit")?.integer ?? -1
      var separator: String?
      if case .string(let given)? = arguments.value(0, "sep") {
        guard !given.isEmpty else { throw failure("\(name) needs a separator that isn't empty") }
        separator = given
      }
      let parts = strings.split(separator, limit: limit, fromEnd: name == "rsplit")
      return try list(parts.map { .string($0) })
    }
  }

  /// A text with the first `count` occurrences of `old` replaced.
  func replaced(_ text: PythonText, _ old: String, _ new: String, _ count: Int) throws -> TemplateValue {
    try charge((old.utf8.count + new.utf8.count) / 4)
    return try limited(text.replacing(old, with: new, count: count, limit: limits.outputBytes))
  }
}
