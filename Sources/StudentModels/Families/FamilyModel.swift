package import Foundation
package import ImageDecoding
package import LanguageModel
package import Layers
package import Tensor
package import Tokenization

/// The config.json of a model family.
package protocol FamilyConfiguration: Codable, Sendable, Equatable {
  /// What `model_type` says in the files of this family.
  static var modelTypes: [String] { get }
  /// Names under which published files keep the parameters, besides the parameters' own paths.
  static var weightLayouts: [WeightLayout] { get }
  /// The decoder.
  var text: LlamaConfiguration { get }
  /// The token that stands for one row of image features; nil in families that read text alone.
  var placeholderToken: Int? { get }
  /// The token that the chat template writes for an image. By default ``placeholderToken``.
  var templateToken: Int? { get }
  /// The size of the vision tower, for estimates; nil without one.
  var tower: TowerSize? { get }

  /// Rows of features that the decoder gets for an image, whether it comes as pixels or as features.
  func tokenCount(of image: PromptImage) -> Int

  /// Reads what cuts images for this model from its folder; nil in families that read text alone.
  func imageProcessor(contentsOf folder: URL) throws -> (any ImageProcessor)?

  /// The same from the bytes of a preprocessor_config.json, which errors call by the name; nil in families that no GGUF file is
  /// read of.
  func imageProcessor(json: [UInt8], name: String) throws -> (any ImageProcessor)?
}

extension FamilyConfiguration {
  /// The token that stands for one row of image features.
  package var templateToken: Int? { placeholderToken }

  /// None.
  package func imageProcessor(json: [UInt8], name: String) throws -> (any ImageProcessor)? { nil }

  /// Rows of features, and so image tokens, of images of these sizes in pixels; nil in families that read text alone.
  ///
  /// - Parameter model: the folder or the GGUF file that says how images are cut.
  /// - Throws: as ``imageProcessor(contentsOf:)``.
  package func imageTokens(of sizes: [(width: Int, height: Int)], processorOf model: URL) throws -> [Int]? {
    let file = try GGUFModel(at: model)
    let processor =
      if let file {
        try imageProcessor(of: file, files: file.projector?.processorFiles() ?? [:])
      } else {
        try imageProcessor(contentsOf: model)
      }
    return processor.map { processor in
      sizes.map { tokenCount(of: .blank(processor, width: $0.width, height: $0.height)) }
    }
  }

  /// What cuts images, of the files that a GGUF file's metadata stands for.
  func imageProcessor(of file: GGUFModel, files: [String: Data]) throws -> (any ImageProcessor)? {
    try files["preprocessor_config.json"].flatMap {
      try imageProcessor(json: Array($0), name: file.paths.last ?? "")
    }
  }
}

/// The names of a family's tensors in one kind of file: prefixes of parameter paths and what stands there instead.
package struct WeightLayout: Sendable, Equatable {
  /// Prefix of a path, prefix of a name; the first that fits is replaced.
  private let prefixes: [Prefix]

  private struct Prefix: Equatable {
    var path: String
    var name: String
  }

  /// A layout of these prefixes.
  package init(_ prefixes: KeyValuePairs<String, String>) {
    self.prefixes = prefixes.map { Prefix(path: $0.key, name: $0.value) }
  }

  /// The tensor's name for a parameter's path.
  package func name(of path: String) -> String {
    guard let prefix = prefixes.first(where: { path.hasPrefix($0.path) }) else { return path }
    return prefix.name + path.dropFirst(prefix.path.count)
  }
}

/// How large a vision tower is and how many patches it reads.
public struct TowerSize: Sendable, Equatable {
  /// Transformer layers.
  package var layers: Int
  /// The width of a row.
  package var width: Int
  /// The inner width of the MLP.
  package var innerWidth: Int
  /// Matrices of the MLP: 3 where it is gated.
  package var innerMatrices = 2
  /// Weights below the layers and between them and the decoder.
  package var otherWeights: Int
  /// Patches that are read together: those of a tile.
  package var patches: Int
  /// Rows of features that the decoder gets for them.
  package var tokens: Int
}

