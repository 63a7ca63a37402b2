internal import Foundation
internal import JSON
internal import LanguageModel
internal import Layers
internal import Tensor
internal import Tokenization

/// What turns texts into an encoder's input: the tokenizer, and where texts are cut.
struct TextReader: Sendable {
  let tokenizer: Tokenizer
  /// The most tokens of a text, special ones included.
  let maximumTokens: Int
  /// Tokens that the embedding table has rows for.
  private let rows: Int
  private let readsSegments: Bool

  /// - Parameters:
  ///   - limit: a lower limit than those of the encoder and of the tokenizer.
  ///   - name: what errors call the tokenizer.
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)`` where the tokenizer does not fit the encoder.
  init(_ tokenizer: Tokenizer, for c: TextEncoderConfiguration, limit: Int? = nil, name: String) throws {
    try self.init(
      tokenizer, rows: c.vocabularySize, positions: c.maximumTokens, readsSegments: c.family.readsSegments,
      limit: limit, name: name)
  }

  /// The same for a decoder that reads texts.
  init(_ tokenizer: Tokenizer, for c: LlamaConfiguration, limit: Int? = nil, name: String) throws {
    try self.init(
      tokenizer, rows: c.vocabularySize, positions: c.maxPositions, readsSegments: false, limit: limit, name: name,
      noMarks: "none, as in folders of decoders that write texts, which are no sentence models")
  }

  /// - Parameter noMarks: what errors say of a tokenizer that puts none around a text.
  private init(
    _ tokenizer: Tokenizer, rows: Int, positions: Int, readsSegments: Bool, limit: Int?, name: String,
    noMarks: String = "none"
  ) throws {
    // Heads read the first row, so that even an empty text must have one.
    let marks = tokenizer.encode("")
    guard !marks.isEmpty else {
      throw StudentError.unusableFile(
        name, expected: "a post_processor that puts special tokens around a text", found: noMarks)
    }
    (self.tokenizer, self.rows, self.readsSegments) = (tokenizer, rows, readsSegments)
    maximumTokens = min(positions, tokenizer.maximumLength ?? .max, limit ?? .max)
    do { try checkRows(marks) } catch {
      throw StudentError.unusableFile(
        name, expected: "a row of the model for every token around a text", found: "\(error)")
    }
  }

  /// Refuses tokens that the embedding table has no row for; tokenizers may have some that no text has.
  private func checkRows(_ ids: [Int]) throws {
    if let id = ids.first(where: { $0 >= rows }) {
      throw StudentError.tokenWithoutRow(tokenizer.token(of: id) ?? "\(id)", number: id, rows: rows)
    }
  }

  /// The tokens of a text or a pair, cut where the model's limit is.
  ///
  /// - Throws: ``StudentError/tokenWithoutRow(_:number:rows:)``.
  func encoding(of text: String, pair: String? = nil) throws -> Encoding {
    let encoding = tokenizer.encoding(
      of: text, pair: pair,
      truncation: Truncation(maximumLength: maximumTokens, side: tokenizer.truncationSide))
    try checkRows(encoding.ids)
    return encoding
  }

  /// The part of a text that its tokens within the limit stand for, in Unicode scalars; nil where that is the whole text.
  func readPart(of text: String) -> Range<Int>? {
    let encoding = tokenizer.encoding(
      of: text, truncation: Truncation(maximumLength: maximumTokens, side: tokenizer.truncationSide))
    guard encoding.count >= maximumTokens, tokenizer.encode(text).count > encoding.count else { return nil }
    let places = zip(encoding.offsets, encoding.specialTokensMask).filter { $0.1 == 0 }.map(\.0)
    return (places.first?.lowerBound ?? 0)..<(places.last?.upperBound ?? 0)
  }

  /// Other tokenizers number segments too, but their encoders take none.
  func sequence(_ encoding: Encoding) -> TokenSequence {
    TokenSequence(encoding.ids, segments: readsSegments ? encoding.typeIDs : [])
  }

  /// A batch with empty texts behind it where it is so small that its results would be others in a larger one.
  func filled(_ batch: [Encoding]) throws -> [Encoding] {
    guard batch.count <= Tensor.fewRows else { return batch }
    return try batch + Array(repeating: encoding(of: ""), count: Tensor.fewRows + 1 - batch.count)
  }

  /// Runs the closure over many texts on all threads, a few at a time; results in the order of the texts, and the same
  /// whichever other texts there are.
  ///
  /// Texts are packed without padding, so they need not be sorted by length.
  ///
  /// - Throws: ``StudentError/tokenWithoutRow(_:number:rows:)`` of the first text that has such a token.
  func map<Output: Sendable>(_ texts: [String], _ body: ([Encoding]) -> [Output]) throws -> [Output] {
    try map(texts, reading: { try encoding(of: $0) }, body)
  }

  /// The same over texts in any form.
  func map<Text: Sendable, Output: Sendable>(
    _ texts: [Text], reading read: (Text) throws -> Encoding, _ body: ([Encoding]) -> [Output]
  ) throws -> [Output] {
    let (each, tokens) = (32, 4096)
    let chunks = stride(from: 0, to: texts.count, by: each).map { texts[$0..<min(texts.count, $0 + each)] }
    return try mapInParallel(chunks) { chunk in
      Result { () throws -> [Output] in
        var (results, batch, size) = ([Output](), [Encoding](), 0)
        for text in chunk {
          let encoding = try read(text)
          if size + encoding.count > tokens, !batch.isEmpty {
            results += try body(filled(batch)).prefix(batch.count)
            (batch, size) = ([], 0)
          }
          batch.append(encoding)
          size += encoding.count
        }
        return try results + body(filled(batch)).prefix(batch.count)
      }
    }.flatMap { try $0.get() }
  }
}

