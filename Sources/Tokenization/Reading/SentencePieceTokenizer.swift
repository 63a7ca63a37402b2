internal import JSON

/// The tokenizer of a SentencePiece file, whose ids are SentencePiece's own; what stands around a text, and which tokens are found
/// in it before, is what transformers 5.24 makes of the folder.
struct SentencePieceTokenizer {
  /// Whose file it is.
  enum Kind {
    case llama, gemma, t5
    /// Of no class of its own: what Mistral's and LLaVA's folders have.
    case any

    /// - Parameters:
    ///   - tokenizer: the class or the model type that a folder names first.
    ///   - model: the `model_type` of config.json.
    /// - Returns: nil for those that are read in another way.
    init?(tokenizer: String, model: String?) {
      switch tokenizer {
      case "T5Tokenizer", "t5": self = .t5
      case "GemmaTokenizer", "gemma", "gemma2", "gemma3", "gemma3_text": self = .gemma
      case "LlamaTokenizer": self = ["mistral", "llava", "llava_next"].contains(model) ? .any : .llama
      case "llama", "mistral", "llava", "llava_next", "TokenizersBackend", "PreTrainedTokenizer": self = .any
      default: return nil
      }
    }

    var fileName: String { self == .t5 ? "spiece.model" : "tokenizer.model" }

    /// The roles of special tokens where the folder names none.
    var roles: [(role: String, token: String)] {
      switch self {
      case .llama, .any: [("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>")]
      case .gemma:
        [
          ("bos_token", "<bos>"), ("eos_token", "<eos>"), ("unk_token", "<unk>"), ("pad_token", "<pad>"),
          ("mask_token", "<mask>"),
        ]
      case .t5: [("eos_token", "</s>"), ("unk_token", "<unk>"), ("pad_token", "<pad>")]
      }
    }
  }

  let json: JSONValue
  let model: any TokenModel
  let normalizer: any Normalizer
  /// The roles that the folder leaves to the class.
  private let roles: [(role: String, token: String)]

  /// - Throws: what `refusal` makes of a reason, for a file whose ids might be others.
  init(
    _ file: SentencePieceFile, _ kind: Kind, _ words: OlderFileSettings, _ refusal: (String) -> TokenizerError
  ) throws {
    guard file.algorithm == .unigram || file.algorithm == .bytePairs, !file.spaceIsSuffix,
      !file.pieces.contains(where: { $0.kind == .unused }),
      file.pieces.allSatisfy({ $0.text.utf8.count <= SentencePieceVocabulary.longestPiece })
    else {
      throw refusal("its SentencePiece file asks for more than BPE or Unigram over pieces of up to 256 bytes")
    }
    guard !words.bool("do_lower_case", false) else { throw refusal("do_lower_case is not read without it") }
    let hasPrefix = file.addsDummyPrefix && (kind != .llama || words.bool("add_prefix_space", true))
    // Where texts stay as they are, cutting a text at a user-defined piece first is the same as finding it later.
    let cutsFirst = !hasPrefix && !file.removesExtraSpaces && file.characters.isEmpty
    roles = kind.roles.filter { words.token($0.role) == nil }
    let added = try AddedPieces(file, kind, words, cutsUserDefined: cutsFirst, refusal)
    guard let pieces = SentencePieceVocabulary(file, excluding: added.userDefined) else {
      throw refusal("its SentencePiece file repeats pieces or lacks those for unknown text")
    }
    let table = file.characters.isEmpty ? nil : PrecompiledNormalizer(file.characters)
    guard file.characters.isEmpty || table != nil else {
      throw refusal("the table of its SentencePiece file is damaged")
    }
    let isLegacy = words.isNull("legacy") ? false : words.bool("legacy", kind == .any || kind == .t5)
    normalizer = SentencePieceNormalizer(
      table: table, kept: pieces.userDefined, prefix: !hasPrefix ? .none : isLegacy ? .each : .first,
      removesExtraSpaces: file.removesExtraSpaces, escapesSpaces: file.escapesSpaces)
    model =
      file.algorithm == .unigram ? SentencePieceUnigram(file, pieces) : SentencePieceBPE(file, pieces)
    func around(_ role: String, _ isAdded: Bool) -> String? {
      isAdded ? words.token(role) ?? kind.roles.first { $0.role == role }?.token : nil
    }
    let beginning = around("bos_token", words.bool("add_bos_token", false))
    let end = around("eos_token", words.bool("add_eos_token", kind == .t5))
    func layout(_ texts: Int) -> [(String?, Int)] {
      (0..<texts).flatMap { number in
        let text = [(String?.none, number)]
        return (beginning.map { [($0, number)] } ?? []) + text + (end.map { [($0, number)] } ?? [])
      }
    }
    json = .members([
      ("added_tokens", .array(added.entries)), ("normalizer", .null), ("pre_tokenizer", .null),
      (
        "post_processor",
        .template(
          single: layout(1), pair: layout(2),
          ids: [beginning, end].compactMap(\.self).map { ($0, added.ids[$0] ?? 0) })
      ),
      ("decoder", Self.decoder(file, stripsPrefix: hasPrefix)),
    ])
  }

