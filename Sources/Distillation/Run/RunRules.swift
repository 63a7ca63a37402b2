internal import Annotations
package import Foundation
package import StudentModels
internal import TeacherProtocol
internal import TwoStage

/// Rules that a run keeps from its beginning to its end: `rules.json` in its folder.
///
/// Where a later version of this package makes prompts in a better way, a run that was begun before goes on in the old one:
/// its adapters were trained on those prompts. A run without the file was begun by a version that wrote none.
struct RunRules: Codable, Equatable {
  /// Which prompts of students and model teachers begin with the tokenizer's beginning-of-text token.
  var beginning: PromptBeginning
  /// How the labels' probabilities are made by which a run chooses what people are asked and what is trained next.
  var choosing: LabelScoring
  /// In which order items are gone through, wherever one is drawn or trained on.
  var rows: RowOrder
  /// Whose tokenizer a model teacher with an adapter has.
  var tokens: AdapterTokens
  /// How recorded replies name items whose data files share some ids.
  var replies: ReplyNames
  /// What replies say that an older version kept as cut off.
  var cut: CutReplies
  /// Whether what is made from images is made anew where their files have changed.
  var images: ImageInputs
  /// What is taken of the teachers' errors before their votes are seen, where a rule or an order learns from all votes.
  var errors: ConfusionPrior
  /// What the final student of DualChecker learns of labels that may be wrong, where the configuration does not say it.
  var labels: LearnedLabels
  /// Whether a base that writes is made anew where the question has changed that it was made for.
  var base: BaseInputs
  /// What Stage 2 ends with where the configuration does not say it, or where few labels can judge it.
  var ending: StageEnding

  /// Those of a new run.
  static let current = RunRules(
    beginning: .ofFolder, choosing: .ended, rows: .byID, tokens: .ofAdapter, replies: .byPlainID, cut: .label,
    images: .byContent, errors: .right, labels: .byTask, base: .question,
    ending: .byEvidence)
  /// Those of runs without the file.
  static let first = RunRules(
    beginning: .always, choosing: .begun, rows: .ofFile, tokens: .ofModel, replies: .bySplit, cut: .nothing,
    images: .byName, errors: .even, labels: .asGiven, base: .files,
    ending: .asConfigured)

  /// What keys of steps say of the rules. One that came after those keys is named where it is not as it was before.
  var key: String {
    "\(self)".replacing(", cut: \(String(reflecting: CutReplies.nothing))", with: "")
      .replacing(", images: \(String(reflecting: ImageInputs.byName))", with: "")
      // What neither of these says is made from the rules, or has them in its own key.
      .replacing(", errors: \(String(reflecting: errors))", with: "")
      // Two-stage runs have no such labels, and DualChecker's keys name what is done.
      .replacing(", labels: \(String(reflecting: labels))", with: "")
      .replacing(", base: \(String(reflecting: base))", with: "")
      // The key of what was trained says how.
      .replacing(", ending: \(String(reflecting: ending))", with: "")
  }

  private enum CodingKeys: String, CodingKey {
    case beginning = "prompt_beginning"
    case choosing = "label_scoring"
    case rows = "row_order"
    case tokens = "adapter_tokenizer"
    case replies = "reply_ids"
    case cut = "cut_replies"
    case images
    case errors = "confusion_prior"
    case labels = "learned_labels"
    case base = "base_inputs"
    case ending = "stage2_ending"
  }

  /// Reads the rules; one that is missing was made after the file was written, and is as it was before.
  init(from decoder: any Decoder) throws {
    let rules = try decoder.container(keyedBy: CodingKeys.self)
    beginning = try rules.decodeIfPresent(PromptBeginning.self, forKey: .beginning) ?? Self.first.beginning
    choosing = try rules.decodeIfPresent(LabelScoring.self, forKey: .choosing) ?? Self.first.choosing
    rows = try rules.decodeIfPresent(RowOrder.self, forKey: .rows) ?? Self.first.rows
    tokens = try rules.decodeIfPresent(AdapterTokens.self, forKey: .tokens) ?? Self.first.tokens
    replies = try rules.decodeIfPresent(ReplyNames.self, forKey: .replies) ?? Self.first.replies
    cut = try rules.decodeIfPresent(CutReplies.self, forKey: .cut) ?? Self.first.cut
    images = try rules.decodeIfPresent(ImageInputs.self, forKey: .images) ?? Self.first.images
    errors = try rules.decodeIfPresent(ConfusionPrior.self, forKey: .errors) ?? Self.first.errors
    labels = try rules.decodeIfPresent(LearnedLabels.self, forKey: .labels) ?? Self.first.labels
    base = try rules.decodeIfPresent(BaseInputs.self, forKey: .base) ?? Self.first.base
    ending = try rules.decodeIfPresent(StageEnding.self, forKey: .ending) ?? Self.first.ending
  }

  private static func file(_ run: URL) -> URL { run.appending(path: "rules.json") }

