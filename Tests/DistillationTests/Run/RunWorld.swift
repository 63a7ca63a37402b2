import Annotations
import Distillation
import Foundation
import ImageDecoding
import LanguageModel
import Layers
import LoRA
import StudentModels
import Synchronization
import TeacherProtocol
import Tensor

/// A data set of a few dozen items with its pictures, teachers and base student, in a folder of its own.
///
/// Teacher `a` is wrong on every sixth item, `b` on every fourth from the second on; `b` abstains once, and one of `a`'s
/// replies can't be read.
struct RunWorld {
  let folder: URL
  var configuration: RunConfiguration
  var plugins = RunPlugins()
  let items: [Row]

  /// A row of the data file with what the teachers say about it.
  struct Row {
    var id: String
    var split: String
    var label: String
    var image: String
    var votes: [String: String?]
  }

  static let train = 24
  static let dev = 6
  static let test = 12

  /// - Parameter labels: two or three names; their answers are `It is NAME.`
  init(in folder: URL, labels: [String] = ["pristine", "falsified"]) throws {
    self.folder = folder
    var items: [Row] = []
    for number in 0..<(Self.train + Self.dev + Self.test) {
      let truth = number % labels.count
      let wrong = labels[(truth + 1) % labels.count]
      let other = labels[(truth + 2) % labels.count]
      let isA = number % 6 == 0
      let isB = number % 4 == 1
      // With three labels, both are wrong in different ways on every eighth item.
      let bothWrong = labels.count > 2 && number % 8 == 3
      let split = number < Self.train ? "train" : number < Self.train + Self.dev ? "dev" : "test"
      items.append(
        Row(
          id: "i\(number)", split: split, label: labels[truth], image: "\(split)\(number / 2 % 3).png",
          votes: [
            "a": number == 7 ? "perhaps" : isA || bothWrong ? wrong : labels[truth],
            "b": number == 10 ? nil : isB ? wrong : bothWrong ? other : labels[truth],
          ]))
    }
    self.items = items
    let data = folder.appending(path: "data")
    try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    for (number, name) in Set(items.map(\.image)).sorted().enumerated() {
      var generator = Tensor.Generator(seed: UInt64(number))
      let pixels = (0..<(3 * 256)).map { _ in UInt8.random(in: 0...255, using: &generator) }
      try Data(RGBImage(width: 16, height: 16, pixels: pixels).pngData()).write(to: data.appending(path: name))
    }
    try Self.write(items, to: data.appending(path: "items.jsonl"))
    let replies = items.map { row in
      let teachers = row.votes.sorted { $0.key < $1.key }.map { name, label in
        let value = label.map { "\"\($0)\"" } ?? "null"
        return
          "\"\(name)\":{\"label\":\(value),\"rationale\":\"\(name) saw \(row.id)\",\"confidence\":\(name == "a" ? 0.9 : 0.6)}"
      }
      return "{\"id\":\"\(row.id)\",\"teachers\":{\(teachers.joined(separator: ","))}}\n"
    }
    try Data(replies.joined().utf8).write(to: data.appending(path: "replies.jsonl"))
    let base = folder.appending(path: "base")
    if !FileManager.default.fileExists(atPath: base.path) { try TinyModels.student().save(to: base) }
    configuration = Self.configuration(in: folder, labels: labels)
  }

  static func write(_ items: [Row], to url: URL) throws {
    let lines = items.enumerated().map { number, row in
      "{\"id\":\"\(row.id)\",\"image\":\"\(row.image)\",\"text\":\"Caption \(row.id)\",\"label\":\"\(row.label)\","
        + "\"group\":\"g\(row.split)\(number / 2)\",\"split\":\"\(row.split)\",\"kind\":\"\(number % 3 == 0 ? "x" : "y")\"}\n"
    }
    try Data(lines.joined().utf8).write(to: url)
  }

