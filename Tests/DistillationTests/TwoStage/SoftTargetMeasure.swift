import Annotations
import Evaluation
import Foundation
import ImageDecoding
import LanguageModel
import LoRA
import Layers
import StudentModels
import TeacherProtocol
import Tensor
import Testing
import Training
import TwoStage

/// Soft targets beside hard ones at the same human labels, where the teachers' probabilities are known to be right: measured with
/// `MEASURE_SOFT_TARGETS` set, and only then.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["MEASURE_SOFT_TARGETS"] != nil, "set MEASURE_SOFT_TARGETS"))
struct SoftTargetMeasure {
  @Test func `soft and hard targets over four seeds`() async throws {
    for conflicts in [TwoStageOptions.Conflicts.exclude, .all] {
      for (name, targets, sharpness) in [
        ("hard", LabelTargets.hard, 1.0), ("soft", .soft, 1), ("soft, teachers too sure", .soft, 3),
      ] {
        var first: [Figures] = []
        var second: [Figures] = []
        for seed in 1...4 {
          let found = try await Self.figures(PosteriorWorld(seed: UInt64(seed), sharpness), targets, conflicts)
          first.append(found.first)
          second.append(found.second)
        }
        print("conflicts \(conflicts.rawValue), \(name)")
        print("  stage 1     \(Figures.means(first))")
        print("  two stages  \(Figures.means(second))")
        #expect(first.allSatisfy { $0.accuracy > 0.6 })
      }
    }
    let bound = (1...4).map { Figures(PosteriorWorld(seed: $0, 1).testPosteriors) }
    print("the posterior itself, which nobody beats\n  \(Figures.means(bound))")
  }

  private static func figures(
    _ world: PosteriorWorld, _ targets: LabelTargets, _ conflicts: TwoStageOptions.Conflicts
  ) async throws -> (first: Figures, second: Figures) {
    let labels = try LabelSet([.init(name: "a"), .init(name: "b")], positive: "a")
    var method = TwoStageDistillation(labels: labels, prompt: try PromptTemplate("{text}"))
    method.options.adapter.targets = .names(["head"])
    (method.options.stage1.epochs, method.options.stage1.learningRate) = (10, 0.02)
    (method.options.stage2.epochs, method.options.stage2.learningRate) = (4, 0.005)
    (method.options.targets, method.options.conflicts, method.options.replay) = (targets, conflicts, 1)
    method.options.seed = world.seed
    let data = Dataset(items: world.training + world.test, root: FileManager.default.temporaryDirectory)
    let outcome = try await method.distill(
      data, items: world.training, into: WordCounts(), teachers: world.teachers,
      people: OracleLabelSource(gold: GoldAnswers(world.truth), budget: world.training.count / 10),
      store: MemoryAnnotationStore())
    func figures(_ student: WordCounts) async throws -> Figures {
      let found = try await method.predictions(for: world.test, in: data, by: student)
      return Figures(found.map { ($0.probabilities["a"] ?? 0, world.truth[$0.itemID] == "a") })
    }
    return (try await figures(outcome.stage1), try await figures(outcome.student))
  }
}

/// How good and how honest probabilities of two labels are.
private struct Figures {
  var accuracy = 0.0
  var logLoss = 0.0
  var brier = 0.0
  var calibrationError = 0.0

  init(_ cases: [(probability: Double, isPositive: Bool)]) {
    let count = Double(cases.count)
    for (probability, isPositive) in cases {
      let truth = isPositive ? 1.0 : 0
      accuracy += (probability > 0.5) == isPositive ? 1 / count : 0
      logLoss -= log(isPositive ? probability : 1 - probability) / count
      brier += (probability - truth) * (probability - truth) / count
    }
    calibrationError =
      Reliability(
        confidences: cases.map { max($0.probability, 1 - $0.probability) },
        correct: cases.map { ($0.probability > 0.5) == $0.isPositive }
      ).expectedCalibrationError
  }

  static func means(_ all: [Figures]) -> String {
    func mean(_ path: KeyPath<Figures, Double>) -> String {
      let values = all.map { $0[keyPath: path] }
      let mean = values.reduce(0, +) / Double(values.count)
      let spread = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count - 1))).squareRoot()
      return String(format: "%.3f ± %.3f", mean, spread)
    }
    return
      "accuracy \(mean(\.accuracy))  log loss \(mean(\.logLoss))  Brier \(mean(\.brier))  ECE \(mean(\.calibrationError))"
  }
}

/// Texts of ten words whose label's probability follows from the words by Bayes' rule, and teachers that read the first three, six
/// and eight of them and are as sure as these words allow.
private struct PosteriorWorld {
  let seed: UInt64
  let training: [Item]
  let test: [Item]
  let truth: [String: String]
  let teachers: [any Teacher]
  private let evidence: [Double]

