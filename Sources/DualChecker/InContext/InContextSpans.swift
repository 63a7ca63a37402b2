internal import Foundation
internal import TeacherProtocol

/// Marks spans as the demonstrations do: by the words around their ends, and by their lengths.
///
/// Every feature of a place (the word before, the first word, ...) is weighed by how much more often it stands at the ends of
/// the demonstrations' spans than elsewhere, nearer demonstrations counting more; the best spans that do not overlap win.
struct InContextSpans {
  private let prompt: InContextPrompt
  private let task: LabellingTask
  private let demonstrations: [(text: MarkedText, example: Int)]
  private let tokens: [WordToken]
  private let words: [String]

  /// - Parameter marked: demonstrations that were read before.
  init(_ prompt: InContextPrompt, task: LabellingTask, marked: KeptReadings<MarkedText?>) {
    self.prompt = prompt
    self.task = task
    tokens = WordToken.tokens(of: prompt.text)
    words = tokens.map { $0.text.lowercased() }
    demonstrations = prompt.examples.enumerated().compactMap { place, example in
      // Texts and answers stand in lines of their own.
      marked.value(of: example.text + "\n" + example.answer) { MarkedText(example, task: task) }.map { ($0, place) }
    }
  }

  private struct Candidate {
    var span: LabelledSpan
    var score: Double
  }

  /// The spans as JSON, and a probability that they are right.
  func answer(nearness: [Double]) -> (answer: String, probability: Double) {
    guard !demonstrations.isEmpty, !words.isEmpty else { return (written([]), 0) }
    let top = nearness.max() ?? 0
    let weights = demonstrations.map { exp(6 * (nearness[$0.example] - top)) }
    var candidates: [Candidate] = []
    var expected: [String: Double] = [:]
    let all = weights.reduce(0, +)
    let texts = demonstrations.map(\.text)
    let places = PossibleEnds(of: words, among: texts)
    for type in task.names {
      let model = EndModel(type, texts, weights: weights)
      expected[type] = model.count / all
      guard model.count > 0 else { continue }
      candidates += model.candidates(at: places).map {
        Candidate(span: .init(label: type, range: $0.range), score: $0.score)
      }
    }
    candidates.sort { ($1.score, $0.span.range.lowerBound) < ($0.score, $1.span.range.lowerBound) }
    var (chosen, left, certainty) = ([Candidate](), expected.mapValues { Int($0.rounded()) }, [Double]())
    for candidate in candidates where candidate.score > 0 {
      guard left[candidate.span.label, default: 0] > 0,
        !chosen.contains(where: { $0.span.range.overlaps(candidate.span.range) })
      else { continue }
      left[candidate.span.label, default: 0] -= 1
      chosen.append(candidate)
      let rival = candidates.first { other in
        other.span.label == candidate.span.label && other.span != candidate.span
          && other.span.range.overlaps(candidate.span.range)
      }
      certainty.append(1 / (1 + exp(-(candidate.score - (rival?.score ?? 0)))))
    }
    let missing = left.values.reduce(0) { $0 + max(0, $1) }
    certainty += [Double](repeating: 0.3, count: missing)
    let mean = certainty.reduce(0.0) { $0 + log($1) } / Double(max(1, certainty.count))
    return (written(chosen.map(\.span)), certainty.isEmpty ? 0.5 : exp(mean))
  }

  private func written(_ spans: [LabelledSpan]) -> String {
    let placed = spans.sorted { $0.range.lowerBound < $1.range.lowerBound }.map { $0.placed(over: tokens) }
    return (try? task.written(.spans(placed), about: prompt.text)) ?? "{}"
  }
}

/// A demonstration's spans by how they begin and end, and how often every feature stands at any of its places.
struct MarkedText: Sendable {
  /// A span of some words.
  struct Span: Sendable {
    let label: String
    let length: Int
    /// The features of its ends.
    let start: [String], end: [String]
  }

  let spans: [Span]
  /// How often a feature stands at one of the places between two words.
  let usual: [String: Int]
  /// The places: one before each word, and one behind the last.
  let places: Int

