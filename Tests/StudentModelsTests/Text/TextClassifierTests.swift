import Foundation
import LanguageModel
import Layers
import LoRA
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization

@Suite struct TextClassifierTests {
  @Test func `probabilities are the softmax of the logits, text by text`() throws {
    let classifier = try TextClassifier(model: TinyText.classifier(), tokenizer: TinyText.tokenizer())
    let found = try classifier.probabilities(for: TinyText.texts)
    #expect(found.count == 4)
    for (text, row) in zip(TinyText.texts, found) {
      let logits = try classifier.logits([classifier.encoding(of: text)])
      expectClose(Tensor(row.map(Float.init), shape: [1, 3]), logits.softmax())
      #expect(abs(row.reduce(0, +) - 1) < 1e-5)
    }
    #expect(try classifier.probabilities(for: []).isEmpty)
  }

  @Test func `classes that do not exclude each other have probabilities of their own`() throws {
    var c = TinyText.configuration(["cat", "dog"])
    c.problem = .multiLabel
    var generator = Tensor.Generator(seed: 3)
    let classifier = try TextClassifier(
      model: SequenceClassifier(c, using: &generator), tokenizer: TinyText.tokenizer())
    let logits = try classifier.logits([classifier.encoding(of: "a dog")])
    let row = try classifier.probabilities(for: ["a dog"])[0]
    expectClose(Tensor(row.map(Float.init), shape: [1, 2]), logits.sigmoid())
  }

  @Test(arguments: [(nil, 24), (7, 7), (1000, 24)] as [(Int?, Int)])
  func `texts are cut where tokenizer or encoder end, whichever is first`(limit: Int?, expected: Int) throws {
    let classifier = try TextClassifier(model: TinyText.classifier(), tokenizer: TinyText.tokenizer(limit: limit))
    #expect(classifier.maximumTokens == expected)
    let encoding = try classifier.encoding(of: String(repeating: "dog ", count: 2000))
    #expect(encoding.count == expected && encoding.ids.first == 2 && encoding.ids.last == 3)
    #expect(try classifier.probabilities(for: [String(repeating: "dog ", count: 2000)])[0].count == 3)
  }

  @Test func `the second text of a pair has the second segment`() throws {
    let classifier = try TextClassifier(model: TinyText.classifier(), tokenizer: TinyText.tokenizer())
    let pair = try classifier.encoding(of: "a dog", pair: "the sun")
    #expect(pair.ids == [2, 9, 10, 3, 6, 14, 3] && pair.typeIDs == [0, 0, 0, 0, 1, 1, 1])
    let joined = TokenSequence(pair.ids, segments: pair.typeIDs)
    #expect(classifier.logits([pair]).isIdentical(to: classifier.model([joined])))
    #expect(!classifier.logits([pair]).isIdentical(to: classifier.model([TokenSequence(pair.ids)])))
  }

  @Test func `a folder that was written is read again, with another head too`() throws {
    let classifier = try TextClassifier(model: TinyText.classifier(), tokenizer: TinyText.tokenizer())
    try withTemporaryFolder { folder in
      try classifier.save(to: folder)
      try Data(TinyText.tokenizerJSON.utf8).write(to: folder.appending(path: "tokenizer.json"))
      let file = folder.appending(path: "config.json")
      let text = try String(contentsOf: file, encoding: .utf8)
      let more = "{\n\"hidden_dropout_prob\": 0.2, \"dtype\": \"bfloat16\",\n"
      try Data(text.replacing("{\n", with: more, maxReplacements: 1).utf8).write(to: file)
      let again = try TextClassifier(contentsOf: folder)
      #expect(again.labels == ["fits", "differs", "unsure"])
      #expect(try again.probabilities(for: TinyText.texts) == classifier.probabilities(for: TinyText.texts))
      let second = folder.appending(path: "second")
      try again.save(to: second)
      #expect(try TextClassifier(contentsOf: second).labels == again.labels)
      let config = try String(contentsOf: second.appending(path: "config.json"), encoding: .utf8)
      #expect(config.contains("BertForSequenceClassification"))
      #expect(config.contains("\"hidden_dropout_prob\": 0.2") && config.contains("\"dtype\": \"float32\""))
      var generator = Tensor.Generator(seed: 4)
      let fresh = try TextClassifier(encoderIn: folder, labels: ["yes", "no"], using: &generator)
      #expect(try fresh.labels == ["yes", "no"] && fresh.probabilities(for: ["a dog"])[0].count == 2)
      let tokens = [TokenSequence([2, 10, 3])]
      #expect(fresh.model.encoder(tokens).isIdentical(to: classifier.model.encoder(tokens)))
    }
  }

  @Test func `adapters attach to queries and values, and training them with the head lowers the loss`() throws {
    var classifier = try TextClassifier(model: TinyText.classifier(), tokenizer: TinyText.tokenizer())
    var configuration = LoRAConfiguration()
    configuration.rank = 2
    configuration.targets = .names(["query", "value"])
    var generator = Tensor.Generator(seed: 5)
    let paths = try classifier.attachAdapters(configuration, using: &generator)
    #expect(paths.count == 4 && paths[0] == "bert.encoder.layer.0.attention.self.query")
    classifier.setTrainable { $0.contains("lora_") || $0.hasPrefix("classifier.") }
    let batch = try TinyText.texts.map { try classifier.encoding(of: $0) }
    let (first, gradients) = classifier.valueAndGradients { $0.loss(batch, classes: [0, 1, 2, 0]) }
    #expect(gradients.paths.count == 10)
    #expect(gradients["classifier.weight"]?.shape == [3, 12])
    var optimizer = AdamW()
    for _ in 0..<30 {
      let (_, gradients) = classifier.valueAndGradients { $0.loss(batch, classes: [0, 1, 2, 0]) }
      _ = optimizer.update(&classifier, gradients: gradients, learningRate: 0.01)
    }
    #expect(classifier.loss(batch, classes: [0, 1, 2, 0]).scalar < 0.5 * first.scalar)
  }

