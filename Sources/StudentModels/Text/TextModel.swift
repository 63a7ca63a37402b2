internal import Foundation
package import LanguageModel
internal import Layers
internal import Tensor
internal import Tokenization

/// An encoder with a head, its tokenizer and the files of its folder.
///
/// ``TextClassifier`` and ``TokenTagger`` open the same doors to it, each by name: what a public protocol or a public generic type
/// could share of them would make the networks and their files public too.
package struct TextModel<Network: TextEncoderHead>: Sendable {
  package var network: Network
  private(set) var reader: TextReader
  private var files: [String: Data] = [:]

  /// - Parameter name: what errors call the tokenizer.
  init(_ network: Network, _ tokenizer: Tokenizer, name: String) throws {
    self.network = network
    reader = try TextReader(tokenizer, for: network.encoder.configuration, name: name)
  }

  init(contentsOf folder: URL) throws {
    let parts = try TextModelFolder(contentsOf: folder)
    try self.init(Network(parts.configuration, from: parts.weights), parts.tokenizer, name: folder.path)
    files = parts.files
  }

  /// The encoder of a folder with a fresh head for these classes, a text or token having exactly one.
  init(encoderIn folder: URL, labels: [String], using generator: inout some RandomNumberGenerator) throws {
    precondition(!labels.isEmpty, "a head without classes")
    let parts = try TextModelFolder(contentsOf: folder)
    var configuration = parts.configuration
    (configuration.labels, configuration.problem) = (labels, nil)
    var network = Network(configuration, using: &generator)
    try network.loadEncoder(from: parts.weights)
    try self.init(network, parts.tokenizer, name: folder.path)
    files = parts.files
  }

  var labels: [String] { network.encoder.configuration.labels }
  var headPaths: [String] { network.headPaths }

  /// The logits of the classes, [rows, classes].
  func logits(_ texts: [Encoding]) -> Tensor { network(texts.map(reader.sequence)) }

  /// The sizes with as many tokens as the table has rows, which an adapter may change.
  private var currentSizes: TextEncoderConfiguration {
    var sizes = network.encoder.configuration
    sizes.vocabularySize = network.encoder.words.weight.value.shape[0]
    return sizes
  }

  mutating func takeTokenizer(of folder: URL) throws {
    reader = try TextReader(Tokenizer(contentsOf: folder), for: currentSizes, name: folder.path)
    files = try files.takingTokenizer(of: folder)
  }

  /// - Parameter architecture: what transformers calls the model after the family's own name.
  func save(to folder: URL, architecture: String) throws {
    try TextModelFolder.write(network, currentSizes, architecture: architecture, files: files, to: folder)
  }
}
