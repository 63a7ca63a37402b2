import Foundation
import LanguageModel
import LoRA
import Layers
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization

/// Tokenizers that stand beside adapters, with tokens that were added in training.
@Suite struct AdapterTokenizerTests {
  /// Writes a model's folder, and beside it an adapter's with the tokenizer and a token more.
  ///
  /// - Parameters:
  ///   - hasRow: whether the adapter brings a table with a row for the token.
  ///   - template: of the adapter's folder.
  private func withFolders(
    _ family: TinyFamily, hasRow: Bool, template: String? = nil,
    _ body: (_ model: URL, _ adapter: URL, Int) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      let (model, adapter) = (folder.appending(path: "model"), folder.appending(path: "adapter"))
      try family.write(to: model)
      let student = try StudentFamily.student(contentsOf: model)
      let rows = student.decoder.vocabularySize
      try write(student, to: adapter, addingRow: hasRow)
      let file = try Data(contentsOf: model.appending(path: "tokenizer.json"))
      var json = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
      let token: [String: Any] = [
        "id": rows, "content": "<new>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
        "special": false,
      ]
      json["added_tokens"] = try #require(json["added_tokens"] as? [[String: Any]]) + [token]
      try JSONSerialization.data(withJSONObject: json).write(to: adapter.appending(path: "tokenizer.json"))
      try FileManager.default.copyItem(
        at: model.appending(path: "tokenizer_config.json"), to: adapter.appending(path: "tokenizer_config.json"))
      if let template { try Data(template.utf8).write(to: adapter.appending(path: "chat_template.jinja")) }
      try body(model, adapter, rows)
    }
  }

  /// Writes an adapter that has the token table as a whole, as PEFT 0.21.2 does after `resize_token_embeddings`.
  private func write(_ student: some PretrainedStudent, to folder: URL, addingRow: Bool) throws {
    var (student, generator) = (student, Tensor.Generator(seed: 5))
    var configuration = LoRAConfiguration()
    (configuration.rank, configuration.targets) = (2, .names(["q_proj"]))
    configuration.savedModules = ["embed_tokens"]
    try student.attachAdapters(configuration, using: &generator)
    try student.saveAdapter(to: folder, configuration: configuration, baseModel: "base")
    guard addingRow else { return }
    let url = folder.appending(path: "adapter_model.safetensors")
    let file = try Tensor.SafetensorsFile(contentsOf: url)
    var tensors = try Dictionary(
      uniqueKeysWithValues: file.names.map {
        ($0, Tensor(try file.tensor(named: $0).scalars, shape: file.shape(of: $0) ?? []))
      })
    let name = try #require(tensors.keys.first { $0.hasSuffix("embed_tokens.weight") })
    let table = try #require(tensors[name])
    let (count, width) = (table.shape[0], table.shape[1])
    tensors[name] = Tensor(table.scalars + (0..<width).map { Float($0 % 7) - 3 }, shape: [count + 1, width])
    try Tensor.writeSafetensors(tensors, to: url)
  }

  private func tokens(_ student: any PretrainedStudent, _ question: String) throws -> [Int] {
    try student.tree(question: question, images: [], answers: ["Yes"]).prompt
  }

  // AutoTokenizer.from_pretrained(adapter) of transformers 5.24 gives the adapter's tokenizer, whose length PEFT 0.21.2's
  // AutoPeftModel takes for the number of rows.
  @Test(arguments: TinyFamily.allCases)
  func `a model with an adapter that added tokens reads, writes and is written with them`(family: TinyFamily) throws {
    try withFolders(family, hasRow: true) { model, adapter, rows in
      func check(_ student: some PretrainedStudent) throws {
        var student = student
        #expect(try !tokens(student, "A <new> one").contains(rows))
        student.maximumTokens = 90
        student.promptBeginning = .always
        try student.loadAdapter(from: adapter)
        try student.takeTokenizer(ofAdapters: [adapter])
        #expect(student.maximumTokens == 90 && student.promptBeginning == .always)
        let asked = try tokens(student, "A <new> one")
        #expect(asked.count { $0 == rows } == 1 && student.tokenizer.id(of: "<new>") == rows)
        #expect(student.decoder.vocabularySize == rows + 1)
        #expect(student.logits(of: asked, images: []).shape == [asked.count, rows + 1])
        // What has no such token is what it was.
        student.promptBeginning = .ofFolder
        #expect(try tokens(student, "A car") == tokens(StudentFamily.student(contentsOf: model), "A car"))
        try student.mergeAdapters()
        let out = adapter.appending(path: "out")
        try student.save(to: out)
        let read = try StudentFamily.student(contentsOf: out)
        #expect(try tokens(read, "A <new> one") == tokens(student, "A <new> one"))
        expectClose(
          read.logits(of: asked, images: []), student.logits(of: asked, images: []), relative: 1e-5, absolute: 1e-5)
      }
      try check(StudentFamily.student(contentsOf: model))
    }
  }

  @Test(arguments: TinyFamily.allCases)
  func `a token of an adapter's tokenizer without a row is refused where a text has it`(family: TinyFamily) throws {
    try withFolders(family, hasRow: false) { model, adapter, rows in
      func check(_ student: some PretrainedStudent) throws {
        var student = student
        try student.loadAdapter(from: adapter)
        try student.takeTokenizer(ofAdapters: [adapter])
        #expect(throws: StudentError.tokenWithoutRow("<new>", number: rows, rows: rows)) {
          try tokens(student, "A <new> one")
        }
        #expect(try tokens(student, "A car") == tokens(StudentFamily.student(contentsOf: model), "A car"))
      }
      try check(StudentFamily.student(contentsOf: model))
    }
  }

  @Test func `the chat template is the adapter's where its folder has one, and the model's else`() throws {
    let plain = "{% for m in messages %}[{{ m.role }}] {{ m.content }}</s>{% endfor %}"
    let other = plain + "{% if add_generation_prompt %}[assistant] {% endif %}"
    for template in [other, nil] {
      try withFolders(.qwen2, hasRow: true, template: template) { model, adapter, _ in
        // An older folder has the template in tokenizer_config.json alone, which the adapter's takes the place of.
        let jinja = model.appending(path: "chat_template.jinja")
        let file = model.appending(path: "tokenizer_config.json")
        var object = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        object["chat_template"] = try String(contentsOf: jinja, encoding: .utf8)
        try JSONSerialization.data(withJSONObject: object).write(to: file)
        try FileManager.default.removeItem(at: jinja)
        func check(_ base: some PretrainedStudent) throws {
          var student = base
          try student.loadAdapter(from: adapter)
          try student.takeTokenizer(ofAdapters: [adapter])
          let turns = student.messages(question: "Is it?", imagesAt: [], answer: nil)
          let text = try student.rendered(turns, addingGenerationPrompt: true)
          let expected =
            try template == nil ? base.rendered(turns, addingGenerationPrompt: true) : "[user] Is it?</s>[assistant] "
          #expect(text == expected)
          try student.mergeAdapters()
          let out = adapter.appending(path: "out")
          try student.save(to: out)
          #expect(try StudentFamily.student(contentsOf: out).rendered(turns, addingGenerationPrompt: true) == expected)
        }
        try check(StudentFamily.student(contentsOf: model))
      }
    }
  }

  @Test func `of several adapters the last one that has a tokenizer brings it, and none changes nothing`() throws {
    try withTemporaryFolder { folder in
      let places = ["a", "b", "c"].map { folder.appending(path: $0) }
      for (place, hasOne) in zip(places, [true, true, false]) {
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        if hasOne { try Data(TinyText.tokenizerJSON.utf8).write(to: place.appending(path: "tokenizer.json")) }
      }
      #expect(tokenizerFolder(ofAdapters: places) == places[1])
      #expect(tokenizerFolder(ofAdapters: [places[2]]) == nil && tokenizerFolder(ofAdapters: []) == nil)
      var student = try Tiny.student()
      let before = student.tokenizer
      try student.takeTokenizer(ofAdapters: [places[2]])
      #expect(student.tokenizer === before)
      // One that can't be read leaves the student as it was.
      try Data("{".utf8).write(to: places[2].appending(path: "tokenizer.json"))
      #expect(throws: (any Error).self) { try student.takeTokenizer(ofAdapters: places) }
      #expect(student.tokenizer === before)
    }
  }

  @Test func `encoders of texts take up an adapter's tokenizer too`() throws {
    try withTemporaryFolder { folder in
      let json = TinyText.tokenizerJSON.replacing("\"dry\": 15", with: "\"dry\": 15, \"cat\": 16")
      try Data(json.utf8).write(to: folder.appending(path: "tokenizer.json"))
      var classifier = try TextClassifier(model: TinyText.classifier(), tokenizer: TinyText.tokenizer())
      let cat = try classifier.encoding(of: "a cat")
      #expect(cat.ids == [2, 9, 1, 3])
      try classifier.takeTokenizer(ofAdapters: [folder])
      #expect(try classifier.encoding(of: "a dog").ids == [2, 9, 10, 3])
      let error = StudentError.tokenWithoutRow("cat", number: 16, rows: 16)
      #expect(throws: error) { try classifier.encoding(of: "a cat") }
      // With a row for it, as an adapter may bring.
      let table = classifier.model.encoder.words.weight.value
      classifier.model.encoder.words.weight.value = Tensor(
        table.scalars + table.scalars.prefix(table.shape[1]), shape: [17, table.shape[1]])
      try classifier.takeTokenizer(ofAdapters: [folder])
      #expect(try classifier.encoding(of: "a cat").ids == [2, 9, 16, 3])
      let out = folder.appending(path: "out")
      try classifier.save(to: out)
      let again = try TextClassifier(contentsOf: out)
      #expect(try again.probabilities(for: ["a cat"]) == classifier.probabilities(for: ["a cat"]))
    }
  }
}