  @Test(arguments: TextEncoderConfiguration.Family.allCases)
  func `every family's folder is written and read, for texts and for tokens`(
    family: TextEncoderConfiguration.Family
  ) throws {
    var c = TextEncoderConfiguration(family: family)
    (c.vocabularySize, c.hiddenSize, c.layers, c.heads) = (TinyText.words.count, 12, 2, 3)
    (c.intermediateSize, c.maxPositions, c.paddingToken, c.labels) = (20, 26, 0, ["a", "b", "c"])
    if family == .electra { c.embeddingSize = 8 }
    if family == .modernbert { c.modern = .init(layers: 2) }
    var generator = Tensor.Generator(seed: 7)
    let classifier = try TextClassifier(
      model: TinyText.loud(SequenceClassifier(c, using: &generator)), tokenizer: TinyText.tokenizer())
    let tagger = try TokenTagger(
      model: TinyText.loud(TokenClassifier(c, using: &generator)), tokenizer: TinyText.tokenizer())
    try withTemporaryFolder { folder in
      for name in ["texts", "tokens"] {
        let place = folder.appending(path: name)
        if name == "texts" { try classifier.save(to: place) } else { try tagger.save(to: place) }
        try Data(TinyText.tokenizerJSON.utf8).write(to: place.appending(path: "tokenizer.json"))
        let config = try String(contentsOf: place.appending(path: "config.json"), encoding: .utf8)
        let kind = name == "texts" ? "Sequence" : "Token"
        #expect(config.contains("\"\(family.className)For\(kind)Classification\""))
      }
      let texts = try TextClassifier(contentsOf: folder.appending(path: "texts"))
      #expect(try texts.probabilities(for: TinyText.texts) == classifier.probabilities(for: TinyText.texts))
      let tokens = try TokenTagger(contentsOf: folder.appending(path: "tokens"))
      let encoding = try tagger.encoding(of: TinyText.texts[0])
      #expect(tokens.logits([encoding]).isIdentical(to: tagger.logits([encoding])))
      let embedder = try SentenceEmbedder(contentsOf: folder.appending(path: "texts"))
      #expect(try embedder.vectors(for: TinyText.texts).allSatisfy { $0.count == 12 })
    }
  }

  @Test func `a token that the encoder has no row for is refused where a text has it`() throws {
    // transformers 5.24.0 loads such a folder, and fails where the token occurs.
    var c = TinyText.configuration(["a", "b"])
    c.vocabularySize = 15
    var generator = Tensor.Generator(seed: 6)
    let encoder = TextEncoder(c, using: &generator)
    let classifier = try TextClassifier(
      model: SequenceClassifier(c, using: &generator), tokenizer: TinyText.tokenizer())
    let tagger = try TokenTagger(model: TokenClassifier(c, using: &generator), tokenizer: TinyText.tokenizer())
    let embedder = try SentenceEmbedder(network: .encoder(encoder), tokenizer: TinyText.tokenizer())
    let error = StudentError.tokenWithoutRow("dry", number: 15, rows: 15)
    #expect(try classifier.probabilities(for: ["a wet dog"])[0].count == 2)
    #expect(try embedder.vectors(for: ["a wet dog"])[0].count == 12)
    #expect(throws: error) { try classifier.encoding(of: "the dry road") }
    #expect(throws: error) { try classifier.probabilities(for: ["a wet dog", "the dry road"]) }
    #expect(throws: error) { try tagger.spans(in: ["the dry road"]) }
    #expect(throws: error) { try embedder.vectors(for: ["the dry road"]) }
  }

  @Test func `a tokenizer that does not fit the encoder is refused`() throws {
    var c = TinyText.configuration(["a", "b"])
    c.vocabularySize = 3
    var generator = Tensor.Generator(seed: 6)
    let model = SequenceClassifier(c, using: &generator)
    let error = #expect(throws: StudentError.self) {
      try TextClassifier(model: model, tokenizer: TinyText.tokenizer(), name: "here")
    }
    #expect("\(error as Any)".contains("here") && "\(error as Any)".contains("[SEP]"))
    let bare = TinyText.tokenizerJSON.replacingOccurrences(
      of: #""post_processor": \{[\s\S]*?\}\}\},"#, with: "", options: .regularExpression)
    #expect(
      throws: StudentError.unusableFile(
        "the tokenizer", expected: "a post_processor that puts special tokens around a text", found: "none")
    ) { try TextClassifier(model: TinyText.classifier(), tokenizer: Tokenizer(json: Data(bare.utf8))) }
  }

  @Test func `a folder of another family is refused by name`() throws {
    try withTemporaryFolder { folder in
      try Data(#"{"model_type": "gpt2"}"#.utf8).write(to: folder.appending(path: "config.json"))
      let error = #expect(throws: StudentError.self) { try TextClassifier(contentsOf: folder) }
      #expect("\(error as Any)".contains("gpt2") && "\(error as Any)".contains("bert, roberta, xlm-roberta"))
    }
  }
}
