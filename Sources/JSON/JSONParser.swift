/// A JSON reader (RFC 8259) over bytes, with exact places in its errors.
///
/// It can be asked for the whole text as a tree, or be led through it by a reader that knows the layout and keeps only
/// what it needs, as the headers of large files want:
///
/// ```swift
/// var json = JSONParser(bytes)
/// var shape = JSONValue.null
/// var object = try json.beginObject("the header")
/// while let name = try json.nextName(in: &object) {
///   if name == "shape" { shape = try json.value() } else { try json.skipValue() }
/// }
/// try json.end()
/// ```
package struct JSONParser {
  /// An object or an array that is being read.
  package struct Container {
    fileprivate var isFirst = true
    fileprivate var names: Set<String>?
    /// Where the name of the member that was read last begins.
    package fileprivate(set) var nameOffset = 0
  }

  let bytes: UnsafeBufferPointer<UInt8>
  let options: Options
  private var depth = 0
  /// The next byte to read.
  package internal(set) var at: Int

  /// A reader of these bytes, which must outlive it, from an offset on.
  package init(_ bytes: UnsafeBufferPointer<UInt8>, at: Int = 0, _ options: Options = Options()) {
    self.bytes = bytes
    self.at = at
    self.options = options
  }

  /// The one value that the bytes hold.
  package static func value(
    of bytes: UnsafeBufferPointer<UInt8>, _ options: Options = Options()
  ) throws(JSONSyntaxError) -> JSONValue {
    var parser = JSONParser(bytes, options)
    let value = try parser.value()
    try parser.end()
    return value
  }

  /// The one value that the bytes hold.
  package static func value(
    of bytes: UnsafeRawBufferPointer, _ options: Options = Options()
  ) throws(JSONSyntaxError) -> JSONValue {
    try value(of: bytes.bindMemory(to: UInt8.self), options)
  }

  /// The one value that the bytes hold.
  package static func value(of bytes: [UInt8], _ options: Options = Options()) throws(JSONSyntaxError) -> JSONValue {
    // A typed throw does not pass through `withUnsafeBufferPointer`, hence the Result.
    try bytes.withUnsafeBufferPointer { buffer in
      Result { () throws(JSONSyntaxError) in try value(of: buffer, options) }
    }.get()
  }

  /// The one value that a text holds.
  package static func value(of text: String, _ options: Options = Options()) throws(JSONSyntaxError) -> JSONValue {
    var text = text
    return try text.withUTF8 { buffer in
      Result { () throws(JSONSyntaxError) in try value(of: buffer, options) }
    }.get()
  }

  // MARK: Trees

  /// Reads the next value.
  package mutating func value() throws(JSONSyntaxError) -> JSONValue {
    switch next {
    case UInt8(ascii: "\""):
      at += 1
      return .string(try restOfString())
    case UInt8(ascii: "{"):
      var object = try beginObject()
      var members: [JSONValue.Member] = []
      while let name = try nextName(in: &object) { members.append(.init(name, try value())) }
      return .object(members)
    case UInt8(ascii: "["):
      var array = try beginArray()
      var elements: [JSONValue] = []
      while try nextElement(in: &array) { elements.append(try value()) }
      return .array(elements)
    case UInt8(ascii: "t"):
      try word("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try word("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try word("null")
      return .null
    default: return .number(spelling(of: try number()))
    }
  }

  // MARK: Step by step

  /// The byte at which the next value or mark begins, past white space; nil at the end.
  package var next: UInt8? {
    mutating get {
      skipSpace()
      return at < bytes.count ? bytes[at] : nil
    }
  }

  /// Moves past white space.
  package mutating func skipSpace() {
    var i = at
    while i < bytes.count, bytes[i] <= 0x20 {
      guard bytes[i] == 0x20 || bytes[i] == 0x0A || bytes[i] == 0x0D || bytes[i] == 0x09 else { break }
      i += 1
    }
    at = i
  }

  /// Enters an object; read its members by ``nextName(in:)``.
  package mutating func beginObject(
    _ what: @autoclosure () -> String = "an object"
  ) throws(JSONSyntaxError) -> Container {
    try begin(UInt8(ascii: "{"), what)
    return Container(names: options.refusesRepeatedNames ? [] : nil)
  }

  /// The name of the next member, whose value must be read then; nil at the end of the object, which is left.
  package mutating func nextName(in object: inout Container) throws(JSONSyntaxError) -> String? {
    var mark = next
    if mark == UInt8(ascii: "}") {
      at += 1
      depth -= 1
      return nil
    }
    if object.isFirst {
      object.isFirst = false
    } else {
      guard mark == UInt8(ascii: ",") else { throw fault("',' or '}' after the value of '\(name(of: object))'") }
      at += 1
      mark = next
    }
    guard mark == UInt8(ascii: "\"") else { throw fault("a member's name in quotes") }
    object.nameOffset = at
    at += 1
    let name = try restOfString()
    if object.names?.insert(name).inserted == false {
      throw JSONSyntaxError(
        offset: object.nameOffset, expected: "every name of an object once", found: "\"\(name)\" a second time")
    }
    guard next == UInt8(ascii: ":") else { throw fault("':' after the name '\(name)'") }
    at += 1
    skipSpace()
    return name
  }

  /// The name of the member that was read last, read again: only faults want it.
  private func name(of object: Container) -> String {
    var again = self
    again.at = object.nameOffset + 1
    return (try? again.restOfString()) ?? ""
  }

  /// Enters an array; see ``nextElement(in:)``.
  package mutating func beginArray(
    _ what: @autoclosure () -> String = "an array"
  ) throws(JSONSyntaxError) -> Container {
    try begin(UInt8(ascii: "["), what)
    return Container()
  }

  /// Whether another element stands next, which must be read then; at the end the array is left.
  package mutating func nextElement(in array: inout Container) throws(JSONSyntaxError) -> Bool {
    let mark = next
    if mark == UInt8(ascii: "]") {
      // After a comma no bracket comes to here: reading the element has refused it.
      at += 1
      depth -= 1
      return false
    }
    if array.isFirst {
      array.isFirst = false
      return true
    }
    guard mark == UInt8(ascii: ",") else { throw fault("',' or ']' in an array") }
    at += 1
    skipSpace()
    return true
  }

  /// Reads a string.
  package mutating func string(_ what: @autoclosure () -> String = "a text") throws(JSONSyntaxError) -> String {
    guard next == UInt8(ascii: "\"") else { throw fault("\(what()), which starts with '\"'") }
    at += 1
    return try restOfString()
  }

  /// Moves past the word null if it stands next.
  package mutating func takeNull() throws(JSONSyntaxError) -> Bool {
    guard next == UInt8(ascii: "n") else { return false }
    try word("null")
    return true
  }

  /// Reads a number from 0 to `Int.max` that is spelled as an integer.
  package mutating func size(_ what: @autoclosure () -> String) throws(JSONSyntaxError) -> Int {
    skipSpace()
    let range = try number()
    guard let value = Int(spelling(of: range)), bytes[range.lowerBound] != UInt8(ascii: "-") else {
      throw JSONSyntaxError(
        offset: range.lowerBound, expected: "\(what()) that is whole and from 0 to \(Int.max)",
        found: "'\(spelling(of: range))'")
    }
    return value
  }

  /// Moves past the next value, whatever it is.
  package mutating func skipValue() throws(JSONSyntaxError) {
    switch next {
    case UInt8(ascii: "{"):
      var object = try beginObject()
      while try nextName(in: &object) != nil { try skipValue() }
    case UInt8(ascii: "["):
      var array = try beginArray()
      while try nextElement(in: &array) { try skipValue() }
    default: _ = try value()
    }
  }

  /// Checks that nothing but white space is left.
  package mutating func end() throws(JSONSyntaxError) {
    guard next == nil else { throw fault("nothing but spaces after the value") }
  }

  // MARK: Faults

  /// The fault that something else was expected here.
  package func fault(_ expected: String) -> JSONSyntaxError {
    JSONSyntaxError(offset: at, expected: expected, found: found(at: at))
  }

  /// What stands at an offset, up to twenty bytes of it.
  func found(at start: Int) -> String {
    guard start < bytes.count else { return "the end of the text" }
    switch bytes[start] {
    case 0x0A, 0x0D: return "a line break"
    case 0x00..<0x20: return "the control character \(bytes[start])"
    default: break
    }
    var end = min(start + 20, bytes.count)
    // Whole characters, of one line.
    while end < bytes.count, end > start + 1, bytes[end] & 0xC0 == 0x80 { end -= 1 }
    let line = bytes[start..<end].prefix { $0 >= 0x20 }
    return "'\(String(decoding: line, as: UTF8.self))'"
  }

  // MARK: Parts

  private mutating func begin(_ bracket: UInt8, _ what: () -> String) throws(JSONSyntaxError) {
    guard next == bracket else { throw fault("\(what()), which starts with '\(Character(Unicode.Scalar(bracket)))'") }
    guard depth + 1 < options.levels else { throw fault("at most \(options.levels) levels") }
    depth += 1
    at += 1
  }

  private mutating func word(_ word: StaticString) throws(JSONSyntaxError) {
    for i in 0..<word.utf8CodeUnitCount {
      guard at < bytes.count, bytes[at] == word.utf8Start[i] else { throw fault("'\(word)'") }
      at += 1
    }
  }
}
