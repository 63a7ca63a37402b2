package import JSON

/// The JSON of a tokenizer's file.
///
/// - Parameter file: a name for error messages.
/// - Throws: ``TokenizerError/invalidJSON(file:byte:expected:)`` at the first byte that does not fit, for text that is not
///   UTF-8, and where values lie deeper than 128 levels, as serde_json does, by which Hugging Face's library reads.
package func tokenizerJSON(_ bytes: [UInt8], file: String) throws -> JSONValue {
  do { return try JSONParser.value(of: bytes, .modelFile) } catch {
    throw TokenizerError.invalidJSON(file: file, byte: error.offset, expected: error.expected)
  }
}

extension JSONValue {
  /// The number as Rust's serde_json reads it by default, which is not always the nearest double: scores of a Unigram
  /// vocabulary tie or not depending on their last bit.
  var serdeDouble: Double? {
    guard case .number(let spelling) = self else { return nil }
    return spelledInteger.map(Double.init) ?? roundedAsSerde(spelling)
  }
}

/// A decimal number as serde_json makes a double of it: the digits as an integer, scaled by one power of ten.
private func roundedAsSerde(_ text: String) -> Double? {
  var digits: UInt64 = 0
  var exponent = 0
  var isFraction = false
  var isFull = false
  var rest = text.utf8[...]
  let isNegative = rest.first == UInt8(ascii: "-")
  if isNegative { rest.removeFirst() }
  while let byte = rest.first, byte != UInt8(ascii: "e"), byte != UInt8(ascii: "E") {
    rest.removeFirst()
    if byte == UInt8(ascii: ".") {
      isFraction = true
      continue
    }
    let (high, overflowsHigh) = digits.multipliedReportingOverflow(by: 10)
    let (sum, overflows) = high.addingReportingOverflow(UInt64(byte - 0x30))
    if isFull || overflowsHigh || overflows {
      // Digits that no longer fit are dropped.
      isFull = true
      if !isFraction { exponent += 1 }
    } else {
      digits = sum
      if isFraction { exponent -= 1 }
    }
  }
  if !rest.isEmpty {
    rest.removeFirst()
    if rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    exponent += max(
      -100_000, min(100_000, Int(String(rest) ?? "") ?? (rest.first == UInt8(ascii: "-") ? -100_000 : 100_000)))
  }
  var value = Double(digits)
  while exponent < -308, value != 0 {
    value /= 1e308
    exponent += 308
  }
  if value != 0, exponent > 308 { return nil }
  if value != 0, exponent != 0, let power = Double("1e\(abs(exponent))") {
    value = exponent > 0 ? value * power : value / power
  }
  return isNegative ? -value : value
}
