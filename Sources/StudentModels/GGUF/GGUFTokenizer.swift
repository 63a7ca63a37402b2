internal import JSON
internal import Tensor

/// Makes the files of a tokenizer from a GGUF file's `tokenizer.ggml` keys.
struct GGUFTokenizer {
  private let file: Tensor.GGUFFile
  private let architecture: GGUFModel.Architecture
  private let tokens: [String]
  private let types: [Int]
  /// Whether the vocabulary is one of bytes (GPT-2's), not of SentencePiece.
  private let isByteLevel: Bool

  init(_ file: Tensor.GGUFFile, _ architecture: GGUFModel.Architecture) throws {
    (self.file, self.architecture) = (file, architecture)
    guard let model = try file.string("tokenizer.ggml.model"), let tokens = try file.strings("tokenizer.ggml.tokens")
    else {
      throw file.invalid("tokenizer.ggml.model", expected: "a tokenizer and its tokens", found: "none")
    }
    guard model == "gpt2" || model == "llama" else {
      throw file.unsupported("tokenizer.ggml.model", expected: "gpt2, llama", found: model)
    }
    isByteLevel = model == "gpt2"
    self.tokens = tokens
    types = try file.tokenTypes(of: tokens.count)
  }

  /// The file tokenizer.json.
  func json() throws -> JSONValue {
    let added = tokens.indices.filter { GGUFTokenKind.apart.contains(types[$0]) }
      // GPT-2's vocabularies have no unknown token.
      .filter { !isByteLevel || types[$0] != GGUFTokenKind.unknown }
    return .object(
      [
        .init("version", "1.0"), .init("truncation", .null), .init("padding", .null),
        .init(
          "added_tokens",
          .array(
            added.map { id in
              .object([
                .init("id", .number("\(id)")), .init("content", .string(tokens[id])), .init("single_word", false),
                .init("lstrip", false), .init("rstrip", false), .init("normalized", false),
                .init("special", .bool(types[id] != GGUFTokenKind.userDefined)),
              ])
            })),
      ] + (isByteLevel ? try byteLevel() : try pieces()))
  }

