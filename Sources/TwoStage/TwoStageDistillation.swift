public import Annotations
public import DPO
public import Evaluation
internal import Foundation
public import ImageDecoding
internal import LoRA
public import Layers
public import StudentModels
public import TeacherProtocol
public import Training

/// Distils several teachers into one student in two stages, with human labels on the items where the teachers conflict alone.
///
/// Stage 1 trains an adapter (LoRA) on the answers to all items on which the teachers agree. People then label some of the
/// conflicts. Stage 2 trains the adapter on these to prefer the answers with the human label to the others (DPO).
///
/// ```swift
/// var method = TwoStageDistillation(labels: labels, prompt: try PromptTemplate("Is this urgent? {text}"))
/// method.options.adapter.targets = .names(["q_proj", "v_proj"])
/// let outcome = try await method.distill(
///   data, into: student, teachers: [gpt, gemini, claude], people: people, store: store)
/// outcome.humanLabels.count                                  // the human labels that were read
/// try await method.predictions(for: test.items, in: test, by: outcome.student)
/// ```
///
/// A student of a published family comes as `any PretrainedStudent`; a generic function opens it:
///
/// ```swift
/// func distil(_ base: some PretrainedStudent) async throws {
///   let outcome = try await method.distill(
///     data, into: base, teachers: teachers, people: people, store: store)
///   try outcome.student.saveAdapter(to: folder, configuration: method.options.adapter, baseModel: "base", taskType: "CAUSAL_LM")
/// }
/// try await distil(StudentFamily.student(contentsOf: modelFolder))
/// ```
///
/// A rule that learns from all votes, such as `DawidSkeneRule`, is set after ``annotate(_:items:teachers:store:ledger:)``;
/// the answers in the store are not asked for again. The same steps can be taken one by one:
/// ``annotate(_:items:teachers:store:ledger:)``, ``targets(for:of:in:)``, ``trainStage1(_:on:onUpdate:)``,
/// ``humanLabels(of:people:limit:)``, ``reference(of:stage1:base:)`` and ``trainStage2(_:on:reference:onUpdate:)``.
public struct TwoStageDistillation: Sendable {
  /// The labels that there are.
  public var labels: LabelSet
  /// The question to teachers and student.
  public var prompt: PromptTemplate
  /// When teachers agree. The default is that all that voted gave the same label.
  public var agreement: any AgreementRule = UnanimousRule()
  /// The order in which people are asked about conflicts; nil for a random one by the seed. The default is nil.
  public var order: (any ReviewOrder)?
  /// The price of each teacher's tokens, by its name. A limit in money counts teachers with a price alone. The default is
  /// none.
  public var prices: [String: TokenPrice] = [:]
  /// Reads image files; a file beyond its limits sets its item aside. The default is `ImageDecoder()`.
  public var decoder = ImageDecoder()
  /// The settings of both stages.
  public var options = TwoStageOptions()

  /// The method with default settings.
  public init(labels: LabelSet, prompt: PromptTemplate) {
    (self.labels, self.prompt) = (labels, prompt)
  }

