internal import JSON
internal import Tensor

/// How a vocabulary of bytes cuts texts before it merges: what `tokenizer.ggml.pre` names.
enum GGUFSplitting {
  /// GPT-2's words.
  case words
  /// The same with each digit alone.
  case wordsAndDigits
  /// Llama 3's: up to three digits together.
  case llama3
  /// Qwen 2's: each digit alone, texts composed first.
  case qwen2
  /// Mistral's Tekken: capitals begin a word.
  case tekken

  private static let names: [(GGUFSplitting, [String])] = [
    (.words, ["gpt-2", "gpt2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling"]),
    (.wordsAndDigits, ["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"]),
    (
      .llama3,
      ["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "dbrx", "smaug-bpe"]
    ),
    (.qwen2, ["qwen2", "deepseek-r1-qwen", "kormo", "megrez"]),
    (.tekken, ["tekken"]),
  ]

  /// - Parameter name: that of the file; files of early versions have none.
  /// - Throws: `GGUFError` where texts would be cut in a way that is not known here.
  init(named name: String?, of architecture: GGUFModel.Architecture, in file: Tensor.GGUFFile) throws {
    let named = name ?? (architecture == .llama ? "none" : "qwen2")
    guard let found = Self.names.first(where: { $0.1.contains(named) }) else {
      throw file.unsupported(
        "tokenizer.ggml.pre", expected: Self.names.flatMap(\.1).joined(separator: ", "), found: named)
    }
    self = found.0
  }

  /// Whether texts are composed (NFC) first.
  var composes: Bool { self == .qwen2 }
  /// Whether a word that is a token is taken without merges.
  var takesWholeWords: Bool { self == .llama3 || self == .tekken }
  /// Whether texts begin with the beginning-of-text token where the file does not say.
  var begins: Bool { self == .llama3 || self == .tekken }

  /// The name in files that are written; nil where texts are cut in a way that no name stands for.
  ///
  /// - Parameter component: the pre-tokenizer of a tokenizer.json.
  static func name(of component: JSONValue) -> String? {
    let kinds: [GGUFSplitting] = [.words, .wordsAndDigits, .llama3, .qwen2, .tekken]
    let found = kinds.first { signature($0.preTokenizer) == signature(component) }
    return found.flatMap { kind in names.first { $0.0 == kind }?.1.first }
  }

  /// What of a component says where texts are cut.
  private static func signature(_ component: JSONValue) -> [String] {
    switch component["type"]?.string {
    case "Sequence": (component["pretokenizers"]?.elements ?? []).flatMap(signature)
    case "Split":
      [
        "Split \(component["pattern"]?["Regex"]?.string ?? "?") \(component["behavior"]?.string ?? "") "
          + "\(component["invert"]?.bool ?? false)"
      ]
    case "Digits": ["Digits \(component["individual_digits"]?.bool ?? false)"]
    case "ByteLevel":
      ["ByteLevel \(component["add_prefix_space"]?.bool ?? true) \(component["use_regex"]?.bool ?? true)"]
    default: [component["type"]?.string ?? "none"]
    }
  }

  /// The component of tokenizer.json.
  var preTokenizer: JSONValue {
    func bytes(finding: Bool) -> JSONValue {
      .object([
        .init("type", "ByteLevel"), .init("add_prefix_space", false), .init("trim_offsets", true),
        .init("use_regex", .bool(finding)),
      ])
    }
    func sequence(_ first: JSONValue, finding: Bool) -> JSONValue {
      .object([.init("type", "Sequence"), .init("pretokenizers", .array([first, bytes(finding: finding)]))])
    }
    switch self {
    case .words: return bytes(finding: true)
    case .wordsAndDigits:
      return sequence(.object([.init("type", "Digits"), .init("individual_digits", true)]), finding: true)
    case .llama3, .qwen2, .tekken:
      return sequence(
        .object([
          .init("type", "Split"), .init("pattern", .object([.init("Regex", .string(pattern))])),
          .init("behavior", "Isolated"), .init("invert", false),
        ]), finding: false)
    }
  }

  private var pattern: String {
    let endings = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)"#
    let rest = #"\s*[\r\n]+|\s+(?!\S)|\s+"#
    switch self {
    case .words, .wordsAndDigits: return ""
    case .llama3, .qwen2:
      let digits = self == .llama3 ? #"\p{N}{1,3}"# : #"\p{N}"#
      return #"\#(endings)|[^\r\n\p{L}\p{N}]?\p{L}+|\#(digits)| ?[^\s\p{L}\p{N}]+[\r\n]*|\#(rest)"#
    case .tekken:
      let (upper, lower) = (#"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#, #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#)
      let mark = #"[^\r\n\p{L}\p{N}]?"#
      return #"\#(mark)\#(upper)*\#(lower)+|\#(mark)\#(upper)+\#(lower)*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\#(rest)"#
    }
  }
}
