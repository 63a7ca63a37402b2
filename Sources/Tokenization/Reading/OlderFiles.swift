internal import Foundation
internal import JSON

/// The tokenizer of a folder without tokenizer.json, from the files that older programs wrote: what transformers 5.24 makes of
/// them, written as a tokenizer.json would say it.
///
/// BERT's, DistilBERT's and ELECTRA's `vocab.txt` are read, with the trait `MeCab` the Japanese BERTs' too, XLM-R's and CamemBERT's `sentencepiece.bpe.model`, and the SentencePiece
/// files of Llama, Mistral, Gemma and T5 as SentencePiece itself reads them. Any other folder is refused, since its ids would
/// rest on guesses.
struct OlderFiles {
  /// The text of the tokenizer.json.
  let json: JSONValue
  /// The model where a JSON file can't say what it does, or its numbers would lose bits there; nil where the text has it.
  private(set) var model: (any TokenModel)?
  /// The normalizer where a JSON file can't say what it does; nil where the text has it.
  private(set) var normalizer: (any Normalizer)?
  /// The pre-tokenizer where a JSON file can't say what it does; nil where the text has it.
  private(set) var preTokenizer: (any PreTokenizer)?
  /// tokenizer_config.json with the roles of special tokens that it leaves to the tokenizer's class.
  private(set) var configuration: JSONValue?

