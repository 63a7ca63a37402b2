public import Annotations
public import DPO
public import Layers
public import StudentModels
public import TeacherProtocol
internal import Tensor
public import Training

/// The answers of teachers and people as the trees of tokens that a student is trained and asked on.
///
/// ```swift
/// let targets = try method.targets(for: student, of: items, in: data)
/// let agreed = try targets.supervised(judgements)                    // Stage 1, or targets.soft(judgements)
/// let pairs = try targets.preferences(judgements, labels: decided)    // Stage 2
/// ```
///
/// An item that the student can't take is set aside, unless the options are strict: one bad row stops nothing.
public struct StageTargets<Model: Student>: Sendable {
  /// Makes the trees; its weights are not read.
  private let student: Model
  /// The labels that there are.
  public let labels: LabelSet
  /// The question to the student.
  public let prompt: PromptTemplate
  private let options: TwoStageOptions
  private let answers = AnswerTemplate()
  private let images: StudentImages
  /// Items whose image is damaged or whose text is too long for the student; filled as they are met.
  public let setAside = SetAside()

  /// Targets for a student.
  ///
  /// - Parameters:
  ///   - images: of every item that is asked about.
  public init(
    for student: Model, labels: LabelSet, prompt: PromptTemplate, images: StudentImages,
    options: TwoStageOptions = TwoStageOptions()
  ) {
    (self.student, self.labels, self.prompt) = (student, labels, prompt)
    (self.images, self.options) = (images, options)
  }

  /// One answer of an item: its text and whether its label is right where that is known.
  private struct Candidate {
    let text: String
    let isChosen: Bool
    let confidence: Double
  }

  /// Stage 1: every agreeing teacher's answer to each agreed item; conflicts by the options' choice.
  ///
  /// - Throws: `TrainingError.unusableItem` for an item that the student can't take, where the options are strict.
  public func supervised(_ judgements: [Judgement]) throws -> [AnswerTree] {
    try supervisedTargets(judgements).map(\.tree)
  }

  /// The same with the texts that the trees are made of.
  package func supervisedTargets(_ judgements: [Judgement]) throws -> [WrittenTarget] {
    try judgements.compactMap { judgement in
      let learned = try learned(judgement)
      return learned.isEmpty ? nil : try target(judgement.item, learned.map(\.text))
    }
  }

  /// Stage 1 with soft targets: the same items and answers, with the probability of every label by the teachers together in
  /// place of the label that each answer begins with.
  ///
  /// The teachers' probabilities are mixed by how reliable each is by Dawid and Skene's model of the votes among these
  /// judgements; two teachers count the same. Of a teacher's reply its confidence counts for its label, and what is left for
  /// the others alike; without a confidence it is certain. Where the options name one teacher, it is heard alone.
  ///
  /// - Throws: as ``supervised(_:)``.
  public func soft(_ judgements: [Judgement]) throws -> [SoftTarget] {
    let mixture = TeacherMixture(judgements)
    return try judgements.compactMap { judgement in
      let learned = try learned(judgement)
      let heard = judgement.annotations.filter { options.answers.includes($0.teacher) }
      guard !learned.isEmpty, let probabilities = mixture.probabilities(by: heard, of: labels.names) else { return nil }
      return try made(judgement.item) { question, images in
        // With the mark that ends a label: so "No" is not "No evidence".
        let options = try student.tree(
          question: question.text, images: images, beginnings: labels.names.map { try text($0, "") })
        let tree = try student.tree(question: question.text, images: images, answers: learned.map(\.text))
        return SoftTarget(
          tree, begins: learned.compactMap { labels.names.firstIndex(of: $0.label) }, options: options.answers,
          probabilities: probabilities)
      }
    }
  }

  /// The answers of an item that Stage 1 learns, each once; none leaves the item out.
  private func learned(_ judgement: Judgement) throws -> [(label: String, text: String)] {
    let wanted = Set(options.learned(judgement.verdict, of: judgement.annotations.compactMap(\.vote)).map(\.label))
    var seen: Set<String> = []
    return try judgement.annotations.compactMap { annotation in
      guard let label = annotation.reply.label, wanted.contains(label), options.answers.includes(annotation.teacher)
      else { return nil }
      return (label, try text(label, annotation.reply.wholeRationale))
    }.filter { seen.insert($0.text).inserted }
  }

  /// Stage 2: answers with the human label are chosen, all others rejected; the most confident first.
  ///
  /// - Returns: nil where no teacher is right and the options skip such items, or the item is set aside.
  func preference(_ item: Item, _ annotations: [Annotation], label: String) throws -> PreferenceTree? {
    try preferenceTarget(item, annotations, label: label)?.tree
  }