  /// The rules of the run in a folder.
  ///
  /// - Throws: ``RunError/unusableFile(_:_:)`` where the file can't be read.
  init(of run: URL) throws {
    let file = Self.file(run)
    guard FileManager.default.fileExists(atPath: file.path) else {
      // Every kind of run has one of these before its student answers.
      let isBegun =
        !StepRecords(run: run).isEmpty || FileManager.default.fileExists(atPath: run.appending(path: "loop.json").path)
      self = isBegun ? .first : .current
      return
    }
    do { self = try JSONDecoder().decode(RunRules.self, from: Data(contentsOf: file)) } catch {
      throw RunError.unusableFile(
        file.path, "it is damaged, or of a later version; restore it, or go on with the version that began the run")
    }
  }

  private init(
    beginning: PromptBeginning, choosing: LabelScoring, rows: RowOrder, tokens: AdapterTokens, replies: ReplyNames,
    cut: CutReplies, images: ImageInputs, errors: ConfusionPrior, labels: LearnedLabels, base: BaseInputs,
    ending: StageEnding
  ) {
    (self.beginning, self.choosing, self.rows) = (beginning, choosing, rows)
    (self.tokens, self.replies, self.cut) = (tokens, replies, cut)
    (self.images, self.errors, self.labels, self.base) = (images, errors, labels, base)
    self.ending = ending
  }

  /// Writes the rules into the folder of a run that has none yet; those of a run under way stay.
  static func keep(in run: URL) throws {
    let rules = try RunRules(of: run)
    guard rules == .current, !FileManager.default.fileExists(atPath: file(run).path) else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try (encoder.encode(rules) + Data("\n".utf8)).write(to: file(run), options: .atomic)
  }
}

extension DistillationRun {
  /// Which prompts an adapter was trained on, where it lies in a run's folder; nil anywhere else.
  ///
  /// - Throws: ``RunError/unusableFile(_:_:)`` where the run's rules can't be read.
  package static func promptBeginning(ofAdapter folder: URL) throws -> PromptBeginning? {
    try run(ofAdapter: folder).map { try RunRules(of: $0).beginning }
  }

  /// What the chat template was told as `enable_thinking` when an adapter was trained, where it lies in a run's folder; nil for
  /// nothing, and anywhere else.
  package static func thinking(ofAdapter folder: URL) -> Bool? {
    guard let record = run(ofAdapter: folder)?.appending(path: "config.yaml") else { return nil }
    return (try? RunConfiguration(contentsOf: record))?.student.thinking
      ?? (try? DualCheckerConfiguration(contentsOf: record))?.student.thinking
  }

  /// The folder of the run that an adapter lies in; nil anywhere else.
  private static func run(ofAdapter folder: URL) -> URL? {
    var place = folder.standardizedFileURL
    // As deep as baselines/full_label and budgets/20/stage2.
    for _ in 0..<3 {
      place = place.deletingLastPathComponent()
      if FileManager.default.fileExists(atPath: place.appending(path: "config.yaml").path),
        FileManager.default.fileExists(atPath: place.appending(path: "steps").path)
      {
        return place
      }
    }
    return nil
  }
}

/// In which order a run goes through its items.
enum RowOrder: String, Codable {
  /// As the rows stand in the file: the same rows in another order are another training.
  case ofFile = "file"
  /// By their ids, so that nothing but the choice of ``DataConfiguration/limit`` depends on the order of the rows.
  case byID = "id"

  func ordered(_ items: [Item]) -> [Item] {
    switch self {
    case .ofFile: items
    case .byID: items.sorted { $0.id < $1.id }
    }
  }
}

/// Whose tokenizer a model with an adapter has.
enum AdapterTokens: String, Codable {
  /// The model's, whatever the adapter's folder has.
  case ofModel = "model"
  /// The adapter's, where its folder has one.
  case ofAdapter = "adapter"
}

/// How recorded replies name the items of data files that share some ids.
enum ReplyNames: String, Codable {
  /// Every item by its split, `train:7`.
  case bySplit = "split"
  /// An item whose id stands in one file alone by that too, `7`.
  case byPlainID = "plain"
}

/// What a reply says that an older version kept as cut off although its label was whole.
enum CutReplies: String, Codable {
  case nothing
  case label
}

/// What of the images a run's steps are made from.
enum ImageInputs: String, Codable {
  /// Their names, as the data files have them.
  case byName = "name"
  /// Their bytes: a photo that is mended or replaced has the steps carried out again.
  case byContent = "content"
}

/// What the final student of DualChecker learns of labels that may be wrong, where the configuration does not say it.
enum LearnedLabels: String, Codable {
  /// The labels.
  case asGiven = "given"
  /// What the task's default is.
  case byTask = "task"
}

/// What a base that writes is made from.
enum BaseInputs: String, Codable {
  /// The data files and its sizes alone.
  case files
  /// The question, its labels and how images become pixels besides: its tokenizer learns their words, and its pre-training asks
  /// them about captions.
  case question
}