  /// - Parameter sharpness: by how much the teachers' log odds are too large.
  init(seed: UInt64, _ sharpness: Double) {
    var generator = Tensor.Generator(seed: seed)
    // Words come with a by their share, and with b by what is left of it.
    let shares = (0..<WordCounts.words).map { _ in 1 / (1 + exp(Double.random(in: -0.6...0.6, using: &generator))) }
    let common = log(shares.reduce(0, +) / (Double(WordCounts.words) - shares.reduce(0, +)))
    let evidence = shares.map { log($0 / (1 - $0)) - common }
    var truth: [String: String] = [:]
    let items = (0..<4000).map { number -> Item in
      let isA = Bool.random(using: &generator)
      var words: [Int] = []
      while words.count < 10 {
        let word = Int.random(in: 0..<WordCounts.words, using: &generator)
        if Double.random(in: 0..<1, using: &generator) < (isA ? shares[word] : 1 - shares[word]) { words.append(word) }
      }
      truth["\(number)"] = isA ? "a" : "b"
      return Item(id: "\(number)", fields: ["text": words.map { "w\($0)" }.joined(separator: " ")])
    }
    (self.seed, self.truth, self.evidence) = (seed, truth, evidence)
    (training, test) = (Array(items.prefix(1600)), Array(items.dropFirst(1600)))
    teachers = [0..<3, 2..<8, 1..<9].enumerated().map {
      Reader(name: "reader\($0)", words: $1, evidence: evidence, sharpness: sharpness)
    }
  }

  /// The probability of a by all words, and whether it is a.
  var testPosteriors: [(probability: Double, isPositive: Bool)] {
    test.map { item in
      (1 / (1 + exp(-Reader.logOdds(item, 0..<10, evidence))), truth[item.id] == "a")
    }
  }

  private struct Reader: Teacher {
    let name: String
    let words: Range<Int>
    let evidence: [Double]
    let sharpness: Double
    var model: String { name }

    static func logOdds(_ item: Item, _ words: Range<Int>, _ evidence: [Double]) -> Double {
      item.text.split(separator: " ")[words].reduce(0) { $0 + (Int($1.dropFirst()).map { evidence[$0] } ?? 0) }
    }

    func reply(to request: TeacherRequest) async throws -> TeacherReply {
      let odds = sharpness * Self.logOdds(request.item, words, evidence)
      return TeacherReply(
        outcome: .answered(odds > 0 ? "a" : "b"),
        confidence: Confidence(1 / (1 + exp(-abs(odds))), source: .labelTokenProbability), raw: odds > 0 ? "a" : "b")
    }
  }
}

/// A log-linear student over the counts of words and the word before.
private struct WordCounts: Student {
  static let words = 40
  private static let labels = ["a", "b"]
  /// Words, both labels, the end.
  private static let size = words + 3
  private var head: any Projection = Linear(weight: .zeros([size, 2 * size]))

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(projection: &head, at: path.isEmpty ? "head" : path + ".head")
  }

  func logProbabilities(of trees: [AnswerTree]) -> AnswerScores {
    var features: [Float] = []
    let packed = PackedTrees(trees)
    for tree in trees {
      var counts = [Float](repeating: 0, count: Self.size)
      for token in tree.prompt { counts[token] += 1 }
      for answer in tree.answers {
        for place in answer.indices {
          var before = [Float](repeating: 0, count: Self.size)
          before[place == 0 ? Self.size - 1 : answer[place - 1]] = 1
          features += counts + before
        }
      }
    }
    let rows = head(Tensor(features, shape: [features.count / (2 * Self.size), 2 * Self.size])).logSoftmax()
    let places = packed.targets.enumerated().map { $0 * Self.size + $1 }
    let nothing = [Float](repeating: 0, count: places.count)
    return AnswerScores(
      logProbabilities: rows.reshaped([-1, 1]).gathered(places).reshaped([-1]), ranges: packed.ranges,
      entropies: nothing, isGreedy: nothing.map { _ in false })
  }

  func tree(question: String, images: [PromptImage], answers: [String]) throws -> AnswerTree {
    func tokens(_ text: String) -> [Int] {
      text.split { !$0.isLetter && !$0.isNumber }.compactMap { word in
        Self.labels.firstIndex(of: String(word)).map { Self.words + $0 } ?? Int(word.dropFirst())
      }
    }
    return AnswerTree(prompt: tokens(question), answers: answers.map { tokens($0) + [Self.size - 1] })
  }

  func image(_ image: RGBImage) throws -> PromptImage { throw StudentError.empty("image") }
  func encoded(_ image: PromptImage) -> PromptImage { image }
  func generate(
    _ prompts: [AnswerTree], maximumTokens: Int, sampling: Sampling, using generator: inout Tensor.Generator
  ) -> [Generation] { prompts.map { _ in Generation(tokens: [], text: "", isComplete: true) } }
}
