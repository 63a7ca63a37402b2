package import JSON

/// A JSON value in a reply, and where it stands: read as people and models write JSON, not as the grammar has it.
package struct ReplyValue: Sendable {
  package enum Content: Sendable {
    case null
    /// A text in quotes.
    case text(String)
    /// A number, true or false, or a word without quotes, as it was written.
    case bare(String)
    /// The beginning of a text that the end of the reply cut.
    case cut(String)
    case array([ReplyValue])
    case object([Member])
  }

  package struct Member: Sendable {
    package let name: String
    package let value: ReplyValue
  }

  package let content: Content
  /// Where the words begin, past the quote of a text, in UTF-8 bytes from the beginning of the text that was searched.
  package let offset: Int

  /// What a person would write into one cell of a table: nil for null, the elements of an array joined by "; ", empty for
  /// an object.
  package var cell: String? {
    switch content {
    case .null: nil
    case .text(let text), .bare(let text), .cut(let text): text
    case .array(let elements): elements.compactMap(\.cell).joined(separator: "; ")
    case .object: ""
    }
  }

  /// Whether the end of the reply cut it.
  var isCut: Bool { if case .cut = content { true } else { false } }

  var members: [Member]? { if case .object(let members) = content { members } else { nil } }

  /// The value as JSON; a word without quotes that JSON does not know is a text.
  package var json: JSONValue {
    switch content {
    case .null: .null
    case .text(let text), .cut(let text): .string(text)
    case .bare(let text): (try? JSONParser.value(of: text)) ?? .string(text)
    case .array(let elements): .array(elements.map(\.json))
    case .object(let members): Self.json(of: members)
    }
  }

  /// An object's members as JSON.
  package static func json(of members: [Member]) -> JSONValue {
    .object(members.map { JSONValue.Member($0.name, $0.value.json) })
  }
}

/// A JSON object within a reply.
package struct ReplyObject: Sendable {
  package let members: [ReplyValue.Member]
  /// From its brace to behind the closing one.
  package let range: Range<Substring.Index>

  /// The objects that stand in a text one behind the other, each read to its end, and the beginning of one that never ends.
  ///
  /// Beyond the grammar are accepted: line ends and tabs inside texts, a comma before a closing brace and none between
  /// members on lines of their own, single, typographic and full-width quotes and marks, names without quotes, Python's
  /// constants, texts with quotes that are not escaped, comments.
  ///
  /// - Complexity: linear in the text's length: braces that open nothing are tried until eight times the text was read.
  package static func all(in text: Substring) -> (objects: [ReplyObject], cut: ReplyObject?) {
    guard text.utf8.contains(UInt8(ascii: "{")) || text.utf8.contains(0xEF) else { return ([], nil) }
    let bytes = Array(text.utf8)
    var (objects, cut, isFirst) = ([ReplyObject](), ReplyObject?.none, true)
    var (place, work) = (0, 0)
    let limit = 8 * bytes.count + 65_536
    while place < bytes.count, work < limit {
      guard let width = ReplyObjectParser.brace(in: bytes, at: place) else {
        place += 1
        continue
      }
      var parser = ReplyObjectParser(bytes, at: place + width)
      let members = parser.object(depth: 0)
      work += parser.at - place
      if let members {
        let start = text.utf8.index(text.startIndex, offsetBy: place)
        let end = text.utf8.index(start, offsetBy: parser.at - place)
        objects.append(ReplyObject(members: members, range: start..<end))
        place = parser.at
      } else {
        // Braces that quote something fail at once; an object that was cut off has a name, or nothing else was tried.
        if cut == nil, parser.at >= bytes.count, parser.hasName || isFirst {
          let start = text.utf8.index(text.startIndex, offsetBy: place)
          cut = ReplyObject(members: parser.cut?.members ?? [], range: start..<text.endIndex)
        }
        place += width
      }
      isFirst = false
    }
    return (objects, cut)
  }
}