  /// Nil where the answer can't be read.
  init?(_ example: InContextPrompt.Example, task: LabellingTask) {
    guard let answer = try? task.answer(in: example.answer, about: example.text), case .spans(let spans) = answer else {
      return nil
    }
    let tokens = WordToken.tokens(of: example.text)
    let words = tokens.map { $0.text.lowercased() }
    self.spans = spans.compactMap { span -> Span? in
      let inside = tokens.indices.filter { tokens[$0].range.overlaps(span.range) }
      guard let first = inside.first, let last = inside.last else { return nil }
      return Span(
        label: span.label, length: last + 1 - first, start: EndFeatures.start(first, words),
        end: EndFeatures.end(last + 1, words))
    }
    places = words.count + 1
    usual = (0..<places).reduce(into: [:]) { counts, place in
      for feature in EndFeatures.start(place, words) + EndFeatures.end(place, words) {
        counts[feature, default: 0] += 1
      }
    }
  }
}

/// The places of a text at which a span may begin or end.
struct PossibleEnds {
  /// A feature, and how often it stands at any place of some demonstrations.
  struct Feature {
    let name: String
    let usual: Double
  }

  /// The features of a span that begins before each word, and of one that ends before each and behind the last.
  let starts: [[Feature]], ends: [[Feature]]

  init(of words: [String], among texts: [MarkedText]) {
    let places = Double(texts.reduce(0) { $0 + $1.places })
    func features(_ names: [String]) -> [Feature] {
      names.map { name in
        let count = texts.reduce(0) { $0 + $1.usual[name, default: 0] }
        return Feature(name: name, usual: (Double(count) + 0.5) / (places + 1))
      }
    }
    starts = words.indices.map { features(EndFeatures.start($0, words)) }
    ends = (0...words.count).map { features(EndFeatures.end($0, words)) }
  }
}

/// How the spans of one type begin and end in some demonstrations.
struct EndModel {
  private var starts: [String: Double] = [:]
  private var ends: [String: Double] = [:]
  private var meanLength = 0.0
  private var deviation = 3.0
  private var longest = 1
  /// Weighted number of spans.
  private(set) var count = 0.0

  init(_ type: String, _ texts: [MarkedText], weights: [Double]) {
    var lengths: [(Double, Double)] = []
    for (text, weight) in zip(texts, weights) {
      for span in text.spans where span.label == type {
        count += weight
        for feature in span.start { starts[feature, default: 0] += weight }
        for feature in span.end { ends[feature, default: 0] += weight }
        lengths.append((Double(span.length), weight))
        longest = max(longest, span.length)
      }
    }
    guard count > 0 else { return }
    meanLength = lengths.reduce(0) { $0 + $1.0 * $1.1 } / count
    let variance = lengths.reduce(0) { $0 + ($1.0 - meanLength) * ($1.0 - meanLength) * $1.1 } / count
    deviation = max(1.5, variance.squareRoot())
  }

  /// The spans worth a thought, with their scores: above 0 where they look like a span rather than not.
  func candidates(at places: PossibleEnds) -> [(range: Range<Int>, score: Double)] {
    let begin = places.starts.map { score($0, starts) }
    let finish = places.ends.map { score($0, ends) }
    var found: [(range: Range<Int>, score: Double)] = []
    for start in begin.indices {
      for end in (start + 1)...min(begin.count, start + longest + 3) {
        let z = (Double(end - start) - meanLength) / deviation
        let score = begin[start] + finish[end] - z * z / 2
        if score > 0 { found.append((start..<end, score)) }
      }
    }
    return found
  }

  private func score(_ features: [PossibleEnds.Feature], _ seen: [String: Double]) -> Double {
    features.reduce(0.0) { sum, feature in
      let usual = feature.usual
      let here = seen[feature.name, default: 0] / count
      return sum + log((here + 0.5 * usual + 0.02) / (1.5 * usual + 0.02))
    }
  }
}

/// What a span's end is told by: the words around it.
enum EndFeatures {
  private static func word(_ place: Int, _ words: [String]) -> String {
    words.indices.contains(place) ? words[place] : place < 0 ? "<" : ">"
  }

  static func start(_ place: Int, _ words: [String]) -> [String] {
    let (before, first) = (word(place - 1, words), word(place, words))
    return ["b " + before, "bb " + word(place - 2, words) + " " + before, "f " + first, "bf " + before + " " + first]
  }

  static func end(_ place: Int, _ words: [String]) -> [String] {
    let (last, next) = (word(place - 1, words), word(place, words))
    return ["l " + last, "n " + next, "nn " + next + " " + word(place + 1, words), "ln " + last + " " + next]
  }
}