  /// Both stages in one call.
  ///
  /// - Parameters:
  ///   - data: says where the items' images are.
  ///   - items: what is learned from; nil for all items of the data set, whatever their split.
  ///   - student: stays as it is. A student that has no adapter gets one by ``TwoStageOptions/adapter``; one that has an adapter
  ///     goes on with it, and only the options' dropout counts for it.
  ///   - teachers: two or more.
  ///   - people: asked about the conflicts, in ``order``; its budget is its own.
  ///   - store: keeps the teachers' answers; what it has is not asked again.
  ///   - ledger: the budget for asking teachers. The default is none.
  ///   - onUpdate: called after each update of both stages.
  /// - Throws: ``TwoStageError``; errors of the teachers' store, of `people`, and of training; `LoRAError` for an adapter that
  ///   does not fit, before anybody is asked; `CancellationError` where the task is cancelled.
  public func distill<Model: Student>(
    _ data: Dataset, items: [Item]? = nil, into student: Model, teachers: [any Teacher], people: any LabelSource,
    store: any AnnotationStore, ledger: SpendingLedger = SpendingLedger(),
    onUpdate: @escaping @Sendable (TrainingUpdate) throws -> Void = { _ in }
  ) async throws -> TwoStageOutcome<Model> {
    let items = items ?? data.items
    guard teachers.count > 1 else { throw TwoStageError.tooFewTeachers(teachers.count) }
    if student.adapterParameters().isEmpty { _ = try student.planAdapters(options.adapter) }
    let annotations = try await annotate(data, items: items, teachers: teachers, store: store, ledger: ledger)
    let judgements = annotations.judgements(by: agreement)
    let targets = try await onOwnThread { try self.targets(for: student, of: items, in: data) }
    let stage1 = try await training(onUpdate) { onUpdate in
      var trained = student
      switch options.targets {
      case .hard:
        let trees = try usable(targets.supervised(judgements), targets, annotations)
        try trainStage1(&trained, on: trees, onUpdate: onUpdate)
      case .soft:
        let soft = try usable(targets.soft(judgements), targets, annotations)
        try trainStage1(&trained, soft: soft, onUpdate: onUpdate)
      }
      return trained
    }
    // People are asked about nothing that the student can't take.
    let conflicts = try await onOwnThread {
      try judgements.compactMap(\.conflict).filter { try targets.takes($0.item) }
    }
    let human = try await humanLabels(of: conflicts, people: people)
    let final = try await training(onUpdate) { onUpdate in
      var trained = stage1
      let pairs = try targets.preferences(judgements, labels: human)
      // Without a labelled conflict Stage 1 is where the student stays.
      guard !pairs.isEmpty else { return trained }
      try trainStage2(
        &trained, on: pairs, reference: reference(of: pairs, stage1: stage1, base: student), onUpdate: onUpdate)
      return trained
    }
    return TwoStageOutcome(
      student: final, stage1: stage1, annotations: annotations, judgements: judgements, humanLabels: human,
      setAside: targets.setAside)
  }

  /// Stage 1's examples; none is an error that says why.
  private func usable<Example>(
    _ examples: [Example], _ targets: StageTargets<some Student>, _ annotations: AnnotationRun
  ) throws -> [Example] {
    guard examples.isEmpty else { return examples }
    let refused = targets.setAside.all
    if let first = refused.first {
      throw TwoStageError.nothingUsable(items: refused.count, reason: "item \(first.item): \(first.reason)")
    }
    throw TwoStageError.nothingAgreed(items: annotations.items.count, reason: annotations.failures.first?.reason ?? "")
  }

  /// Trains on a thread of its own until it is done or the task is cancelled.
  private func training<Output: Sendable>(
    _ onUpdate: @escaping @Sendable (TrainingUpdate) throws -> Void,
    _ body: @escaping @Sendable (_ onUpdate: (TrainingUpdate) throws -> Void) throws -> Output
  ) async throws -> Output {
    let isCancelled = Flag()
    return try await withTaskCancellationHandler {
      try await onOwnThread {
        try body { update in
          if isCancelled.isSet { throw CancellationError() }
          try onUpdate(update)
        }
      }
    } onCancel: {
      isCancelled.set()
    }
  }

  /// Asks the teachers about items.
  ///
  /// - Parameter items: nil for all of the data set.
  /// - Throws: `TeacherProtocolError.asksNothing` for a prompt that is the same about every item, or an error of the store. A
  ///   question that fails is listed in the result.
  public func annotate(
    _ data: Dataset, items: [Item]? = nil, teachers: [any Teacher], store: any AnnotationStore,
    ledger: SpendingLedger = SpendingLedger()
  ) async throws -> AnnotationRun {
    try prompt.check(on: items ?? data.items)
    let assignments = teachers.map {
      Annotator.Assignment(teacher: $0, template: prompt, price: prices[$0.name])
    }
    let annotator = try Annotator(store: store, labels: labels, assignments: assignments, ledger: ledger)
    return try await annotator.annotate(data, items: items)
  }

  /// A student's training examples and questions, with the images of these items read.
  ///
  /// Where the adapter does not reach the vision tower, the tower runs once for each image.
  ///
  /// - Throws: `LoRAError` for an adapter that does not fit the student.
  public func targets<Model: Student>(
    for student: Model, of items: [Item], in data: Dataset
  ) throws -> StageTargets<Model> {
    // Names that reach nothing are refused where an adapter is made; a student that was trained with them is still asked.
    let reachesVision =
      try student.adapterParameters().isEmpty
      ? student.planAdapters(options.adapter, checksNames: false).reachesVision : student.adaptersReachVision
    let images = StudentImages(of: items, in: data) { file in
      let image = try student.image(try decoder.decode(contentsOf: file.path))
      return reachesVision ? image : student.encoded(image)
    }
    return StageTargets(for: student, labels: labels, prompt: prompt, images: images, options: options)
  }

