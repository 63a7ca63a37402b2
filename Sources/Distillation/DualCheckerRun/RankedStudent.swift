internal import DualChecker
internal import Foundation
internal import Layers
internal import TeacherProtocol
internal import TextStudents
internal import Training

/// What rank 0 has the others do: the loop is its own.
private struct StudentOrder: Codable {
  enum Work: String, Codable {
    /// Take up the model that the student begins with.
    case begin
    case fit
    case train
    case predict
    /// Answer a teacher's questions.
    case ask
    case end
  }

  struct Example: Codable {
    var item: Item
    var answer: TaskAnswer
    var weight: Double
    var alternatives: [ProbableAnswer]
  }

  struct Pair: Codable {
    var item: Item
    var chosen: TaskAnswer
    var rejected: [TaskAnswer]
  }

  var work: Work
  /// The states of the student that it begins and ends with; 0 is the untrained one.
  var from = 0
  var to = 0
  /// The state that it begins with, where the others don't have it.
  var state: Data?
  var examples: [Example] = []
  var pairs: [Pair] = []
  /// What the student is to answer.
  var items: [Item] = []
  var questions: TeacherOrder?
  /// Checkpoints that training goes on from, by the names of their files, and what they were made from.
  var files: [String: Data] = [:]
  var checkpoint: String?
  var key: String?
}

/// Gives the orders, and knows which states the other ranks have.
final class StudentConductor: @unchecked Sendable {
  // Of one task: the loop does one thing with its student after another.
  fileprivate let ranks: any Ranks
  private var known: Set<Int> = [0]
  private var last = 0

  init(_ ranks: any Ranks) { self.ranks = ranks }

  /// Has the others take up the model in a folder.
  func begin() throws { try StudentOrder(work: .begin).send(ranks) }

  /// Lets the others go.
  func end() throws { try teachers.end() }

  /// Has the others answer what is asked of teachers in this process.
  private(set) lazy var teachers = TeacherConductor(ranks) { [ranks] questions in
    var order = StudentOrder(work: questions == nil ? .end : .ask)
    order.questions = questions
    try order.send(ranks)
  }

  /// A state that the others have not got.
  fileprivate func unknown() -> Int {
    last += 1
    return last
  }

  fileprivate func order(_ order: StudentOrder, from student: RankedStudent) throws -> Int {
    var order = order
    // Predictions leave the student as it is.
    (order.from, order.to) = (student.number, order.work == .predict ? student.number : unknown())
    if !known.contains(student.number) {
      try withScratch { file in
        try student.student.saveState(to: Checkpoint(url: file, key: ""))
        order.state = try Data(contentsOf: file)
      }
    }
    try order.send(ranks)
    known = [0, order.to]
    return order.to
  }
}

extension StudentOrder {
  private static let message = "the next work"

  func send(_ ranks: any Ranks) throws {
    let encoder = PropertyListEncoder()
    encoder.outputFormat = .binary
    _ = try ranks.ofFirst({ [UInt8](try encoder.encode(self)) }, Self.message)
  }

  static func received(_ ranks: any Ranks) throws -> StudentOrder {
    try PropertyListDecoder().decode(StudentOrder.self, from: Data(ranks.ofFirst({ [] }, message)))
  }
}

/// A student that other ranks train, and ask, along with this one.
struct RankedStudent: DualCheckerStudent {
  fileprivate var student: any DualCheckerStudent
  fileprivate var number = 0
  private let conductor: StudentConductor

  init(_ student: any DualCheckerStudent, _ conductor: StudentConductor) {
    (self.student, self.conductor) = (student, conductor)
    self.student.ranks = conductor.ranks
  }

  var ranks: any Ranks {
    get { student.ranks }
    set { student.ranks = newValue }
  }

  func check(_ items: [Item]) throws { try student.check(items) }

  func readParts(of items: [Item]) -> ReadParts? { student.readParts(of: items) }

  /// Answers are dealt out where there are more than a batch of them.
  func predictions(for items: [Item]) async throws -> [StudentPrediction] {
    guard items.count > DealtAnswers.batch else {
      var alone = student
      alone.ranks = OneRank()
      return try await alone.predictions(for: items)
    }
    var order = StudentOrder(work: .predict)
    order.items = items
    _ = try conductor.order(order, from: self)
    return try await student.predictions(for: items)
  }

  mutating func fit(_ batch: [TrainingExample]) async throws {
    number = try conductor.order(StudentOrder(work: .fit, examples: batch.map(StudentOrder.Example.init)), from: self)
    try await student.fit(batch)
  }

