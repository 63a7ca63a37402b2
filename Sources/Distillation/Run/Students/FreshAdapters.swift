internal import DistillationConfiguration
internal import Foundation
package import LoRA
internal import StudentModels
internal import Tensor

extension RunConfiguration {
  /// The most parameters of a student that is made to see which layers it has; larger ones are not made from nothing here.
  private static let mostParameters = 1 << 28

  /// The matcher that the run makes, before its tower has learned anything; nil for another base.
  ///
  /// - Throws: what reading its sentence model throws.
  func freshMatcher() throws -> ImageTextMatcher? {
    guard let matcher = student.fresh?.matcher else { return nil }
    var generator = Tensor.Generator(seed: 0)
    let sizes = ImageTextMatcherConfiguration(
      vision: matcher.tower, answers: .init(match: "fits", mismatch: "differs"))
    return try ImageTextMatcher(sizes, sentences: URL(filePath: matcher.textModel), using: &generator)
  }

  /// Where the adapter would be put on the student that the run makes from nothing, whose layers are known from its sizes
  /// before it has learned anything; nil for a student from a folder, and one too large to be made for this.
  ///
  /// - Throws: `LoRAError` where a name or a pattern of `student.lora` matches nothing, or what reading a matcher's sentence
  ///   model throws.
  package func freshAdapterPlan() throws -> AdapterPlan? {
    guard student.fresh != nil else { return nil }
    let lora = student.lora.asLoRA
    if let matcher = try freshMatcher() { return try matcher.planAdapters(lora) }
    return try freshModel()?.planAdapters(lora)
  }

  /// The network that the run makes from nothing, before it has learned anything; nil for a student from a folder, for a matcher,
  /// and for one too large to be made for this.
  func freshModel() -> SmolVLMModel? {
    guard let fresh = student.fresh, fresh.matcher == nil else { return nil }
    let sizes = fresh.modelConfiguration
    var generator = Tensor.Generator(seed: 0)
    guard ModelSize(sizes).parameters <= Self.mostParameters else { return nil }
    return SmolVLMModel(sizes, using: &generator)
  }
}

extension DistillationRun {
  /// Refuses an adapter that can't be put on the student, before teachers are asked and paid: names that match no layer, and
  /// options that do not suit one.
  ///
  /// - Throws: `LoRAError`, or what reading the student throws.
  func refuseUnusableAdapter() throws {
    if let student = plugins.student {
      _ = try student.planAdapters(configuration.student.lora.asLoRA)
    } else if let path = configuration.student.model {
      let folder = URL(filePath: path)
      if ImageTextMatcher.isFolder(folder) {
        _ = try ImageTextMatcher(contentsOf: folder).planAdapters(configuration.student.lora.asLoRA)
      } else {
        try ModelFolder.demand(folder)
        // One that memory has no room for is seen where it is loaded.
        guard try ModelFolder.shortage(ofBytes: ModelFolder.weightBytes(of: folder)) == nil else { return }
        _ = try StudentFamily.student(contentsOf: folder).planAdapters(configuration.student.lora.asLoRA)
      }
    } else {
      _ = try configuration.freshAdapterPlan()
    }
  }
}
