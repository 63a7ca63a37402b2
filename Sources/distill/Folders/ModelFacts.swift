#if Run
  import Distillation
  import Foundation
  import LanguageModel
  import StudentModels
  import TeacherProtocol
  import Tensor
  import Tokenization

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
      if try ModelKind(of: folder) == .textEncoder {
        facts += try encoder(folder, weights: weights.reduce(0) { $0 + WeightFacts.elements(of: $1) })
      } else {
        let configuration = try StudentFamily.configuration(contentsOf: folder)
        facts += decoder(configuration)
        let bytes = weights.reduce(0) { $0 + WeightFacts.bytes(of: $1) }
        facts += TrainingFacts.facts(configuration, in: folder, weightBytes: bytes)
      }
      facts += self.weights(weights)
      facts += try TokenizerFacts.facts(of: folder)
      if let template = try file(["chat_template.jinja", "chat_template.json"], in: folder) {
        facts.append(Fact("chat template", template))
      }
      if let processor = try processor(folder) { facts.append(Fact("image processor", processor)) }
      return facts
    }

    /// What a GGUF file holds.
    static func facts(ofFile url: URL) throws -> [Fact] {
      guard let model = try GGUFModel(at: url) else { return [] }
      let files = try model.files()
      var facts = [Fact("model", try model.file.string("general.architecture") ?? "")]
      if let name = try model.file.string("general.name") { facts.append(Fact("name", name)) }
      let configuration = try StudentFamily.configuration(contentsOf: url)
      facts += decoder(configuration)
      facts += TrainingFacts.facts(configuration, in: url, weightBytes: 4 * ModelSize(configuration).parameters)
      var (elements, types) = (0, [String: Int]())
      for name in model.file.names {
        elements += model.file.shape(of: name)?.reduce(1, *) ?? 0
        types[model.file.typeName(of: name) ?? "", default: 0] += 1
      }
      let kinds = types.sorted { $0.key < $1.key }.map { types.count == 1 ? $0.key : "\($0.value) \($0.key)" }
      let size = try FileManager.default.attributesOfItem(atPath: url.resolvingSymlinksInPath().path)[.size] as? Int
      facts.append(
        Fact(
          "weights",
          "\(Fact.number(elements)) numbers in \(Fact.number(model.file.names.count)) tensors, "
            + "\(kinds.joined(separator: ", ")), \(Fact.size(size ?? 0)) with the rest of the file"))
      facts += try TokenizerFacts.facts(
        of: Tokenizer.ofModel(url), file: files["tokenizer.json"] ?? Data(), path: url.path)
      if let template = files["chat_template.jinja"] {
        facts.append(Fact("chat template", "in the file, \(Fact.size(template.count))"))
      }
      return facts
    }

    private static func decoder(_ configuration: any FamilyConfiguration) -> [Fact] {
      let text = configuration.text
      var facts = [
        Fact(
          "decoder",
          "\(text.layers) layers of width \(text.hiddenSize) (inner \(text.intermediateSize)), \(text.heads) heads, "
            + "\(text.keyValueHeads) for keys; \(Fact.number(text.vocabularySize)) tokens, up to "
            + "\(Fact.number(text.maxPositions)) positions; output head "
            + (text.tiesEmbeddings ? "is the embedding table" : "of its own"))
      ]
      if let tower = configuration.tower {
        facts.append(Fact("vision tower", "\(tower.layers) layers of width \(tower.width) (inner \(tower.innerWidth))"))
      }
      return facts
    }

    private static func encoder(_ folder: URL, weights: Int) throws -> [Fact] {
      let url = folder.appending(path: "config.json")
      let c = try JSONDecoder().decode(TextEncoderConfiguration.self, from: readData(url))
      return [
        Fact("encoder", "\(c.family), \(Fact.number(c.vocabularySize)) tokens, texts of up to \(c.maximumTokens)"),
        Fact("classes", c.labels.joined(separator: ", ")),
      ] + TrainingFacts.facts(c, weights: weights)
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
