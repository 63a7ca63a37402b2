internal import Layers

/// How the paths of a model are spelled in adapter files.
///
/// Vision-language models were renamed when their language models moved below `model`: adapters made before and after
/// name the same layers differently, and an adapter in the other spelling must neither be refused nor be left out.
struct PEFTSpelling: Sendable {
  /// Beginnings of paths in the model and what stands for them in the file; of several that fit, the first counts.
  private let prefixes: [(model: String, file: String)]
  /// A beginning that only models in need of this spelling have.
  private let marker: String
  /// What the spelling is called.
  let layout: LoRAConfiguration.Layout

  /// What stands before every path in an adapter's tensors.
  static let prefix = "base_model.model."

  /// Paths as they stand.
  static let asModel = PEFTSpelling(prefixes: [], marker: "", layout: .asModel)

  /// Paths as they stand, then the known renamings in both directions.
  static let all: [PEFTSpelling] =
    [asModel]
    + [(qwen2VL, "model.visual.", "visual."), (llava, "model.vision_tower.", "vision_tower.")].flatMap {
      [
        PEFTSpelling(prefixes: $0.0, marker: $0.1, layout: .earlier),
        PEFTSpelling(prefixes: $0.0.map { ($0.file, $0.model) }, marker: $0.2, layout: .current),
      ]
    }

  /// The spelling in which a model of these paths writes this layout.
  static func writing(_ layout: LoRAConfiguration.Layout, paths: [String]) -> PEFTSpelling {
    all.first { spelling in
      spelling.layout == layout && paths.contains { $0.hasPrefix(spelling.marker) }
    } ?? asModel
  }

  /// The spelling in which most of these paths of a file are paths of the model; of equals the first.
  static func reading(_ file: Set<String>, model: [String]) -> PEFTSpelling {
    let counts = all.map { spelling in file.intersection(model.map(spelling.inFile)).count }
    let best = counts.indices.max { counts[$0] < counts[$1] || counts[$0] == counts[$1] && $0 > $1 }
    return all[best ?? 0]
  }

  /// The path in a file for a path of the model.
  func inFile(_ path: String) -> String {
    guard let (model, file) = prefixes.first(where: { path.hasPrefix($0.model) }) else { return path }
    return file + path.dropFirst(model.count)
  }

  /// transformers 4.52 and later beside earlier versions.
  private static let qwen2VL = [
    (model: "model.language_model.", file: "model."), (model: "model.visual.", file: "visual."),
  ]
  private static let llava = [
    (model: "model.language_model.", file: "language_model.model."), (model: "lm_head", file: "language_model.lm_head"),
    (model: "model.vision_tower.", file: "vision_tower."),
    (model: "model.multi_modal_projector.", file: "multi_modal_projector."),
    (model: "model.image_newline", file: "image_newline"),
  ]
}

extension LoRAConfiguration {
  /// What PEFT calls a parameter of this adapter while it is in memory, without the adapter's own name: the names of its
  /// gradients. For an adapter called "default".
  ///
  /// ```swift
  /// configuration.parameterName(of: "model.layers.0.q_proj.lora_A.weight")
  /// // "base_model.model.model.layers.0.q_proj.lora_A.weight"
  /// ```
  package func parameterName(of path: String) -> String {
    let stem = PEFTSpelling.prefix
    if path.hasSuffix(".lora_magnitude_vector") { return stem + path + ".weight" }
    if path.contains(".lora_") { return stem + path }
    if let matcher = try? AdapterMatcher(self), let module = matcher.savedModule(of: path) {
      return stem + module + ".modules_to_save" + path.dropFirst(module.count)
    }
    return stem + path
  }
}

/// What the tensors of one place are called in an adapter file.
struct PEFTTensorNames {
  let a: String, b: String, bias: String, magnitude: String

  /// - Parameter path: as spelled in the file.
  init(_ path: String, isTable: Bool) {
    let stem = PEFTSpelling.prefix + path
    let end = isTable ? "" : ".weight"
    a = stem + (isTable ? ".lora_embedding_A" : ".lora_A") + end
    b = stem + (isTable ? ".lora_embedding_B" : ".lora_B") + end
    bias = stem + ".lora_B.bias"
    magnitude = stem + ".lora_magnitude_vector"
  }

  /// The path of the place that a tensor of this name belongs to, or of the parameter that it is.
  static func place(of name: String) -> String? {
    guard name.hasPrefix(PEFTSpelling.prefix) else { return nil }
    let path = name.dropFirst(PEFTSpelling.prefix.count)
    return String(path.prefixMatch(of: #/(.*?)\.(?:lora_|token_adapter\.)/#)?.output.1 ?? path)
  }

  /// The names that the copy of a model's parameter may have; the first is the one that is written.
  ///
  /// - Parameters:
  ///   - path: of the parameter, as spelled in the file.
  ///   - isWrapped: whether a product stands around its layer, which PEFT then calls the base layer.
  ///   - hasRows: whether rows of single tokens stand in place of its own.
  static func copies(of path: String, isWrapped: Bool, hasRows: Bool = false) -> [String] {
    let plain = PEFTSpelling.prefix + path
    return [
      hasRows ? inside("token_adapter.base_layer", plain) : nil, isWrapped ? inside("base_layer", plain) : nil, plain,
    ]
    .compactMap(\.self)
  }

  /// What PEFT writes beside the copy of a trained module where the number of tokens changed: the copy again, and the
  /// base model's.
  static func duplicates(of path: String) -> [String] {
    ["modules_to_save", "original_module"].compactMap { inside($0, PEFTSpelling.prefix + path) }
  }

  /// Whether a tensor serves an adapter's training alone: VeLoRA's directions and MonteCLoRA's sampler.
  static func isHelper(_ name: String) -> Bool {
    name.hasSuffix(".lora_velora_embed") || name.contains(".lora_monteclora_sampler.")
  }

  private static func inside(_ component: String, _ name: String) -> String? {
    name.lastIndex(of: ".").map { name[..<$0] + ".\(component)" + name[$0...] }
  }
}
