internal import Foundation
internal import LanguageModel
internal import Layers
internal import LoRA
internal import StudentModels
internal import Tensor
internal import DistillationConfiguration
internal import TwoStage
internal import Wording

/// What is known of the student before it is trained.
struct InspectedStudent {
  let configuration: any FamilyConfiguration
  /// The model itself; nil where the run makes it, or where it does not fit in memory.
  var model: (any PretrainedStudent)?
  /// Bytes that its weights take; nil for those of Float32.
  var weightBytes: Int?
  /// Elements that training changes; nil where the model is not at hand.
  var trainedParameters: Int?
  /// Tokens of its own that no text may spell, where the model is not at hand to tell by; empty for those of a large model.
  var reserved: [String] = []
  var isFresh: Bool { model == nil }
}

extension RunCheck {
  /// Looks at the student's folder, or at the sizes of one that is to be made.
  ///
  /// - Parameter data: what it is put; nil where that can't be read.
  static func inspectStudent(
    _ run: RunConfiguration, _ data: InspectedData?, into findings: inout [CheckFinding]
  ) -> InspectedStudent? {
    if let matcher = run.student.fresh?.matcher {
      do {
        try ModelFolder.demand(URL(filePath: matcher.textModel), example: ModelFolder.sentenceExample)
        guard let made = try run.freshMatcher() else { return nil }
        findings.ok(
          "student.fresh.matcher",
          "a tower made from nothing, against the \(made.dimensions) numbers of \(matcher.textModel); it writes no rationales"
        )
        inspectAdapter(run, into: &findings) { try made.planAdapters(run.student.lora.asLoRA) }
        inspectTexts(run, data, by: made, into: &findings)
      } catch {
        findings.fail("student.fresh.matcher", FaultText.sentence(for: error))
      }
      return nil
    }
    if let fresh = run.student.fresh {
      let configuration = fresh.modelConfiguration
      let made = run.freshModel()
      let (all, tower) = made.map(Self.parameters) ?? (ModelSize(configuration).parameters, 0)
      // The folder has one all the same, as every base of its kind.
      let unused =
        run.data.fields.image == nil && tower > 0
        ? ", \(ByteText.count(tower)) of them of a tower that texts don't use" : ""
      findings.ok(
        "student.fresh",
        "made from nothing: \(ByteText.count(all)) parameters\(unused)"
          + (run.pretrain == nil ? ", which know no language but that of this run's rows" : ""))
      inspectAdapter(run, into: &findings) { try made?.planAdapters(run.student.lora.asLoRA) }
      return InspectedStudent(configuration: configuration, reserved: SmolVLM.specialTokens)
    }
    guard let path = run.student.model else { return nil }
    do {
      if ImageTextMatcher.isFolder(URL(filePath: path)) {
        if let matcher = inspectMatcher(path, "student.model", into: &findings) {
          inspectAdapter(run, into: &findings) { try matcher.planAdapters(run.student.lora.asLoRA) }
          inspectTexts(run, data, by: matcher, into: &findings)
        }
        return nil
      }
      let folder = try ModelFolder(URL(filePath: path))
      if folder.configuration.tower == nil, run.data.fields.image != nil {
        findings.fail("student.model", "\(RunError.readsNoImages(path))")
        return nil
      }
      if let free = ModelFolder.shortage(ofBytes: folder.weightBytes) {
        findings.warn(
          "student.model",
          "\(path): \(folder.summary); too large to be tried out here, with \(ByteText.bytes(free)) of memory free")
        return InspectedStudent(configuration: folder.configuration, weightBytes: folder.weightBytes)
      }
      var model = try StudentFamily.student(contentsOf: folder.url)
      try model.refuseNonFiniteWeights(of: folder.url)
      try model.setThinking(run.student.thinking)
      findings.ok("student.model", "\(path): \(folder.summary), loaded whole")
      inspectTokenizer("student.model", folder.url, into: &findings)
      do { try LabelsAlike.refuse(run) } catch {
        findings.fail("labels", FaultText.sentence(for: error))
      }
      let trained = inspectAdapter(run, into: &findings) {
        try model.planAdapters(run.student.lora.asLoRA)
      }
      return InspectedStudent(
        configuration: folder.configuration, model: model, weightBytes: folder.weightBytes, trainedParameters: trained
      )
    } catch {
      findings.fail("student.model", FaultText.sentence(for: error))
      return nil
    }
  }

  /// Says what speaks against a tokenizer being its model's own.
  static func inspectTokenizer(_ key: String, _ folder: URL, into findings: inout [CheckFinding]) {
    // What can't be read was refused before.
    for doubt in (try? TokenizerAgreement.doubts(in: folder)) ?? [] { findings.warn(key, doubt) }
  }

  /// Looks which layers the adapter would be put on, and gives the number of parameters to train.
  ///
  /// - Parameter plan: where it would be put; nil where that is not known.
  @discardableResult
  private static func inspectAdapter(
    _ run: RunConfiguration, into findings: inout [CheckFinding], by plan: () throws -> AdapterPlan?
  ) -> Int? {
    let lora = run.student.lora
    do {
      guard let plan = try plan() else { return nil }
      let whole = plan.copies.isEmpty ? "" : " and \(NumberText.counted(plan.copies.count, "whole tensor"))"
      findings.ok(
        "student.lora",
        "rank \(lora.rank) on \(NumberText.counted(plan.paths.count, "layer"))\(whole), "
          + "\(ByteText.count(plan.parameterCount)) parameters to train")
      if plan.reachesVision, !lora.vision {
        findings.warn(
          "student.lora",
          "modules_to_save or bias trains what makes image features: each update runs the vision tower, and none are kept"
        )
      }
      return plan.parameterCount
    } catch {
      findings.fail("student.lora", FaultText.sentence(for: error))
      return nil
    }
  }

  /// The parameters of a model, and those among them that only images use.
  private static func parameters(of model: SmolVLMModel) -> (all: Int, tower: Int) {
    model.parameters().reduce(into: (0, 0)) { sum, one in
      let count = one.parameter.value.shape.reduce(1, *)
      sum.all += count
      if ["model.vision_model.", "model.connector."].contains(where: one.path.hasPrefix) { sum.tower += count }
    }
  }
}
