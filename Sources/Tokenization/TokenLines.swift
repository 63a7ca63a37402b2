internal import JSON

/// One text a line, one list of tokens a line: what `distill tokenize` reads and writes.
extension Tokenizer {
  /// How a text's tokens are written.
  package struct TokenLineOptions: Sendable {
    /// Whether the tokens that the file sets around a text are added, or left out of a decoded one.
    package var specialTokens = true
    /// Whether each token is written as its id with its first and last offset.
    package var offsets = false

    /// Ids alone, special tokens included.
    package init(specialTokens: Bool = true, offsets: Bool = false) {
      self.specialTokens = specialTokens
      self.offsets = offsets
    }
  }

  /// The tokens of a text as a JSON array: `[2,17,3]`, or with offsets `[[2,0,0],[17,0,4],[3,0,0]]`.
  package func tokenLine(for text: String, _ options: TokenLineOptions = .init()) -> [UInt8] {
    var line = [UInt8(ascii: "[")]
    func separate(_ i: Int) { if i > 0 { line.append(UInt8(ascii: ",")) } }
    if options.offsets {
      let encoding = encoding(of: text, addingSpecialTokens: options.specialTokens)
      for i in encoding.ids.indices {
        separate(i)
        let (id, place) = (encoding.ids[i], encoding.offsets[i])
        line += "[\(id),\(place.lowerBound),\(place.upperBound)]".utf8
      }
    } else {
      let ids = encode(text, addingSpecialTokens: options.specialTokens)
      line.reserveCapacity(ids.count * 6 + 2)
      for i in ids.indices {
        separate(i)
        append(ids[i], to: &line)
      }
    }
    line.append(UInt8(ascii: "]"))
    return line
  }

  /// The text for a JSON array of ids.
  ///
  /// - Throws: ``TokenizerError`` that names the line.
  package func textLine(for ids: String, line: Int, _ options: TokenLineOptions = .init()) throws -> String {
    let value = try? JSONParser.value(of: ids, .modelFile)
    let list = value?.elements?.compactMap(\.spelledInteger) ?? []
    guard let count = value?.elements?.count, list.count == count, list.allSatisfy({ $0 >= 0 }) else {
      throw TokenizerError.invalidField(
        file: "line \(line)", field: "(all)", expected: "a JSON array of token ids",
        found: value?.summary ?? ids.prefix(40).debugDescription)
    }
    return decode(list, skippingSpecialTokens: !options.specialTokens)
  }

  private func append(_ number: Int, to line: inout [UInt8]) {
    let start = line.count
    var rest = number
    repeat {
      line.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    line[start...].reverse()
  }
}

/// Bytes that come in blocks, cut into lines.
///
/// A line ends at a line feed and nowhere else: a carriage return belongs to its line. What is not UTF-8 becomes U+FFFD.
package struct LineSplitter: Sendable {
  private var rest: [UInt8] = []

  /// A splitter at the start of a text.
  package init() {}

  /// The lines that end in this block.
  package mutating func lines(in block: some Collection<UInt8>) -> [String] {
    var lines: [String] = []
    var block = block[...]
    while let end = block.firstIndex(of: UInt8(ascii: "\n")) {
      rest += block[..<end]
      lines.append(String(decoding: rest, as: UTF8.self))
      rest.removeAll(keepingCapacity: true)
      block = block[block.index(after: end)...]
    }
    rest += block
    return lines
  }

  /// The last line, where the text does not end with a line feed.
  package mutating func last() -> String? {
    guard !rest.isEmpty else { return nil }
    defer { rest = [] }
    return String(decoding: rest, as: UTF8.self)
  }
}
