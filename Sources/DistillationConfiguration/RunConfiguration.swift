package import ConfigurationFiles
package import Foundation

/// The configuration of a run, which `distill run` reads from YAML or JSON.
///
/// ```swift
/// let run = try RunConfiguration(contentsOf: file)   // throws all problems at once, each with its line and column
/// ```
///
/// It is not the run: nothing is opened but the configuration file itself. The keys are listed by
/// ``ConfigurationReference`` and shown by ``ConfigurationTemplate``.
public struct RunConfiguration: MethodConfiguration {
  package var method = DistillationMethod.multiTeacher
  package var seed = 1
  /// Whether one bad row stops the run, in place of being set aside and listed. The default is false.
  package var strict = false
  package var threads: Int?
  package var out: String?
  package var store = "~/.cache/swift-distillation/store"
  package var storeIsDurable = false
  package var cache = "~/.cache/swift-distillation/cache"
  package var data: DataConfiguration
  /// The labels, at least two. The default is ``LabelConfiguration/outOfContext``.
  package var labels = LabelConfiguration.outOfContext
  /// The name of the label that the task looks for; of two labels, accuracy on its items is given apart. The default is
  /// none: what needs one is left out.
  package var positive: String?
  /// Whether the labels are levels, the lowest first. The default is none: they have no order.
  package var ordered: Bool?
  /// The question to teachers and student: text with the slot `{text}` and one for every evidence. The default asks
  /// whether the photo is used out of context.
  package var prompt = """
    Caption: {text}
    Is this photo used out of context? Answer Yes or No, then say why.
    """
  /// What clients of the student call that question. The default is none: see ``questionName``.
  package var question: String?
  package var teachers: [TeacherConfiguration]
  /// What may be spent on them. The default is ``SpendingConfiguration/init()``: no limit.
  package var spending = SpendingConfiguration()
  /// What becomes of a run whose services left items unanswered. The default is none: it stops before training.
  package var missingReplies: MissingReplies?
  package var agreement = AgreementConfiguration()
  package var review = ReviewConfiguration()
  package var student: StudentConfiguration
  package var pretrain: PretrainConfiguration?
  /// The first stage. The default is ``Stage1Configuration/init()``.
  package var stage1 = Stage1Configuration()
  /// The second stage.
  package var stage2: Stage2Configuration
  /// What is measured. The default is ``EvaluationConfiguration/init()``.
  package var evaluation = EvaluationConfiguration()
  package var budgets: [LabelBudget] = []
  /// How often conflicts are found, labelled and trained on; from the second round the student votes too. The default
  /// is 1.
  package var rounds = 1
  /// The page at the end. The default is ``ReportConfiguration/init()``.
  package var report = ReportConfiguration()

  /// A run with the default in every key that has one.
  ///
  /// ```swift
  /// var run = RunConfiguration(
  ///   data: DataConfiguration(files: SplitFiles(train: "train.jsonl", test: "test.jsonl")),
  ///   teachers: [
  ///     TeacherConfiguration(name: "a", source: .recorded(RecordedTeacherConfiguration(file: "replies.jsonl"))),
  ///     TeacherConfiguration(name: "b", source: .model(ModelTeacherConfiguration(model: "models/b"))),
  ///   ],
  ///   student: StudentConfiguration(model: "models/student"),
  ///   stage2: Stage2Configuration(reference: .stage1Adapter))
  /// run.review.budget = .count(200)
  /// try run.validate()
  /// ```
  package init(
    data: DataConfiguration, teachers: [TeacherConfiguration], student: StudentConfiguration,
    stage2: Stage2Configuration
  ) {
    (self.data, self.teachers, self.student, self.stage2) = (data, teachers, student, stage2)
  }

  /// No items, no teachers, no student.
  package static let blank = RunConfiguration(data: .blank, teachers: [], student: .blank, stage2: .blank)

  /// Two recorded teachers and a student from a folder.
  package static let example = RunConfiguration(
    data: .example,
    teachers: [
      .example, TeacherConfiguration(name: "second", source: .recorded(.example)),
    ], student: .example, stage2: .example)