  /// - Throws: ``TokenizerError``; ``TokenizerError/onlyOlderFiles(folder:reason:)`` where the files are of a kind that is
  ///   not read.
  /// - Returns: nil where the folder has none of such files.
  init?(in folder: URL, configuration: JSONValue?, specialTokensMap map: JSONValue?) throws {
    let names = ["vocab.txt", "sentencepiece.bpe.model", "spiece.model", "tokenizer.model", "vocab.json"]
    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder.appending(path: name).path) }
    guard let first = names.first(where: has) else { return nil }
    func refusal(_ reason: String) -> TokenizerError { .onlyOlderFiles(folder: folder.path, reason: reason) }
    let description = folder.appending(path: "config.json")
    let sizes =
      has("config.json") ? try tokenizerJSON(readBytes(of: description), file: description.path) : JSONValue.null
    let found =
      configuration?["tokenizer_class"]?.string ?? sizes["tokenizer_class"]?.string ?? sizes["model_type"]?.string ?? ""
    let named = found.hasSuffix("Fast") ? String(found.dropLast(4)) : found
    let words = OlderFileSettings(configuration, map)
    guard !has("added_tokens.json") else { throw refusal("its added_tokens.json is not read without it") }
    self.configuration = configuration
    if let kind = SentencePieceTokenizer.Kind(tokenizer: named, model: sizes["model_type"]?.string) {
      guard has(kind.fileName) else { throw refusal("\(first) is not read for \(found)") }
      let file = folder.appending(path: kind.fileName)
      let pieces = try SentencePieceFile(readBytes(of: file), file: file.path)
      let tokenizer = try SentencePieceTokenizer(pieces, kind, words, refusal)
      (json, model, normalizer) = (tokenizer.json, tokenizer.model, tokenizer.normalizer)
      self.configuration = tokenizer.configuration(configuration)
      return
    }
    if named == "BertJapaneseTokenizer" {
      let tokenizer = try JapaneseTokenizer(in: folder, configuration, words)
      (json, model, preTokenizer) = (tokenizer.json, tokenizer.model, tokenizer.words)
      return
    }
    switch named {
    case "BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "bert", "distilbert", "electra":
      let file = folder.appending(path: "vocab.txt")
      guard has("vocab.txt") else { throw refusal("\(first) is not read for \(found)") }
      (json, model) = (try Self.wordPiece(readBytes(of: file), words, refusal), nil)
    case "XLMRobertaTokenizer", "CamembertTokenizer", "xlm-roberta", "camembert":
      let file = folder.appending(path: "sentencepiece.bpe.model")
      guard has("sentencepiece.bpe.model") else { throw refusal("\(first) is not read for \(found)") }
      let pieces = try SentencePieceFile(readBytes(of: file), file: file.path)
      (json, model) = try Self.unigram(
        pieces, words, isCamembert: ["CamembertTokenizer", "camembert"].contains(named), refusal)
    default:
      throw refusal("\(first) of \(found.isEmpty ? "a model that names no tokenizer" : found) is not read")
    }
  }

  /// XLM-R's or CamemBERT's tokenizer over the pieces of a SentencePiece file, whose first ones they replace by their own.
  private static func unigram(
    _ file: SentencePieceFile, _ words: OlderFileSettings, isCamembert: Bool, _ refusal: (String) -> TokenizerError
  ) throws -> (JSONValue, any TokenModel) {
    guard file.algorithm == .unigram, !file.fallsBackToBytes, !file.hasUserDefinedPieces else {
      throw refusal("its SentencePiece file holds more than a Unigram vocabulary")
    }
    guard words.bool("add_prefix_space", true) else { throw refusal("add_prefix_space false is not read without it") }
    func name(_ role: String, _ standard: String) -> String { words.token(role) ?? standard }
    let roles = [
      ("bos_token", "<s>"), ("eos_token", "</s>"), ("cls_token", "<s>"), ("sep_token", "</s>"), ("unk_token", "<unk>"),
      ("pad_token", "<pad>"), ("mask_token", "<mask>"),
    ]
    let (pad, unknown, mask) = (name("pad_token", "<pad>"), name("unk_token", "<unk>"), name("mask_token", "<mask>"))
    let (beginning, end) = (name("bos_token", "<s>"), name("eos_token", "</s>"))
    let first: [(String, Double)] =
      isCamembert
      ? [("<s>NOTUSED", 0), (pad, 0), ("</s>NOTUSED", 0), (unknown, 0), ("<unk>NOTUSED", -100)]
      : [(beginning, 0), (pad, 0), (end, 0), (unknown, 0)]
    let own = file.pieces.dropFirst(isCamembert ? 1 : 3).map { ($0.text, Double($0.score)) }
    let pieces: [(String, Double)] = first + own + [(mask, 0)]
    let model = UnigramModel(
      pieces: pieces.map { (Array($0.0.utf8), $0.1) }, unknownID: 3, fallsBackToBytes: false)
    func id(_ token: String) -> Int? { model.vocabulary.id(of: Array(token.utf8)).map(Int.init) }
    let special = try words.specialTokens(roles, refusal, stripping: isCamembert ? ["mask_token"] : [], id: id)
    let space: [(String, JSONValue)] = [
      ("type", .string("Metaspace")), ("replacement", .string("▁")), ("prepend_scheme", .string("always")),
      ("split", .bool(true)),
    ]
    let json = JSONValue.members([
      ("added_tokens", .array(special)),
      (
        "normalizer",
        file.characters.isEmpty
          ? .null
          : .members([
            ("type", .string("Precompiled")),
            ("precompiled_charsmap", .string(Data(file.characters).base64EncodedString())),
          ])
      ),
      (
        "pre_tokenizer",
        .members([
          ("type", .string("Sequence")),
          ("pretokenizers", .array([.members([("type", .string("WhitespaceSplit"))]), .members(space)])),
        ])
      ),
      (
        "post_processor",
        .template(
          single: [(beginning, 0), (nil, 0), (end, 0)],
          pair: [(beginning, 0), (nil, 0), (end, 0), (end, 0), (nil, 0), (end, 0)],
          ids: [(beginning, id(beginning) ?? 0), (end, id(end) ?? 0)])
      ),
      ("decoder", .members(space)),
    ])
    return (json, model)
  }
}

/// What tokenizer_config.json and special_tokens_map.json say of an older tokenizer.
struct OlderFileSettings {
  private let configuration: JSONValue?
  private let map: JSONValue?

  init(_ configuration: JSONValue?, _ map: JSONValue?) { (self.configuration, self.map) = (configuration, map) }

  /// A value of tokenizer_config.json; nil where it is missing or null.
  subscript(_ key: String) -> JSONValue? { configuration?[key].flatMap { $0.isNull ? nil : $0 } }

  func bool(_ key: String, _ standard: Bool) -> Bool { self[key]?.bool ?? standard }

  /// Whether a key of tokenizer_config.json is there with nothing for its value.
  func isNull(_ key: String) -> Bool { configuration?[key]?.isNull ?? false }

