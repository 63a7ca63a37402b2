#if Run
  import Distillation
  import Foundation
  import LoRA
  import StudentModels
  import StudentServer

  /// What `distill forward` was asked for.
  struct ForwardRun {
    var model: URL
    var adapter: URL?
    var items: URL
    var out: URL
    var beta: Float = 0.1
    var greedyTokens = 16
    /// What the chat template is told as `enable_thinking`; nil for nothing.
    var thinking: Bool?

    /// Writes the figures of every item.
    ///
    /// - Returns: how many items there were.
    func write() throws -> Int {
      if let asked = try DecisionItems(contentsOf: items) { return try write(asked) }
      let all = try ForwardItem.all(in: items)
      try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
      if try SentenceEmbedder.isFolder(model) || GGUFEncoder.isFile(model) {
        try writeSentences(all)
      } else if try ModelKind(of: model) == .textEncoder {
        try writeEncoder(all)
      } else {
        try writeDecoder(all)
      }
      return all.count
    }

    private func write(_ asked: DecisionItems) throws -> Int {
      var student = try StudentFamily.student(contentsOf: model)
      let settings = try DecisionSettings(contentsOf: model)
      if let adapter = adapter ?? settings.adapter { _ = try student.loadAdapters(from: [adapter]) }
      try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
      try asked.write(to: out, student, settings: settings)
      return asked.requests.count
    }

    private func writeDecoder(_ items: [ForwardItem]) throws {
      var student = try StudentFamily.student(contentsOf: model)
      try student.setThinking(thinking)
      let configuration = try adapter.map { try student.loadAdapters(from: [$0])[0] }
      try write(items, student, configuration)
    }

    private func write(
      _ items: [ForwardItem], _ student: some PretrainedStudent, _ configuration: LoRAConfiguration?
    ) throws {
      let figures = DecoderFigures(
        student: student, adapter: configuration, root: self.items.deletingLastPathComponent(), beta: beta,
        greedyTokens: greedyTokens)
      for (number, item) in items.enumerated() {
        try figures.figures(of: item, number: number).write(to: out, name: "\(number)")
      }
    }

    /// The vectors of a folder of sentence-transformers or of an encoder's GGUF file, with the folder's prompt for queries before the texts.
    private func writeSentences(_ items: [ForwardItem]) throws {
      var embedder = try SentenceEmbedder(contentsOf: model)
      embedder.prompt = embedder.prompts["query"] ?? ""
      for (number, item) in items.enumerated() {
        try EncoderFigures.figures(of: item, number: number, embedder: embedder)
          .write(to: out, name: "sentence-\(number)")
      }
    }

    /// The sequence classifier of a folder, and the token classifier of `token-classification` inside it.
    private func writeEncoder(_ items: [ForwardItem]) throws {
      var classifier = try TextClassifier(contentsOf: model)
      let configuration = try adapter.map { try classifier.loadAdapters(from: [$0])[0] }
      let tokens = model.appending(path: "token-classification")
      let tagger = FileManager.default.fileExists(atPath: tokens.path) ? try TokenTagger(contentsOf: tokens) : nil
      for (number, item) in items.enumerated() {
        try EncoderFigures.figures(of: item, number: number, classifier: classifier, adapter: configuration)
          .write(to: out, name: "sequence-\(number)")
        guard let tagger else { continue }
        try EncoderFigures.figures(of: item, number: number, tagger: tagger).write(to: out, name: "token-\(number)")
      }
    }
  }
#endif