  /// The keys at the top.
  package static let keys: [ConfigurationKey<RunConfiguration>] = [
    ConfigurationKey("method", \.method, "How labels become a student."),
    seed,
    ConfigurationKey("strict", \.strict, "Stop at the first bad row instead of setting it aside."),
    threads, out,
    ConfigurationKey(
      "store", \.store,
      "Folder of replies and human labels, shared by runs; or a PostgreSQL server's address, of replies.",
      range: .nonBlank,
      relativeTo: .configuration),
    storeIsDurable,
    ConfigurationKey(
      "cache", \.cache, "Folder of image features and reference scores, shared by runs.", range: .nonBlank,
      relativeTo: .configuration),
    ConfigurationKey("data", \.data, "The items; paths here are relative to --data, or else to this file."),
    ConfigurationKey("labels", \.labels, "The labels and the words that state them."),
    ConfigurationKey(
      "positive", \.positive,
      "The label that the task looks for, for figures and thresholds that need one; without it these are left out.",
      range: .ifGiven(.nonBlank), sample: "falsified"),
    ConfigurationKey(
      "ordered", \.ordered,
      "Whether the labels are levels, the lowest first: near ones count as nearly right, and answers have an expected level.",
      sample: "true"),
    ConfigurationKey(
      "prompt", \.prompt, "The question to teachers and student, with slots in braces.", range: .nonBlank),
    ConfigurationKey(
      "question", \.question,
      "What clients of the served or exported student call the question; the default is the label's column, or else label.",
      range: .ifGiven(.nonBlank), sample: "out_of_context"),
    ConfigurationKey(
      "teachers", \.teachers, "The teachers, at least two; one alone can be asked by annotate.",
      requirement: "a list of teachers, each with name and kind"),
    ConfigurationKey("spending", \.spending, "Limits of spending on teachers behind services."),
    ConfigurationKey(
      "missing_replies", \.missingReplies,
      "Whether a run stops before training where services left items unanswered, or goes on without their votes; the default "
        + "is stop.", sample: "accept"),
    ConfigurationKey("agreement", \.agreement, "When the teachers' votes count as agreed."),
    ConfigurationKey("review", \.review, "Human labels, read on conflicts alone."),
    ConfigurationKey("student", \.student, "The model that is trained, from the step stage1 on."),
    ConfigurationKey("pretrain", \.pretrain, "Pre-training of a fresh base on captions; without it none."),
    ConfigurationKey("stage1", \.stage1, "Fine-tuning on all items with the teachers' answers."),
    ConfigurationKey("stage2", \.stage2, "Fine-tuning and DPO on the labelled conflicts."),
    ConfigurationKey("evaluation", \.evaluation, "Measurements."),
    ConfigurationKey("budgets", \.budgets, "Label budgets to repeat the run for: accuracy per label."),
    ConfigurationKey(
      "rounds", \.rounds, "Rounds of finding, labelling and training on conflicts.", range: .from(1, through: 1000)),
    ConfigurationKey("report", \.report, "The page report.html."),
  ]
}

/// A published method that a configuration can choose.
package enum DistillationMethod: String, ConfigurationChoice {
  /// Several teachers, LoRA on everything, LoRA and DPO on the conflicts (arXiv 2505.22517).
  case multiTeacher = "multi-teacher"
  /// Teacher and student improve each other while the data is being labelled (arXiv 2408.12326).
  case dualChecker = "dualchecker"

  /// The method that a configuration file names; nil where it names none, or can't be read as far as that.
  package static func named(in file: URL) -> DistillationMethod? {
    guard let value = entries(of: file).first(where: { $0.key == "method" })?.value,
      case .text(let name) = value.content
    else { return nil }
    return DistillationMethod(rawValue: name)
  }

  /// Whether a file is a configuration of either method, with mistakes or without: it says who labels which data.
  package static func isConfiguration(_ file: URL) -> Bool {
    let keys = Set(entries(of: file).map(\.key))
    return keys.contains("data") && !keys.isDisjoint(with: ["teachers", "teacher"])
  }

  /// The keys of a configuration file with what they say; none where it can't be read as far as that.
  private static func entries(of file: URL) -> [ConfigurationNode.Entry] {
    var facts = stat()
    guard stat(file.path, &facts) == 0, facts.st_size <= RunConfiguration.fileSizeLimit,
      let bytes = try? Data(contentsOf: file), bytes.count <= RunConfiguration.fileSizeLimit,
      let text = String(validating: bytes, as: UTF8.self),
      let node = try? ConfigurationNode(text: text, format: ConfigurationFormat(of: file.path, text: text)),
      case .map(let entries) = node.content
    else { return [] }
    return entries
  }
}

/// What becomes of a run whose services left items unanswered.
package enum MissingReplies: String, ConfigurationChoice {
  /// It stops before anything is trained; another start asks for what is missing.
  case stop
  /// It goes on without these votes.
  case accept
}
