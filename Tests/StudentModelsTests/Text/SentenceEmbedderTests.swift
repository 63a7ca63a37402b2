import Foundation
import LanguageModel
import Layers
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization

@Suite struct SentenceEmbedderTests {
  private func encoder() -> TextEncoder {
    var generator = Tensor.Generator(seed: 9)
    return TinyText.loud(TextEncoder(TinyText.configuration(["a"]), using: &generator))
  }

  @Test func `a vector is the direction of the mean of a text's rows`() throws {
    let embedder = try SentenceEmbedder(network: .encoder(encoder()), tokenizer: TinyText.tokenizer())
    let vectors = try embedder.vectors(for: TinyText.texts)
    #expect(vectors.count == 4 && embedder.dimensions == 12)
    for (text, vector) in zip(TinyText.texts, vectors) {
      let rows = encoder()([TokenSequence(embedder.tokenizer.encode(text))])
      let mean = rows.mean(along: 0)
      let length = mean.squared().sum().squareRoot()
      expectClose(Tensor(vector, shape: [12]), mean / length, relative: 1e-4, absolute: 1e-5)
    }
    #expect(try embedder.vectors(for: []).isEmpty)
  }

  @Test func `a text has the same vector wherever it stands among many`() throws {
    let embedder = try SentenceEmbedder(network: .encoder(encoder()), tokenizer: TinyText.tokenizer())
    let many = (0..<150).map { TinyText.texts[$0 % 4] + String(repeating: " dog", count: $0 % 7) }
    for (text, vector) in try zip(many, embedder.vectors(for: many)) {
      let alone = try embedder.vectors(for: [text])[0]
      expectClose(Tensor(vector, shape: [12]), Tensor(alone, shape: [12]), absolute: 1e-5)
    }
  }

  /// A decoder without its head, as folders of sentence-transformers have it.
  private func decoder() -> Llama {
    var c = LlamaConfiguration()
    (c.vocabularySize, c.hiddenSize, c.intermediateSize, c.layers) = (TinyText.words.count, 12, 20, 2)
    (c.heads, c.keyValueHeads, c.headSize, c.maxPositions) = (2, 1, 6, 24)
    var generator = Tensor.Generator(seed: 9)
    return TinyText.loud(Llama(c, using: &generator))
  }

  @Test func `a decoder without tokens around a text is told to be no sentence model`() throws {
    let bare = TinyText.tokenizerJSON.replacingOccurrences(
      of: #""post_processor": \{[\s\S]*?\}\}\},"#, with: "", options: .regularExpression)
    let fault = #expect(throws: StudentError.self) {
      try SentenceEmbedder(network: .decoder(decoder()), tokenizer: Tokenizer(json: Data(bare.utf8)), name: "here")
    }
    let text = fault.map { "\($0)" } ?? ""
    #expect(text.hasPrefix("here") && text.contains("write texts, which are no sentence models"), "\(text)")
  }

  /// A folder as sentence-transformers writes it.
  private func write(
    to folder: URL, pooling: String, limits: String? = "{\"max_seq_length\": 6, \"do_lower_case\": false}",
    last: String = "Normalize", isDecoder: Bool = false
  ) throws {
    if isDecoder {
      try decoder().saveWeights(to: folder)
      try JSONEncoder().encode(decoder().configuration).write(to: folder.appending(path: "config.json"))
    } else {
      try encoder().saveWeights(to: folder)
      try JSONEncoder().encode(encoder().configuration).write(to: folder.appending(path: "config.json"))
    }
    try Data(TinyText.tokenizerJSON.utf8).write(to: folder.appending(path: "tokenizer.json"))
    let type = "sentence_transformers.models"
    let modules = """
      [{"idx": 0, "name": "0", "path": "", "type": "\(type).Transformer"},
       {"idx": 1, "name": "1", "path": "1_Pooling", "type": "\(type).Pooling"},
       {"idx": 2, "name": "2", "path": "2_\(last)", "type": "\(type).\(last)"}]
      """
    try Data(modules.utf8).write(to: folder.appending(path: "modules.json"))
    if let limits { try Data(limits.utf8).write(to: folder.appending(path: "sentence_bert_config.json")) }
    let place = folder.appending(path: "1_Pooling")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    try Data(pooling.utf8).write(to: place.appending(path: "config.json"))
  }

