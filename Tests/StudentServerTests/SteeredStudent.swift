#if Run
  import Foundation
  import ImageDecoding
  import LanguageModel
  import Layers
  import StudentModels
  import Tensor
  import Tokenization

  /// A student whose probabilities are written down by what it has said; all else is the tiny one's.
  struct SteeredStudent: PretrainedStudent {
    var student: SmolVLM
    var opening = ""
    /// Hears how many sequences are written at one time.
    var writing: @Sendable (Int) -> Void = { _ in }
    let chances: @Sendable (String) -> [String: Double]

    func emptyBatch() -> DecodingBatch { student.emptyBatch() }
    func read(
      _ prompt: [Int], images: [PromptImage], room: Int, into batch: inout DecodingBatch, proceeding: () throws -> Void
    ) rethrows {
      try proceeding()
      batch.add(KeyValueCache(layers: 0, capacity: room), logits: logits(after: []))
    }
    func write(_ tokens: [Int], in batch: inout DecodingBatch) {
      writing(tokens.count)
      batch.note(tokens, logits: zip(batch.tokens, tokens).map { logits(after: $0 + [$1]) })
    }

    private func logits(after said: [Int]) -> Tensor {
      let count = student.decoder.vocabularySize
      var logits = [Float](repeating: -30, count: count)
      for (text, chance) in chances(student.tokenizer.decode(said)) {
        let known = student.tokenizer.id(of: text) ?? student.tokenizer.encode(text, addingSpecialTokens: false)[0]
        logits[known] = Float(log(chance))
      }
      return Tensor(logits, shape: [1, count])
    }

    var tokenizer: Tokenizer { student.tokenizer }
    var maximumTokens: Int {
      get { student.maximumTokens }
      set { student.maximumTokens = newValue }
    }
    var endOfTurn: Int { student.endOfTurn }
    var imageToken: Int? { student.imageToken }
    var decoder: LlamaConfiguration { student.decoder }
    var recomputesActivations: Bool {
      get { student.recomputesActivations }
      set { student.recomputesActivations = newValue }
    }
    var tower: TowerSize? { student.tower }
    var answerOpening: String { opening }
    var thinking: Bool? { student.thinking }
    mutating func setThinking(_ isOn: Bool?) throws { try student.setThinking(isOn) }
    var promptBeginning: PromptBeginning {
      get { student.promptBeginning }
      set { student.promptBeginning = newValue }
    }
    func processorTensors(_ images: [RGBImage]) throws -> [String: Tensor] { try student.processorTensors(images) }
    func blankImage(width: Int, height: Int) throws -> PromptImage {
      try student.blankImage(width: width, height: height)
    }
    func tokenCount(of image: PromptImage) -> Int { student.tokenCount(of: image) }
    func messages(question: String, imagesAt places: [Int], answer: String?) -> [ChatMessage] {
      student.messages(question: question, imagesAt: places, answer: answer)
    }
    func rendered(_ messages: [ChatMessage], addingGenerationPrompt: Bool) throws -> String {
      try student.rendered(messages, addingGenerationPrompt: addingGenerationPrompt)
    }
    func prompt(_ messages: [ChatMessage]) throws -> String { try student.prompt(messages) }
    func ids(of text: String, images: [PromptImage]) throws -> [Int] { try student.ids(of: text, images: images) }
    func logits(of tokens: [Int], images: [PromptImage]) -> Tensor { student.logits(of: tokens, images: images) }
    func greedyTokens(after prompt: [Int], images: [PromptImage], count: Int) -> [Int] {
      student.greedyTokens(after: prompt, images: images, count: count)
    }
    func text(of tokens: [Int]) -> String { student.text(of: tokens) }
    func save(to folder: URL) throws { try student.save(to: folder) }
    mutating func takeTokenizer(of folder: URL) throws { try student.takeTokenizer(of: folder) }
    func image(_ image: RGBImage) throws -> PromptImage { try student.image(image) }
    func encoded(_ image: PromptImage) -> PromptImage { student.encoded(image) }
    func tree(question: String, images: [PromptImage], answers: [String]) throws -> AnswerTree {
      try student.tree(question: question, images: images, answers: answers)
    }
    func generate(
      _ prompts: [AnswerTree], maximumTokens: Int, sampling: Sampling, using generator: inout Tensor.Generator
    ) -> [Generation] {
      student.generate(prompts, maximumTokens: maximumTokens, sampling: sampling, using: &generator)
    }
    /// By their texts, however these are cut into tokens.
    func answerTotals(of trees: [AnswerTree], batch: Int) -> [[Double]] {
      trees.map { tree in
        tree.answers.map { answer in
          var (said, rest, total) = ("", student.tokenizer.decode(answer)[...], 0.0)
          while !rest.isEmpty {
            let known = chances(said).filter { rest.hasPrefix($0.key) }.max { $0.key.count < $1.key.count }
            let next = known?.key ?? String(rest.prefix(1))
            total += known.map { log($0.value) } ?? -30
            said += next
            rest = rest.dropFirst(next.count)
          }
          return total
        }
      }
    }
    func logProbabilities(of trees: [AnswerTree]) -> AnswerScores { student.logProbabilities(of: trees) }
    mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) { student.visit(&visitor, at: path) }
  }
#endif
