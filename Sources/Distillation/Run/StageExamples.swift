internal import Annotations
internal import DPO
internal import Foundation
internal import ImageDecoding
internal import Layers
internal import Student
internal import Synchronization
internal import TeacherProtocol
internal import Tensor

/// Turns what teachers and people said into the trees that a student is trained and asked on.
struct StageExamples<Model: Student>: Sendable {
  let configuration: RunConfiguration
  let labels: LabelSet
  let prompt: PromptTemplate
  let answers = AnswerTemplate()
  let images: StudentImages<Model>
  /// Items whose image is damaged or whose text is too long for the student; filled as they are met.
  let setAside = SetAside()

  /// One answer of an item: its text and whether its label is right where that is known.
  private struct Candidate {
    let text: String
    let isChosen: Bool
    let confidence: Double
  }

  /// Stage 1: every agreeing teacher's answer to each agreed item; conflicts by the configuration's choice.
  func supervised(_ judgements: [Judgement]) throws -> [AnswerTree] {
    let only: String? = if case .teacher(let name) = configuration.stage1.answers { name } else { nil }
    return try judgements.compactMap { judgement in
      guard let wanted = wantedLabels(judgement) else { return nil }
      let texts = try judgement.annotations.compactMap { annotation -> String? in
        guard let label = annotation.reply.label, wanted.contains(label), only == nil || annotation.teacher == only
        else { return nil }
        return try text(label, annotation.reply.rationale)
      }
      return texts.isEmpty ? nil : try tree(judgement.item, texts.unique())
    }
  }

  /// Labels whose answers Stage 1 learns for an item; nil leaves the item out.
  private func wantedLabels(_ judgement: Judgement) -> Set<String>? {
    if let label = judgement.label { return [label] }
    guard judgement.verdict == .conflict else { return nil }
    switch configuration.stage1.conflicts {
    case .exclude: return nil
    case .both: return Set(judgement.annotations.compactMap(\.reply.label))
    case .majority:
      guard case .agreed(let label) = MajorityRule().verdict(on: judgement.annotations.compactMap(\.vote)) else {
        return nil
      }
      return [label]
    }
  }

  /// Stage 2: answers with the human label are chosen, all others rejected; the most confident first.
  ///
  /// - Returns: nil where no teacher is right and the configuration skips such items, or the item is set aside.
  func preference(_ item: Item, _ annotations: [Annotation], label: String) throws -> PreferenceTree? {
    var candidates = try annotations.compactMap { annotation -> Candidate? in
      guard let given = annotation.reply.label else { return nil }
      return Candidate(
        text: try text(given, annotation.reply.rationale), isChosen: given == label,
        confidence: annotation.reply.confidence?.value ?? 0.5)
    }
    if !candidates.contains(where: \.isChosen) {
      guard configuration.stage2.whenAllWrong == .template else { return nil }
      candidates.append(Candidate(text: try answers.answer(label, labels: labels), isChosen: true, confidence: 1))
    }
    var seen: Set<String> = []
    candidates = candidates.filter { seen.insert($0.text).inserted }
    let order = candidates.indices.sorted {
      (candidates[$0].confidence, -$0) > (candidates[$1].confidence, -$1)
    }
    guard let tree = try tree(item, candidates.map(\.text)) else { return nil }
    return PreferenceTree(
      tree: tree, chosen: order.filter { candidates[$0].isChosen },
      rejected: order.filter { !candidates[$0].isChosen },
      pairing: configuration.stage2.pairs == .all ? .all : .best)
  }

  /// An item with a human label as a target alone: the right teachers' answers, or the label in words.
  func labelled(_ item: Item, _ annotations: [Annotation], label: String) throws -> AnswerTree? {
    var texts = try annotations.compactMap { annotation in
      annotation.reply.label == label ? try text(label, annotation.reply.rationale) : nil
    }
    if texts.isEmpty { texts = [try answers.answer(label, labels: labels)] }
    return try tree(item, texts.unique())
  }

