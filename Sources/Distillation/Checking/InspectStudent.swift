internal import Foundation
internal import LanguageModel
internal import Layers
internal import LoRA
internal import Student
internal import Tensor

/// What is known of the student before it is trained.
struct InspectedStudent {
  let configuration: any FamilyConfiguration
  /// The model itself; nil where the run makes it, or where it does not fit in memory.
  var model: (any PretrainedStudent)?
  var isFresh: Bool { model == nil }
}

extension RunCheck {
  /// Looks at the student's folder, or at the sizes of one that is to be made.
  static func inspectStudent(_ run: RunConfiguration, into findings: inout [CheckFinding]) -> InspectedStudent? {
    if let fresh = run.student.fresh {
      let configuration = fresh.modelConfiguration
      findings.ok(
        "student.fresh", "made from nothing: \(ByteText.count(ModelSize(configuration).parameters)) parameters")
      return InspectedStudent(configuration: configuration)
    }
    guard let path = run.student.model else { return nil }
    do {
      let folder = try ModelFolder(URL(filePath: path))
      // Half-precision files take twice their size as Float32.
      if let free = MachineSpeed.availableMemory(), 2 * folder.weightBytes > free {
        findings.warn(
          "student.model",
          "\(path): \(folder.summary); too large to be tried out here, with \(ByteText.bytes(free)) of memory free")
        return InspectedStudent(configuration: folder.configuration)
      }
      let model = try StudentFamily.student(contentsOf: folder.url)
      findings.ok("student.model", "\(path): \(folder.summary), loaded whole")
      inspectAdapter(run, on: model, into: &findings)
      return InspectedStudent(configuration: folder.configuration, model: model)
    } catch {
      findings.fail("student.model", FaultText.sentence(for: error))
      return nil
    }
  }

  /// Looks which layers the adapter would be put on.
  private static func inspectAdapter(
    _ run: RunConfiguration, on model: any PretrainedStudent, into findings: inout [CheckFinding]
  ) {
    var adapted = model
    var generator = Tensor.Generator(seed: 0)
    do {
      let paths = try adapted.attachAdapters(run.student.lora.asLoRA, using: &generator)
      let parameters = adapted.adapterParameters().reduce(0) { $0 + $1.parameter.value.shape.reduce(1, *) }
      findings.ok(
        "student.lora",
        "rank \(run.student.lora.rank) on \(NumberText.counted(paths.count, "layer")), "
          + "\(ByteText.count(parameters)) parameters to train")
    } catch {
      findings.fail("student.lora", FaultText.sentence(for: error))
    }
  }
}
