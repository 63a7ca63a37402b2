package import Foundation
internal import JSON
internal import Layers
package import Tensor
internal import Tokenization

/// An encoder of texts in a GGUF file, seen as the folder that it was made from: BERT with its vocabulary of word pieces, as
/// all-MiniLM-L6-v2 and the English models of e5 and bge are.
///
/// ```swift
/// if let encoder = try GGUFEncoder(at: url, as: "a sentence model") { print(try encoder.files().keys) }
/// ```
package struct GGUFEncoder: Sendable {
  /// The file.
  package let file: Tensor.GGUFFile
  private let reader: GGUFKeyReader

  /// The `general.architecture` of such files.
  static let architecture = "bert"

  /// Whether a path is that of a GGUF file with an encoder.
  ///
  /// - Throws: `GGUFError` of a file that is damaged.
  package static func isFile(_ url: URL) throws -> Bool {
    guard GGUFModel.isFile(url) else { return false }
    return try Tensor.GGUFFile(contentsOf: url).string("general.architecture") == architecture
  }

  /// Opens the file at a path; nil where the path is not that of a GGUF file.
  ///
  /// - Parameter model: what is read, such as `a sentence model`.
  /// - Throws: `GGUFError` of a file that is damaged, or ``StudentError/unusableFile(_:expected:found:)`` of one without
  ///   an encoder.
  package init?(at url: URL, as model: String) throws {
    guard GGUFModel.isFile(url) else { return nil }
    file = try Tensor.GGUFFile(contentsOf: url)
    let name = try file.string("general.architecture") ?? "none"
    guard name == Self.architecture else {
      throw StudentError.unusableFile(
        url.path, expected: "\(model): a folder, or a .gguf file of \(Self.architecture)", found: "a file of \(name)")
    }
    reader = GGUFKeyReader(file: file, architecture: name)
  }

  /// How a text's rows become one vector: the mean where the file does not say.
  ///
  /// - Throws: `GGUFError` where it says what is not computed here.
  func pooling() throws -> SentenceEmbedder.Pooling {
    switch try reader.integer("pooling_type") ?? 0 {
    case 0, 1: .mean
    case 2: .first
    case 3: .last
    case let other:
      throw file.unsupported(
        reader.key("pooling_type"), expected: "0 to 3, by the mean, the first or the last row", found: "\(other)")
    }
  }

  /// What a folder of this model has besides the weights, by name: config.json, vocab.txt and tokenizer_config.json.
  ///
  /// - Throws: `GGUFError` where the metadata ask for what is not computed here.
  package func files() throws -> [String: Data] {
    let words = try GGUFWordPieces(file)
    return [
      "config.json": try configuration(padding: words.id(of: .padding)).configurationText,
      "vocab.txt": try words.vocabulary(),
      "tokenizer_config.json":
        try words.configuration(longest: reader.required("context_length")).configurationText,
    ]
  }

  /// The tokenizer of these files.
  ///
  /// - Throws: `TokenizerError`.
  func tokenizer(_ files: [String: Data]) throws -> Tokenizer {
    try Tokenizer(
      bertVocabulary: files["vocab.txt"] ?? Data(), configuration: files["tokenizer_config.json"] ?? Data(),
      file: file.path)
  }

  private static let known: Set<String> = [
    "context_length", "embedding_length", "block_count", "feed_forward_length", "attention.head_count",
    "attention.head_count_kv", "attention.layer_norm_epsilon", "attention.causal", "pooling_type", "vocab_size",
  ]

  /// The config.json, whose activation no such file names: BERT's is GELU.
  private func configuration(padding: Int) throws -> JSONValue {
    try reader.refuse(otherThan: Self.known)
    let width = try reader.required("embedding_length")
    let heads = try reader.required("attention.head_count")
    guard heads > 0, width > 0, width % heads == 0 else {
      throw file.invalid(
        reader.key("attention.head_count"), expected: "heads that share \(width) coordinates alike", found: "\(heads)")
    }
    try reader.require("attention.head_count_kv", heads)
    let causal = reader.key("attention.causal")
    guard try file.bool(causal) != true else {
      throw file.unsupported(causal, expected: "false, since texts are seen from both sides", found: "true")
    }
    let (layers, inner) = (try reader.layers(), try reader.required("feed_forward_length"))
    let rows = try reader.table()[0]
    // Before a network of these sizes is made: what the file does not hold takes no memory.
    try reader.demand("token_embd.weight", [rows, width])
    let (positions, segments) = (file.shape(of: "position_embd.weight"), file.shape(of: "token_types.weight"))
    for (name, shape) in [("position_embd", positions), ("token_types", segments)] {
      try reader.demand("\(name).weight", [max(1, shape?.first ?? 1), width])
    }
    for layer in 0..<layers {
      try reader.demand("blk.\(layer).attn_q.weight", [width, width])
      try reader.demand("blk.\(layer).ffn_up.weight", [inner, width])
    }
    return .object([
      .init("architectures", .array(["BertModel"])), .init("model_type", "bert"), .init("dtype", "float32"),
      .init("hidden_size", .number("\(width)")), .init("num_hidden_layers", .number("\(layers)")),
      .init("num_attention_heads", .number("\(heads)")), .init("intermediate_size", .number("\(inner)")),
      .init("vocab_size", .number("\(rows)")), .init("max_position_embeddings", .number("\(positions?.first ?? 0)")),
      .init("type_vocab_size", .number("\(segments?.first ?? 0)")), .init("hidden_act", "gelu"),
      .init("layer_norm_eps", .number("\(try reader.epsilon("attention.layer_norm_epsilon"))")),
      .init("pad_token_id", .number("\(padding)")),
    ])
  }
}

/// The tensors of an encoder's file under the names that a folder's weights have.
struct GGUFEncoderWeights: TensorSource {
  private let file: Tensor.GGUFFile
  /// The file's name for each of these.
  private let stored: [String: String]

  init(_ file: Tensor.GGUFFile) {
    self.file = file
    stored = Dictionary(file.names.map { (Self.name(of: $0), $0) }) { first, _ in first }
  }

  var path: String { file.path }
  var names: [String] { stored.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
  func shape(of name: String) -> [Int]? { stored[name].flatMap { file.shape(of: $0) } }
  func tensor(named name: String) throws -> Tensor { try file.tensor(named: stored[name] ?? name) }

  /// A folder's name for a tensor of the file; its own where there is none.
  private static func name(of tensor: String) -> String {
    guard let dot = tensor.lastIndex(of: ".") else { return tensor }
    let (stem, ending) = (String(tensor[..<dot]), tensor[dot...])
    if let table = tables[stem] { return "bert.embeddings.\(table)\(ending)" }
    let parts = stem.split(separator: ".", maxSplits: 2)
    guard parts.count == 3, parts[0] == "blk", let part = layer[String(parts[2])] else { return tensor }
    return "bert.encoder.layer.\(parts[1]).\(part)\(ending)"
  }

  private static let tables = [
    "token_embd": "word_embeddings", "position_embd": "position_embeddings", "token_types": "token_type_embeddings",
    "token_embd_norm": "LayerNorm",
  ]
  private static let layer = [
    "attn_q": "attention.self.query", "attn_k": "attention.self.key", "attn_v": "attention.self.value",
    "attn_output": "attention.output.dense", "attn_output_norm": "attention.output.LayerNorm",
    "ffn_up": "intermediate.dense", "ffn_down": "output.dense", "layer_output_norm": "output.LayerNorm",
  ]
}
