#if PostgreSQL
  /// Texts as one value of the type `text[]`, whatever is in them
  /// (https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO).
  func textArray(_ texts: some Sequence<String>) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "{")]
    for text in texts {
      if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
      bytes.append(UInt8(ascii: "\""))
      for byte in text.utf8 {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
        bytes.append(byte)
      }
      bytes.append(UInt8(ascii: "\""))
    }
    bytes.append(UInt8(ascii: "}"))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A text without zero bytes, which PostgreSQL keeps in no text: U+001A stands before what it and they are written as.
  ///
  /// Texts with neither stay as they are. It is for what is looked up; replies are kept as JSON, which has its own way.
  func withoutZeros(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == 0 || $0 == 0x1A }) else { return text }
    return text.replacing("\u{1A}", with: "\u{1A}1").replacing("\0", with: "\u{1A}0")
  }

  /// A text as it was before ``withoutZeros(_:)``.
  func withZeros(_ text: String) -> String {
    text.replacing("\u{1A}0", with: "\0").replacing("\u{1A}1", with: "\u{1A}")
  }

  /// A text as it stands in a statement.
  func literal(_ text: String) -> String { "'" + withoutZeros(text).replacing("'", with: "''") + "'" }
#endif
