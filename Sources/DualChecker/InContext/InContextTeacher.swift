internal import ContentDigest
internal import Foundation
public import TeacherProtocol

/// A teacher that needs no service: it learns from the demonstrations in its prompt, and from nothing else.
///
/// ```swift
/// let teacher = InContextTeacher("offline", task: task)
/// ```
///
/// Everything it knows stands in the prompt's text: `Text:` and `Answer:` of the demonstrations, the definitions where there
/// are any, and `Text:` and `Detail:` of the item in question. It sees no gold label but those of the demonstrations, and its
/// answers change with the demonstrations chosen and the detail given, so that the whole method can be measured offline.
///
/// Classes are decided by the demonstrations' nearness (``Method/similarity``) or by their words (``Method/words``), spans by
/// how the demonstrations' spans begin and end.
public struct InContextTeacher: Teacher {
  /// How classes are decided.
  public enum Method: String, Sendable, Codable, CaseIterable {
    /// Every demonstration votes by its nearness.
    case similarity
    /// Naive Bayes over the demonstrations' words.
    case words
  }

  /// The name under which it answers.
  public let name: String
  /// The task of the questions.
  public let task: LabellingTask
  /// How classes are decided.
  public let method: Method
  /// Where its confidence comes from: its own probability (the default); `agreement`, the share of resampled
  /// demonstrations that lead to the same answer; or `verbalised`, its probability as models tend to state it, in steps of
  /// five per cent and too high.
  public let confidence: Confidence.Source
  private let encoder: KeptVectors
  /// Answers of demonstrations as they were read.
  private let readings = KeptReadings<ReadAnswer>()
  private let marked = KeptReadings<MarkedText?>()

  /// A teacher.
  ///
  /// - Parameters:
  ///   - name: under which it answers.
  ///   - task: what is asked.
  ///   - method: how classes are decided.
  ///   - confidence: where its confidence comes from.
  ///   - encoder: what says how near texts are.
  public init(
    _ name: String, task: LabellingTask, method: Method = .similarity,
    confidence: Confidence.Source = .labelTokenProbability,
    encoder: any SentenceEncoder = HashedNGramEncoder(lengths: 3...5)
  ) {
    self.name = name
    self.task = task
    self.method = method
    self.confidence = confidence
    self.encoder = KeptVectors(encoder)
  }

  /// The name of its way to decide, under which answers are stored.
  public var model: String { "in-context \(task.kind.rawValue) \(method.rawValue) \(confidence.rawValue) 2" }

  /// Answers from the prompt alone.
  public func reply(to request: TeacherRequest) async throws -> TeacherReply {
    let prompt = InContextPrompt(request.prompt, labels: task.labels)
    if let answer = prompt.toExplain { return explanation(of: answer, in: prompt) }
    let (answer, probability) = try await decision(prompt)
    var stated = probability
    switch confidence {
    case .agreement:
      let draws = max(5, request.parameters.samples)
      var generator = DigestGenerator(request.prompt)
      var same = 0
      for _ in 0..<draws {
        var other = prompt
        other.examples = prompt.examples.indices.compactMap { _ in prompt.examples.randomElement(using: &generator) }
        if try await decision(other).answer == answer { same += 1 }
      }
      stated = Double(same) / Double(draws)
    case .verbalised: stated = min(1, (probability.squareRoot() * 20).rounded(.up) / 20)
    case .labelTokenProbability, .recorded, .measured: break
    }
    return TeacherReply(
      reading: answer, with: AnswerReader(labels: task.labels),
      confidence: Confidence(min(1, max(0, stated)), source: confidence))
  }

  /// The answer's text and its probability.
  private func decision(_ prompt: InContextPrompt) async throws -> (answer: String, probability: Double) {
    if task.kind == .spans {
      return InContextSpans(prompt, task: task, marked: marked).answer(nearness: try await nearness(of: prompt))
    }
    let probabilities =
      switch method {
      case .similarity: try await byNearness(prompt)
      case .words: InContextWords(prompt, task: task, readings: readings).probabilities()
      }
    let best = probabilities.placeOfLargest
    return (task.labels.labels[best].answer + ".", probabilities[best])
  }

  /// The cosine of each demonstration, and then of each of these meanings, with the text in question.
  private func nearness(of prompt: InContextPrompt, meanings: [String] = []) async throws -> [Double] {
    let question = Item.wholeText(prompt.text, prompt.detail)
    let vectors = try await encoder.vectors(for: [question] + prompt.examples.map(\.wholeText) + meanings)
    return vectors.dropFirst().map { Double(dotProduct($0, vectors[0])) }
  }

  private func byNearness(_ prompt: InContextPrompt) async throws -> [Double] {
    let reader = AnswerReader(labels: task.labels)
    let explained = task.labels.labels.enumerated().compactMap { place, label in
      prompt.meanings[label.name].map { (place: place, meaning: $0) }
    }
    let cosines = try await nearness(of: prompt, meanings: explained.map(\.meaning))
    let near = cosines.prefix(prompt.examples.count)
    let nearest = near.max() ?? 0
    // Without anything to go by, every class is as likely as any other.
    var votes = [Double](repeating: 0.2, count: task.labels.labels.count)
    for (example, cosine) in zip(prompt.examples, near) {
      let read = readings.value(of: example.answer) { reader.read(example.answer) }
      guard case .answered(let name) = read.outcome, let place = task.labels.index(of: name) else { continue }
      votes[place] += exp(Self.sharpness * (cosine - nearest))
    }
    for (label, cosine) in zip(explained, cosines.dropFirst(near.count)) {
      votes[label.place] += 4 * max(0, cosine)
    }
    let total = votes.reduce(0, +)
    return votes.map { $0 / total }
  }

  /// How much more a nearer demonstration counts: a cosine higher by 0.1 counts three times as much.
  private static let sharpness = 11.0

  /// The words of the text that are long enough to say something, as a reason.
  private func explanation(of answer: String, in prompt: InContextPrompt) -> TeacherReply {
    var seen: Set<String> = []
    let words = WordToken.tokens(of: prompt.text).map { $0.text.lowercased() }
      .filter { $0.count > 5 && seen.insert($0).inserted }
    let telling = words.enumerated().sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.prefix(4)
    let text = "It speaks of \(telling.sorted { $0.offset < $1.offset }.map(\.element).joined(separator: ", "))."
    return TeacherReply(outcome: .abstained, rationale: words.isEmpty ? "" : text, raw: text)
  }
}

/// Random numbers that follow from a text.
private struct DigestGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(_ text: String) { state = UInt64(ContentDigest.of(fields: [text]).prefix(16), radix: 16) ?? 0 }

  /// SplitMix64 (Steele, Lea and Flood 2014).
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
