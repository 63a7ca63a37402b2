internal import ContentDigest
internal import DPO
internal import Foundation
internal import ImageDecoding
internal import Layers
internal import StudentModels
internal import Tensor
internal import DistillationConfiguration
internal import Training

/// Image features by content: a photo goes through a frozen vision tower once, whatever runs and epochs ask for it.
struct KeptFeatures: Sendable {
  /// Raised with every change of the arithmetic that features come from.
  private static let arithmetic = "1"

  /// Nil keeps features in this run's memory alone.
  let cache: Tensor.Cache?
  /// The key of the student whose tower it is: of its weights and its image processor's settings.
  let student: String

  /// The image of a file as these pixels have it.
  ///
  /// - Throws: what reading or processing the image throws.
  func image<Model: Student>(_ file: URL, of model: Model, pixels: PixelConfiguration) throws -> PromptImage {
    let decoder = pixels.decoder
    guard let cache, let bytes = try? digest(of: file) else {
      return model.encoded(try model.image(try decoder.decode(contentsOf: file.path)))
    }
    let mark = pixels.mark.isEmpty ? [] : [pixels.mark]
    let key = ContentDigest.of(fields: ["features", Self.arithmetic, student, bytes] + mark)
    if let image = cache.soundTensors(for: key).flatMap(PromptImage.init) { return image }
    let image = model.encoded(try model.image(try decoder.decode(contentsOf: file.path)))
    if let tensors = image.tensors { cache.keepChecked(tensors, for: key) }
    return image
  }
}

extension PromptImage {
  /// Features and the numbers that go with them; nil for pixels.
  fileprivate var tensors: [String: Tensor]? {
    guard case .features(let features) = content else { return nil }
    return ["features": features, "grid": Tensor([rows, columns, width, height].map(Float.init), shape: [4])]
  }

  fileprivate init?(_ tensors: [String: Tensor]) {
    guard let features = tensors["features"], let grid = tensors["grid"]?.scalars.map({ Int($0) }), grid.count == 4
    else { return nil }
    self.init(.features(features), rows: grid[0], columns: grid[1], width: grid[2], height: grid[3])
  }
}

/// A reference's log-probabilities by content: of its weights and adapter, and of a tree's tokens and images.
struct KeptReference: Sendable {
  private static let arithmetic = "2"

  /// Nil keeps them in memory alone.
  let cache: Tensor.Cache?
  /// The key of base and adapter together.
  let scorer: String
  /// The first of which looks for what is kept.
  let ranks: any Ranks

  /// Token by token, tree by tree; only those that are not kept yet are computed.
  func scores(of trees: [PreferenceTree], under model: some SequenceScorer) throws -> [ReferenceScores] {
    guard let cache else { return try model.referenceScores(of: trees, ranks: ranks) }
    let keys = trees.map { key(of: $0.tree) }
    var scores = try kept(in: cache, keys).enumerated().map { $1.flatMap(trees[$0].tree.scores) }
    let missing = scores.indices.filter { scores[$0] == nil }
    let computed = try model.referenceScores(of: missing.map { trees[$0] }, ranks: ranks)
    for (place, own) in zip(missing, computed) {
      scores[place] = own
      if ranks.isFirst, case .tokens(let tokens) = own {
        let all = tokens.flatMap(\.self)
        cache.keepChecked(["tokens": Tensor(all, shape: [all.count])], for: keys[place])
      }
    }
    if ranks.isFirst { cache.trim() }
    return scores.compactMap(\.self)
  }

  /// What the first rank has, so that all compute the same rest.
  private func kept(in cache: Tensor.Cache, _ keys: [String]) throws -> [[Float]?] {
    let packed = try ranks.ofFirst(
      {
        keys.map { key in
          cache.soundTensors(for: key)?["tokens"].map { [1] + [UInt8](bitsOf: $0.scalars) } ?? []
        }.packed
      }, "the reference's kept scores")
    return [[UInt8]](packed: packed).map { $0.isEmpty ? nil : Array($0.dropFirst()).elements() }
  }

  private func key(of tree: AnswerTree) -> String {
    var digest = ContentDigest()
    digest.update(field: "reference \(Self.arithmetic)")
    digest.update(field: scorer)
    digest.update(field: "\(tree.prompt) \(tree.answers)")
    for image in tree.images {
      digest.update(field: "\(image.rows) \(image.columns) \(image.width) \(image.height)")
      switch image.content {
      case .pixels(let tensor), .features(let tensor):
        tensor.withScalars { digest.update(UnsafeRawBufferPointer($0)) }
      }
    }
    return digest.hexadecimal()
  }
}

extension AnswerTree {
  /// Kept log-probabilities shared out among the answers; nil where there are not as many as tokens.
  fileprivate func scores(_ kept: [Float]) -> ReferenceScores? {
    guard kept.count == answers.reduce(0, { $0 + $1.count }) else { return nil }
    var rest = kept[...]
    return .tokens(
      answers.map { answer in
        defer { rest = rest.dropFirst(answer.count) }
        return Array(rest.prefix(answer.count))
      })
  }
}

extension Tensor.Cache {
  private static let check = "check"

  /// What was kept, unless it is damaged; entries of versions that kept no check are taken as they are.
  func soundTensors(for key: String) -> [String: Tensor]? {
    guard var tensors = tensors(for: key) else { return nil }
    guard let kept = tensors.removeValue(forKey: Self.check) else { return tensors }
    return kept.scalars == Self.sum(of: tensors) ? tensors : nil
  }

  /// Keeps tensors with a check by which damage is found.
  func keepChecked(_ tensors: [String: Tensor], for key: String) {
    let sum = Self.sum(of: tensors)
    keep(tensors.merging([Self.check: Tensor(sum, shape: [sum.count])]) { $1 }, for: key)
  }

  /// A number that no change of a single element leaves as it is, in four parts of sixteen bits. A digest would take longer
  /// than reading does.
  private static func sum(of tensors: [String: Tensor]) -> [Float] {
    var sum: UInt64 = 1
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      for byte in "\(name) \(tensor.shape)".utf8 { sum = sum &* 31 &+ UInt64(byte) }
      tensor.withScalars { for scalar in $0 { sum = sum &* 31 &+ UInt64(scalar.bitPattern) } }
    }
    return (0..<4).map { Float(sum >> (16 * $0) & 0xffff) }
  }
}
