/// The string operations of Python that templates call, over scalars as Python has them.
struct PythonText {
  private let text: String
  private let scalars: [Unicode.Scalar]

  init(_ text: String) {
    self.text = text
    scalars = Array(text.unicodeScalars)
  }

  private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    String(String.UnicodeScalarView(scalars))
  }

  /// Python's white space: that of Unicode and the four separators below the space.
  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    CharacterClass(scalar.value).isWhitespace || (0x1C...0x1F).contains(scalar.value)
  }

  /// Without the given characters, or white space, at the ends.
  func stripped(_ characters: String?, left: Bool, right: Bool) -> String {
    let set = characters.map { Set($0.unicodeScalars) }
    func goes(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? Self.isSpace(scalar) }
    var rest = scalars[...]
    if left { rest = rest.drop(while: goes) }
    while right, let last = rest.last, goes(last) { rest.removeLast() }
    return Self.string(rest)
  }

  /// The first character in upper case, the others in lower case.
  var capitalized: String {
    guard let first = scalars.first else { return "" }
    return first.properties.titlecaseMapping + scalars.indices.dropFirst().map(lowercase).joined()
  }

  /// In lower case.
  var lowercased: String {
    scalars.contains(Self.sigma) ? scalars.indices.map(lowercase).joined() : text.lowercased()
  }

  private static let sigma: Unicode.Scalar = "\u{03A3}"

  /// A character in lower case: a Σ at the end of a word becomes ς (Final_Sigma of Unicode's SpecialCasing.txt).
  private func lowercase(at place: Int) -> String {
    guard scalars[place] == Self.sigma else { return scalars[place].properties.lowercaseMapping }
    func isNextCased(_ others: some Sequence<Unicode.Scalar>) -> Bool {
      others.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
    }
    return isNextCased(scalars[..<place].reversed()) && !isNextCased(scalars[(place + 1)...]) ? "\u{03C2}" : "\u{03C3}"
  }

  /// Each run of letters with its first in upper case.
  var titled: String {
    var out = ""
    var wasCased = false
    for (place, scalar) in scalars.enumerated() {
      out += wasCased ? lowercase(at: place) : scalar.properties.titlecaseMapping
      wasCased = scalar.properties.isCased
    }
    return out
  }

  /// Parts between separators, or between runs of white space.
  func split(_ separator: String?, limit: Int, fromEnd: Bool) -> [String] {
    guard let separator else {
      guard fromEnd else { return split(atSpacesUpTo: limit) }
      let parts = PythonText(Self.string(scalars.reversed())).split(atSpacesUpTo: limit)
      return parts.reversed().map { Self.string($0.unicodeScalars.reversed()) }
    }
    // What is found from the end is found from the start of both written backwards.
    let bytes = fromEnd ? Array(text.utf8.reversed()) : Array(text.utf8)
    let mark = ByteSearch(fromEnd ? separator.utf8.reversed() : Array(separator.utf8))
    var parts: [ArraySlice<UInt8>] = []
    var start = 0
    while limit < 0 || parts.count < limit, let range = mark.first(in: bytes, from: start) {
      parts.append(bytes[start..<range.lowerBound])
      start = range.upperBound
    }
    parts.append(bytes[start...])
    return fromEnd
      ? parts.reversed().map { String(decoding: $0.reversed(), as: UTF8.self) }
      : parts.map { String(decoding: $0, as: UTF8.self) }
  }

  private func split(atSpacesUpTo limit: Int) -> [String] {
    var parts: [String] = []
    var at = 0
    while true {
      while at < scalars.count, Self.isSpace(scalars[at]) { at += 1 }
      guard at < scalars.count else { return parts }
      let start = at
      if limit >= 0, parts.count == limit {
        parts.append(PythonText(Self.string(scalars[start...])).stripped(nil, left: false, right: true))
        return parts
      }
      while at < scalars.count, !Self.isSpace(scalars[at]) { at += 1 }
      parts.append(Self.string(scalars[start..<at]))
    }
  }

  /// Parts between line breaks.
  var lines: [String] {
    var parts: [String] = []
    var current: [Unicode.Scalar] = []
    var wasReturn = false
    var isOpen = false
    for scalar in scalars {
      if scalar == "\n", wasReturn {
        wasReturn = false
        continue
      }
      wasReturn = scalar == "\r"
      if (0x0A...0x0D).contains(scalar.value) || (0x1C...0x1E).contains(scalar.value) || scalar.value == 0x85
        || scalar.value == 0x2028 || scalar.value == 0x2029
      {
        parts.append(Self.string(current))
        current = []
        isOpen = false
      } else {
        current.append(scalar)
        isOpen = true
      }
    }
    return isOpen ? parts + [Self.string(current)] : parts
  }

  /// With the first `count` occurrences of `old` replaced, all if it's negative. Growth stops beyond `limit` bytes.
  func replacing(_ old: String, with new: String, count: Int, limit: Int) -> String {
    let (bytes, part) = (Array(text.utf8), Array(old.utf8))
    var out: [UInt8] = []
    var at = 0
    var left = count < 0 ? Int.max : count
    if part.isEmpty {
      // The empty text occurs before every character and at the end.
      for scalar in scalars {
        if left > 0, out.count <= limit { out += new.utf8 }
        left -= left > 0 ? 1 : 0
        out.append(scalar: scalar.value)
      }
      return String(decoding: left > 0 ? out + Array(new.utf8) : out, as: UTF8.self)
    }
    let search = ByteSearch(part)
    while left > 0, out.count <= limit, let range = search.first(in: bytes, from: at) {
      out += bytes[at..<range.lowerBound]
      out += new.utf8
      at = range.upperBound
      left -= 1
    }
    return String(decoding: out + bytes[at...], as: UTF8.self)
  }

  /// Where a text first occurs, in scalars; -1 if nowhere.
  func position(of part: String) -> Int {
    let bytes = Array(text.utf8)
    guard let range = ByteSearch(Array(part.utf8)).first(in: bytes) else { return -1 }
    return bytes[..<range.lowerBound].count { $0 & 0xC0 != 0x80 }
  }

  /// How often a text occurs.
  func occurrences(of part: String) -> Int {
    let (bytes, part) = (Array(text.utf8), Array(part.utf8))
    if part.isEmpty { return scalars.count + 1 }
    var count = 0
    var at = 0
    let search = ByteSearch(part)
    while let range = search.first(in: bytes, from: at) {
      count += 1
      at = range.upperBound
    }
    return count
  }
}