  /// Whether a list is missing or empty.
  func isEmpty(_ key: String) -> Bool {
    [configuration?[key], map?[key]].allSatisfy { ($0?.elements ?? $0?.members?.map(\.value) ?? []).isEmpty }
  }

  /// The text of a token with a role; nil where no file names it.
  func token(_ role: String) -> String? { value(role).flatMap { $0.string ?? $0["content"]?.string } }

  /// The tokens that tokenizer_config.json lists with their ids, by id.
  var listedTokens: [(id: Int, token: JSONValue)] {
    (self["added_tokens_decoder"]?.members ?? []).compactMap { member in Int(member.name).map { ($0, member.value) } }
      .sorted { $0.0 < $1.0 }
  }

  /// The tokens that are special without a role.
  var additionalTokens: [JSONValue] {
    ["additional_special_tokens", "extra_special_tokens"].flatMap { key in
      [configuration?[key], map?[key]].flatMap { $0?.elements ?? $0?.members?.map(\.value) ?? [] }
    }
  }

  /// What a file says of a token with a role: its text or an object.
  func value(_ role: String) -> JSONValue? {
    self[role] ?? map?[role].flatMap { $0.isNull ? nil : $0 }
  }

  /// The entries of `added_tokens`, in the order of their ids.
  ///
  /// - Parameters:
  ///   - stripping: roles whose token takes the white space before it, where no file says otherwise.
  ///   - id: of a token of the vocabulary.
  /// - Throws: `refusal` where a token has no id, or where others are added.
  func specialTokens(
    _ roles: [(String, String)], _ refusal: (String) -> TokenizerError, stripping: Set<String> = [],
    id: (String) -> Int?
  ) throws -> [JSONValue] {
    var tokens: [Int: JSONValue] = [:]
    // Newer files say of each added token how it is found.
    let listed = (self["added_tokens_decoder"]?.members ?? []).map(\.value)
    for (role, standard) in roles {
      let content = token(role) ?? standard
      guard let id = id(content) else { throw refusal("its vocabulary lacks \(content), which would be added to it") }
      let own = value(role).flatMap { $0.members == nil ? nil : $0 }
      let said = own ?? listed.first { $0["content"]?.string == content }
      func flag(_ key: String, _ standard: Bool) -> JSONValue { .bool(said?[key]?.bool ?? standard) }
      guard tokens[id] == nil else { continue }
      tokens[id] = .members([
        ("id", .number(id)), ("content", .string(content)), ("single_word", flag("single_word", false)),
        ("lstrip", flag("lstrip", stripping.contains(role))), ("rstrip", flag("rstrip", false)),
        ("normalized", flag("normalized", false)), ("special", .bool(true)),
      ])
    }
    let known = Set(tokens.values.compactMap { $0["content"]?.string })
    for token in listed.compactMap({ $0["content"]?.string }) where !known.contains(token) {
      throw refusal("added_tokens_decoder adds \(token)")
    }
    return tokens.sorted { $0.key < $1.key }.map(\.value)
  }
}

extension JSONValue {
  static func members(_ members: [(String, JSONValue)]) -> JSONValue {
    .object(members.map { Member($0.0, $0.1) })
  }

  /// A TemplateProcessing; nil stands for a text, in a pair first the one and then the other.
  static func template(
    single: [(String?, Int)], pair: [(String?, Int)], ids: [(String, Int)]
  ) -> JSONValue {
    func parts(_ items: [(String?, Int)]) -> JSONValue {
      var texts = ["A", "B"][...]
      return .array(
        items.map { token, type in
          .members([
            (
              token == nil ? "Sequence" : "SpecialToken",
              .members([("id", .string(token ?? texts.removeFirst())), ("type_id", .number(type))])
            )
          ])
        })
    }
    return .members([
      ("type", .string("TemplateProcessing")), ("single", parts(single)), ("pair", parts(pair)),
      (
        "special_tokens",
        .members(
          ids.map { token, id in
            (
              token,
              .members([
                ("id", .string(token)), ("ids", .array([.number(id)])), ("tokens", .array([.string(token)])),
              ])
            )
          })
      ),
    ])
  }
}
