#if Run
  import Distillation
  import Foundation
  import JSON
  import LanguageModel
  import StudentModels
  import TeacherProtocol
  import Tensor
  import Tokenization
  import Wording

  /// What a model's folder holds.
  enum ModelFacts {
    static func facts(of folder: URL) throws -> [Fact] {
      let description = try ModelDescription(contentsOf: folder)
      var facts = [
        Fact(
          "model",
          description.model_type + (description.architectures.map { " (\($0.joined(separator: ", ")))" } ?? ""))
      ]
      let weights = try weightFiles(folder)
      let isEncoder = try ModelKind(of: folder) == .textEncoder
      let isSentence = SentenceEmbedder.isFolder(folder)
      var fault: Fact?
      do {
        if isEncoder {
          facts += try encoder(
            readData(folder.appending(path: "config.json")),
            weights: weights.reduce(0) { $0 + WeightFacts.elements(of: $1) })
        } else if isSentence {
          let text = try ReadingDecoder(contentsOf: folder).text
          facts += decoder(text, nil)
          facts.append(Fact("rows", rows(of: text)))
        } else {
          let configuration = try StudentFamily.configuration(contentsOf: folder)
          facts += decoder(configuration, try isHeadTable(folder))
          let bytes = weights.reduce(0) { $0 + WeightFacts.bytes(of: $1) }
          facts += TrainingFacts.facts(configuration, in: folder, weightBytes: bytes)
        }
        if isSentence { facts += try sentence(folder) }
        if isEncoder, !isSentence { try loadEncoder(folder, description) }
      } catch {
        // Weights that config.json does not describe are named with the rest of what is there.
        fault = Fact(Fact.fault, FaultText.sentence(for: error))
      }
      facts += self.weights(weights)
      facts += try TokenizerFacts.facts(of: folder)
      if let template = try file(["chat_template.jinja", "chat_template.json"], in: folder) {
        facts.append(Fact("chat template", template))
      }
      if let processor = try processor(folder) { facts.append(Fact("image processor", processor)) }
      facts += try TokenizerAgreement.doubts(in: folder).map { Fact("doubt", $0) }
      return facts + [fault].compactMap(\.self)
    }

    /// What a row of a decoder for sentences sees.
    private static func rows(of text: LlamaConfiguration) -> String {
      let near = (0..<text.layers).count { text.window(ofLayer: $0) != nil }
      return (text.seesBothWays ? "see all others" : "see themselves and those before them")
        + (near == 0 ? "" : ", in \(near) of \(text.layers) layers those near to them alone")
    }

    /// Reads the model as everything else does, which compares names and shapes of the weights with config.json.
    private static func isHeadTable(_ folder: URL) throws -> Bool {
      try StudentFamily.student(contentsOf: folder).isHeadTable
    }

    /// The same for an encoder: with its head where it has one.
    private static func loadEncoder(_ folder: URL, _ description: ModelDescription) throws {
      let names = description.architectures ?? []
      if names.contains(where: { $0.hasSuffix("ForTokenClassification") }) {
        _ = try TokenTagger(contentsOf: folder)
      } else if names.contains(where: { $0.hasSuffix("ForSequenceClassification") }) {
        _ = try TextClassifier(contentsOf: folder)
      } else {
        _ = try SentenceEmbedder(contentsOf: folder)
      }
    }

    /// What a folder of sentence-transformers does with a text's rows.
    static func sentence(_ folder: URL) throws -> [Fact] {
      let embedder = try SentenceEmbedder(contentsOf: folder)
      let prompts = embedder.prompts.keys.sorted()
      let named = prompts.isEmpty ? "" : "; prompts \(prompts.joined(separator: ", "))"
      let standing = embedder.prompt.isEmpty ? "" : ", \"\(embedder.prompt)\" before each text"
      let rows = embedder.poolsPrompt ? "" : ", the prompt's rows left out"
      return [
        Fact(
          "sentence vectors",
          "\(Fact.number(embedder.dimensions)) numbers of length 1, pooling: \(embedder.pooling.words)\(rows); texts of up to "
            + "\(Fact.number(embedder.maximumTokens)) tokens\(standing)\(named)")
      ]
    }

    /// What a GGUF file holds.
    static func facts(ofFile url: URL) throws -> [Fact] {
      if try GGUFEncoder.isFile(url) { return try facts(ofEncoder: url) }
      guard let model = try GGUFModel(at: url) else { return [] }
      let files = try model.files()
      var facts = [Fact("model", try model.file.string("general.architecture") ?? "")]
      if let name = try model.file.string("general.name") { facts.append(Fact("name", name)) }
      let configuration = try StudentFamily.configuration(contentsOf: url)
      facts += decoder(configuration, try StudentFamily.student(contentsOf: url).isHeadTable)
      let bytes = try size(of: model.file) + (model.imageFile.map(size(of:)) ?? 0)
      facts += TrainingFacts.facts(configuration, in: url, weightBytes: bytes)
      let rest = model.file.paths.count == 1 ? "the file" : "the \(model.file.paths.count) files"
      facts.append(Fact("weights", try weights(ofFile: model.file) + " with the rest of \(rest)"))
      if let images = model.imageFile {
        facts.append(
          Fact("image file", try "\(URL(filePath: images.path).lastPathComponent), \(weights(ofFile: images))"))
      }
      facts += try TokenizerFacts.facts(
        of: Tokenizer.ofModel(url), file: files["tokenizer.json"] ?? Data(), path: url.path)
      if let template = files["chat_template.jinja"] {
        facts.append(Fact("chat template", "in the file, \(Fact.size(template.count))"))
      }
      return facts
    }

    /// Bytes of all files of a model, which may have been split.
    private static func size(of file: Tensor.GGUFFile) throws -> Int {
      try file.paths.reduce(0) { sum, path in
        let path = URL(filePath: path).resolvingSymlinksInPath().path
        return sum + (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0)
      }
    }

    private static func weights(ofFile file: Tensor.GGUFFile) throws -> String {
      var types: [String: Int] = [:]
      for name in file.names { types[file.typeName(of: name) ?? "", default: 0] += 1 }
      let kinds = types.sorted { $0.key < $1.key }.map { types.count == 1 ? $0.key : "\($0.value) \($0.key)" }
      return "\(Fact.number(file.elements)) numbers in \(Fact.number(file.names.count)) tensors, "
        + "\(kinds.joined(separator: ", ")), \(Fact.size(try size(of: file)))"
    }

    /// - Parameter isTable: whether the output head is the token table; nil for a model that is read without its head.
    private static func decoder(_ configuration: any FamilyConfiguration, _ isTable: Bool?) -> [Fact] {
      guard let tower = configuration.tower else { return decoder(configuration.text, isTable) }
      return decoder(configuration.text, isTable) + [
        Fact("vision tower", "\(tower.layers) layers of width \(tower.width) (inner \(tower.innerWidth))")
      ]
    }

    private static func decoder(_ text: LlamaConfiguration, _ isTable: Bool?) -> [Fact] {
      [
        Fact(
          "decoder",
          "\(text.layers) layers of width \(text.hiddenSize) (inner \(text.intermediateSize)), \(text.heads) heads, "
            + "\(text.keyValueHeads) for keys; \(Fact.number(text.vocabularySize)) tokens, up to "
            + "\(Fact.number(text.maxPositions)) positions"
            + (isTable.map { $0 ? "; output head is the embedding table" : "; output head of its own" } ?? ""))
      ]
    }

    /// What a GGUF file of an encoder holds.
    private static func facts(ofEncoder url: URL) throws -> [Fact] {
      guard let model = try GGUFEncoder(at: url, as: "an encoder") else { return [] }
      let files = try model.files()
      var facts = [Fact("model", try model.file.string("general.architecture") ?? "")]
      if let name = try model.file.string("general.name") { facts.append(Fact("name", name)) }
      let description = try encoder(
        files["config.json"] ?? Data(), weights: model.file.elements, bytes: size(of: model.file))
      // A file has no head, and so no classes.
      facts += description.filter { $0.name != "classes" }
      facts += try sentence(url)
      facts.append(Fact("weights", try weights(ofFile: model.file) + " with the rest of the file"))
      let tokenizer = try Tokenizer.ofModel(url)
      return facts + [Fact("tokenizer", "BERT's word pieces, \(Fact.number(tokenizer.vocabularyCount)) tokens")]
    }

    private static func encoder(_ description: Data, weights: Int, bytes: Int? = nil) throws -> [Fact] {
      let c = try JSONParser.value(of: Array(description), .modelFile).decoded(as: TextEncoderConfiguration.self)
      return [
        Fact("encoder", "\(c.family), \(Fact.number(c.vocabularySize)) tokens, texts of up to \(c.maximumTokens)"),
        Fact("classes", c.labels.joined(separator: ", ")),
      ] + TrainingFacts.facts(c, weights: weights, bytes: bytes)
    }

    /// The files of a folder's weights, by their names.
    private static func weightFiles(_ folder: URL) throws -> [Tensor.SafetensorsFile] {
      let weights = try Tensor.SafetensorsFolder(contentsOf: folder)
      var files: [String: Tensor.SafetensorsFile] = [:]
      for name in weights.names {
        let file = try weights.file(of: name)
        files[file.path] = file
      }
      return files.sorted { $0.key < $1.key }.map(\.value)
    }

    private static func weights(_ files: [Tensor.SafetensorsFile]) -> [Fact] {
      let names = files.map { URL(filePath: $0.path).lastPathComponent }
      return [
        Fact("weights", WeightFacts.summary(of: files)),
        Fact("weight files", names.count == 1 ? names[0] : "\(names.count) parts, \(names[0]) and on"),
      ]
    }

    /// The first of these files that is there, with its size.
    private static func file(_ names: [String], in folder: URL) throws -> String? {
      for name in names {
        let url = folder.appending(path: name)
        guard FileManager.default.fileExists(atPath: url.path) else { continue }
        return try "\(name), \(Fact.size(readData(url).count))"
      }
      return nil
    }

    private static func processor(_ folder: URL) throws -> String? {
      struct Processor: Decodable { var image_processor_type: String? }
      let url = folder.appending(path: "preprocessor_config.json")
      guard FileManager.default.fileExists(atPath: url.path) else { return nil }
      let data = try readData(url)
      guard let processor = try? JSONDecoder().decode(Processor.self, from: data) else {
        throw FolderProblem("\(url.path): expected a JSON object")
      }
      return processor.image_processor_type ?? "preprocessor_config.json, which does not name its type"
    }
  }

  /// What a tokenizer is made of.
  enum TokenizerFacts {
    private struct File: Decodable {
      var normalizer, pre_tokenizer, post_processor, decoder, model: Component?
      var added_tokens: [Token]?
    }
    private struct Token: Decodable { var content: String }
    /// A part, or several in a row.
    private struct Component: Decodable {
      var type: String?
      var normalizers, pretokenizers, processors, decoders: [Component]?

      var name: String {
        let parts = normalizers ?? pretokenizers ?? processors ?? decoders
        return parts.map { $0.map(\.name).joined(separator: " + ") } ?? type ?? "unnamed"
      }
    }

    static func facts(of folder: URL) throws -> [Fact] {
      let url = folder.appending(path: "tokenizer.json")
      guard FileManager.default.fileExists(atPath: url.path) else {
        let older = ["vocab.txt", "sentencepiece.bpe.model", "tokenizer.model", "spiece.model"].first {
          FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
        }
        guard let older, let tokenizer = try? Tokenizer(contentsOf: folder) else {
          return [Fact("tokenizer", "no tokenizer.json")]
        }
        return [Fact("tokenizer", "from \(older), \(Fact.number(tokenizer.vocabularyCount)) tokens")]
      }
      return try facts(of: Tokenizer(contentsOf: folder), file: readData(url), path: url.path)
    }

    static func facts(of tokenizer: Tokenizer, file: Data, path: String) throws -> [Fact] {
      guard let file = try? JSONDecoder().decode(File.self, from: file) else {
        throw FolderProblem("\(path): expected the file of a tokenizer")
      }
      let parts = [
        ("normalizer", file.normalizer), ("pre-tokenizer", file.pre_tokenizer),
        ("post-processor", file.post_processor), ("decoder", file.decoder),
      ].compactMap { name, part in part.map { "\(name) \($0.name)" } }
      return [
        Fact(
          "tokenizer",
          "\(file.model?.name ?? "unnamed"), \(Fact.number(tokenizer.vocabularyCount)) tokens, "
            + "\(file.added_tokens?.count ?? 0) of them added"),
        Fact("tokenizer parts", parts.joined(separator: "; ")),
      ]
    }
  }
#endif
