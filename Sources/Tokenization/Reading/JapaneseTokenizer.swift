internal import Foundation
internal import JSON

/// The tokenizer of a Japanese BERT: words by MeCab, then pieces of words or characters, as transformers 5.24's
/// BertJapaneseTokenizer has it.
struct JapaneseTokenizer {
  /// The folder of IPAdic in UTF-8, as Debian's mecab-ipadic-utf8 has it.
  static let dictionary = "/var/lib/mecab/dic/ipadic-utf8"

  let json: JSONValue
  let model: any TokenModel
  let words: JapaneseWords

  /// - Throws: ``TokenizerError/japaneseWords(folder:reason:)``, or the error of the file that can't be read.
  init(in folder: URL, _ configuration: JSONValue?, _ settings: OlderFileSettings) throws {
    func refusal(_ reason: String) -> TokenizerError { .japaneseWords(folder: folder.path, reason: reason) }
    let kind = settings["word_tokenizer_type"]?.string ?? "basic"
    let parts = settings["subword_tokenizer_type"]?.string ?? "wordpiece"
    guard kind == "mecab", settings.bool("do_word_tokenize", true) else {
      throw refusal("word_tokenizer_type \(kind) is not read; mecab is")
    }
    guard ["wordpiece", "character"].contains(parts), settings.bool("do_subword_tokenize", true) else {
      throw refusal("subword_tokenizer_type \(parts) is not read; wordpiece and character are")
    }
    guard settings.isEmpty("never_split"), settings.isEmpty("additional_special_tokens") else {
      throw refusal("never_split and additional_special_tokens are not read")
    }
    guard MeCabDictionary.isThere else {
      throw refusal(
        "its words are those of MeCab, and this program was built without it. Build it with: apt-get install libmecab-dev "
          + "mecab-ipadic-utf8, then swift build -c release --product distill --traits default,MeCab")
    }
    let options = MeCabOptions(settings["mecab_kwargs"])
    let arguments = try options.arguments(refusal)
    do {
      words = JapaneseWords(
        dictionary: try MeCabDictionary(arguments), lowercases: settings.bool("do_lower_case", false),
        isForCharacters: parts == "character")
    } catch let fault as MeCabDictionary.Fault {
      throw refusal(
        "MeCab can't open its dictionary (\(arguments.joined(separator: " "))): \(fault.reason). Install "
          + "mecab-ipadic-utf8, or name the folder of another in tokenizer_config.json: \"mecab_kwargs\": {\"mecab_dic\": "
          + "null, \"mecab_option\": \"-d FOLDER\"}")
    }
    let (vocabulary, table) = try Self.vocabulary(folder.appending(path: "vocab.txt"))
    func id(_ role: Int) throws -> (token: String, id: Int32) {
      let token = settings.token(OlderFiles.roles[role].0) ?? OlderFiles.roles[role].1
      guard let id = table.id(of: Array(token.utf8)) else { throw refusal("its vocabulary lacks \(token)") }
      return (token, id)
    }
    let (unknown, cls, sep) = (try id(1), try id(2), try id(3))
    model =
      parts == "character"
      ? CharacterModel(vocabulary: table, unknownID: unknown.id)
      : WordPieceModel(vocabulary: table, unknownID: unknown.id, prefix: Array("##".utf8), maximumWordLength: 100)
    let special = try settings.specialTokens(OlderFiles.roles, refusal) { vocabulary[$0] }
    json = .members([
      ("added_tokens", .array(special)),
      ("normalizer", options.normalizesText ? .members([("type", .string("NFKC"))]) : .null),
      ("pre_tokenizer", .null),
      (
        "post_processor",
        .template(
          single: [(cls.token, 0), (nil, 0), (sep.token, 0)],
          pair: [(cls.token, 0), (nil, 0), (sep.token, 0), (nil, 1), (sep.token, 1)],
          ids: [(cls.token, Int(cls.id)), (sep.token, Int(sep.id))])
      ),
      ("decoder", .members([("type", .string("WordPiece")), ("prefix", .string("##")), ("cleanup", .bool(false))])),
    ])
  }

  /// The lines of vocab.txt, of which of two equal ones the last counts.
  private static func vocabulary(_ file: URL) throws -> (ids: [String: Int], table: TokenTable) {
    var bytes = try readBytes(of: file)
    bytes = bytes.replacing(Array("\r\n".utf8), with: Array("\n".utf8))
    let tokens = OlderFiles.lines(of: bytes)
    var (ids, table) = ([String: Int](), TokenTable(capacity: tokens.count))
    for (id, token) in tokens.enumerated() {
      table.insert(Array(token), id: Int32(id), keepsOldID: true)
      ids[String(decoding: token, as: UTF8.self)] = id
    }
    return (ids, table)
  }
}

/// What `mecab_kwargs` of tokenizer_config.json says.
struct MeCabOptions {
  private let dictionary: String?
  private let options: String
  /// Whether a text is normalised (NFKC) before.
  let normalizesText: Bool

  init(_ settings: JSONValue?) {
    let named = settings?["mecab_dic"]
    dictionary = named?.isNull == true ? nil : named?.string ?? "unidic_lite"
    options = settings?["mecab_option"]?.string ?? ""
    normalizesText = settings?["normalize_text"]?.bool ?? true
  }

  /// The arguments of the program mecab.
  func arguments(_ refusal: (String) -> TokenizerError) throws -> [String] {
    let own = Self.words(of: options)
    switch dictionary {
    case nil: return own.isEmpty ? [] : own + ["-r", "/dev/null"]
    case "ipadic": return ["-d", JapaneseTokenizer.dictionary, "-r", "/dev/null"] + own
    case let name?:
      throw refusal(
        "its words are those of the dictionary \(name), which is a package of Python. Name its folder in "
          + "tokenizer_config.json, \"mecab_kwargs\": {\"mecab_dic\": null, \"mecab_option\": \"-d FOLDER\"}; "
          + "python -c \"import \(name); print(\(name).DICDIR)\" prints it")
    }
  }

  /// The words of a command line, of which quotation marks hold those with spaces together.
  private static func words(of line: String) -> [String] {
    var (words, word, quote) = ([String](), String?.none, Character?.none)
    for character in line {
      if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "\"" || character == "'" {
        (quote, word) = (character, word ?? "")
      } else if character == " " || character == "\t" {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    return words + (word.map { [$0] } ?? [])
  }
}
