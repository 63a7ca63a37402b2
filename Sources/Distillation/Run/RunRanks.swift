internal import Annotations
internal import DistillationConfiguration
internal import Foundation
internal import Layers
internal import TeacherProtocol
internal import Tensor
internal import Training

/// What the ranks of a run have to have in common, and what rank 0 alone finds.
extension DistillationRun {
  /// Stops before anything is computed where a rank has another version, configuration, data file or model than rank 0.
  func agree(_ files: DataFiles) throws {
    guard ranks.count > 1 else { return }
    let model =
      try plugins.student == nil && configuration.student.model == nil ? "" : baseKey() + referenceDigest()
    try ranks.agree(
      RankFacts.common(configuration: configuration.yaml) + [
        ("the data files' digest", files.key), ("the student's digest", model),
      ], "the beginning of the run")
    for line in idleRanks { reporter.message(line) }
  }

  /// Which stages have fewer parts of an update than there are ranks.
  private var idleRanks: [String] {
    var stages = [
      ("stage1", configuration.stage1.training.options.parts), ("stage2", configuration.stage2.training.options.parts),
    ]
    if configuration.student.fresh != nil, let pretrain = configuration.pretrain {
      stages.insert(("pretrain", pretrain.updateParts), at: 0)
    }
    return stages.filter { $0.1 < ranks.count }.map { name, parts in
      "\(name) cuts an update into \(parts) parts, so that \(ranks.count - parts) of the \(ranks.count) ranks have none to "
        + "compute; \(name).parts: \(ranks.count) gives each one, and is another result"
    }
  }

  /// Stops where a rank can't use the same rows, as one that lacks images.
  func agree(_ data: RunData) throws {
    let items = (data.train + data.teaching + data.dev + data.test).map(\.id).joined(separator: "\n")
    let unused = data.setAside.first.map { "the first of \(data.setAside.count) without use: \($0.description)" }
    try ranks.agree([("the items' digest and", "\(StepRecords.key(items)), \(unused ?? "all of use")")], "the items")
  }

  /// The teachers' answers as rank 0 has gathered them: it alone asks, and has the store. What teachers in its process are
  /// asked, all compute.
  func state(_ data: RunData, labels: LabelSet) async throws -> RunState {
    guard ranks.count > 1 else { return try await gathered(data, labels: labels) }
    try agree(data)
    var found: RunState?
    if ranks.isFirst {
      let conductor = teacherConductor
      found = try await gathered(data, labels: labels, conductor: conductor)
      try conductor.end()
    } else {
      try await onOwnThread { try assist(labels) }
    }
    let bytes = try ranks.ofFirst(
      { try found.map { [UInt8](try JSONEncoder().encode(SharedReplies($0))) } ?? [] }, "the teachers' replies")
    if let found { return found }
    return try JSONDecoder().decode(SharedReplies.self, from: Data(bytes)).state(data, labels) { try rule(over: $0) }
  }

  /// What rank 0 read.
  ///
  /// - Parameter name: what it is, for messages.
  func ofFirst<Value: Codable>(_ name: String, _ read: () async throws -> Value) async throws -> Value {
    guard ranks.count > 1 else { return try await read() }
    let found = ranks.isFirst ? try await read() : nil
    let bytes = try ranks.ofFirst({ try found.map { [UInt8](try JSONEncoder().encode($0)) } ?? [] }, name)
    return try JSONDecoder().decode(Value.self, from: Data(bytes))
  }
}

/// What the ranks of any run have to have in common.
enum RankFacts {
  static func common(configuration: String) -> [(name: String, value: String)] {
    [
      ("the steps' version", StepRecords.version), ("the configuration's digest", StepRecords.key(configuration)),
      ("the instruction set (TENSOR_MAX_ISA lowers it)", "\(Tensor.Compute.instructionSet)"),
    ]
  }
}

/// What teachers said, for the ranks that have not asked them.
private struct SharedReplies: Codable {
  struct Failure: Codable {
    var item: String
    var teacher: String
    var reason: String
    var wasAsked: Bool
  }

  struct Part: Codable {
    var items: [String]
    var teachers: [String]
    var annotations: [[Annotation]]
    var failures: [Failure]

    init(_ run: AnnotationRun) {
      (items, teachers, annotations) = (run.items.map(\.id), run.teachers, run.annotations)
      failures = run.failures.map {
        Failure(item: $0.item, teacher: $0.teacher, reason: $0.reason, wasAsked: $0.wasAsked)
      }
    }

    func run(_ byID: [String: Item]) throws -> AnnotationRun {
      AnnotationRun(
        items: items.compactMap { byID[$0] }, teachers: teachers, annotations: annotations,
        failures: failures.map {
          .init(item: $0.item, teacher: $0.teacher, reason: $0.reason, wasAsked: $0.wasAsked)
        })
    }
  }

  var teachers: [String]
  var train: Part
  var test: Part

  init(_ state: RunState) {
    (teachers, train, test) = (state.teachers, Part(state.train), Part(state.test))
  }

  func state(
    _ data: RunData, _ labels: LabelSet, rule: (VoteTable) throws -> any AgreementRule
  ) throws -> RunState {
    let all = data.train + data.teaching + data.dev + data.test
    let byID = Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let (train, test) = (try train.run(byID), try test.run(byID))
    let rule = try rule(train.votes)
    return RunState(
      labels: labels, data: data, teachers: teachers, train: train, test: test, judgements: train.judgements(by: rule),
      testJudgements: test.judgements(by: rule))
  }
}
