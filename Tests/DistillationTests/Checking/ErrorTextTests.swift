import Annotations
import Distillation
import DualChecker
import Foundation
import Layers
import TeacherProtocol
import Testing
import Tokenization
import Wording

/// What errors say. Reasons come from other errors and from the system, whose sentences end in a full stop
/// ("The file doesn’t exist."): within another sentence they must not.
@Suite struct ErrorTextTests {
  private static let sentence = "Image /photos/7.png: there is no such file."
  private static let problem = RowProblem(file: "a.csv", line: 3, expected: sentence, found: sentence)

  /// Every case that takes words of others in, of every kind of error.
  static let errors: [any Error & CustomStringConvertible] =
    teacherProtocol + annotations + distillation + models

  private static let teacherProtocol: [any Error & CustomStringConvertible] = [
    TeacherProtocolError.cannotRead(file: "f", reason: sentence), TeacherProtocolError.noRows(file: "f", problems: []),
    TeacherProtocolError.noRows(file: "f", problems: [problem]), TeacherProtocolError.badRow(problem),
    TeacherProtocolError.missingColumn(file: "f", column: "c", key: "image", known: []),
    TeacherProtocolError.ambiguousSpanColumn(file: "f", type: "t.", columns: ["a.", "b"]),
    TeacherProtocolError.badMapping(key: "k", reason: sentence), TeacherProtocolError.cannotSplit(reason: sentence),
    TeacherProtocolError.straddlingGroups(what: "groups", examples: ["a."], count: 1),
    TeacherProtocolError.badLabelSet(reason: sentence), TeacherProtocolError.unknownLabel("a.", known: []),
    TeacherProtocolError.unknownSlot("s", template: "t.", known: ["a."]),
    TeacherProtocolError.badTemplate("t.", offset: 1, expected: sentence),
    TeacherProtocolError.asksNothing(template: "t.", known: ["a"]), TeacherProtocolError.showsNothing(template: "t."),
    TeacherProtocolError.badImage(file: "f", reason: sentence),
    TeacherProtocolError.noRecordedReply(teacher: "t.", item: "i.", file: "f"),
    TeacherProtocolError.noRecordedTeacher("t.", file: "f", known: ["a."]),
    TeacherProtocolError.unknownTeacher("t.", known: []), TeacherUnavailable(teacher: "t", reason: sentence), problem,
    BudgetExhausted(limit: "3 requests"),
  ]

  private static let annotations: [any Error & CustomStringConvertible] = [
    AnnotationsError.cannotOpen(file: "f", reason: sentence), AnnotationsError.cannotWrite(file: "f", reason: sentence),
    AnnotationsError.readOnly(file: "f"), AnnotationsError.changedBehindUs(file: "f"),
    AnnotationsError.replacedBehindUs(file: "f"),
    AnnotationsError.locked(file: "f", seconds: 1), AnnotationsError.newerStore(file: "f", known: "1", found: "2"),
    AnnotationsError.badRow(problem), AnnotationsError.teacherTwice("a"),
  ]

  private static let distillation: [any Error & CustomStringConvertible] = [
    RunFileError.unreadable(file: "f", reason: sentence), RunFileError.unwritable(file: "f", reason: sentence),
    RunFileError.malformed(file: "f", place: "p", expected: "JSON", found: sentence),
    CheckingError.unwritable("f", reason: sentence), CheckingError.noReplies("f", reason: sentence),
    CheckingError.fileExists("f"), RunError.missing("f"), RunError.unset("data.file"),
    RunError.emptySplit("test", known: []), RunError.emptySplit("test", known: ["a"]), RunError.nothingLabelled("f"),
    RunError.nothingKept(key: "data.where", rows: 2, reason: sentence),
    RunError.silentTeacher("a", sentence),
    RunError.noRecordedReplies(teacher: "a", file: "f"),
    RunError.noMaker(teacher: "a", kind: "openai"), RunError.noStudent,
    RunError.readsNoImages("f"), RunError.nothingAgreed("0 agreed", remedy: "mend it"),
    RunError.waitingForLabels("f", conflicts: 2),
    RunError.waitingForReview("f", conflicts: 2), RunError.noReview("f", source: "oracle"),
    RunError.notARun("f", sentence), RunError.unfinished("f", lacks: "adapter"), RunError.foreignFolder("f", sentence),
    RunError.unusableFile("f", sentence), TrainingError.unusableItem("7", sentence),
    TrainingError.noExamples(stage: "s"), TrainingError.diverged(stage: "s", step: 1, loss: 1),
    TrainingError.unusableCheckpoint("f", sentence), TemplateError.notThere("a"),
    TemplateError.alreadyThere("a"),
  ]

  @Test func `data without splits is said to have none, and not one of no name`() {
    for known in [[], [""]] {
      let text = "\(RunError.emptySplit("test", known: known))"
      #expect(text.contains("has no splits. Name their column in data.fields.split"), "\(text)")
    }
    #expect("\(RunError.emptySplit("test", known: ["", "a", "b"]))".contains("the data has a, b. "))
  }

  private static let models: [any Error & CustomStringConvertible] = [
    WeightsError.unwritable(folder: "f", reason: sentence), TokenizerError.fileFailure(file: "f", reason: sentence),
    TokenizerError.invalidField(file: "f", field: "a", expected: "b", found: sentence),
    TokenizerError.invalidPattern(pattern: "p", position: 1, reason: sentence),
    TokenizerError.invalidTemplate(line: 1, expected: "a", found: sentence),
    TokenizerError.templateFailure(line: 1, reason: sentence), TokenizerError.templateRaised(message: sentence),
    TokenizerError.training(reason: sentence),
  ]

  @Test func `no error ends a sentence twice, or in the middle of another`() {
    for error in Self.errors {
      let text = "\(error)"
      for mark in ["..", ".;", ".,", ".:", ". .", ": .", " . "] {
        #expect(!text.contains(mark), "\(type(of: error)): \(text)")
      }
    }
  }

  @Test func `an error of an error is told as one sentence`() {
    let inner = TeacherProtocolError.noRecordedReply(teacher: "a", item: "7", file: "replies.jsonl")
    #expect(
      "\(RunError.silentTeacher("a", "\(inner)"))"
        == "teacher a answered no item: replies.jsonl holds no reply of teacher 'a' on item '7'. Check that both files use "
        + "the same id. Replies of the other teachers are kept; mend it and run again.")
  }

  @Test func `a sentence loses its full stops and nothing else`() {
    #expect("It failed.".withoutFullStop == "It failed")
    #expect("It failed. \n".withoutFullStop == "It failed")
    #expect("a.b".withoutFullStop == "a.b" && "...".withoutFullStop == "..." && "".withoutFullStop == "")
  }
}
