/// Escapes and brackets.
extension PatternParser {
  /// An escape that stands for a character or a set of them.
  mutating func escapedSet(isBracketed: Bool = false) throws -> ScalarSet {
    at += 1
    guard let scalar = next else { throw failure("a backslash at the end") }
    at += 1
    func negated(_ set: ScalarSet) -> ScalarSet {
      var set = set
      set.isNegated.toggle()
      return set
    }
    switch scalar {
    case "s": return ScalarSet(.whitespace)
    case "S": return negated(ScalarSet(.whitespace))
    case "w": return ScalarSet(isBracketed ? .wordInBrackets : .word)
    case "W": return negated(ScalarSet(isBracketed ? .wordInBrackets : .word))
    case "d": return ScalarSet(categories: GeneralCategory.mask(named: "Nd") ?? 0)
    case "D": return negated(ScalarSet(categories: GeneralCategory.mask(named: "Nd") ?? 0))
    case "p", "P":
      let set = try property()
      return scalar == "P" ? negated(set) : set
    case "n": return ScalarSet(0x0A)
    case "r": return ScalarSet(0x0D)
    case "t": return ScalarSet(0x09)
    case "f": return ScalarSet(0x0C)
    case "v": return ScalarSet(0x0B)
    case "a": return ScalarSet(0x07)
    case "e": return ScalarSet(0x1B)
    case "x", "u": return ScalarSet(try code(isShort: scalar == "x"))
    default:
      guard !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else {
        at -= 1
        throw failure("the escape \"\\\(scalar)\", which is not supported")
      }
      return ScalarSet(scalar.value)
    }
  }

  private mutating func code(isShort: Bool) throws -> UInt32 {
    let isBraced = isShort && take("{")
    var digits = ""
    let limit = isBraced ? 8 : isShort ? 2 : 4
    while let scalar = next, scalar.isASCII, UInt8(scalar.value).hexadecimalValue != nil, digits.count < limit {
      digits.unicodeScalars.append(scalar)
      at += 1
    }
    guard let value = UInt32(digits, radix: 16), value <= 0x10FFFF, !isBraced || take("}"), isShort || digits.count == 4
    else { throw failure("a character code that is none") }
    return value
  }

  private mutating func property() throws -> ScalarSet {
    guard take("{") else { throw failure("a property without braces") }
    let isNegated = take("^")
    var name = ""
    while let scalar = next, scalar != "}" {
      name.unicodeScalars.append(scalar)
      at += 1
    }
    guard take("}"), let mask = GeneralCategory.mask(named: name) else {
      throw failure("the property \"\(name)\", which is not supported")
    }
    var set = ScalarSet(categories: mask)
    set.isNegated = isNegated
    return set
  }

  /// The inside of brackets; the opening one is behind us.
  mutating func bracket() throws -> ScalarSet {
    depth += 1
    defer { depth -= 1 }
    guard depth < 100 else { throw failure("more than 100 nested brackets") }
    let isNegated = take("^")
    var set = ScalarSet()
    var restrictions: [ScalarSet] = []
    var isFirst = true
    while true {
      guard let scalar = next else { throw failure("brackets without end") }
      if scalar == "]", !isFirst {
        at += 1
        break
      }
      isFirst = false
      if take("&&") {
        restrictions.append(set)
        set = ScalarSet()
      } else if take("[:") {
        set.add(try posixClass())
      } else if scalar == "[" {
        at += 1
        set.add(try bracket())
      } else {
        try item(into: &set)
      }
    }
    for restriction in restrictions { set.restrict(to: restriction) }
    set.isNegated = isNegated
    return set
  }

  /// One character, escape or range in brackets.
  private mutating func item(into set: inout ScalarSet) throws {
    var low: UInt32?
    if next == "\\" {
      let start = at
      let escaped = try escapedSet(isBracketed: true)
      low = single(scalars[start..<at])
      if low == nil { return set.add(escaped) }
    } else {
      low = next?.value
      at += 1
    }
    guard let low else { throw failure("brackets without end") }
    guard next == "-", at + 1 < scalars.count, scalars[at + 1] != "]" else { return set.add(low...low) }
    at += 1
    var high: UInt32?
    if next == "\\" {
      let start = at
      _ = try escapedSet()
      high = single(scalars[start..<at])
    } else {
      high = next?.value
      at += 1
    }
    guard let high, low <= high else { throw failure("a range that ends before it begins") }
    set.add(low...high)
  }

  /// The character that an escape stands for; nil if it stands for a set.
  private func single(_ escape: ArraySlice<Unicode.Scalar>) -> UInt32? {
    guard let kind = escape.dropFirst().first else { return nil }
    switch kind {
    case "s", "S", "w", "W", "d", "D", "p", "P": return nil
    case "n": return 0x0A
    case "r": return 0x0D
    case "t": return 0x09
    case "f": return 0x0C
    case "v": return 0x0B
    case "a": return 0x07
    case "e": return 0x1B
    case "x", "u":
      let digits = escape.dropFirst(2).filter { $0 != "{" && $0 != "}" }
      return UInt32(String(String.UnicodeScalarView(digits)), radix: 16)
    default: return kind.value
    }
  }

  private mutating func posixClass() throws -> ScalarSet {
    let isNegated = take("^")
    // The other classes follow properties that are no unions of categories.
    let classes = ["digit": ["Nd"], "punct": ["P", "S"], "cntrl": ["Cc"]]
    for (name, categories) in classes.sorted(by: { $0.key < $1.key }) where take(name + ":]") {
      var set = ScalarSet(categories: categories.reduce(0) { $0 | (GeneralCategory.mask(named: $1) ?? 0) })
      set.isNegated = isNegated
      return set
    }
    if take("space:]") {
      var set = ScalarSet(.whitespace)
      set.isNegated = isNegated
      return set
    }
    throw failure("a bracket class that is not supported")
  }
}
