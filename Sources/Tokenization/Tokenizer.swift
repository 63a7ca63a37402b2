internal import JSON
public import Foundation

/// Text to token ids and back, exactly as Hugging Face's `tokenizers` does it for the same `tokenizer.json`.
///
/// ```swift
/// let tokenizer = try Tokenizer(contentsOf: folder)
/// let ids = tokenizer.encode("A dog runs.")
/// tokenizer.decode(ids, skippingSpecialTokens: true)  // "A dog runs."
/// ```
///
/// A file with a component that isn't known here does not load: the ids would differ from those that the model was
/// trained with. Nothing is cut or padded unasked; what the file says about it is in `truncation` and `padding`.
///
/// Reference: huggingface/tokenizers 0.23.
public final class Tokenizer: Sendable {
  let normalizer: (any Normalizer)?
  let preTokenizer: (any PreTokenizer)?
  let model: any TokenModel
  let postProcessor: PostProcessor
  let decoder: (any TokenDecoder)?
  let added: AddedVocabulary
  /// Whether a pre-tokenizer must know which piece stands at the start of the original text.
  let needsAlignment: Bool

  /// The roles of special tokens, from `tokenizer_config.json` and `special_tokens_map.json`.
  public let specialTokens: SpecialTokens
  /// The most tokens that the model takes, special ones included: `model_max_length` of `tokenizer_config.json`; nil if
  /// it says nothing, or the huge number by which it says that there is no limit.
  public let maximumLength: Int?
  /// The end at which texts are cut: `truncation_side` of `tokenizer_config.json`, by default the right one.
  package let truncationSide: Side
  /// How the file would have texts cut; nil if it says nothing. Applied only where it's passed.
  package let truncation: Truncation?
  /// How the file would have batches padded; nil if it says nothing. Applied only where it's passed.
  package let padding: Padding?

  /// Reads `tokenizer.json` and, if they are there, `tokenizer_config.json` and `special_tokens_map.json` of a folder.
  ///
  /// A folder of an older program may have no `tokenizer.json`: then BERT's, DistilBERT's and ELECTRA's `vocab.txt` and XLM-R's
  /// and CamemBERT's `sentencepiece.bpe.model` are read as transformers reads them, the `tokenizer.model` of Llama, Mistral and
  /// Gemma and T5's `spiece.model` as SentencePiece reads them, with the trait `MeCab` the `vocab.txt` of Japanese BERTs, and
  /// others are refused.
  ///
  /// - Parameter directory: a model folder as downloaded or as written by `save_pretrained`.
  /// - Throws: ``TokenizerError``, naming file and field.
  public convenience init(contentsOf directory: URL) throws {
    func read(_ name: String) throws -> JSONValue? {
      let url = directory.appendingPathComponent(name)
      guard FileManager.default.fileExists(atPath: url.path) else { return nil }
      return try tokenizerJSON(readBytes(of: url), file: url.path)
    }
    let url = directory.appendingPathComponent("tokenizer.json")
    let (configuration, map) = (try read("tokenizer_config.json"), try read("special_tokens_map.json"))
    if !FileManager.default.fileExists(atPath: url.path),
      let older = try OlderFiles(in: directory, configuration: configuration, specialTokensMap: map)
    {
      try self.init(
        older.json, file: directory.path, configuration: older.configuration, specialTokensMap: map,
        model: older.model, normalizer: older.normalizer, preTokenizer: older.preTokenizer)
      return
    }
    try self.init(
      tokenizerJSON(readBytes(of: url), file: url.path), file: url.path,
      configuration: configuration, specialTokensMap: map)
  }

  /// Reads a tokenizer from the text of a `tokenizer.json`.
  ///
  /// - Parameters:
  ///   - json: the UTF-8 bytes of the file.
  ///   - configuration: the bytes of `tokenizer_config.json`, for the roles of special tokens. The default is none.
  ///   - file: what errors call the file that the text was made from. The default is `tokenizer.json`.
  /// - Throws: ``TokenizerError``, naming the field.
  package convenience init(json: Data, configuration: Data? = nil, file: String = "tokenizer.json") throws {
    try self.init(
      tokenizerJSON(Array(json), file: file), file: file,
      configuration: configuration.map { try tokenizerJSON(Array($0), file: "tokenizer_config.json") },
      specialTokensMap: nil)
  }

