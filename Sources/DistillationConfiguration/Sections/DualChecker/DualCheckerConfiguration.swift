package import ConfigurationFiles
import DualChecker

/// The configuration of a run of the method `dualchecker`, which `distill run` reads from YAML or JSON.
///
/// ```swift
/// let run = try DualCheckerConfiguration(contentsOf: file)
/// ```
public struct DualCheckerConfiguration: MethodConfiguration {
  /// The method. There is one value, `dualchecker`.
  package var method = DistillationMethod.dualChecker
  package var seed = 1
  package var threads: Int?
  package var out: String?
  package var store = "~/.cache/swift-distillation/store"
  package var storeIsDurable = false
  package var data: DualCheckerDataConfiguration
  package var task = DualCheckerTaskConfiguration()
  /// What clients of the student call its question. The default is none: see ``questionName``.
  package var question: String?
  package var teacher = DualCheckerTeacherConfiguration()
  package var second: DualCheckerTeacherConfiguration?
  package var spending = SpendingConfiguration()
  package var aligner = AlignerConfiguration()
  package var teacherCheck = TeacherCheckConfiguration()
  package var studentCheck = StudentCheckConfiguration()
  package var loop = DualCheckerLoopConfiguration()
  package var student = DualCheckerStudentConfiguration()
  /// What is measured. The default is ``DualCheckerEvaluationConfiguration/init()``.
  package var evaluation = DualCheckerEvaluationConfiguration()
  package var title = "DualChecker"

  /// A run with the default in every key that has one.
  package init(data: DualCheckerDataConfiguration) { self.data = data }

  /// No items.
  package static let blank = DualCheckerConfiguration(data: .blank)

  /// Records in one file and the in-context teacher.
  package static let example = DualCheckerConfiguration(data: .example)

  /// The keys at the top.
  package static let keys: [ConfigurationKey<DualCheckerConfiguration>] = [
    ConfigurationKey("method", \.method, "How labels become a student."),
    seed, threads, out,
    ConfigurationKey(
      "store", \.store, "Folder of replies, shared by runs; or a PostgreSQL server's address.", range: .nonBlank,
      relativeTo: .configuration),
    storeIsDurable,
    ConfigurationKey("data", \.data, "The items; paths here are relative to --data, or else to this file."),
    ConfigurationKey("task", \.task, "The labelling task."),
    ConfigurationKey(
      "question", \.question,
      "What clients of the served student call the question; the default is the label's column, or else label.",
      range: .ifGiven(.nonBlank), sample: "is_green"),
    ConfigurationKey("teacher", \.teacher, "The teacher; another kind of teacher is another block here."),
    ConfigurationKey(
      "second", \.second, "The teacher of second opinions; without it the first one, with other demonstrations."),
    ConfigurationKey("spending", \.spending, "Limits of spending on teachers behind services."),
    ConfigurationKey("aligner", \.aligner, "The labelled pool, and how demonstrations are chosen from it."),
    ConfigurationKey("teacher_check", \.teacherCheck, "When the teacher is asked again, and with what."),
    ConfigurationKey("student_check", \.studentCheck, "Borderline cases of the student, and what becomes of them."),
    ConfigurationKey("loop", \.loop, "Batches and budget."),
    ConfigurationKey("student", \.student, "The student that is trained."),
    ConfigurationKey("evaluation", \.evaluation, "Measurements."),
    ConfigurationKey("title", \.title, "Title of the page report.html.", range: .nonBlank),
  ]

  /// What holds between sections.
  package func checkRelations(with reader: inout ConfigurationReader) {
    reader.require(
      method == .dualChecker, "method", expected: "dualchecker, whose keys these are",
      found: "the text '\(method.rawValue)'")
    reader.require(
      data.fields.detail != nil || !teacherCheck.steps.contains(.longerText), "teacher_check.steps",
      "data.fields.detail",
      expected:
        "steps without longer_text, such as [more_demonstrations, definitions], or a column with the longer text",
      found: "longer_text, which is in the default, and no such column")
    checkCalibration(with: &reader)
    for (key, teacher) in [("teacher.kind", teacher as DualCheckerTeacherConfiguration?), ("second.kind", second)] {
      reader.require(
        teacher?.kind != .model || task.kind != .spans, key, "task.kind",
        expected: "in_context or openai, since a local model chooses between classes and writes no spans",
        found: "model")
    }
  }
}

extension DualCheckerConfiguration {
  /// What clients of the served student call its question: the key `question`, else the label's column, else `label`.
  package var questionName: String { question ?? data.fields.label ?? "label" }

  /// Probabilities to calibrate, and records to do it with.
  private func checkCalibration(with reader: inout ConfigurationReader) {
    reader.require(
      evaluation.calibration == nil || task.kind != .spans, "evaluation.calibration", "task.kind",
      expected: "no calibration, since spans have no probability for each label",
      found: "the text '\(evaluation.calibration?.rawValue ?? "")'")
    guard evaluation.calibration == .dev else { return }
    reader.require(
      data.files == nil || data.files?.dev != nil, "evaluation.calibration", "data.files.dev",
      expected: "pool, or a file of development records in data.files.dev", found: "the text 'dev'")
    reader.require(
      data.isDivided || data.folds > 2, "data.folds", "evaluation.calibration",
      expected: "3 or more, since one part is scored and another one calibrates", found: "the number \(data.folds)")
  }
}

extension DetailStep: ConfigurationChoice {}
extension LabelNoise: ConfigurationChoice {}
extension DemonstrationSelection: ConfigurationChoice {}
extension LabellingTask.Kind: ConfigurationChoice {}
extension SpanOverlap: ConfigurationChoice {}