/// The network of a model family: a decoder, its head, and what makes features of images.
///
/// What all families share is in extensions: packing trees into rows, scoring, logits and generation with a cache.
package protocol FamilyModel: Module, SequenceScorer {
  /// The sizes and what config.json says besides.
  associatedtype Configuration: FamilyConfiguration

  /// A network with random weights.
  init(_ configuration: Configuration, using generator: inout some RandomNumberGenerator)

  var configuration: Configuration { get }
  /// The decoder.
  var text: Llama { get set }
  /// The output head; nil where it is the embedding table.
  var head: (any Projection)? { get set }

  /// Features [tokens, levels · width] of each image, all of which come as pixels: one level, or further ones that later
  /// layers of the decoder are given.
  func features(ofPixels images: [PromptImage]) -> [Tensor]

  /// Where the tokens of a tree's prompt stand. By default one after the other, as in text.
  func positions(of tree: AnswerTree) -> [TokenPosition]

  /// Runs of a tree's prompt that see each other both ways, first to last. By default none, as in text.
  func blocks(of tree: AnswerTree) -> [Range<Int>]

  /// What the chat template's image token is replaced by before a prompt is tokenised.
  ///
  /// By default as many image tokens as the image has rows of features.
  ///
  /// - Throws: ``StudentError/missingToken(_:folder:)`` where the tokenizer lacks a token of it.
  func expansion(of image: PromptImage, placeholder: String, tokenizer: Tokenizer) throws -> String
}

extension FamilyModel {
  /// Rows of features that the decoder gets for an image, whether it comes as pixels or as features.
  package func tokenCount(of image: PromptImage) -> Int { configuration.tokenCount(of: image) }

  /// One after the other, as in text.
  package func positions(of tree: AnswerTree) -> [TokenPosition] { TokenPosition.run(0..<tree.prompt.count) }

  /// None.
  package func blocks(of tree: AnswerTree) -> [Range<Int>] { [] }

  /// As many image tokens as rows of features.
  package func expansion(of image: PromptImage, placeholder: String, tokenizer: Tokenizer) throws -> String {
    String(repeating: placeholder, count: tokenCount(of: image))
  }

  /// The output head's matrix [vocabulary, width]. A head that is the embedding table stays the base model's where an adapter
  /// trains the table and does not tie the two, as with PEFT.
  package var headWeight: Tensor { head?.effectiveWeight() ?? text.embedding.headWeight() }

  /// The log-probability of each answer token; the prompt of each tree is computed once.
  package func logProbabilities(of trees: [AnswerTree]) -> AnswerScores { logProbabilities(of: trees, after: nil) }

  /// The same for trees whose prompts begin with what was read already; nil for nothing.
  func logProbabilities(of trees: [AnswerTree], after beginning: ReadBeginning?) -> AnswerScores {
    let packed = PackedTrees(
      trees, after: beginning?.length.tokens ?? 0, promptPositions: positions, blocks: blocks)
    // Scores must not depend on how many trees are computed together.
    guard packed.tokens.isEmpty || packed.tokens.count > Tensor.fewRows else {
      let copies = Array(repeating: trees, count: 1 + Tensor.fewRows).flatMap(\.self)
      return logProbabilities(of: copies, after: beginning).ofFirst(trees.count)
    }
    let rows = embedded(packed.tokens, images: trees.flatMap { $0.images.dropFirst(beginning?.length.images ?? 0) })
    let (predicting, places) = packed.differentPredictingRows
    // Behind the last attention the others are not read. So many are kept that a row's sums are those of many rows.
    let kept = predicting.first.map { first in
      predicting + Array(repeating: first, count: max(0, Tensor.fewRows + 1 - predicting.count))
    }
    let hidden = text(
      rows, positions: packed.positions, layout: packed.layout, after: beginning?.cache, keeping: kept)
    return scores(of: text.normalized(hidden).gathered(places), packed)
  }

  /// The scores of answers from the normalised rows that predict their tokens, one a token.
  func scores(of rows: Tensor, _ packed: PackedTrees) -> AnswerScores {
    let scores = TokenScores(hidden: rows, head: headWeight, cap: text.configuration.logitCap, targets: packed.targets)
    return AnswerScores(
      logProbabilities: scores.logProbabilities, ranges: packed.ranges, entropies: scores.entropies,
      isGreedy: scores.isGreedy)
  }