  private static func configuration(in folder: URL, labels: [String]) -> RunConfiguration {
    let data = folder.appending(path: "data")
    func recorded(_ name: String) -> TeacherConfiguration {
      .init(name: name, source: .recorded(.init(file: data.appending(path: "replies.jsonl").path)))
    }
    var c = RunConfiguration(
      data: .init(file: data.appending(path: "items.jsonl").path), teachers: [recorded("a"), recorded("b")],
      student: .init(model: folder.appending(path: "base").path), stage2: .init(reference: .stage1Adapter))
    c.data.fields.split = "split"
    c.data.fields.group = "group"
    c.labels = labels.map { .init(name: $0, answer: "It is \($0).") }
    c.positive = labels.last ?? ""
    c.prompt = "{text}"
    c.store = folder.appending(path: "store").path
    c.cache = folder.appending(path: "cache").path
    c.review.budget = .count(4)
    c.student.lora.rank = 2
    c.student.maximumNewTokens = 4
    c.stage1.training = .init(epochs: 2, batch: 8, learningRate: 1e-2)
    c.stage2.training = .init(epochs: 2, batch: 2, learningRate: 1e-2)
    // What is chosen and replayed is tested apart.
    c.stage2.choose = .asConfigured
    c.stage2.replay = 0
    c.stage1.training.checkpointEvery = 1
    c.stage2.training.checkpointEvery = 1
    c.evaluation.results = .init([.stage1, .twoStage])
    c.evaluation.bootstrap = 20
    c.report.gallery = 2
    return c
  }

  /// A run in the folder of this name.
  func run(_ name: String = "run") throws -> DistillationRun {
    try DistillationRun(configuration, folder: folder.appending(path: name), plugins: plugins)
  }

  /// The same world with another configuration.
  func with(_ change: (inout RunConfiguration) -> Void) -> RunWorld {
    var copy = self
    change(&copy.configuration)
    return copy
  }

  /// Gives item 2 a damaged picture, and item 4 one that is not there, in the data file.
  func spoilImages() throws {
    let data = folder.appending(path: "data")
    try Data("not a picture".utf8).write(to: data.appending(path: "bad.png"))
    var rows = items
    rows[2].image = "bad.png"
    rows[4].image = "none.png"
    try Self.write(rows, to: data.appending(path: "items.jsonl"))
  }

  /// The bytes of a file of a run.
  func bytes(_ path: String, of name: String = "run") throws -> Data {
    try Data(contentsOf: folder.appending(path: name).appending(path: path))
  }

  func exists(_ path: String, of name: String = "run") -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: name).appending(path: path).path)
  }

  /// Everything of a run that must come out the same again.
  func results(of name: String = "run") throws -> [String: Data] {
    let root = folder.appending(path: name)
    let paths = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
    let kept = paths.filter {
      $0.hasSuffix("adapter_model.safetensors") || $0 == "evaluation.json"
        // Not what an atomic write had begun when the process was killed.
        || $0.hasPrefix("predictions/") && !$0.contains("/.")
        || $0 == "review.jsonl" || $0 == "agreement.json"
    }
    return try Dictionary(uniqueKeysWithValues: kept.map { ($0, try Data(contentsOf: root.appending(path: $0))) })
  }

  /// Ids of items with a human label, in the order of reading.
  func reviewed(of name: String = "run") throws -> [String] {
    guard exists("review.jsonl", of: name) else { return [] }
    return try String(decoding: bytes("review.jsonl", of: name), as: UTF8.self).split(separator: "\n").map { line in
      let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
      return row?["item"] ?? ""
    }
  }

  /// Updates of each stage by metrics.jsonl.
  func steps(of name: String = "run") throws -> [String: Int] {
    let rows = try MetricsLog.rows(of: folder.appending(path: name).appending(path: "metrics.jsonl"))
    return Dictionary(rows.map { ($0.stage, 1) }, uniquingKeysWith: +)
  }

  /// Training items on which both teachers vote and differ.
  var conflicts: [Row] {
    items.filter { row in
      let votes = row.votes.values.compactMap { $0 }.filter { $0 != "perhaps" }
      return row.split == "train" && votes.count == 2 && Set(votes).count == 2
    }
  }

  /// Training items on which both teachers vote alike.
  var agreed: [Row] {
    items.filter { row in
      let votes = row.votes.values.compactMap { $0 }.filter { $0 != "perhaps" }
      return row.split == "train" && votes.count == 2 && Set(votes).count == 1
    }
  }
}

/// Runs the closure with a world in a new folder, which is removed afterwards.
func withRunWorld<Result>(
  labels: [String] = ["pristine", "falsified"], _ body: (RunWorld) async throws -> Result
) async throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "run-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(RunWorld(in: folder, labels: labels))
}

/// Carries the run of a world out.
///
/// - Returns: what was said meanwhile.
func start(_ world: RunWorld) async throws -> String {
  let said = Said()
  try await DistillationRun(
    world.configuration, folder: world.folder.appending(path: "run"), reporter: said.reporter, plugins: world.plugins
  ).run()
  return said.text
}