  /// - Parameters:
  ///   - model: takes the place of the JSON's; nil, the default, for that.
  ///   - normalizer: the same for the normalizer.
  ///   - preTokenizer: the same for the pre-tokenizer.
  init(
    _ json: JSONValue, file: String, configuration: JSONValue?, specialTokensMap: JSONValue?,
    model given: (any TokenModel)? = nil, normalizer givenNormalizer: (any Normalizer)? = nil,
    preTokenizer givenSplitter: (any PreTokenizer)? = nil
  ) throws {
    let top = try FieldReader(json, file: file, path: "")
    guard let spelled = try given ?? top.reader("model")?.model() else { throw top.failure("model", "an object") }
    let normalizer = try givenNormalizer ?? top.reader("normalizer")?.normalizer()
    let splitter = try givenSplitter ?? top.reader("pre_tokenizer")?.preTokenizer()
    try top.checkGrowth([normalizer, splitter], "normalizer")
    added = try AddedVocabulary(top, model: spelled, normalizer: normalizer)
    self.normalizer = normalizer
    needsAlignment = splitter.map(Self.looksForStart) ?? false
    (preTokenizer, model) = Self.withoutSpelling(splitter, spelled)
    postProcessor = try top.reader("post_processor")?.postProcessor() ?? PostProcessor()
    decoder = try top.reader("decoder")?.decoder()
    try top.checkGrowth([decoder], "decoder", most: FieldReader.mostGrowthOfDecoders)
    truncation = try top.reader("truncation").map { try Truncation($0) }
    padding = try top.reader("padding").map { try Padding($0) }
    maximumLength = configuration?["model_max_length"]?.spelledInteger.flatMap {
      (1...Int(Int32.max)).contains($0) ? $0 : nil
    }
    truncationSide = configuration?["truncation_side"]?.string.flatMap(Side.init) ?? .right
    let vocabulary = (added, spelled)
    specialTokens = SpecialTokens(configuration, specialTokensMap) { text in
      vocabulary.0.id(of: text) ?? vocabulary.1.vocabulary.id(of: Array(text.utf8)).map(Int.init)
    }
  }

  private init(_ other: Tokenizer, added: AddedVocabulary) {
    (normalizer, preTokenizer, model) = (other.normalizer, other.preTokenizer, other.model)
    (postProcessor, decoder, needsAlignment) = (other.postProcessor, other.decoder, other.needsAlignment)
    (specialTokens, maximumLength) = (other.specialTokens, other.maximumLength)
    (truncationSide, truncation, padding) = (other.truncationSide, other.truncation, other.padding)
    self.added = added
  }

  /// The same tokenizer with further special tokens, whose ids follow all others.
  package func adding(specialTokens: [String]) -> Tokenizer {
    let free = max(vocabularyCount, (added.tokens.last?.id ?? -1) + 1)
    return Tokenizer(self, added: added.adding(specialTokens, from: free))
  }

  private static func looksForStart(_ preTokenizer: any PreTokenizer) -> Bool {
    if let sequence = preTokenizer as? PreTokenizerSequence { return sequence.steps.contains(where: looksForStart) }
    return (preTokenizer as? MetaspacePreTokenizer)?.prepending == .first
  }

  /// Leaves out the spelling of bytes where the last pre-tokenizer would spell them and the model can do without.
  private static func withoutSpelling(
    _ preTokenizer: (any PreTokenizer)?, _ model: any TokenModel
  ) -> ((any PreTokenizer)?, any TokenModel) {
    guard let model = model as? BytePairModel, let raw = model.forRawBytes else { return (preTokenizer, model) }
    if var last = preTokenizer as? ByteLevelPreTokenizer {
      last.spellsBytes = false
      return (last, raw)
    }
    if var sequence = preTokenizer as? PreTokenizerSequence, var last = sequence.steps.last as? ByteLevelPreTokenizer,
      !sequence.steps.dropLast().contains(where: { $0 is ByteLevelPreTokenizer })
    {
      last.spellsBytes = false
      sequence.steps[sequence.steps.count - 1] = last
      return (sequence, raw)
    }
    return (preTokenizer, model)
  }
}

/// The bytes of a file, or an error that names it.
func readBytes(of url: URL) throws -> [UInt8] {
  do {
    return Array(try readRegularFile(url))
  } catch {
    throw TokenizerError.fileFailure(file: url.path, reason: (error as NSError).localizedDescription)
  }
}