  /// The file tokenizer_config.json.
  func configuration() throws -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("tokenizer_class", "PreTrainedTokenizerFast"), .init("clean_up_tokenization_spaces", false),
    ]
    if let length = try file.integer("\(architecture.rawValue).context_length") {
      members.append(.init("model_max_length", .number("\(length)")))
    }
    for (role, key) in Self.roles {
      if let id = try self.id(key) { members.append(.init(role, .string(tokens[id]))) }
    }
    return .object(members)
  }

  /// The file generation_config.json.
  func generation() throws -> JSONValue {
    .object(
      try Self.roles.filter { $0.role != "unk_token" }.compactMap { role, key in
        try id(key).map { .init(role + "_id", .number("\($0)")) }
      })
  }

  private static let roles: [(role: String, key: String)] = [
    ("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unknown"), ("pad_token", "padding"),
  ]

  /// The id of a role's token.
  private func id(_ role: String) throws -> Int? { try file.token(role, of: tokens.count) }

  private func vocabulary() -> JSONValue {
    .object(tokens.enumerated().map { .init($1, .number("\($0)")) })
  }

  // MARK: GPT-2's bytes

  private func byteLevel() throws -> [JSONValue.Member] {
    guard let merges = try file.strings("tokenizer.ggml.merges") else {
      throw file.invalid("tokenizer.ggml.merges", expected: "the merges of a gpt2 tokenizer", found: "no such key")
    }
    let kind = try GGUFSplitting(named: file.string("tokenizer.ggml.pre"), of: architecture, in: file)
    let whole = JSONValue.object([
      .init("type", "ByteLevel"), .init("add_prefix_space", false), .init("trim_offsets", true),
      .init("use_regex", true),
    ])
    return [
      .init("normalizer", kind.composes ? .object([.init("type", "NFC")]) : .null),
      .init("pre_tokenizer", kind.preTokenizer),
      .init("post_processor", try postProcessor(beginsByDefault: kind.begins)), .init("decoder", whole),
      .init(
        "model",
        .object([
          .init("type", "BPE"), .init("dropout", .null), .init("unk_token", .null),
          .init("continuing_subword_prefix", .null), .init("end_of_word_suffix", .null), .init("fuse_unk", false),
          .init("byte_fallback", false), .init("ignore_merges", .bool(kind.takesWholeWords)),
          .init("vocab", vocabulary()), .init("merges", .array(merges.map { .string($0) })),
        ])),
    ]
  }

  // MARK: SentencePiece

  private func pieces() throws -> [JSONValue.Member] {
    let addsSpace = try file.bool("tokenizer.ggml.add_space_prefix") ?? true
    let replaced = JSONValue.object([
      .init("type", "Replace"), .init("pattern", .object([.init("String", " ")])), .init("content", "▁"),
    ])
    let prepended = JSONValue.object([.init("type", "Prepend"), .init("prepend", "▁")])
    let spoken: [JSONValue] = [
      .object([.init("type", "Replace"), .init("pattern", .object([.init("String", "▁")])), .init("content", " ")]),
      .object([.init("type", "ByteFallback")]), .object([.init("type", "Fuse")]),
    ]
    let stripped = JSONValue.object([
      .init("type", "Strip"), .init("content", " "), .init("start", .number("1")), .init("stop", .number("0")),
    ])
    let unknown = try id("unknown") ?? types.firstIndex(of: GGUFTokenKind.unknown)
    return [
      .init(
        "normalizer",
        .object([
          .init("type", "Sequence"), .init("normalizers", .array(addsSpace ? [prepended, replaced] : [replaced])),
        ])),
      .init("pre_tokenizer", .null), .init("post_processor", try postProcessor(beginsByDefault: true)),
      .init(
        "decoder",
        .object([.init("type", "Sequence"), .init("decoders", .array(addsSpace ? spoken + [stripped] : spoken))])),
      .init(
        "model",
        .object([
          .init("type", "BPE"), .init("dropout", .null),
          .init("unk_token", unknown.map { .string(tokens[$0]) } ?? .null),
          .init("continuing_subword_prefix", .null), .init("end_of_word_suffix", .null), .init("fuse_unk", true),
          .init("byte_fallback", true), .init("ignore_merges", false), .init("vocab", vocabulary()),
          .init("merges", .array(try merges().map { .array([.string($0), .string($1)]) })),
        ])),
    ]
  }

  /// The merges of the file, or those that the scores of its pieces mean: two pieces become one that is a piece too, those
  /// with the best score first.
  private func merges() throws -> [(String, String)] {
    if let merges = try file.strings("tokenizer.ggml.merges") {
      return try merges.map { merge in
        let parts = merge.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
          throw file.invalid("tokenizer.ggml.merges", expected: "two pieces", found: merge.debugDescription)
        }
        return (String(parts[0]), String(parts[1]))
      }
    }
    guard let scores = try file.floats("tokenizer.ggml.scores"), scores.count == tokens.count,
      scores.allSatisfy({ !$0.isNaN })
    else {
      throw file.invalid("tokenizer.ggml.scores", expected: "\(tokens.count), one for each token", found: "others")
    }
    // Longer than any piece: SentencePiece makes none of more than 16 characters.
    let longest = 128
    var scoreOf: [[UInt8]: Float] = [:]
    for (token, score) in zip(tokens, scores) where token.utf8.count <= longest { scoreOf[Array(token.utf8)] = score }
    struct Merge {
      var left, right: [UInt8]
      var score, leftScore, rightScore: Float
      var number: Int
    }
    var merges: [Merge] = []
    for (number, token) in tokens.enumerated() where token.utf8.count <= longest {
      let bytes = Array(token.utf8)
      for end in 1..<max(1, bytes.count) where bytes[end] & 0xC0 != 0x80 {
        let (left, right) = (Array(bytes[..<end]), Array(bytes[end...]))
        guard let leftScore = scoreOf[left], let rightScore = scoreOf[right] else { continue }
        merges.append(
          Merge(
            left: left, right: right, score: scores[number], leftScore: leftScore, rightScore: rightScore,
            number: merges.count))
      }
    }
    merges.sort {
      if $0.score != $1.score { return $0.score > $1.score }
      if $0.leftScore != $1.leftScore { return $0.leftScore > $1.leftScore }
      if $0.rightScore != $1.rightScore { return $0.rightScore > $1.rightScore }
      return $0.number < $1.number
    }
    return merges.map { (String(decoding: $0.left, as: UTF8.self), String(decoding: $0.right, as: UTF8.self)) }
  }

  // MARK: Around a text

  private func postProcessor(beginsByDefault: Bool) throws -> JSONValue {
    let begins = try file.bool("tokenizer.ggml.add_bos_token") ?? beginsByDefault
    let ends = try file.bool("tokenizer.ggml.add_eos_token") ?? false
    let (first, last) = (begins ? try id("bos") : nil, ends ? try id("eos") : nil)
    func around(_ text: String, _ type: String) -> [JSONValue] {
      func special(_ id: Int?) -> [JSONValue] {
        id.map {
          [
            .object([
              .init("SpecialToken", .object([.init("id", .string(tokens[$0])), .init("type_id", .number(type))]))
            ])
          ]
        }
          ?? []
      }
      let body = JSONValue.object([
        .init("Sequence", .object([.init("id", .string(text)), .init("type_id", .number(type))]))
      ])
      return special(first) + [body] + special(last)
    }
    var listed: [JSONValue.Member] = []
    for id in [first, last].compactMap(\.self) where !listed.contains(where: { $0.name == tokens[id] }) {
      listed.append(
        .init(
          tokens[id],
          .object([
            .init("id", .string(tokens[id])), .init("ids", .array([.number("\(id)")])),
            .init("tokens", .array([.string(tokens[id])])),
          ])))
    }
    return .object([
      .init("type", "TemplateProcessing"), .init("single", .array(around("A", "0"))),
      .init("pair", .array(around("A", "0") + around("B", "1"))), .init("special_tokens", .object(listed)),
    ])
  }
}