/// A third party's student: writes down what it is asked, and breaks when told to.
struct WatchedStudent: Student {
  var student: SmolVLM
  let log: Log

  final class Log: Sendable {
    struct Entry: Sendable, Equatable {
      var question: String
      /// Where its images stand.
      var images: [Int] = [0]
      var answers: [String]
    }
    private struct State {
      var entries: [Entry] = []
      var scored = 0
      var encoded = 0
      var breaksAt: Int?
    }
    private let state = Mutex(State())

    /// Trees that were asked for, since ``clear()``.
    var entries: [Entry] { state.withLock { $0.entries } }
    /// Scorings since ``clear()``.
    var scored: Int { state.withLock { $0.scored } }

    /// Images through the tower since ``clear()``.
    var encoded: Int { state.withLock { $0.encoded } }

    func clear(breaksAt: Int? = nil) { state.withLock { $0 = State(breaksAt: breaksAt) } }
    fileprivate func encode() { state.withLock { $0.encoded += 1 } }
    fileprivate func add(_ entry: Entry) { state.withLock { $0.entries.append(entry) } }
    fileprivate func score() -> Bool {
      state.withLock {
        $0.scored += 1
        return $0.scored == $0.breaksAt
      }
    }
  }

  func image(_ image: RGBImage) throws -> PromptImage { try student.image(image) }
  func encoded(_ image: PromptImage) -> PromptImage {
    log.encode()
    return student.encoded(image)
  }

  func tree(question: String, images: [PromptImage], answers: [String]) throws -> AnswerTree {
    log.add(.init(question: question, images: images.map(\.place), answers: answers))
    return try student.tree(question: question, images: images, answers: answers)
  }

  func logProbabilities(of trees: [AnswerTree]) -> AnswerScores {
    let scores = student.logProbabilities(of: trees)
    guard log.score() else { return scores }
    return AnswerScores(
      logProbabilities: scores.logProbabilities * .nan, ranges: scores.ranges, entropies: scores.entropies,
      isGreedy: scores.isGreedy)
  }

  func generate(
    _ prompts: [AnswerTree], maximumTokens: Int, sampling: Sampling, using generator: inout Tensor.Generator
  ) -> [Generation] {
    student.generate(prompts, maximumTokens: maximumTokens, sampling: sampling, using: &generator)
  }

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) { student.visit(&visitor, at: path) }
}

/// What a run said to its reporter.
final class Said: Sendable {
  private let lines = Mutex("")
  private let style: ProgressStyle

  init(_ style: ProgressStyle = .plain(every: 0)) { self.style = style }

  var text: String { lines.withLock { $0 } }
  var reporter: ProgressReporter {
    ProgressReporter(style: style, clock: { 0 }, write: { text in self.lines.withLock { $0 += text } })
  }
}

/// A teacher made of a function, which counts how often it is asked.
final class CountingTeacher: Teacher, Sendable {
  let name: String
  let model = "counting"
  let answersByItem = false
  private let asked = Atomic(0)
  private let answer: @Sendable (TeacherRequest, Int) throws -> String?

  init(_ name: String, _ answer: @escaping @Sendable (TeacherRequest, Int) throws -> String?) {
    self.name = name
    self.answer = answer
  }

  var calls: Int { asked.load(ordering: .relaxed) }

  func reply(to request: TeacherRequest) async throws -> TeacherReply {
    let number = asked.add(1, ordering: .relaxed).newValue
    guard let label = try answer(request, number) else { return TeacherReply(outcome: .abstained, raw: "") }
    return TeacherReply(outcome: .answered(label), rationale: "\(name) thinks so", raw: label)
  }
}

extension RunConfiguration {
  /// Teachers that the run makes of half the training items, one for grey and one for blurred images.
  mutating func makeTeachers() {
    data.teacherShare = 0.5
    teachers = [("grey", .grey), ("blurred", .blurred)].map { name, view in
      var teacher = TrainedTeacherConfiguration()
      teacher.imageView = view
      teacher.training = TrainingConfiguration(epochs: 1, batch: 4, learningRate: 1e-2)
      return TeacherConfiguration(name: name, source: .trained(teacher))
    }
    agreement.rule = .majority
    stage1.conflicts = .all
  }
}
