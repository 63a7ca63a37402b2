internal import DualChecker
internal import Foundation
internal import DistillationConfiguration
internal import StudentModels
internal import TeacherProtocol
internal import TextStudents
internal import Training
internal import Wording

extension RunCheck {
  /// Reads the models of a run of the method `dualchecker` as the run reads them before it asks anything: the teachers', the
  /// student with its adapter, and the encoder that says how alike records are.
  ///
  /// - Parameter records: what the student is put; nil where they can't be read.
  static func inspectModels(
    _ run: DualCheckerConfiguration, _ records: DualCheckerRecords?, into findings: inout [CheckFinding]
  ) {
    for (key, teacher) in [("teacher", run.teacher as DualCheckerTeacherConfiguration?), ("second", run.second)] {
      guard let teacher, teacher.kind == .model else { continue }
      inspectTeacher(teacher.model, "\(key).model", into: &findings)
    }
    inspectStudent(run, records, into: &findings)
    if let path = run.aligner.encoder {
      inspect("aligner.encoder", path, example: ModelFolder.sentenceExample, into: &findings) {
        _ = try SentenceEmbedder(contentsOf: URL(filePath: path))
      }
    }
  }

  /// Reads a teacher's model with its adapter.
  static func inspectTeacher(
    _ teacher: ModelTeacherConfiguration, _ key: String, into findings: inout [CheckFinding]
  ) {
    inspect(key, teacher.model, example: decoderExample, into: &findings) {
      _ = try RunTeachers.student(teacher, .current)
    }
  }

  private static let decoderExample = "HuggingFaceTB/SmolLM2-135M-Instruct"

  private static func inspectStudent(
    _ run: DualCheckerConfiguration, _ records: DualCheckerRecords?, into findings: inout [CheckFinding]
  ) {
    guard let task = try? run.task.task() else { return }
    var student: (any DualCheckerStudent)?
    if let path = run.student.model {
      let example = run.student.kind == .encoder ? ModelFolder.sentenceExample : decoderExample
      inspect("student.model", path, example: example, into: &findings) {
        student = try run.student(task, model: URL(filePath: path), .current)
      }
    } else {
      // Its weights stand for those that the run makes: neither the places of adapters nor what fits depends on them. Which texts
      // are too long depends on all texts that its tokenizer is made from.
      let place = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
      defer { try? FileManager.default.removeItem(at: place) }
      do {
        try run.student.fresh.write(
          to: place, texts: records.map { $0.training.map(\.text) } ?? ["a text"], seed: 0)
        student = try run.student(task, model: place, .current)
        findings.ok("student.fresh", "made from nothing")
      } catch {
        findings.fail("student.fresh", FaultText.sentence(for: error))
      }
    }
    guard let student, let records else { return }
    do { try student.check(records.ofStudent) } catch {
      findings.fail("student", FaultText.sentence(for: error))
    }
    let cut = records.cutWithGold(by: student)
    if let sentence = cut.sentence {
      let remedy = run.student.model == nil ? ": student.fresh.max_tokens is the limit" : ""
      findings.warn("student", sentence + remedy, details: .firstLines(cut.lines))
    }
  }

  /// Reads a model by the closure, where there is memory for it.
  private static func inspect(
    _ key: String, _ path: String, example: String, into findings: inout [CheckFinding], _ read: () throws -> Void
  ) {
    do {
      let folder = URL(filePath: path)
      try ModelFolder.demand(folder, example: example)
      let size = weights(in: folder).map { "\(ByteText.count($0)) parameters, " } ?? ""
      if let bytes = try? ModelFolder.weightBytes(of: folder), let free = ModelFolder.shortage(ofBytes: bytes) {
        findings.warn(
          key,
          "\(path): \(size)\(ByteText.bytes(bytes)) on disk; too large to be tried out here, with \(ByteText.bytes(free)) of "
            + "memory free")
        return
      }
      try read()
      findings.ok(key, "\(path): \(size)loaded whole")
      inspectTokenizer(key, folder, into: &findings)
    } catch {
      findings.fail(key, FaultText.sentence(for: error))
    }
  }
}