  /// The logits after each token of one sequence, [tokens, vocabulary]. Differentiable.
  ///
  /// - Precondition: as many image tokens as the images have rows of features.
  /// - Complexity: tokens · vocabulary Float32 of memory; ``logProbabilities(of:)`` never holds them at one time.
  package func logits(of tokens: [Int], images: [PromptImage]) -> Tensor {
    let tree = AnswerTree(prompt: tokens, images: images, answers: [])
    let packed = PackedTrees([tree], blocks: blocks)
    let hidden = text(embedded(tokens, images: images), positions: positions(of: tree), layout: packed.layout)
    return logits(of: text.normalized(hidden), head: headWeight)
  }

  /// The logits of normalised rows, [rows, vocabulary].
  func logits(of rows: Tensor, head: Tensor) -> Tensor {
    rows.matmul(head, transposeB: true).capped(at: text.configuration.logitCap)
  }

  /// Token rows with image tokens replaced by the images' features, in order: [tokens, width], or as many levels as the
  /// features have, all but the first of which are 0 for tokens of text.
  ///
  /// - Precondition: as many image tokens as feature rows.
  func embedded(_ tokens: [Int], images: [PromptImage]) -> Tensor {
    let rows = text.embedding(tokens)
    guard let placeholder = configuration.placeholderToken else {
      precondition(images.isEmpty, "\(images.count) images for a model that reads text alone")
      return rows
    }
    let places = tokens.indices.filter { tokens[$0] == placeholder }
    guard !images.isEmpty else {
      precondition(places.isEmpty, "\(places.count) image tokens and no image")
      return rows
    }
    let features = Tensor.concatenated(features(of: images))
    precondition(
      features.shape[0] == places.count, "\(places.count) image tokens for \(features.shape[0]) feature rows")
    let levels = features.shape[1] / rows.shape[1]
    let none = Array(repeating: Tensor.zeros(rows.shape), count: levels - 1)
    return Tensor.levels([rows] + none).replacingRows(at: places, with: features)
  }

  /// The rows of each image where those of all stand one after the other, as many as ``tokenCount(of:)`` says.
  func split(_ rows: Tensor, among images: [PromptImage]) -> [Tensor] {
    var at = 0
    return images.map { image in
      defer { at += tokenCount(of: image) }
      return rows.rows(at..<(at + tokenCount(of: image)))
    }
  }

  /// Shows the decoder under a name of its own and the output head under `lm_head`.
  mutating func visitText(_ visitor: inout some ModuleVisitor, at path: String, _ name: String) {
    let place = path.appending(component: name)
    text.visit(&visitor, at: place)
    let table = text.table(at: place)
    visitor.visit(head: &head, of: table, at: path.appending(component: "lm_head"))
  }

  /// The features of each image; those given as pixels go through the tower together.
  private func features(of images: [PromptImage]) -> [Tensor] {
    let pixels = images.filter { if case .pixels = $0.content { true } else { false } }
    var computed: ArraySlice<Tensor> = []
    if let first = pixels.first {
      // Nor may features of tiles so small depend on what is computed beside them.
      let rows = pixels.reduce(0) { $0 + tokenCount(of: $1) }
      let others = rows > Tensor.fewRows ? 0 : Tensor.fewRows
      computed = features(ofPixels: pixels + Array(repeating: first, count: others))[...]
    }
    return images.map { image in
      switch image.content {
      case .features(let features): features
      case .pixels(let pixels): computed.popFirst() ?? pixels
      }
    }
  }
}

extension PromptImage {
  /// An image of this size without its content, in the parts into which the processor would cut it.
  static func blank(_ processor: any ImageProcessor, width: Int, height: Int) -> PromptImage {
    let grid = processor.grid(width: width, height: height)
    let pixels = Tensor.zeros([grid.tileCount, 0, 0, 0])
    return PromptImage(.pixels(pixels), rows: grid.rows, columns: grid.columns, width: width, height: height)
  }

  /// What the tower reads.
  ///
  /// - Precondition: the image comes as pixels.
  var pixels: Tensor {
    guard case .pixels(let pixels) = content else { preconditionFailure("features where pixels belong") }
    return pixels
  }
}

extension AnswerScores {
  /// Those of the first trees alone.
  fileprivate func ofFirst(_ trees: Int) -> AnswerScores {
    let ranges = Array(ranges.prefix(trees))
    let count = ranges.joined().reduce(0) { $0 + $1.count }
    return AnswerScores(
      logProbabilities: logProbabilities.rows(0..<count), ranges: ranges, entropies: Array(entropies.prefix(count)),
      isGreedy: Array(isGreedy.prefix(count)))
  }
}
