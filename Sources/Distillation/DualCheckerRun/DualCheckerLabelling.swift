internal import Annotations
internal import DualChecker
internal import Foundation
internal import TeacherProtocol
internal import TextStudents
internal import Training

/// What labelling has come to, as loop.json keeps it.
struct DualCheckerState: Codable, Sendable {
  /// What all of this was made from.
  var key: String
  var loop: LoopState
  /// How good labels and student were on the way.
  var curve: [DualCheckerEvaluation.Point] = []
  var isFinished = false
  /// What was put before records to find those that are alike; nil in runs of versions that put nothing there.
  var retrievalPrompt: String?
}

extension DualCheckerRun {
  private var stateFile: URL { folder.appending(path: "loop.json") }

  private func checkpoint(_ round: Int, key: String) -> Checkpoint {
    Checkpoint(url: folder.appending(path: "checkpoints/online-\(round).safetensors"), key: key)
  }

  /// Goes through the rounds, from the last checkpoint on.
  func label(
    _ loop: DualCheckerLoop, data: DualCheckerData, student untrained: some DualCheckerStudent,
    retrievalPrompt: String?, teachers: DualCheckerTeachers, key: String
  ) async throws -> DualCheckerState {
    let ledger = teachers.ledger
    defer { teachers.eachReply.withLock { $0 = nil } }
    var student = untrained
    var state: DualCheckerState
    if let saved = try savedState(key), try student.restore(from: checkpoint(saved.loop.rounds.count, key: key)) {
      state = saved
    } else {
      let isExplained = loop.options.explains && data.task.kind != .spans
      reporter.begin(
        isExplained ? "explaining and answering the labelled pool" : "answering the labelled pool",
        total: data.pool.count * (isExplained ? 2 : 1), unit: "questions")
      teachers.eachReply.withLock { $0 = { [reporter] in reporter.advance() } }
      state = DualCheckerState(key: key, loop: try await loop.start(), retrievalPrompt: retrievalPrompt)
      reporter.finish()
    }
    reporter.begin("labelling", total: data.unlabelled.count, done: state.loop.taken, unit: "records")
    // Between two batches a line tells that questions are answered.
    let replies = Locked(state.loop.questions)
    teachers.eachReply.withLock {
      $0 = { [reporter] in
        let count = replies.withLock { count -> Int in
          count += 1
          return count
        }
        reporter.advance(
          by: 0, note: ["\(count) questions", ledger.spent.note].compactMap(\.self).joined(separator: ", "))
      }
    }
    let sample = data.known(Array(data.testInOrder.prefix(100)))
    while try await loop.step(&state.loop, student: &student) {
      let round = state.loop.rounds.count
      reporter.advance(to: state.loop.taken)
      if round % configuration.evaluation.every == 0 {
        state.curve.append(try await point(state.loop, student, data: data, sample: sample))
      }
      if round % configuration.loop.checkpointEvery == 0 { try save(state, student, key: key) }
    }
    reporter.finish()
    state.curve.append(try await point(state.loop, student, data: data, sample: sample))
    state.isFinished = true
    try write(state)
    try? FileManager.default.removeItem(at: folder.appending(path: "checkpoints"))
    return state
  }

  /// What to put before records to find those that are alike: a run that has begun goes on with what it began with.
  func retrievalPrompt(insteadOf prompt: String) -> String {
    struct Begun: Decodable { var retrievalPrompt: String? }
    guard let data = try? Data(contentsOf: stateFile), let begun = try? JSONDecoder().decode(Begun.self, from: data)
    else { return prompt }
    return begun.retrievalPrompt ?? ""
  }

  /// Labelling as it ended; nil where it has not, or was made from something else.
  func finishedState(_ key: String) throws -> DualCheckerState? {
    try savedState(key).flatMap { $0.isFinished ? $0 : nil }
  }

  /// The ids of the labelled pool that the records were labelled with; none where that can't be read.
  func poolOfState() -> Set<String> {
    let state = try? JSONDecoder().decode(DualCheckerState.self, from: Data(contentsOf: stateFile))
    return Set(state?.loop.pool.map(\.item) ?? []).union(state?.loop.reasons.keys.map(\.self) ?? [])
  }