/// The parts of a text model's folder, or of its GGUF file: read together, written together.
struct TextModelFolder {
  let configuration: TextEncoderConfiguration
  let tokenizer: Tokenizer
  let weights: any TensorSource
  /// config.json and the tokenizer's files as they are, for writing the folder again.
  let files: [String: Data]

  init(contentsOf folder: URL) throws {
    let encoder = try GGUFEncoder(at: folder, as: "an encoder")
    self = try encoder.map { try Self($0) } ?? Self(folder: folder)
  }

  private init(folder: URL) throws {
    configuration = try readJSON(folder.appending(path: "config.json"))
    tokenizer = try Tokenizer(contentsOf: folder)
    weights = try Tensor.SafetensorsFolder(contentsOf: folder)
    var files: [String: Data] = [:]
    let names = [
      "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
      "vocab.txt", "sentencepiece.bpe.model", "tokenizer.model", "spiece.model",
    ]
    for name in names {
      let url = folder.appending(path: name)
      if FileManager.default.fileExists(atPath: url.path) { files[name] = try readRegularFile(url) }
    }
    self.files = files
  }

  init(_ encoder: GGUFEncoder) throws {
    files = try encoder.files()
    configuration = try decodeJSON(files["config.json"] ?? Data(), path: encoder.file.path)
    tokenizer = try encoder.tokenizer(files)
    weights = GGUFEncoderWeights(encoder.file)
  }

  /// Writes a folder that this package and transformers load.
  ///
  /// - Parameter architecture: what transformers calls the model after the family's own name.
  static func write(
    _ model: some Module, _ configuration: TextEncoderConfiguration, architecture: String, files: [String: Data],
    to folder: URL
  ) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let name = configuration.family.className + architecture
    let own = try prettyJSON(File(configuration: configuration, architectures: [name]))
    var files = files
    files["config.json"] = try configurationFile(own, over: files["config.json"])
    for (name, data) in files.sorted(by: { $0.key < $1.key }) {
      try data.write(to: folder.appending(path: name), options: .atomic)
    }
    try model.saveWeights(to: folder)
  }

  /// config.json with the name by which transformers finds the class.
  private struct File: Encodable {
    let configuration: TextEncoderConfiguration
    let architectures: [String]

    enum CodingKeys: CodingKey { case architectures }

    func encode(to encoder: any Encoder) throws {
      try configuration.encode(to: encoder)
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(architectures, forKey: .architectures)
    }
  }
}
