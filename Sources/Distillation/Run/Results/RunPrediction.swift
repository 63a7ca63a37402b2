package import Annotations
package import Foundation
internal import StudentModels
package import TeacherProtocol
internal import Tensor
internal import DistillationConfiguration
import Evaluation
internal import Wording

extension DistillationRun {
  /// The finished student's answers to the items of any file with the run's field names: labels, probabilities, rationales.
  ///
  /// - Parameters:
  ///   - data: JSON Lines, JSON or CSV; image paths relative to the configuration's image folder, or to the file.
  ///   - rationales: whether the student says its reasons too, which takes most of the time. The default is true.
  /// - Returns: one prediction for each row of the file, in its order; a row that can't be used, or whose item the student
  ///   can't take, has an `error` in place of an answer.
  /// - Throws: ``RunError`` where the run has no trained student, or what reading the file throws: where no row can be used,
  ///   and with `strict` for the first that can't.
  package func predict(_ data: URL, rationales: Bool = true) async throws -> [Prediction] {
    var all: [Prediction] = []
    try await predict(data, rationales: rationales) { predictions, _ in all += predictions }
    return all
  }

  /// The same part by part, for files that do not fit into memory with all that is said about them.
  ///
  /// - Parameters:
  ///   - shard: the rows that are wanted, by the group column where the file has it.
  ///   - each: takes the next rows' predictions, and these rows as items.
  package func predict(
    _ data: URL, rationales: Bool = true, shard: Shard = .whole, each: ([Prediction], Dataset) throws -> Void
  ) async throws {
    let adapter = try finishedAdapter()
    // What is only asked about needs no label, group or split.
    var mapping = configuration.data.mapping
    (mapping.label, mapping.group, mapping.split, mapping.slices) = (nil, nil, nil, [:])
    let stream = try ItemStream(
      contentsOf: data, mapping: mapping, imageRoot: configuration.data.images.map { URL(filePath: $0) },
      strict: configuration.strict, shard: shard, group: configuration.data.fields.group)
    let (student, key) = try (loadBase(), baseKey())
    try await predict(stream, by: student, key: key, adapter: adapter, rationales: rationales, each: each)
  }

  private func predict<Model: Student>(
    _ stream: ItemStream, by base: Model, key: String, adapter: URL, rationales: Bool,
    each: ([Prediction], Dataset) throws -> Void
  ) async throws {
    let labels = try configuration.labelSet()
    let confidence = try confidence(adapter: adapter)
    let calibration = try confidence.calibration()
    if let calibration { reporter.message(calibration.sentence) }
    let threshold = try confidence.threshold(calibration)
    if let threshold { reporter.message(threshold.sentence) }
    var (done, isBegun) = (0, false)
    var images = configuration.imageFiles
    while let read = try stream.next(ItemStream.rows) {
      let (part, _) = try readable(read, read.items, &images)
      let stages = try await stages(over: base, key: key, labels: labels, of: part.items, in: part)
      // Reading images shows progress of its own.
      if !isBegun || read.items.contains(where: { !$0.images.isEmpty }) {
        reporter.begin("student's answers", total: stream.count, done: done, unit: "items")
        isBegun = true
      }
      let answers = try await stages.predict(
        part.items, adapter: adapter, rationales: rationales, calibration: calibration, isPart: true)
      let predictions = Prediction.all(part, answers.map { threshold?.marking($0) ?? $0 })
      done += predictions.count
      reporter.advance(to: done)
      try each(predictions, part)
    }
    if isBegun { reporter.finish() }
  }

  /// Scores the finished student, and the run's teachers, on any labelled file.
  ///
  /// Recorded teachers are left out, with a message, where the file has an id that belongs to another text or image in the
  /// run's own data: what they said is about that.
  ///
  /// - Parameters:
  ///   - data: as for ``predict(_:)``, with the label column.
  ///   - split: only items of this split; nil takes all.
  ///   - shard: the items that are scored, by their groups. The default is all.
  package func evaluate(_ data: URL, split: String? = nil, shard: Shard = .whole) async throws -> EvaluationFile {
    // Before teachers are asked and paid.
    let adapter = try finishedAdapter()
    let labels = try configuration.labelSet()
    let (dataset, items, gold, setAside) = try labelled(data, split: split, shard, labels)
    let slice = configuration.data.fields.slices.first
    let test = TestSplit(
      items: items.map { item in
        .init(
          id: item.id, label: gold.answer(of: item.id) ?? "", group: item.group,
          slice: slice.flatMap { item.attributes[$0] })
      }, labels: labels.names, positive: labels.positive, ordered: labels.isOrdered)
    var candidates = try await teacherCandidates(dataset, items, labels)
    let (student, key) = try (loadBase(), baseKey())
    let stated = try await answers(student, key: key, dataset: dataset, items: items, labels: labels)
    let calibration = try confidence(adapter: adapter).calibration()
    if let calibration { reporter.message(calibration.sentence) }
    let own = calibration.map { calibration in stated.map { $0.calibrated(by: calibration) } } ?? stated
    let run = try evaluation
    let notTaken = own.compactMap { one in one.error.map { "item \(one.itemID): \($0)" } }
    candidates.append(.init(.twoStage, predictions: own, labels: run?.labelsSpent ?? 0))
    var generator = Tensor.Generator(seed: UInt64(configuration.seed)).fork("bootstrap")
    let evaluator = Evaluator(split: test, resamples: configuration.evaluation.bootstrap, using: &generator)
    var file = evaluator.evaluation(of: candidates, items: run?.items ?? 0, labelsSpent: run?.labelsSpent ?? 0)
    file.calibration = evaluator.calibration(of: stated, by: calibration)
    file.setAside = setAside.isEmpty ? nil : setAside
    file.notTaken = notTaken.isEmpty ? nil : notTaken
    return file
  }

