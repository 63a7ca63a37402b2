public import Annotations
public import DPO
public import Evaluation
internal import Foundation
public import ImageDecoding
internal import LoRA
public import Layers
public import StudentModels
public import TeacherProtocol
internal import Tensor
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
/// outcome.labels.count                                       // the human labels that were read
/// try await method.predictions(for: test.items, in: test, by: outcome.student)
/// ```
///
/// The same steps can be taken one by one: ``annotate(_:items:teachers:store:ledger:)``, ``targets(for:of:in:)``,
/// ``trainStage1(_:on:onUpdate:)``, ``humanLabels(of:people:limit:)``, ``reference(of:stage1:base:)`` and
/// ``trainStage2(_:on:reference:onUpdate:)``.
public struct TwoStageDistillation: Sendable {
  /// The labels that there are.
  public var labels: LabelSet
  /// What teachers and student are asked.
  public var prompt: PromptTemplate
  /// When teachers agree. The default is that all that voted gave the same label.
  public var agreement: any AgreementRule = UnanimousRule()
  /// The order in which people are asked about conflicts; nil for a random one by the seed. The default is nil.
  public var order: (any ReviewOrder)?
  /// Files to images. The default decoder's limits hold.
  public var decoder = ImageDecoder()
  /// The settings of both stages.
  public var options = TwoStageOptions()

  /// The method with default settings.
  public init(labels: LabelSet, prompt: PromptTemplate) {
    self.labels = labels
    self.prompt = prompt
  }

  /// Both stages in one call.
  ///
  /// - Parameters:
  ///   - data: the items to learn from, and where their images are.
  ///   - student: stays as it is. A student that has no adapter gets one by ``TwoStageOptions/adapter``.
  ///   - teachers: two or more.
  ///   - people: asked about the conflicts, in ``order``; its budget is its own.
  ///   - store: keeps the teachers' answers; what it has is not asked again.
  ///   - ledger: the budget for asking teachers. The default is none.
  ///   - onUpdate: called after each update of both stages.
  /// - Throws: `TrainingError.noExamples` where the teachers agree on nothing; errors of the teachers' store, of `people`, and
  ///   of training.
  public func distill<Model: Student>(
    _ data: Dataset, into student: Model, teachers: [any Teacher], people: any LabelSource, store: any AnnotationStore,
    ledger: SpendingLedger = SpendingLedger(),
    onUpdate: @escaping @Sendable (TrainingUpdate) -> Void = { _ in }
  ) async throws -> TwoStageOutcome<Model> {
    let annotations = try await annotate(data, teachers: teachers, store: store, ledger: ledger)
    let judgements = annotations.judgements(by: agreement)
    let targets = try await onOwnThread { try self.targets(for: student, of: data.items, in: data) }
    let stage1 = try await onOwnThread {
      var trained = student
      try trainStage1(&trained, on: targets.supervised(judgements), onUpdate: onUpdate)
      return trained
    }
    let human = try await humanLabels(of: judgements.compactMap(\.conflict), people: people)
    let final = try await onOwnThread {
      var trained = stage1
      let pairs = try targets.preferences(judgements, labels: human)
      // Without a labelled conflict Stage 1 is where the student stays.
      guard !pairs.isEmpty else { return trained }
      try trainStage2(
        &trained, on: pairs, reference: reference(of: pairs, stage1: stage1, base: student), onUpdate: onUpdate)
      return trained
    }
    return TwoStageOutcome(
      student: final, stage1: stage1, annotations: annotations, judgements: judgements, labels: human,
      setAside: targets.setAside)
  }

  /// Asks the teachers about items.
  ///
  /// - Parameter items: nil for all of the data set.
  /// - Throws: an error of the store. A question that fails is listed in the result.
  public func annotate(
    _ data: Dataset, items: [Item]? = nil, teachers: [any Teacher], store: any AnnotationStore,
    ledger: SpendingLedger = SpendingLedger()
  ) async throws -> AnnotationRun {
    let assignments = teachers.map { Annotator.Assignment(teacher: $0, template: prompt) }
    let annotator = try Annotator(store: store, labels: labels, assignments: assignments, ledger: ledger)
    return try await annotator.annotate(data, items: items)
  }

  /// What a student is trained and asked on, with the images of these items read.
  ///
  /// Where the adapter does not reach the vision tower, the tower runs once for each image.
  ///
  /// - Throws: `LoRAError` for an adapter that does not fit the student.
  public func targets<Model: Student>(
    for student: Model, of items: [Item], in data: Dataset
  ) throws -> StageTargets<Model> {
    let reachesVision =
      try student.adapterParameters().isEmpty
      ? student.planAdapters(options.adapter).reachesVision : student.adaptersReachVision
    let images = StudentImages(of: items, in: data) { file in
      let image = try student.image(try decoder.decode(contentsOf: file.path))
      return reachesVision ? image : student.encoded(image)
    }
    return StageTargets(for: student, labels: labels, prompt: prompt, images: images, options: options)
  }

  /// Stage 1: supervised training of the student's adapter.
  ///
  /// - Parameter trees: from ``StageTargets/supervised(_:)``.
  /// - Throws: `TrainingError`; `LoRAError` for an adapter that does not fit the student.
  public func trainStage1<Model: Student>(
    _ student: inout Model, on trees: [AnswerTree], onUpdate: (TrainingUpdate) throws -> Void = { _ in }
  ) throws {
    if student.adapterParameters().isEmpty {
      var generator = Tensor.Generator(seed: options.seed).fork("adapter")
      try student.attachAdapters(options.adapter, using: &generator)
    }
    try Trainer(stage: "stage1", options: options.stage1, seed: options.seed)
      .train(&student, objective: SupervisedObjective(trees), adapter: options.adapter, onUpdate: onUpdate)
  }

  /// Labels that people give to conflicts, in ``order``.
  ///
  /// - Parameter limit: the most conflicts that are asked about; nil for all, as far as the source's own budget reaches.
  public func humanLabels(
    of conflicts: [Conflict], people: any LabelSource, limit: Int? = nil
  ) async throws -> [String: String] {
    let ordered = (order ?? RandomOrder(seed: options.seed)).ordered(conflicts)
    return try await people.labels(for: ordered.prefix(limit ?? ordered.count).map(\.item))
  }

  /// What the reference says of the answers, by ``TwoStageOptions/reference``; nil for no reference.
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

/// What came of ``TwoStageDistillation``.
public struct TwoStageOutcome<Model: Student>: Sendable {
  /// The student after both stages.
  public let student: Model
  /// The student as Stage 1 left it.
  public let stage1: Model
  /// What the teachers said.
  public let annotations: AnnotationRun
  /// What the rule came to, item by item.
  public let judgements: [Judgement]
  /// The human labels that were read: item -> label.
  public let labels: [String: String]
  /// Items that the student could not take.
  public let setAside: SetAside

  /// The items on which the teachers do not agree.
  public var conflicts: [Conflict] { judgements.compactMap(\.conflict) }
}