  private func preferenceTarget(
    _ item: Item, _ annotations: [Annotation], label: String
  ) throws -> WrittenPreference? {
    var candidates = try annotations.compactMap { annotation -> Candidate? in
      guard let given = annotation.reply.label else { return nil }
      return Candidate(
        text: try text(given, annotation.reply.wholeRationale), isChosen: given == label,
        confidence: annotation.reply.confidence?.value ?? 0.5)
    }
    if !candidates.contains(where: \.isChosen) {
      guard options.whenAllWrong == .template else { return nil }
      candidates.append(Candidate(text: try humanText(label), isChosen: true, confidence: 1))
    }
    var seen: Set<String> = []
    candidates = candidates.filter { seen.insert($0.text).inserted }
    let order = candidates.indices.sorted {
      (candidates[$0].confidence, -$0) > (candidates[$1].confidence, -$1)
    }
    guard let target = try target(item, candidates.map(\.text)) else { return nil }
    let tree = PreferenceTree(
      tree: target.tree, chosen: order.filter { candidates[$0].isChosen },
      rejected: order.filter { !candidates[$0].isChosen },
      pairing: options.pairing)
    return WrittenPreference(target: target, tree: tree)
  }

  /// Stage 2: the judged items that have a human label, and as many agreed ones beside them as the options replay.
  ///
  /// - Parameter labels: item -> label.
  /// - Throws: as ``supervised(_:)``.
  public func preferences(_ judgements: [Judgement], labels: [String: String]) throws -> [PreferenceTree] {
    try preferenceTargets(judgements, labels: labels).map(\.tree)
  }

  /// The same with the texts that the trees are made of.
  package func preferenceTargets(
    _ judgements: [Judgement], labels: [String: String]
  ) throws -> [WrittenPreference] {
    var trees = try judgements.compactMap { judgement in
      try labels[judgement.item.id].flatMap { try preferenceTarget(judgement.item, judgement.annotations, label: $0) }
    }
    let replayed = Int((options.replay * Double(trees.count)).rounded())
    guard replayed > 0 else { return trees }
    var generator = Tensor.Generator(seed: options.seed).fork("replay")
    let agreed = judgements.filter { $0.label != nil && labels[$0.item.id] == nil }
    let chosen = agreed.shuffled(using: &generator).prefix(replayed)
    trees += try supervisedTargets(Array(chosen)).map {
      WrittenPreference(
        target: $0, tree: PreferenceTree(tree: $0.tree, chosen: Array($0.answers.indices), rejected: []))
    }
    return trees
  }

  /// An item with a human label as a target alone: the right teachers' answers, or the label in words.
  package func labelled(_ item: Item, _ annotations: [Annotation], label: String) throws -> AnswerTree? {
    var texts = try annotations.compactMap { annotation in
      annotation.reply.label == label ? try text(label, annotation.reply.wholeRationale) : nil
    }
    if texts.isEmpty { texts = [try humanText(label)] }
    return try target(item, texts.unique())?.tree
  }

  /// The question with what its labels are scored by. Nil sets the item aside.
  package func question(_ item: Item) throws -> LabelQuestion? {
    try made(item) { question, images in
      try student.labelQuestion(question.text, images: images, labels: labels.labels.map(\.answer))
    }
  }

  /// Whether the student can be asked about an item; one that it can't is set aside.
  package func takes(_ item: Item) throws -> Bool { try question(item) != nil }

  private func text(_ label: String, _ rationale: String) throws -> String {
    let isLearned = options.learnsRationales && !options.answersByLabel
    return try answers.answer(label, rationale: isLearned ? rationale : "", labels: labels)
  }

  /// A person's label as an answer.
  private func humanText(_ label: String) throws -> String {
    try options.answersByLabel ? text(label, "") : answers.answer(label, labels: labels)
  }

  /// The tree of an item, or nil where the student can't take it and the run is not strict: one bad row stops nothing.
  private func target(_ item: Item, _ answers: [String]) throws -> WrittenTarget? {
    try made(item) { question, images in
      let tree = try student.tree(question: question.text, images: images, answers: answers)
      return WrittenTarget(item: item, question: question, answers: answers, tree: tree)
    }
  }

  private func made<Made>(_ item: Item, _ make: (_ question: Prompt, _ images: [PromptImage]) throws -> Made) throws
    -> Made?
  {
    do {
      try prompt.checkShows(item)
      let question = try prompt.prompt(for: item, labels: labels)
      return try make(question, question.images.map(images.of))
    } catch StudentError.labelsAlike(let first, let second) {
      // Not a fault of the item: no item could be asked.
      throw StudentError.labelsAlike(first, second)
    } catch {
      if options.isStrict { throw TrainingError.unusableItem(item.id, "\(error)") }
      setAside.note(item.id, "\(error)")
      return nil
    }
  }
}

extension Array where Element == String {
  /// The elements without repetitions, in order.
  fileprivate func unique() -> [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}
