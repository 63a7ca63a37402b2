internal import DualChecker
internal import Foundation
internal import LanguageModel
internal import Layers
internal import LoRA
internal import Student
internal import Tensor
internal import Tokenizers

/// The network of an encoder student: a head over texts, or one over tokens.
enum TextNetwork: Sendable {
  case classifier(TextClassifier)
  case tagger(TokenTagger)

  /// A text with what is to be learned.
  struct Example: Sendable {
    var encoding: Encoding
    /// The class of the text, or of each token; nil does not count.
    var classes: [Int?]
    var weight: Float
  }

  var trainedParameters: Int {
    switch self {
    case .classifier(let model): model.parameterCount(trainableOnly: true)
    case .tagger(let model): model.parameterCount(trainableOnly: true)
    }
  }

  /// A text as training data; nil where nothing of it counts.
  func example(_ text: String, _ answer: TaskAnswer, weight: Float, task: LabellingTask) throws -> Example? {
    switch (self, answer) {
    case (.classifier(let model), .label(let name)):
      guard let place = task.names.firstIndex(of: name) else { return nil }
      return try Example(encoding: model.encoding(of: text), classes: [place], weight: weight)
    case (.tagger(let model), .spans(let spans)):
      let encoding = try model.encoding(of: text)
      let classes = try model.classes(
        of: encoding, spans: spans.map { TextSpan(label: $0.label, range: $0.range) })
      return classes.contains { $0 != nil } ? Example(encoding: encoding, classes: classes, weight: weight) : nil
    default: return nil
    }
  }

  /// One update; gives back the mean loss and the norm of the gradients.
  mutating func update(_ examples: [Example], optimizer: inout AdamW, rate: Float) -> (loss: Double, norm: Double) {
    switch self {
    case .classifier(var model):
      let result = Self.update(&model, examples, optimizer: &optimizer, rate: rate) { $0.logits($1) }
      self = .classifier(model)
      return result
    case .tagger(var model):
      let result = Self.update(&model, examples, optimizer: &optimizer, rate: rate) { $0.logits($1) }
      self = .tagger(model)
      return result
    }
  }

  /// The loss is the mean over rows that count, each by its text's weight. Parts of a fixed size are computed side by side
  /// and added up in order, so that the result does not depend on the number of threads.
  private static func update<Model: Module>(
    _ model: inout Model, _ examples: [Example], optimizer: inout AdamW, rate: Float,
    logits: @Sendable (Model, [Encoding]) -> Tensor
  ) -> (loss: Double, norm: Double) {
    let total = examples.reduce(Float(0)) { $0 + $1.weight * Float($1.classes.count { $0 != nil }) }
    let results = mapInParallel(examples.batches(of: 4)) { [model] part -> (Float, Gradients) in
      let (value, gradients) = model.valueAndGradients { model in
        let rows = logits(model, part.map(\.encoding)).logSoftmax()
        var (places, weights, row) = ([Int](), [Float](), 0)
        for example in part {
          for known in example.classes {
            if let known {
              places.append(row * rows.shape[1] + known)
              weights.append(example.weight / total)
            }
            row += 1
          }
        }
        return -(rows.reshaped([-1, 1]).gathered(places) * Tensor(weights, shape: [weights.count, 1])).sum()
      }
      return (value.scalar, gradients)
    }
    var (loss, gradients) = results[0]
    for (other, more) in results.dropFirst() {
      loss += other
      gradients.add(more)
    }
    return (Double(loss), optimizer.update(&model, gradients: gradients, learningRate: rate))
  }

  func predictions(for texts: [String], task: LabellingTask) throws -> [StudentPrediction] {
    guard !texts.isEmpty else { return [] }
    switch self {
    case .classifier(let model):
      return try model.probabilities(for: texts).map { probabilities in
        let best = probabilities.indices.reduce(0) { probabilities[$1] > probabilities[$0] ? $1 : $0 }
        return StudentPrediction(answer: .label(task.names[best]), probabilities: probabilities)
      }
    case .tagger(let model):
      return try mapInParallel(texts.batches(of: 16)) { batch in
        Result { try Self.predictions(for: batch, by: model, task: task) }
      }.flatMap { try $0.get() }
    }
  }

  private static func predictions(
    for texts: [String], by model: TokenTagger, task: LabellingTask
  ) throws -> [StudentPrediction] {
    let encodings = try texts.map { try model.encoding(of: $0) }
    let rows = model.logits(encodings).softmax()
    let (names, width) = (model.labels, model.labels.count)
    return rows.withScalars { scalars in
      var at = 0
      return zip(texts, encodings).map { text, encoding in
        var (places, chances, best, second) = ([Range<Int>](), [[Float]](), 0.0, 0.0)
        for (place, isSpecial) in zip(encoding.offsets, encoding.specialTokensMask) {
          let row = Array(scalars[(at * width)..<((at + 1) * width)])
          at += 1
          guard isSpecial == 0 else { continue }
          let ranked = row.sorted(by: >)
          best += Double(ranked[0])
          second += Double(ranked[1])
          places.append(place)
          chances.append(row)
        }
        let tags = TagDecoder(names).tags(chances)
        let tokens = tags.indices.map {
          (name: names[tags[$0]], place: places[$0], probability: Double(chances[$0][tags[$0]]))
        }
        let count = Double(max(1, tokens.count))
        let spans = TextSpan.spans(of: tokens).compactMap { $0.trimmed(in: text) }
          .map { LabelledSpan(label: $0.label, range: $0.range) }
        return StudentPrediction(
          answer: .spans(task.overlap.settled(spans, types: task.names) ?? []),
          probabilities: [best / count, second / count])
      }
    }
  }

  mutating func attach(_ adapters: LoRAConfiguration, using generator: inout Tensor.Generator) throws {
    switch self {
    case .classifier(var model):
      try model.attachAdapters(adapters, using: &generator)
      self = .classifier(model)
    case .tagger(var model):
      try model.attachAdapters(adapters, using: &generator)
      self = .tagger(model)
    }
  }

  mutating func merge() throws {
    switch self {
    case .classifier(var model):
      try model.mergeAdapters()
      self = .classifier(model)
    case .tagger(var model):
      try model.mergeAdapters()
      self = .tagger(model)
    }
  }

  func save(to folder: URL) throws {
    switch self {
    case .classifier(let model): try model.save(to: folder)
    case .tagger(let model): try model.save(to: folder)
    }
  }
}