  private func savedState(_ key: String) throws -> DualCheckerState? {
    guard FileManager.default.fileExists(atPath: stateFile.path) else { return nil }
    guard let state = try? JSONDecoder().decode(DualCheckerState.self, from: Data(contentsOf: stateFile)) else {
      reporter.warn("\(stateFile.path) can't be read; labelling begins anew")
      return nil
    }
    return state.key == key ? state : nil
  }

  /// The student first, under a name of its own round, then the state that names the round, then the older student goes:
  /// stopped at any instant there is a state with its student.
  private func save(_ state: DualCheckerState, _ student: some DualCheckerStudent, key: String) throws {
    let round = state.loop.rounds.count
    try student.saveState(to: checkpoint(round, key: key))
    try write(state)
    let place = folder.appending(path: "checkpoints")
    for name in try FileManager.default.contentsOfDirectory(atPath: place.path)
    where name.hasPrefix("online-") && name != "online-\(round).safetensors" {
      try FileManager.default.removeItem(at: place.appending(path: name))
    }
  }

  private func write(_ state: DualCheckerState) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try OwnerOnly.write(encoder.encode(state) + Data("\n".utf8), to: stateFile)
  }

  /// How good the labels given so far are, and the student on some test records. Nothing of it goes back into the loop.
  private func point(
    _ state: LoopState, _ student: some DualCheckerStudent, data: DualCheckerData, sample: [LabelledPool.Entry]
  ) async throws -> DualCheckerEvaluation.Point {
    let predictions = try await student.predictions(for: sample.map(\.item))
    let score = data.task.score(
      predictions.map(\.answer), against: sample.map(\.answer), texts: sample.map(\.item.text))
    return DualCheckerEvaluation.Point(
      labels: state.labelled.count, questions: state.questions, teacher: labelScore(state, data: data)?.macroF1,
      student: sample.isEmpty ? nil : score.macroF1)
  }

  /// The labels given so far against gold, where there is gold.
  func labelScore(_ state: LoopState, data: DualCheckerData) -> TaskScore? {
    let given = Dictionary(state.labelled.map { ($0.item, $0) }) { first, _ in first }
    let known = data.known(data.unlabelled.filter { given[$0.id] != nil })
    guard !known.isEmpty else { return nil }
    return data.task.score(
      known.map { given[$0.item.id]?.answer.flatMap(data.task.answer(key:)) }, against: known.map(\.answer),
      texts: known.map(\.item.text))
  }

  /// The student that is left: trained on every accepted answer and every change of mind, or read if it was before.
  ///
  /// - Parameter examples: what it learns, asked for where it is trained.
  func finalStudent(
    _ loop: DualCheckerLoop, _ state: DualCheckerState, from untrained: some DualCheckerStudent, key: String,
    on examples: () async throws -> [TrainingExample]
  ) async throws -> any DualCheckerStudent {
    var student = untrained
    let done = Checkpoint(url: folder.appending(path: "student/trained.safetensors"), key: key)
    if try student.restore(from: done) { return student }
    let place = folder.appending(path: "checkpoints")
    let onTheWay = Checkpoint(url: place.appending(path: "final.safetensors"), key: key)
    try await train(
      &student, on: examples(), pairs: loop.disagreements(state.loop), checkpoint: onTheWay, title: "final student")
    try student.save(to: folder.appending(path: "student"))
    try student.saveState(to: done)
    try? FileManager.default.removeItem(at: place)
    return student
  }

  func train(
    _ student: inout some DualCheckerStudent, on examples: [TrainingExample], pairs: [AnswerPair] = [],
    checkpoint: Checkpoint? = nil, title: String
  ) async throws {
    reporter.begin(title, total: nil, unit: "updates")
    try await student.train(on: examples, pairs: pairs, checkpoint: checkpoint) { [reporter] step, _, _ in
      reporter.advance(to: step)
    }
    reporter.finish()
  }
}
