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
    result.excludedPatterns = exclude.filter(Self.isPattern)
    result.excluded = exclude.filter { !Self.isPattern($0) }
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
    result.trainedBiases = trainedBiases
    result.hasBias = hasBias
    result.layout = layout
    return result
  }
}