  @Test(arguments: [false, true], [#"{"pooling_mode": "lasttoken"}"#, #"{"pooling_mode_lasttoken": true}"#])
  func `the last token's row may be the vector, of a decoder too`(isDecoder: Bool, pooling: String) throws {
    try withTemporaryFolder { folder in
      try write(to: folder, pooling: pooling, limits: nil, isDecoder: isDecoder)
      let embedder = try SentenceEmbedder(contentsOf: folder)
      #expect(embedder.pooling == .last && embedder.maximumTokens == 24 && embedder.dimensions == 12)
      for (text, vector) in try zip(TinyText.texts, embedder.vectors(for: TinyText.texts)) {
        let ids = embedder.tokenizer.encode(text)
        let rows: Tensor
        if isDecoder {
          let decoder = decoder()
          let layout = AttentionLayout.trees([.init(prompt: ids.count, answers: [])])
          rows = decoder.normalized(
            decoder(decoder.embedding(ids), positions: TokenPosition.run(0..<ids.count), layout: layout))
        } else {
          rows = encoder()([TokenSequence(ids)])
        }
        let last = rows.rows((ids.count - 1)..<ids.count).reshaped([12])
        expectClose(
          Tensor(vector, shape: [12]), last / last.squared().sum().squareRoot(), relative: 1e-4, absolute: 1e-5)
      }
    }
  }

  @Test(arguments: [false, true])
  func `a Dense module maps the mean of a text's rows`(hasBias: Bool) throws {
    try withTemporaryFolder { folder in
      try write(to: folder, pooling: #"{"pooling_mode": "mean"}"#, limits: nil, last: "Dense")
      let place = folder.appending(path: "2_Dense")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      func settings(_ more: String) throws {
        try Data(#"{"in_features": 12, "out_features": 5, \#(more)}"#.utf8)
          .write(to: place.appending(path: "config.json"))
      }
      try settings(#""bias": \#(hasBias), "activation_function": "torch.nn.modules.activation.Tanh""#)
      var weights = ["linear.weight": randomTensor([5, 12], seed: 3)]
      if hasBias { weights["linear.bias"] = randomTensor([5], seed: 4) }
      try Tensor.writeSafetensors(weights, to: place.appending(path: "model.safetensors"))
      let embedder = try SentenceEmbedder(contentsOf: folder)
      #expect(embedder.dimensions == 5)
      for (text, vector) in try zip(TinyText.texts, embedder.vectors(for: TinyText.texts)) {
        let rows = encoder()([TokenSequence(embedder.tokenizer.encode(text))])
        let mean = rows.mean(along: 0).reshaped([1, 12])
        var mapped = mean.matmul(randomTensor([5, 12], seed: 3), transposeB: true).reshaped([5])
        if hasBias { mapped = mapped + randomTensor([5], seed: 4) }
        mapped = mapped.tanh()
        expectClose(
          Tensor(vector, shape: [5]), mapped / mapped.squared().sum().squareRoot(), relative: 1e-4, absolute: 1e-5)
      }
      func refusal() -> String {
        do { _ = try SentenceEmbedder(contentsOf: folder) } catch { return "\(error)" }
        return "(read)"
      }
      try settings(#""bias": \#(hasBias), "activation_function": "torch.nn.modules.activation.Mish""#)
      #expect(refusal().contains("Identity, Tanh, ReLU, GELU, Sigmoid") && refusal().contains("Mish"))
      try settings(#""bias": \#(hasBias), "module_input_name": "token_embeddings""#)
      #expect(refusal().contains("token_embeddings"))
      try Data(#"{"in_features": 11, "out_features": 5, "bias": false}"#.utf8).write(
        to: place.appending(path: "config.json"))
      try Tensor.writeSafetensors(
        ["linear.weight": randomTensor([5, 11], seed: 3)], to: place.appending(path: "model.safetensors"))
      #expect(refusal().contains("a Dense module of 12 in_features, found 11"))
    }
  }

  @Test(arguments: [
    (#"{"word_embedding_dimension": 12, "pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}"#, true),
    (#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#, false),
    (#"{"embedding_dimension": 12, "pooling_mode": "mean"}"#, true), (#"{"pooling_mode": "cls"}"#, false),
  ])
  func `a folder says how rows are pooled and where texts are cut`(pooling: String, isMean: Bool) throws {
    try withTemporaryFolder { folder in
      try write(to: folder, pooling: pooling)
      let embedder = try SentenceEmbedder(contentsOf: folder)
      #expect(embedder.pooling == (isMean ? .mean : .first) && embedder.maximumTokens == 6)
      let plain = try SentenceEmbedder(
        network: .encoder(encoder()), tokenizer: TinyText.tokenizer(), pooling: isMean ? .mean : .first)
      #expect(try embedder.vectors(for: ["a dog runs"]) == plain.vectors(for: ["a dog runs"]))
      #expect(try embedder.vectors(for: ["the dog runs dry"]) != plain.vectors(for: ["the dog runs dry"]))
    }
  }

  /// What sentence-transformers 6.2.0's encode() does (`_resolve_prompt`, `Pooling.forward`).
  @Test(arguments: [
    (#"{"pooling_mode": "mean"}"#, true), (#"{"pooling_mode": "mean", "include_prompt": false}"#, false),
    (#"{"pooling_mode": "cls", "include_prompt": false}"#, false),
  ])
  func `a folder's default prompt is put before each text, and left out of the mean where the folder says so`(
    pooling: String, poolsPrompt: Bool
  ) throws {
    try withTemporaryFolder { folder in
      try write(to: folder, pooling: pooling, limits: nil)
      let file = folder.appending(path: "config_sentence_transformers.json")
      try Data(#"{"prompts": {"query": "the dog ", "none": null}, "default_prompt_name": "query"}"#.utf8).write(
        to: file)
      var embedder = try SentenceEmbedder(contentsOf: folder)
      #expect(embedder.prompt == "the dog " && embedder.poolsPrompt == poolsPrompt)
      #expect(embedder.prompts == ["query": "the dog ", "none": "", "document": ""])
      let texts = ["a dog runs", "dry", ""]
      let vectors = try embedder.vectors(for: texts)
      // The prompt alone is its tokens and a special one at each end, of which the last is not left out.
      let left = poolsPrompt ? 0 : embedder.tokenizer.encode("the dog ").count - 1
      for (text, vector) in zip(texts, vectors) {
        let rows = encoder()([TokenSequence(embedder.tokenizer.encode("the dog " + text))])
        let pooled =
          embedder.pooling == .mean
          ? rows.rows(left..<rows.shape[0]).mean(along: 0) : rows.rows(left..<(left + 1)).mean(along: 0)
        expectClose(
          Tensor(vector, shape: [12]), pooled / pooled.squared().sum().squareRoot(), relative: 1e-4, absolute: 1e-5)
      }
      embedder.prompt = ""
      let plain = try SentenceEmbedder(
        network: .encoder(encoder()), tokenizer: TinyText.tokenizer(), pooling: embedder.pooling)
      #expect(try embedder.vectors(for: texts) == plain.vectors(for: texts))
      // As in sentence-transformers "query" and "document" are always there.
      try Data(#"{"prompts": {}, "default_prompt_name": "query"}"#.utf8).write(to: file)
      #expect(try SentenceEmbedder(contentsOf: folder).prompt == "")
      try Data(#"{"prompts": {"a": "b"}, "default_prompt_name": "c"}"#.utf8).write(to: file)
      let error = #expect(throws: StudentError.self) { try SentenceEmbedder(contentsOf: folder) }
      #expect(error.map { "\($0)" }?.contains("a default_prompt_name among a, document, query, found \"c\"") == true)
    }
  }

  @Test func `a folder without modules is averaged`() throws {
    try withTemporaryFolder { folder in
      try write(to: folder, pooling: "{}", limits: nil)
      try FileManager.default.removeItem(at: folder.appending(path: "modules.json"))
      let embedder = try SentenceEmbedder(contentsOf: folder)
      #expect(embedder.pooling == .mean && embedder.maximumTokens == 24)
    }
  }

  @Test func `modules and settings that are not computed are refused by name`() throws {
    let mean = #"{"pooling_mode": "mean"}"#
    try withTemporaryFolder { folder in
      func refusal() -> String {
        do { _ = try SentenceEmbedder(contentsOf: folder) } catch { return "\(error)" }
        return "(read)"
      }
      try write(to: folder, pooling: #"{"pooling_mode_max_tokens": true}"#)
      #expect(refusal().contains("pooling_mode_max_tokens"))
      try write(to: folder, pooling: mean, last: "WordWeights")
      #expect(refusal().contains("models.WordWeights"))
      try write(to: folder, pooling: mean, limits: #"{"transformer_task": "fill-mask"}"#)
      #expect(refusal().contains("fill-mask"))
      try write(to: folder, pooling: mean, limits: #"{"do_lower_case": true}"#)
      #expect(refusal().contains("do_lower_case"))
      try write(to: folder, pooling: mean, limits: #"{"max_seq_length": 0}"#)
      #expect(refusal().contains("max_seq_length"))
      try Data(#"[{"path": "../elsewhere", "type": "x.Transformer"}]"#.utf8).write(
        to: folder.appending(path: "modules.json"))
      #expect(refusal().contains("../elsewhere"))
    }
  }

  @Test func `a GGUF file of a decoder is not taken for an encoder's`() throws {
    let file = GGUFImageTests.file("qwen2")
    for read in [{ _ = try SentenceEmbedder(contentsOf: file) }, { _ = try TextClassifier(contentsOf: file) }] {
      let error = #expect(throws: StudentError.self) { try read() }
      let text = error.map { "\($0)" } ?? ""
      #expect(text.hasPrefix(file.path) && text.contains("a .gguf file of bert, found a file of qwen2"), "\(text)")
    }
  }
}
