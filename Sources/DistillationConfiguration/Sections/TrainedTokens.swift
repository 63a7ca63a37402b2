package import ConfigurationFiles

/// Tokens whose rows train while the rest of their table stays, as PEFT's `trainable_token_indices`.
package enum TrainedTokens: ConfigurationValue {
  /// Numbers of tokens of the model's token table.
  case ofTable([Int])
  /// Numbers of tokens by the name of a table or head, or the end of its path.
  case byName([String: [Int]])

  /// The numbers by name; the empty name is that of the model's token table.
  package var names: [String: [Int]] {
    switch self {
    case .ofTable(let tokens): ["": tokens]
    case .byName(let names): names
    }
  }

  /// Numbers from 0 on, none twice, and at least one.
  static let range = ConfigurationRange<TrainedTokens>("at least one, each from 0 on and once") { tokens in
    !tokens.names.isEmpty
      && tokens.names.values.allSatisfy { numbers in
        !numbers.isEmpty && Set(numbers).count == numbers.count && numbers.allSatisfy { $0 >= 0 }
      }
  }

  package static var configurationForm: String { "a list of token numbers, or a map of names, each with such a list" }

  /// Takes a list of whole numbers, or a map with such lists.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: TrainedTokens?, with reader: inout ConfigurationReader
  ) -> TrainedTokens? {
    switch node.content {
    case .list: return [Int].fromConfiguration(node, over: nil, with: &reader).map { .ofTable($0) }
    case .map: return [String: [Int]].fromConfiguration(node, over: nil, with: &reader).map { .byName($0) }
    case .null, .boolean, .number, .text:
      reader.reject(node, expected: configurationForm)
      return nil
    }
  }

  /// The list, or the map.
  package var configurationNode: ConfigurationNode? {
    switch self {
    case .ofTable(let tokens): tokens.configurationNode
    case .byName(let names): names.configurationNode
    }
  }
}
