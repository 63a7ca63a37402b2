package import ConfigurationFiles
package import TextStudents

/// The section `student.fresh`: the sizes of an encoder made from nothing.
extension FreshEncoder: DefaultedSection {
  /// The keys under `student.fresh`.
  package static let keys: [ConfigurationKey<FreshEncoder>] = [
    ConfigurationKey("hidden_size", \.hiddenSize, "Elements of a hidden row.", range: .from(8, through: 4096)),
    ConfigurationKey("num_hidden_layers", \.layers, "Layers.", range: .from(1, through: 100)),
    ConfigurationKey("num_attention_heads", \.heads, "Heads.", range: .from(1, through: 256)),
    ConfigurationKey(
      "vocab_size", \.vocabularySize, "Tokens of the vocabulary.", range: .from(300, through: 1_000_000)),
    ConfigurationKey("max_tokens", \.maximumTokens, "Most tokens of a text.", range: .from(8, through: 100_000)),
  ]

  /// Heads that divide the width.
  package func checkRelations(with reader: inout ConfigurationReader) {
    reader.require(
      hiddenSize.isMultiple(of: heads), "hidden_size", "num_attention_heads",
      expected: "a multiple of num_attention_heads = \(heads)", found: "\(hiddenSize)")
  }
}
