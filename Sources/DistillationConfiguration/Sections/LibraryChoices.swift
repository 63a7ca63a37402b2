package import ConfigurationFiles
package import DPO
package import Layers
package import LoRA
package import Training
package import TwoStage

// Settings of the library that a configuration writes as the words that they are there.

extension LabelTargets: ConfigurationChoice {}
extension LearningRateSchedule.Shape: ConfigurationChoice {}
extension LoRAConfiguration.Layout: ConfigurationChoice {}
extension LoRAConfiguration.TrainedBiases: ConfigurationChoice {}
extension PreferenceTree.Pairing: ConfigurationChoice {}
extension TwoStageOptions.Conflicts: ConfigurationChoice {}
extension TwoStageOptions.WhenAllWrong: ConfigurationChoice {}

extension TwoStageOptions.Answers: ConfigurationValue {
  package static var configurationForm: String { "all or a teacher's name" }

  /// Takes a text.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: Self?, with reader: inout ConfigurationReader
  ) -> Self? {
    if case .text(let word) = node.content { return word == "all" ? .all : .teacher(word) }
    reader.reject(node, expected: configurationForm)
    return nil
  }

  /// `all`, or the name.
  package var configurationNode: ConfigurationNode? {
    switch self {
    case .all: .text("all")
    case .teacher(let name): .text(name)
    }
  }
}
