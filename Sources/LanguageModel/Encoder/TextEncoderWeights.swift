package import Layers
internal import Tensor

/// How the weights of encoders are spelled in model folders.
///
/// A folder of a bare encoder has its paths without `bert.`, `roberta.` and so on; folders converted from TensorFlow call a
/// norm's scale and shift `gamma` and `beta`.
struct TextEncoderSpelling {
  private let family: TextEncoderConfiguration.Family
  private let prefix: String
  private let names: Set<String>
  /// Where the encoder stands in the model; empty if it is the model.
  private let path: String

  init(_ folder: any TensorSource, family: TextEncoderConfiguration.Family, path: String) {
    self.family = family
    names = Set(folder.names)
    let table = family == .modernbert ? "embeddings.tok_embeddings.weight" : "embeddings.word_embeddings.weight"
    prefix = names.contains("\(family.path).\(table)") || !names.contains(table) ? "\(family.path)." : ""
    self.path = path.isEmpty ? "" : path + "."
  }

  /// The name in the folder for a path of the model.
  func name(of modelPath: String) -> String {
    guard modelPath.hasPrefix(path), !isHead(modelPath) else { return modelPath }
    let name = prefix + modelPath.dropFirst(path.count)
    guard !names.contains(name) else { return name }
    for (ours, theirs) in [("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta")]
    where name.hasSuffix(ours) {
      let old = String(name.dropLast(ours.count)) + theirs
      if names.contains(old) { return old }
    }
    return name
  }

  /// Whether a path or a name is one of a head for classes.
  func isHead(_ name: String) -> Bool { family.headPaths.contains { name.hasPrefix($0 + ".") } }

  /// Whether a tensor that nothing takes may be passed over: tables of numbers, pre-training heads, an unused pooler.
  func isSpare(_ name: String) -> Bool {
    name.hasSuffix("embeddings.position_ids") || name.hasSuffix("embeddings.token_type_ids")
      || (family.pretrainingHeads + [prefix + "pooler."]).contains(where: name.hasPrefix)
  }
}

extension TextEncoder {
  /// The encoder of a model folder, whatever head the folder has.
  ///
  /// - Throws: as `Module.loadWeights(from:renaming:ignoring:)`.
  package init(_ configuration: TextEncoderConfiguration, from folder: any TensorSource) throws {
    var generator = Tensor.Blank()
    self.init(configuration, using: &generator)
    let spelling = TextEncoderSpelling(folder, family: configuration.family, path: "")
    try loadWeights(
      from: folder, renaming: spelling.name, ignoring: { spelling.isSpare($0) || spelling.isHead($0) })
  }
}

extension TextEncoderHead {
  /// The encoder and the head of a model folder.
  ///
  /// - Throws: as `Module.loadWeights(from:renaming:ignoring:)`.
  package init(_ configuration: TextEncoderConfiguration, from folder: any TensorSource) throws {
    var generator = Tensor.Blank()
    self.init(configuration, using: &generator)
    try load(from: folder, includingHead: true)
  }

  /// Takes up the encoder of a model folder, whatever head the folder has. The head stays as it is, and so does a pooler
  /// that the folder lacks.
  ///
  /// - Throws: as `Module.loadWeights(from:renaming:ignoring:)`.
  package mutating func loadEncoder(from folder: any TensorSource) throws {
    try load(from: folder, includingHead: false)
  }

  private mutating func load(from folder: any TensorSource, includingHead: Bool) throws {
    let family = encoder.configuration.family
    let spelling = TextEncoderSpelling(folder, family: family, path: family.path)
    try loadWeights(
      from: folder,
      renaming: { path in
        let name = spelling.name(of: path)
        guard !includingHead else { return name }
        // ModernBERT's head begins as that of its pre-training.
        if family == .modernbert, path.hasPrefix("head."), folder.shape(of: path) != nil { return path }
        let isFresh = spelling.isHead(path) || spelling.isSpare(name) && folder.shape(of: name) == nil
        return isFresh ? nil : name
      },
      ignoring: { spelling.isSpare($0) || !includingHead && spelling.isHead($0) })
  }
}