  /// Stage 1: supervised training of the student's adapter, which is attached where there is none.
  ///
  /// - Parameter trees: from ``StageTargets/supervised(_:)``.
  /// - Throws: `TrainingError`; `LoRAError` for an adapter that does not fit the student.
  public func trainStage1<Model: Student>(
    _ student: inout Model, on trees: [AnswerTree], onUpdate: (TrainingUpdate) throws -> Void = { _ in }
  ) throws {
    try trainStage1(&student, objective: SupervisedObjective(trees), onUpdate: onUpdate)
  }

  /// Stage 1 with soft targets.
  ///
  /// - Parameter targets: from ``StageTargets/soft(_:)``.
  /// - Throws: as ``trainStage1(_:on:onUpdate:)``.
  public func trainStage1<Model: Student>(
    _ student: inout Model, soft targets: [SoftTarget], onUpdate: (TrainingUpdate) throws -> Void = { _ in }
  ) throws {
    try trainStage1(&student, objective: SoftTargetObjective(targets), onUpdate: onUpdate)
  }

  private func trainStage1<Model: Student>(
    _ student: inout Model, objective: some TrainingObjective<Model>, onUpdate: (TrainingUpdate) throws -> Void
  ) throws {
    if student.adapterParameters().isEmpty { try student.attachAdapter(options.adapter, seed: options.seed) }
    try Trainer(stage: "stage1", options: options.stage1, seed: options.seed)
      .train(&student, objective: objective, adapter: options.adapter, onUpdate: onUpdate)
  }

  /// Labels that people give to conflicts, in ``order``.
  ///
  /// - Parameter limit: the most conflicts that are asked about; nil for all, as far as the source's own budget reaches.
  /// - Returns: item -> label, of the items that were asked about.
  /// - Throws: ``TwoStageError/unknownLabel(item:label:known:)``; an error of the source.
  public func humanLabels(
    of conflicts: [Conflict], people: any LabelSource, limit: Int? = nil
  ) async throws -> [String: String] {
    let ordered = (order ?? RandomOrder(seed: options.seed)).ordered(conflicts)
    let asked = ordered.prefix(limit ?? ordered.count).map(\.item)
    let given = try await people.labels(for: asked)
    var known: [String: String] = [:]
    for item in asked {
      guard let label = given[item.id] else { continue }
      guard labels[label] != nil else {
        throw TwoStageError.unknownLabel(item: item.id, label: label, known: labels.names)
      }
      known[item.id] = label
    }
    return known
  }

  /// The reference's scores of the answers, by ``TwoStageOptions/reference``; nil for no reference.
  ///
  /// - Parameters:
  ///   - stage1: the student as Stage 1 left it.
  ///   - base: the student without an adapter.
  public func reference<Model: Student>(
    of pairs: [PreferenceTree], stage1: Model, base: Model
  ) -> [ReferenceScores]? {
    switch options.reference {
    case .stage1: stage1.referenceScores(of: pairs)
    case .base: base.referenceScores(of: pairs)
    case .none: nil
    }
  }

  /// Stage 2: preference training of the adapter that Stage 1 trained.
  ///
  /// - Parameters:
  ///   - pairs: from ``StageTargets/preferences(_:labels:)``.
  ///   - reference: from ``reference(of:stage1:base:)``.
  /// - Throws: `TrainingError`.
  public func trainStage2<Model: Student>(
    _ student: inout Model, on pairs: [PreferenceTree], reference: [ReferenceScores]?,
    onUpdate: (TrainingUpdate) throws -> Void = { _ in }
  ) throws {
    let objective = PreferenceTrainingObjective<Model>(
      pairs, reference: reference, objective: options.preferenceObjective)
    try Trainer(stage: "stage2", options: options.stage2, seed: options.seed)
      .train(&student, objective: objective, adapter: options.adapter, onUpdate: onUpdate)
  }

  /// A student's answers to items.
  ///
  /// - Parameters:
  ///   - rationaleTokens: the longest rationale. The default of 0 asks for none.
  /// - Throws: as ``StageTargets/predictions(for:by:rationaleTokens:)``.
  public func predictions<Model: Student>(
    for items: [Item], in data: Dataset, by student: Model, rationaleTokens: Int = 0
  ) async throws -> [Prediction] {
    try await onOwnThread {
      try targets(for: student, of: items, in: data)
        .predictions(for: items, by: student, rationaleTokens: rationaleTokens)
    }
  }
}
