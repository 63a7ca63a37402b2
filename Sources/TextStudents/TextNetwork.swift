internal import DualChecker
internal import Foundation
internal import LanguageModel
internal import Layers
internal import LoRA
internal import StudentModels
internal import TeacherProtocol
internal import Tensor
internal import Tokenization

/// What ``ClassificationObjective`` trains.
protocol TextScorer: Module {
  /// The logits of the classes, [rows, classes], a row for each class of a ``TextExample``; gradients flow.
  func logits(_ texts: [Encoding]) -> Tensor
}

/// The network of an encoder student: an encoder with a head over texts or over tokens.
protocol TextNetwork: TokenizedModel, TextScorer {
  /// A text as training data; nil where nothing of it counts.
  func example(_ text: String, _ answer: TaskAnswer, weight: Float, task: LabellingTask) throws -> TextExample?
  /// What it answers, with the probabilities by which it is asked how sure it is.
  func predictions(for texts: [String], task: LabellingTask) throws -> [StudentPrediction]
  /// The most tokens of a text, special ones included.
  var maximumTokens: Int { get }
  /// The part of a text that is read, in Unicode scalars; nil where that is all of it.
  func readPart(of text: String) -> Range<Int>?
  /// Writes a model folder.
  func save(to folder: URL) throws
  /// The paths of the head's parts, which are trained as a whole beside adapters.
  var headPaths: [String] { get }
}

extension TextNetwork {
  /// The parts of the items' texts that are read.
  func readParts(of items: [Item]) -> ReadParts {
    ReadParts(limit: maximumTokens, parts: mapInParallel(items) { readPart(of: $0.text) })
  }

  /// An example as training data, each of its answers by its probability; nil where nothing of it counts.
  func example(_ example: TrainingExample, weight: Float, task: LabellingTask) throws -> TextExample? {
    let own = 1 - example.alternatives.reduce(0) { $0 + $1.probability }
    guard var mixed = try self.example(example.item.text, example.answer, weight: weight, task: task) else {
      return nil
    }
    guard !example.alternatives.isEmpty else { return mixed }
    let others = try example.alternatives.map { other in
      let targets = try self.example(example.item.text, other.answer, weight: weight, task: task)?.targets
      return (targets: targets ?? mixed.targets, probability: other.probability)
    }
    let answers = [(targets: mixed.targets, probability: own)] + others
    // A text's rows that count are the same whatever the answer.
    for row in mixed.targets.indices where mixed.targets[row] != nil {
      mixed.targets[row] = ClassTarget(
        mixing: answers.compactMap { answer in answer.targets[row].map { ($0, Float(answer.probability)) } })
    }
    return mixed
  }
}

/// A text with what is to be learned.
struct TextExample: Sendable {
  var encoding: Encoding
  /// What is learned of the text, or of each token; nil does not count.
  var targets: [ClassTarget?]
  var weight: Float
}

extension LabellingTask {
  /// The probability of an answer of this confidence, 0...1; at least chance, since who answers holds the answer most probable.
  /// Spans are certain.
  func probability(ofConfidence confidence: Double) -> Double {
    kind == .spans ? 1 : min(max(confidence, 1 / Double(names.count)), 1)
  }
}

extension TextClassifier: TextNetwork {
  func example(_ text: String, _ answer: TaskAnswer, weight: Float, task: LabellingTask) throws -> TextExample? {
    guard case .label(let name) = answer, let place = task.names.firstIndex(of: name) else { return nil }
    return try TextExample(encoding: encoding(of: text), targets: [ClassTarget(place)], weight: weight)
  }

  func predictions(for texts: [String], task: LabellingTask) throws -> [StudentPrediction] {
    guard !texts.isEmpty else { return [] }
    return try probabilities(for: texts).map { probabilities in
      let best = probabilities.placeOfLargest
      return StudentPrediction(answer: .label(task.names[best]), probabilities: probabilities)
    }
  }
}

extension TokenTagger: TextNetwork {
  func example(_ text: String, _ answer: TaskAnswer, weight: Float, task: LabellingTask) throws -> TextExample? {
    guard case .spans(let spans) = answer else { return nil }
    let encoding = try encoding(of: text)
    let classes = try classes(of: encoding, spans: spans.map { TextSpan(label: $0.label, range: $0.range) })
    guard classes.contains(where: { $0 != nil }) else { return nil }
    return TextExample(encoding: encoding, targets: classes.map { $0.map { ClassTarget($0) } }, weight: weight)
  }

  func predictions(for texts: [String], task: LabellingTask) throws -> [StudentPrediction] {
    try mapInParallel(texts.batches(of: 16)) { batch in
      Result { try predictions(ofBatch: batch, task: task) }
    }.flatMap { try $0.get() }
  }

  private func predictions(ofBatch texts: [String], task: LabellingTask) throws -> [StudentPrediction] {
    let encodings = try texts.map { try encoding(of: $0) }
    let rows = try settledLogits(encodings).softmax()
    let (names, width) = (labels, labels.count)
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
        let tags = TagDecoder(names).tags(chances, continues: TagDecoder.continuations(places, in: text))
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
}
