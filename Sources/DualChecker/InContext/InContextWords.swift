internal import Foundation
internal import TeacherProtocol

/// Naive Bayes over the words of the demonstrations and of the definitions.
struct InContextWords {
  private let prompt: InContextPrompt
  private let task: LabellingTask
  private let readings: KeptReadings<ReadAnswer>

  init(_ prompt: InContextPrompt, task: LabellingTask, readings: KeptReadings<ReadAnswer>) {
    self.prompt = prompt
    self.task = task
    self.readings = readings
  }

  /// The probability of each class, in the task's order.
  func probabilities() -> [Double] {
    let reader = AnswerReader(labels: task.labels)
    var counts = [[String: Double]](repeating: [:], count: task.labels.labels.count)
    var texts = [Double](repeating: 1, count: counts.count)
    for example in prompt.examples {
      let read = readings.value(of: example.answer) { reader.read(example.answer) }
      guard case .answered(let name) = read.outcome, let place = task.labels.index(of: name) else { continue }
      texts[place] += 1
      for word in Self.words(example.wholeText + " " + read.rationale) { counts[place][word, default: 0] += 1 }
    }
    for (place, label) in task.labels.labels.enumerated() {
      for word in Self.words(prompt.meanings[label.name] ?? "") { counts[place][word, default: 0] += 1 }
    }
    let vocabulary = Double(Set(counts.flatMap(\.keys)).count + 1)
    let asked = Self.words(Item.wholeText(prompt.text, prompt.detail)).filter { word in
      counts.contains { $0[word] != nil }
    }
    let scores = counts.indices.map { place -> Double in
      let total = counts[place].values.reduce(0, +) + vocabulary
      // In the order of the text: a sum over a set would differ from run to run.
      return log(texts[place]) + asked.reduce(0.0) { $0 + log((counts[place][$1, default: 0] + 1) / total) }
    }
    let top = scores.max() ?? 0
    let likely = scores.map { exp($0 - top) }
    let total = likely.reduce(0, +)
    return likely.map { $0 / total }
  }

  /// The different words of a text, in order, cut to their stems' first letters.
  private static func words(_ text: String) -> [String] {
    var seen: Set<String> = []
    return WordToken.tokens(of: text).compactMap { token in
      let word = String(token.text.lowercased().prefix(7))
      return (word.count > 2 || word.unicodeScalars.contains { $0.value > 0x2E80 }) && seen.insert(word).inserted
        ? word : nil
    }
  }
}
