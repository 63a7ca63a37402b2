/// Equality, order and membership. Every pair of values looked at is charged, and what is compared of texts.
extension TemplateRenderer {
  /// Whether a comparison holds, as in Python.
  func compare(_ left: TemplateValue, _ operation: String, _ right: TemplateValue) throws -> Bool {
    switch operation {
    case "==": return try equal(left, right)
    case "!=": return try !equal(left, right)
    case "<": return try precedes(left, right)
    case ">": return try precedes(right, left)
    case "<=": return try equal(left, right) || precedes(left, right)
    case ">=": return try equal(left, right) || precedes(right, left)
    case "in": return try contains(right, left)
    default: return try !contains(right, left)
    }
  }

  /// Python's `==`.
  func equal(_ left: TemplateValue, _ right: TemplateValue) throws -> Bool {
    try charge(1)
    if let a = left.integer, let b = right.integer { return a == b }
    if let a = left.double, let b = right.double { return a == b }
    switch (left, right) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.string(let a), .string(let b)):
      guard a.utf8.count == b.utf8.count else { return false }
      try charge(a.utf8.count / 16)
      return a.hasSameBytes(as: b)
    case (.list(let a, _), .list(let b, _)), (.tuple(let a, _), .tuple(let b, _)):
      guard a.count == b.count else { return false }
      return try zip(a, b).allSatisfy(equal)
    case (.dictionary(let a, _), .dictionary(let b, _)):
      guard a.count == b.count else { return false }
      return try a.allSatisfy { entry in
        guard let other = try self.entry(entry.key, of: b) else { return false }
        return try equal(entry.value, other)
      }
    case (.namespace(let a), .namespace(let b)): return a == b
    default: return false
    }
  }

  /// Python's `<`.
  private func precedes(_ left: TemplateValue, _ right: TemplateValue) throws -> Bool {
    try charge(1)
    if let a = left.integer, let b = right.integer { return a < b }
    if let a = left.double, let b = right.double { return a < b }
    switch (left, right) {
    case (.string(let a), .string(let b)):
      try charge(min(a.utf8.count, b.utf8.count) / 16)
      return a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
    case (.list(let a, _), .list(let b, _)), (.tuple(let a, _), .tuple(let b, _)):
      for (x, y) in zip(a, b) where try !equal(x, y) { return try precedes(x, y) }
      return a.count < b.count
    default: throw failure("\(left.kind) and \(right.kind) can't be ordered")
    }
  }

  /// Python's `element in container`.
  private func contains(_ container: TemplateValue, _ element: TemplateValue) throws -> Bool {
    if case .string(let text) = container {
      guard case .string(let part) = element else { throw failure("a string can't contain \(element.kind)") }
      try charge((text.utf8.count + part.utf8.count) / 4)
      return ByteSearch(Array(part.utf8)).first(in: Array(text.utf8)) != nil
    }
    if case .namespace = container { throw failure("a namespace can't be searched") }
    return try elements(of: container).contains { try equal($0, element) }
  }

  /// The value under a key; nil if there is none.
  func entry(_ key: TemplateValue, of entries: [TemplateValue.Entry]) throws -> TemplateValue? {
    try place(of: key, in: entries).map { entries[$0].value }
  }

  /// Where a key stands.
  func place(of key: TemplateValue, in entries: [TemplateValue.Entry]) throws -> Int? {
    try entries.firstIndex { try equal($0.key, key) }
  }
}