  private static func decoder(_ file: SentencePieceFile, stripsPrefix: Bool) -> JSONValue {
    var steps: [JSONValue] = [
      .members([
        ("type", .string("Replace")), ("pattern", .members([("String", .string("▁"))])), ("content", .string(" ")),
      ])
    ]
    if file.fallsBackToBytes { steps.append(.members([("type", .string("ByteFallback"))])) }
    steps.append(.members([("type", .string("Fuse"))]))
    if stripsPrefix {
      steps.append(
        .members([
          ("type", .string("Strip")), ("content", .string(" ")), ("start", .number(1)), ("stop", .number(0)),
        ]))
    }
    return .members([("type", .string("Sequence")), ("decoders", .array(steps))])
  }

  /// tokenizer_config.json with the roles that it leaves to the class.
  func configuration(_ own: JSONValue?) -> JSONValue {
    let named = (own?.members ?? []).filter { member in !roles.contains { $0.role == member.name } }
    return .object(named + roles.map { .init($0.role, .string($0.token)) })
  }
}

/// The tokens that are found in a text before SentencePiece sees it.
struct AddedPieces {
  /// Their entries in a tokenizer.json, in the order in which they get ids.
  private(set) var entries: [JSONValue] = []
  /// Their ids.
  private(set) var ids: [String: Int] = [:]
  /// Ids of those that the file calls user-defined.
  private(set) var userDefined: Set<Int> = []

  init(
    _ file: SentencePieceFile, _ kind: SentencePieceTokenizer.Kind, _ words: OlderFileSettings, cutsUserDefined: Bool,
    _ refusal: (String) -> TokenizerError
  ) throws {
    let pieces = Dictionary(file.pieces.enumerated().map { ($1.text, $0) }) { first, _ in first }
    func isUserDefined(_ token: String) -> Bool { pieces[token].map { file.pieces[$0].kind == .userDefined } ?? false }
    var next = file.pieces.count
    func add(_ token: String, isSpecial: Bool, _ said: JSONValue? = nil) {
      guard ids[token] == nil else { return }
      if pieces[token] == nil { next += 1 }
      let id = pieces[token] ?? next - 1
      ids[token] = id
      if isUserDefined(token) { userDefined.insert(id) }
      func flag(_ key: String) -> JSONValue { .bool(said?[key]?.bool ?? false) }
      entries.append(
        .members([
          ("id", .number(id)), ("content", .string(token)), ("single_word", flag("single_word")),
          ("lstrip", flag("lstrip")), ("rstrip", flag("rstrip")), ("normalized", .bool(false)),
          ("special", .bool(isSpecial)),
        ]))
    }
    for (id, token) in words.listedTokens {
      guard let content = token["content"]?.string, (pieces[content] ?? next) == id else {
        throw refusal("added_tokens_decoder gives number \(id) to another token than its SentencePiece file")
      }
      let isSpecial = token["special"]?.bool ?? false
      // Those are found later, as SentencePiece finds them.
      if isUserDefined(content), !isSpecial { continue }
      add(content, isSpecial: isSpecial, token)
    }
    for piece in file.pieces where piece.kind == .control { add(piece.text, isSpecial: true) }
    for role in ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"] {
      guard let token = words.token(role) ?? kind.roles.first(where: { $0.role == role })?.token else { continue }
      add(token, isSpecial: true, words.value(role).flatMap { $0.members == nil ? nil : $0 })
    }
    for token in words.additionalTokens {
      guard let content = token.string ?? token["content"]?.string else { continue }
      add(content, isSpecial: true, token.members == nil ? nil : token)
    }
    if kind == .t5 {
      let count = words["extra_ids"]?.spelledInteger ?? 100
      guard (0...10_000).contains(count) else { throw refusal("extra_ids \(count) are not read without it") }
      for number in (0..<count).reversed() { add("<extra_id_\(number)>", isSpecial: true) }
    }
    guard cutsUserDefined else { return }
    for piece in file.pieces where piece.kind == .userDefined {
      let hasSpaces = piece.text.unicodeScalars.contains("▁") || piece.text.contains(" ")
      guard !hasSpaces || piece.text.unicodeScalars.allSatisfy({ $0 == "▁" }) else {
        throw refusal("its SentencePiece file has the piece \(piece.text.debugDescription) with a space inside")
      }
      if !hasSpaces { add(piece.text, isSpecial: false) }
    }
  }
}
