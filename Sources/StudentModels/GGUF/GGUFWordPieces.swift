internal import Foundation
internal import JSON
internal import Tensor

/// BERT's vocabulary in a GGUF file: pieces that begin a word have a `▁` before them there, and those inside of one, which a
/// vocab.txt begins with `##`, nothing.
struct GGUFWordPieces {
  private let file: Tensor.GGUFFile
  private let tokens: [String]
  /// The numbers of the tokens with a role.
  private let ids: [Role: Int]
  /// Tokens that stand as they are.
  private let special: Set<Int>

  /// The roles of BERT's special tokens, by their names in tokenizer_config.json.
  enum Role: String, CaseIterable {
    case padding = "pad_token", unknown = "unk_token", first = "cls_token", separator = "sep_token"
    case mask = "mask_token"

    /// What a file calls the role; the second is an older name.
    var keys: [String] {
      switch self {
      case .padding: ["padding"]
      case .unknown: ["unknown"]
      case .first: ["cls", "bos"]
      case .separator: ["seperator", "eos"]
      case .mask: ["mask"]
      }
    }

    /// The token of published models.
    var token: String {
      switch self {
      case .padding: "[PAD]"
      case .unknown: "[UNK]"
      case .first: "[CLS]"
      case .separator: "[SEP]"
      case .mask: "[MASK]"
      }
    }
  }

  init(_ file: Tensor.GGUFFile) throws {
    self.file = file
    guard let model = try file.string("tokenizer.ggml.model"), let tokens = try file.strings("tokenizer.ggml.tokens")
    else {
      throw file.invalid("tokenizer.ggml.model", expected: "a tokenizer and its tokens", found: "none")
    }
    guard model == "bert" else {
      throw file.unsupported(
        "tokenizer.ggml.model", expected: "bert, whose words are cut into pieces (XLM-R's has t5, RoBERTa's gpt2)",
        found: model)
    }
    let types = try file.tokenTypes(of: tokens.count)
    var ids: [Role: Int] = [:]
    for role in Role.allCases {
      guard
        let id = try role.keys.compactMap({ try file.token($0, of: tokens.count) }).first
          ?? tokens.firstIndex(of: role.token)
      else {
        throw file.invalid(
          "tokenizer.ggml.\(role.keys[0])_token_id", expected: "the number of \(role.token)", found: "no such key")
      }
      ids[role] = id
    }
    (self.tokens, self.ids) = (tokens, ids)
    special = Set(tokens.indices.filter { GGUFTokenKind.apart.contains(types[$0]) }).union(ids.values)
  }

  func id(of role: Role) -> Int { ids[role] ?? 0 }

  /// The file vocab.txt.
  func vocabulary() throws -> Data {
    var lines: [UInt8] = []
    for (id, token) in tokens.enumerated() {
      let line = piece(id)
      guard !line.contains(UInt8(ascii: "\n")) else {
        throw file.invalid("tokenizer.ggml.tokens", expected: "words", found: token.debugDescription)
      }
      lines += line
      lines.append(UInt8(ascii: "\n"))
    }
    return Data(lines)
  }

  /// By bytes: what follows the mark may belong to one character with it.
  private func piece(_ id: Int) -> [UInt8] {
    let (bytes, mark) = (Array(tokens[id].utf8), Array("▁".utf8))
    guard !special.contains(id) else { return bytes }
    return bytes.starts(with: mark) ? Array(bytes.dropFirst(mark.count)) : Array("##".utf8) + bytes
  }

  /// The file tokenizer_config.json. No file says whether texts are lowered: they are where no piece has a capital.
  ///
  /// - Parameter longest: the most tokens of a text.
  func configuration(longest: Int) throws -> JSONValue {
    let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
    let words = tokens.indices.filter { !special.contains($0) }
    let isLower = !words.contains { tokens[$0].utf8.contains(where: capitals.contains) }
    return .object(
      [
        .init("tokenizer_class", "BertTokenizer"), .init("do_lower_case", .bool(isLower)),
        .init("model_max_length", .number("\(longest)")),
      ] + Role.allCases.map { .init($0.rawValue, .string(tokens[id(of: $0)])) })
  }
}

/// Kinds of tokens, by the numbers that stand in files.
enum GGUFTokenKind {
  static let normal = 1, unknown = 2, control = 3, userDefined = 4
  /// Those that are no words of texts.
  static let apart: Set<Int> = [unknown, control, userDefined]
}

extension Tensor.GGUFFile {
  /// The kind of each of so many tokens.
  func tokenTypes(of count: Int) throws -> [Int] {
    let types = try integers("tokenizer.ggml.token_type") ?? Array(repeating: GGUFTokenKind.normal, count: count)
    guard types.count == count else {
      throw invalid(
        "tokenizer.ggml.token_type", expected: "\(count), one for each token", found: "\(types.count)")
    }
    return types
  }

  /// The number of a role's token among so many; nil where the file names none.
  func token(_ role: String, of count: Int) throws -> Int? {
    let key = "tokenizer.ggml.\(role)_token_id"
    guard let id = try integer(key) else { return nil }
    // What stands for none in some files.
    guard id != 0xFFFF_FFFF, id != -1 else { return nil }
    guard (0..<count).contains(id) else {
      throw invalid(key, expected: "a token's number below \(count)", found: "\(id)")
    }
    return id
  }
}