  /// The question with what its labels are scored by. Nil sets the item aside.
  func question(_ item: Item) throws -> LabelQuestion? {
    try made(item) { question, images in
      try self.images.student.labelQuestion(question, images: images, labels: labels.labels.map(\.answer))
    }
  }

  private func text(_ label: String, _ rationale: String) throws -> String {
    try answers.answer(label, rationale: configuration.stage1.rationales ? rationale : "", labels: labels)
  }

  /// The tree of an item, or nil where the student can't take it and the run is not strict: one bad row stops nothing.
  private func tree(_ item: Item, _ answers: [String]) throws -> AnswerTree? {
    try made(item) { try images.student.tree(question: $0, images: $1, answers: answers) }
  }

  private func made<Made>(_ item: Item, _ make: (_ question: String, _ images: [PromptImage]) throws -> Made) throws
    -> Made?
  {
    do {
      let question = try prompt.prompt(for: item, labels: labels)
      return try make(question.text, question.images.map(images.of))
    } catch StudentError.labelsAlike(let first, let second) {
      // Not a fault of the item: no item could be asked.
      throw StudentError.labelsAlike(first, second)
    } catch {
      if configuration.strict { throw RunError.unusableItem(item.id, "\(error)") }
      setAside.note(item.id, "\(error)")
      return nil
    }
  }
}

/// Items that a student could not take, with the reason for each.
final class SetAside: Sendable {
  private let reasons = Mutex<[String: String]>([:])

  /// Remembers the first reason.
  func note(_ item: String, _ reason: String) {
    reasons.withLock { if $0[item] == nil { $0[item] = reason } }
  }

  /// The reason of an item; nil for one that was taken.
  subscript(item: String) -> String? { reasons.withLock { $0[item] } }

  /// All of them, by item.
  var all: [(item: String, reason: String)] {
    reasons.withLock { $0.sorted { $0.key < $1.key }.map { (item: $0.key, reason: $0.value) } }
  }
}

extension Array where Element == String {
  /// The elements without repetitions, in order.
  fileprivate func unique() -> [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}

/// The images of items as the student takes them, each computed once where the tower is frozen.
struct StudentImages<Model: Student>: Sendable {
  let student: Model
  private let dataset: Dataset
  private let kept: [String: Result<PromptImage, any Error>]

  /// Computes the images of these items. One that can't be read is an error only where it is asked for.
  ///
  /// - Parameters:
  ///   - pixels: how files become pixels.
  ///   - features: where the vision tower runs now, once for each image, and what it gives is kept; nil keeps pixels.
  init(
    _ student: Model, dataset: Dataset, items: [Item], pixels: PixelConfiguration, features: KeptFeatures?,
    progress: ProgressReporter
  ) {
    self.student = student
    self.dataset = dataset
    let paths = Array(Set(items.flatMap(\.images))).sorted()
    var kept: [String: Result<PromptImage, any Error>] = [:]
    if !paths.isEmpty { progress.begin("images", total: paths.count, unit: "images") }
    for start in stride(from: 0, to: paths.count, by: 256) {
      let block = Array(paths[start..<Swift.min(paths.count, start + 256)])
      let computed = mapInParallel(block) { path in
        Result { () throws -> PromptImage in
          let file = dataset.imageURL(path)
          guard let features else { return try student.image(try pixels.decoder.decode(contentsOf: file.path)) }
          return try features.image(file, of: student, pixels: pixels)
        }
      }
      for (path, image) in zip(block, computed) { kept[path] = image }
      progress.advance(to: start + block.count)
    }
    if !paths.isEmpty { progress.finish() }
    features?.cache?.trim()
    // The tower's weights are not read again; the decoder's come back with the first step.
    student.releasePages()
    self.kept = kept
  }

  /// An image of a prompt, at its place.
  func of(_ image: Prompt.Image) throws -> PromptImage {
    guard let known = kept[image.path] else { throw RunError.missing(dataset.imageURL(image.path).path) }
    return try known.get().at(image.place)
  }
}