  /// What asking the run's teachers behind services about a file's items would take. Nothing is asked.
  ///
  /// - Parameters: as for ``evaluate(_:split:)``.
  package func evaluationEstimate(
    _ data: URL, split: String? = nil, shard: Shard = .whole
  ) async throws -> AnnotationEstimate {
    let labels = try configuration.labelSet()
    let (dataset, items, _, _) = try labelled(data, split: split, shard, labels, remembers: false)
    var services = configuration
    services.teachers = configuration.teachers.filter { $0.service != nil }
    let teachers = try RunTeachers(services, labels: labels, plugins: plugins, folder: folder)
    let annotator = try Annotator(store: openStore(), labels: labels, assignments: teachers.labelAssignments)
    return try await annotator.estimate(dataset, items: items)
  }

  /// The items of a file that have a label and images that can be read, their labels, and the rows that were set aside.
  ///
  /// - Parameter remembers: whether the images that are sound are remembered for later starts.
  func labelled(
    _ data: URL, split: String?, _ shard: Shard, _ labels: LabelSet, remembers: Bool = true
  ) throws -> (dataset: Dataset, items: [Item], gold: GoldAnswers<String>, setAside: [String]) {
    var mapping = configuration.data.mapping
    if split == nil { mapping.split = nil }
    let gold = try GoldAnswers(contentsOf: data, mapping: mapping, labels: labels)
    mapping.label = nil
    let whole = try read(data, mapping)
    let inSplit = (split.map(whole.items(in:)) ?? whole.items).filter { shard.contains($0.group) }
    var images = configuration.imageFiles
    images.remembers = remembers
    let (dataset, items) = try readable(whole, inSplit.filter { gold.answer(of: $0.id) != nil }, &images)
    // Rows of other splits need no label.
    let setAside = (dataset.setAside + gold.problems(of: inSplit)).sorted().map(\.description)
    guard !items.isEmpty else {
      let refused = dataset.setAside + gold.setAside
      if let split, inSplit.isEmpty { throw RunError.emptySplit(split, known: dataset.splits, setAside: refused) }
      if dataset.items.count < whole.items.count {
        throw TeacherProtocolError.noRows(file: data.path, problems: dataset.setAside)
      }
      throw RunError.nothingLabelled(data.path, setAside: refused)
    }
    return (dataset, items, gold, setAside)
  }

  private func read(_ data: URL, _ mapping: FieldMapping) throws -> Dataset {
    try Dataset(
      contentsOf: data, mapping: mapping, imageRoot: configuration.data.images.map { URL(filePath: $0) },
      strict: configuration.strict
    ).settingAsideMissingImages(strict: configuration.strict)
  }

  /// The names of recorded teachers whose replies are about other items than these.
  private func namesakes(of items: [Item], in dataset: Dataset, _ assignments: [Annotator.Assignment]) -> Set<String> {
    let recorded = assignments.map(\.teacher).filter(\.answersByItem).map(\.name)
    guard !recorded.isEmpty else { return [] }
    do {
      let others = try OwnItems(configuration).others(among: items, of: dataset)
      guard !others.isEmpty else { return [] }
      let examples = others.prefix(5).map { "'\($0)'" }.joined(separator: ", ") + (others.count > 5 ? " ..." : "")
      reporter.warn(
        "\(others.count) of \(NumberText.counted(items.count, "id")) in \(dataset.file) \(others.count == 1 ? "stands" : "stand") "
          + "for other items in the run's data (\(examples)): recorded replies are about those, so \(recorded.listedNames) "
          + "\(recorded.count == 1 ? "is" : "are") not scored; give new items ids of their own")
      return Set(recorded)
    } catch {
      reporter.warn(
        "whether the ids of \(dataset.file) stand for the items of the run can't be checked, so replies of "
          + "\(recorded.listedNames) may be about others: \(FaultText.sentence(for: error))")
      return []
    }
  }

