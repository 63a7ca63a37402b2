internal import ConfigurationFiles
package import LoRA

extension AdapterConfiguration {
  /// The numbers side's form.
  package var asLoRA: LoRAConfiguration {
    var result = LoRAConfiguration()
    result.rank = rank
    result.alpha = Float(alpha)
    result.rankPattern = rankPattern
    result.alphaPattern = alphaPattern.mapValues { Float($0) }
    result.dropout = Float(dropout)
    if !targets.isEmpty {
      let patterns = targets.filter(Self.isPattern)
      let names = targets.filter { !Self.isPattern($0) }
      result.targets = patterns.isEmpty ? .names(names) : .mixed(names: names, patterns: patterns)
    }
    if let pattern = Self.pattern(exclude) { result.excludedPattern = pattern } else { result.excluded = exclude }
    result.layers = layers.isEmpty ? nil : layers
    result.layersPattern = layersPattern
    result.adaptsVision = vision
    result.isRankStabilized = usesRankStabilisedScale
    result.usesDoRA = usesDoRA
    result.initialization =
      switch initialization {
      case .standard: .standard
      case .gaussian: .gaussian
      case .pissa: .principal
      }
    result.savedModules = savedModules
    result.ensuresTying = ensuresTying ?? false
    result.trainedTokens = trainedTokens?.names ?? [:]
    result.trainedBiases =
      switch trainedBiases {
      case .none: .none
      case .all: .all
      case .adapted: .adapted
      }
    result.hasBias = hasBias
    result.layout =
      switch layout {
      case .asModel: .asModel
      case .current: .current
      case .earlier: .earlier
      }
    return result
  }
}
