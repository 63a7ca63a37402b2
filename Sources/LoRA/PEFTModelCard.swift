internal import JSON

/// The `README.md` beside an adapter: what it is, in words, with the metadata that model hubs read.
struct PEFTModelCard {
  let configuration: LoRAConfiguration
  let baseModel: String
  /// The paths of the adapted projections.
  let adapted: [String]
  /// Elements of all matrices together.
  let elements: Int

  /// Rows of what is not the rule.
  private var others: String {
    var rows: [String] = []
    if configuration.usesDoRA { rows.append("| lengths | trained apart (DoRA) |") }
    if !configuration.rankPattern.isEmpty { rows.append("| other ranks | \(configuration.rankPattern.count) layers |") }
    if !configuration.savedModules.isEmpty {
      rows.append("| trained as a whole | \(configuration.savedModules.map { "`\($0)`" }.joined(separator: ", ")) |")
    }
    if configuration.trainedBiases != .none {
      rows.append("| offsets trained | \(configuration.trainedBiases.rawValue) |")
    }
    return rows.map { "\n" + $0 }.joined()
  }

  var text: String {
    let kinds = Set(adapted.map { String($0.split(separator: ".").last ?? "") }).sorted()
    // A JSON string is also a YAML one: any path is safe in it.
    return """
      ---
      base_model: \(baseModel.quotedAsJSON(.ascii))
      library_name: peft
      tags:
      - lora
      ---

      # Low-rank adapter

      Changes the model `\(baseModel)` by adding a thin product to \(adapted.count) of its layers \
      (\(kinds.map { "`\($0)`" }.joined(separator: ", "))). It does nothing without that model.

      | | |
      |---|---|
      | rank | \(configuration.rank) |
      | alpha | \(configuration.alpha) |
      | factor of the product | \(configuration.scale)\(configuration.isRankStabilized ? " (alpha / √rank)" : "") |
      | dropout in training | \(configuration.dropout) |\(others)
      | parameters | \(elements) |

      Made with swift-distillation. Any reader of PEFT adapters loads this folder.

      """
  }
}