  mutating func train(
    on examples: [TrainingExample], pairs: [AnswerPair], checkpoint: Checkpoint?,
    onUpdate: @escaping @Sendable (Int, Int, Double) -> Void
  ) async throws {
    var order = StudentOrder(work: .train, examples: examples.map(StudentOrder.Example.init))
    order.pairs = pairs.map { .init(item: $0.item, chosen: $0.chosen, rejected: $0.rejected) }
    if let checkpoint {
      (order.checkpoint, order.key) = (checkpoint.url.lastPathComponent, checkpoint.key)
      let folder = checkpoint.url.deletingLastPathComponent()
      let stem = checkpoint.url.deletingPathExtension().lastPathComponent
      for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] where name.hasPrefix(stem) {
        order.files[name] = try Data(contentsOf: folder.appending(path: name))
      }
    }
    number = try conductor.order(order, from: self)
    try await student.train(on: examples, pairs: pairs, checkpoint: checkpoint, onUpdate: onUpdate)
  }

  func save(to folder: URL) throws { try student.save(to: folder) }

  func saveState(to checkpoint: Checkpoint) throws { try student.saveState(to: checkpoint) }

  mutating func restore(from checkpoint: Checkpoint) throws -> Bool {
    guard try student.restore(from: checkpoint) else { return false }
    number = conductor.unknown()
    return true
  }
}

extension StudentOrder.Example {
  fileprivate init(_ example: TrainingExample) {
    self.init(
      item: example.item, answer: example.answer, weight: example.weight, alternatives: example.alternatives)
  }

  fileprivate var example: TrainingExample {
    var example = TrainingExample(item: item, answer: answer, weight: weight)
    example.alternatives = alternatives
    return example
  }
}

extension DualCheckerRun {
  /// Stops before anything is computed where a rank has another version, configuration, data file or model than rank 0.
  func agree(_ records: DualCheckerRecords) throws {
    let model = try configuration.student.model.map {
      try FileDigests(cache: nil).digest(ofModel: URL(filePath: $0))
    }
    try ranks.agree(
      RankFacts.common(configuration: configuration.yaml) + [
        ("the data files' digest", records.key), ("the student's digest", model ?? ""),
      ], "the beginning of the run")
  }

  /// Carries the run out as a rank other than the first: trains and asks the student, and answers for teachers in its process,
  /// whenever that one does.
  package func assist() async throws {
    let records = try DualCheckerRecords(configuration, rows: RunRules(of: folder).rows)
    try agree(records)
    var model = configuration.student.model.map { URL(filePath: $0) } ?? folder.appending(path: "base")
    var untrained: (any DualCheckerStudent)?
    var latest: (number: Int, student: any DualCheckerStudent)?
    var teachers: [String: any ComputedTeacher] = [:]
    while true {
      let order = try StudentOrder.received(ranks)
      switch order.work {
      case .end: return
      case .ask:
        guard let questions = order.questions else { continue }
        let teacher = try teachers[questions.teacher] ?? computedTeacher(questions.teacher, records.task)
        teachers[questions.teacher] = teacher
        try await onOwnThread { [ranks] in try ranks.carryOut(questions, by: teacher, records.task.labels) }
      case .begin:
        if configuration.student.model == nil { model = try RankFolder.place(of: model, ranks) }
        untrained = try student(records.task, model: model)
        untrained?.ranks = ranks
        if configuration.student.model == nil { try? FileManager.default.removeItem(at: model) }
      case .fit, .train, .predict:
        guard var student = latest?.number == order.from ? latest?.student : untrained else {
          throw RanksError.broken("a student is trained before it is there")
        }
        latest = nil
        if let state = order.state {
          try withScratch { file in
            try state.write(to: file)
            _ = try student.restore(from: Checkpoint(url: file, key: ""))
          }
        }
        try await carryOut(order, &student)
        latest = (order.to, student)
      }
    }
  }

  private func computedTeacher(_ name: String, _ task: LabellingTask) throws -> any ComputedTeacher {
    let all = [configuration.teacher, configuration.second].compactMap(\.self)
    guard let teacher = all.first(where: { $0.name == name }) else {
      throw RanksError.broken("teacher '\(name)' is not one of this rank's configuration")
    }
    return try computedTeacher(teacher, task)
  }

  private func carryOut(_ order: StudentOrder, _ student: inout any DualCheckerStudent) async throws {
    if order.work == .predict {
      _ = try await student.predictions(for: order.items)
      return
    }
    let examples = order.examples.map(\.example)
    guard order.work == .train else { return try await student.fit(examples) }
    let scratch = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try OwnerOnly.makeFolder(scratch)
    defer { try? FileManager.default.removeItem(at: scratch) }
    for (name, bytes) in order.files { try bytes.write(to: scratch.appending(path: name)) }
    let checkpoint = order.checkpoint.map { Checkpoint(url: scratch.appending(path: $0), key: order.key ?? "") }
    try await student.train(
      on: examples, pairs: order.pairs.map { AnswerPair(item: $0.item, chosen: $0.chosen, rejected: $0.rejected) },
      checkpoint: checkpoint
    ) { _, _, _ in }
  }
}

/// A file that is there while the closure runs.
private func withScratch(_ body: (URL) throws -> Void) throws {
  let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).safetensors")
  defer { try? FileManager.default.removeItem(at: file) }
  try body(file)
}
