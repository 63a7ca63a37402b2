package import JSON

/// The tokens of a model's own that people's texts must not be read as, and marks around where a text spells them.
///
/// The marks, and how what lies between them is tokenised, are those of transformers 5.24.0 (`mark_control_tokens` and
/// `encode_marked_chat` of `utils/chat_template_utils.py`), so that prompts have the same tokens.
package struct ControlTokens: Sendable {
  /// A stretch of a rendered conversation.
  package enum Piece: Sendable, Equatable {
    /// Tokens of the model's own are found in it.
    case plain(String)
    /// Spelled by somebody, and read as any text.
    case literal(String)
  }

  private static let opening: Unicode.Scalar = "\u{F0000}"
  private static let closing: Unicode.Scalar = "\u{F0001}"
  private let all: Set<String>
  /// What is marked.
  package let tokens: [String]
  /// By their first bytes, the longest first.
  private var byFirstByte = [[[UInt8]]](repeating: [], count: 256)

  /// - Parameters:
  ///   - tokens: what is marked.
  ///   - all: what may stand between marks.
  init(_ tokens: [String], all: Set<String>) {
    (self.tokens, self.all) = (tokens, all)
    for token in tokens.map({ Array($0.utf8) }) { if let first = token.first { byFirstByte[Int(first)].append(token) } }
    for place in byFirstByte.indices { byFirstByte[place].sort { $0.count > $1.count } }
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool { scalar == opening || scalar == closing }

  /// The first control token that a text spells; nil for none.
  package func first(in text: String) -> String? {
    let bytes = Array(text.utf8)
    return bytes.indices.lazy.compactMap { place in
      byFirstByte[Int(bytes[place])].first { bytes[place...].starts(with: $0) }
    }.first.map { String(decoding: $0, as: UTF8.self) }
  }

  /// The first control token that a member's name spells; nil for none.
  package func spelled(inNamesOf value: JSONValue) -> String? {
    switch value {
    case .array(let elements): elements.lazy.compactMap { spelled(inNamesOf: $0) }.first
    case .object(let members):
      members.lazy.compactMap { first(in: $0.name) ?? spelled(inNamesOf: $0.value) }.first
    default: nil
    }
  }

  /// A value whose texts are marked, but for members' names.
  package func marked(_ value: JSONValue) -> JSONValue {
    switch value {
    case .string(let text): .string(marked(text))
    case .array(let elements): .array(elements.map { marked($0) })
    case .object(let members): .object(members.map { .init($0.name, marked($0.value)) })
    default: value
    }
  }

  /// A text with marks around each control token that it spells, and without those that it had.
  package func marked(_ text: String) -> String {
    let bytes = Array(String(String.UnicodeScalarView(text.unicodeScalars.filter { !Self.isMark($0) })).utf8)
    var marked: [UInt8] = []
    var place = 0
    while place < bytes.count {
      if let token = byFirstByte[Int(bytes[place])].first(where: { bytes[place...].starts(with: $0) }) {
        marked += Array(String(Self.opening).utf8) + token + Array(String(Self.closing).utf8)
        place += token.count
      } else {
        marked.append(bytes[place])
        place += 1
      }
    }
    return String(decoding: marked, as: UTF8.self)
  }

  /// A turn whose texts are marked.
  package func marked(_ turn: ChatMessage) -> ChatMessage {
    var turn = turn
    switch turn.content {
    case .text(let text): turn.content = .text(marked(text))
    case .parts(let parts):
      turn.content = .parts(parts.map { if case .text(let text) = $0 { .text(marked(text)) } else { $0 } })
    }
    return turn
  }

  /// A rendered conversation cut at its marks. A mark that has lost its other one to the template is left out, and cuts all the
  /// same: what stands on both sides of it must not become a token.
  package func pieces(of text: String) -> [Piece] {
    var pieces: [Piece] = []
    let scalars = text.unicodeScalars
    var begun = scalars.startIndex
    while let mark = scalars[begun...].firstIndex(where: Self.isMark) {
      pieces.append(.plain(String(scalars[begun..<mark])))
      begun = scalars.index(after: mark)
      guard scalars[mark] == Self.opening, let end = scalars[begun...].firstIndex(where: Self.isMark),
        scalars[end] == Self.closing, all.contains(String(scalars[begun..<end]))
      else { continue }
      pieces.append(.literal(String(scalars[begun..<end])))
      begun = scalars.index(after: end)
    }
    pieces.append(.plain(String(scalars[begun...])))
    return pieces
  }
}

extension Tokenizer {
  /// The special tokens, and of the other added ones those that a chat template writes, white space aside.
  package func controlTokens(of template: ChatTemplate?) -> ControlTokens {
    let source = Array((template?.source ?? "").utf8)
    let control = added.tokens.filter { token in
      token.isSpecial
        || !token.content.allSatisfy(\.isWhitespace) && ByteSearch(Array(token.content.utf8)).first(in: source) != nil
    }
    return ControlTokens(control.map(\.content), all: Set(added.tokens.map(\.content)))
  }

  /// The token ids of a stretch that follows others, which are tokenised apart.
  ///
  /// - Parameter isLiteral: whether it is read as any text, without looking for added tokens.
  package func encode(following stretch: String, isLiteral: Bool) -> [Int] {
    func ids(_ text: String) -> [Int] { tokens(of: text, tracks: false, findsAdded: !isLiteral).ids }
    // Behind a line's end, so that tokenizers that put a space before a text put none before this one.
    let line = encode("\n", addingSpecialTokens: false)
    let behind = ids("\n" + stretch)
    return behind.starts(with: line) ? Array(behind.dropFirst(line.count)) : ids(stretch)
  }
}
