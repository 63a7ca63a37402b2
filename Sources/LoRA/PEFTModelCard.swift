/// The `README.md` beside an adapter: what it is, in words, with the metadata that model hubs read.
struct PEFTModelCard {
  let configuration: LoRAConfiguration
  let baseModel: String
  /// The paths of the adapted projections.
  let adapted: [String]
  /// Elements of all matrices together.
  let elements: Int

  /// The card.
  var text: String {
    let kinds = Set(adapted.map { String($0.split(separator: ".").last ?? "") }).sorted()
    // A JSON string is also a YAML one: any path is safe in it.
    return """
      ---
      base_model: \(PEFTJSON.string(baseModel).text())
      library_name: peft
      tags:
      - lora
      ---

      # Low-rank adapter

      Changes the model `\(baseModel)` by adding a thin product to \(adapted.count) of its linear layers \
      (\(kinds.map { "`\($0)`" }.joined(separator: ", "))). It does nothing without that model.

      | | |
      |---|---|
      | rank | \(configuration.rank) |
      | alpha | \(configuration.alpha) |
      | factor of the product | \(configuration.scale)\(configuration.isRankStabilized ? " (alpha / √rank)" : "") |
      | dropout in training | \(configuration.dropout) |
      | parameters | \(elements) |

      Made with swift-distillation. Any reader of PEFT adapters loads this folder.

      """
  }
}