  /// The teachers that can be asked about items outside the run's data; recorded ones know only their own.
  private func teacherCandidates(
    _ dataset: Dataset, _ items: [Item], _ labels: LabelSet
  ) async throws -> [Evaluator.Candidate] {
    let teachers = try RunTeachers(configuration, labels: labels, plugins: plugins, folder: folder)
    var labelsOf: [String: [String: String]] = [:]
    var answered: Set<String> = []
    let asksServices = teachers.labelAssignments.contains { !($0.teacher is any BatchTeacher) }
    let lock = asksServices ? try RunLock(folder, reporter: reporter) : nil
    defer { lock?.free() }
    let ledger = try ledger(of: teachers.labelAssignments)
    defer { if let closing = ledger.closing { reporter.message(closing) } }
    let leftOut = namesakes(of: items, in: dataset, teachers.labelAssignments)
    for (store, assignments) in try stores(
      for: teachers.labelAssignments.filter { !leftOut.contains($0.teacher.name) })
    {
      var annotator = try Annotator(store: store, labels: labels, assignments: assignments, ledger: ledger)
      annotator.readsCutReplies = try RunRules(of: folder).cut == .label
      annotator.tell = { [reporter] in reporter.warn($0) }
      try await sayBefore(asking: annotator, dataset, items)
      let run = try await annotator.annotate(dataset, items: items)
      for (teacher, failures) in Dictionary(grouping: run.failures, by: \.teacher).sorted(by: { $0.key < $1.key }) {
        reporter.warn(run.words(about: teacher, failures))
      }
      for annotation in run.annotations.joined() {
        answered.insert(annotation.teacher)
        labelsOf[annotation.teacher, default: [:]][annotation.item] = annotation.reply.label
      }
    }
    for name in teachers.names where !leftOut.contains(name) && !answered.contains(name) {
      reporter.warn("teacher:\(name) has no replies to these items, and is not scored")
    }
    return teachers.names.filter(answered.contains).map { name in
      .init(
        .teacher(name), predictions: items.map { Prediction(itemID: $0.id, label: labelsOf[name]?[$0.id]) }, labels: 0)
    }
  }

  /// Where replies of each teacher are looked up and kept. What recorded ones say is in their file, so they need no store;
  /// models in this process answer again for nothing, so they need none that can be written to.
  private func stores(
    for assignments: [Annotator.Assignment]
  ) throws -> [(store: any AnnotationStore, assignments: [Annotator.Assignment])] {
    func part(_ isWanted: (any Teacher) -> Bool) -> [Annotator.Assignment] {
      assignments.filter { isWanted($0.teacher) }
    }
    let recorded = part { $0 is any BatchTeacher && $0.answersByItem }
    let others = part { !($0 is any BatchTeacher && $0.answersByItem) }
    var stores: [(store: any AnnotationStore, assignments: [Annotator.Assignment])] = []
    if !recorded.isEmpty { stores.append((MemoryAnnotationStore(), recorded)) }
    guard !others.isEmpty else { return stores }
    let store = try openStore()
    guard store.isReadOnly else { return stores + [(store, others)] }
    let (models, services) = (part { $0 is any BatchTeacher && !$0.answersByItem }, part { !($0 is any BatchTeacher) })
    if !models.isEmpty { stores.append((MemoryAnnotationStore(over: store), models)) }
    if !services.isEmpty {
      reporter.warn("the store in \(configuration.store) is read-only: services are not asked, what it has counts")
      stores.append((store, services))
    }
    return stores
  }

  /// What the finished student says of items, with probabilities as it states them.
  func answers<Model: Student>(
    _ base: Model, key: String, dataset: Dataset, items: [Item], labels: LabelSet
  ) async throws -> [Prediction] {
    let adapter = try finishedAdapter()
    let stages = try await stages(over: base, key: key, labels: labels, of: items, in: dataset)
    return try await stages.predict(items, adapter: adapter)
  }

  func finishedAdapter() throws -> URL {
    let adapter = folder.appending(path: "stage2")
    guard FileManager.default.fileExists(atPath: adapter.appending(path: "adapter_model.safetensors").path) else {
      throw RunError.unfinished(folder.path, lacks: "adapter in stage2/")
    }
    return adapter
  }
}

extension Prediction {
  /// A prediction for each row of a part: the answers to its items in their order, and why there is none for the others.
  static func all(_ part: Dataset, _ answers: [Prediction]) -> [Prediction] {
    var answers = answers[...]
    return part.rows.compactMap { row in
      switch row {
      case .success: answers.popFirst()
      case .failure(let problem): Prediction(itemID: problem.item ?? "", label: nil, error: "\(problem)")
      }
    }
  }
}

extension [String] {
  fileprivate var listedNames: String { map { "teacher:\($0)" }.joined(separator: ", ") }
}
