internal import Foundation
internal import JSON
internal import Tensor

/// The file beside a decoder's that makes features of images, which llama.cpp calls mmproj: a vision tower, what maps its
/// features to the decoder's width, and how images are cut.
struct GGUFProjector: Sendable {
  /// The file.
  let file: Tensor.GGUFFile
  /// What it says that it is.
  let kind: Kind

  /// The projectors that are read, by `clip.projector_type`.
  enum Kind: String, CaseIterable {
    /// SmolVLM's and Idefics3's.
    case idefics3
    /// Qwen2-VL's.
    case qwen2VL = "qwen2vl_merger"
    /// Qwen2.5-VL's.
    case qwen25VL = "qwen2.5vl_merger"
    /// Qwen3-VL's.
    case qwen3VL = "qwen3vl_merger"

    /// The decoder that it belongs to.
    var architecture: GGUFModel.Architecture {
      switch self {
      case .idefics3: .llama
      case .qwen2VL, .qwen25VL: .qwen2VL
      case .qwen3VL: .qwen3VL
      }
    }
    /// Tokens that the decoder has, first the one that stands for a row of features.
    var tokens: [String] {
      self == .idefics3 ? ["<image>", "<fake_token_around_image>", "<global-img>"] : ["<|image_pad|>"]
    }
    /// The matrix that gives features the decoder's width.
    var projection: String { self == .idefics3 ? "mm.model.fc.weight" : "mm.2.weight" }
    /// What transformers calls the family.
    var modelType: String {
      switch self {
      case .idefics3: "idefics3"
      case .qwen2VL: Qwen2VLConfiguration.modelType
      case .qwen25VL: Qwen25VLConfiguration.modelType
      case .qwen3VL: Qwen3VLConfiguration.modelType
      }
    }
    /// What transformers calls the class.
    var className: String {
      switch self {
      case .idefics3: "Idefics3ForConditionalGeneration"
      case .qwen2VL: Qwen2VLConfiguration.architecture
      case .qwen25VL: Qwen25VLConfiguration.architecture
      case .qwen3VL: Qwen3VLConfiguration.architecture
      }
    }
    /// What it calls the decoder inside, and its class; nil where they are those of the decoder by itself.
    var decoder: (modelType: String, className: String)? {
      switch self {
      case .idefics3: nil
      case .qwen2VL: ("qwen2_vl_text", "Qwen2VLTextModel")
      case .qwen25VL: ("qwen2_5_vl_text", "Qwen2_5_VLTextModel")
      case .qwen3VL: ("qwen3_vl_text", "Qwen3VLTextModel")
      }
    }
  }

  /// The projector beside a decoder's file: `mmproj-` and its name, or else the only one in its folder with `mmproj` in the
  /// name whose features are as wide as the decoder's rows.
  ///
  /// - Returns: nil for a decoder that reads text alone: one without tokens for images, or of Llama's kind whose chat template
  ///   says nothing of them.
  /// - Throws: `GGUFError` of a file that is damaged; of several that fit; and where there is none.
  init?(beside url: URL, of text: Tensor.GGUFFile, _ architecture: GGUFModel.Architecture) throws {
    let kinds = Kind.allCases.filter { $0.architecture == architecture }
    guard let imageTokens = kinds.first?.tokens else { return nil }
    let folder = url.deletingLastPathComponent()
    let own = "mmproj-\(url.lastPathComponent)"
    let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let candidates = all.filter {
      $0.lowercased().contains("mmproj") && $0.lowercased().hasSuffix(".gguf") && $0 != url.lastPathComponent
    }
    let template = try text.string("tokenizer.chat_template") ?? ""
    guard architecture != .llama || template.contains("image") else { return nil }
    let tokens = Set(try text.strings("tokenizer.ggml.tokens") ?? [])
    guard imageTokens.allSatisfy(tokens.contains) else { return nil }
    guard let width = try text.integer("\(architecture.rawValue).embedding_length") else { return nil }
    func opened(_ name: String) throws -> GGUFProjector? {
      let file = try Tensor.GGUFFile(contentsOf: folder.appending(path: name))
      let type = try file.string("clip.projector_type") ?? file.string("clip.vision.projector_type")
      guard let kind = kinds.first(where: { $0.rawValue == type }),
        file.shape(of: kind.projection)?.first == width
      else { return nil }
      return GGUFProjector(file: file, kind: kind)
    }
    let expected =
      "a file with mmproj in its name beside it, of \(kinds.map(\.rawValue).joined(separator: " or ")) for a width of "
      + "\(width)"
    if candidates.contains(own) {
      guard let found = try opened(own) else {
        throw text.invalid("images", expected: expected, found: "another in \(own)")
      }
      self = found
      return
    }
    let fitting = try candidates.sorted().compactMap { name in try opened(name).map { (name, $0) } }
    guard fitting.count < 2 else {
      throw text.unsupported(
        "images", expected: "one such file in its folder, or \(own)", found: fitting.map(\.0).joined(separator: ", "))
    }
    guard let found = fitting.first else {
      throw text.unsupported("images", expected: expected, found: "none")
    }
    self = found.1
  }

  /// What a decoder's file calls the further levels of a feature that it takes, behind the architecture's name.
  static let levels = "n_deepstack_layers"

  private init(file: Tensor.GGUFFile, kind: Kind) { (self.file, self.kind) = (file, kind) }

  /// The config.json of the whole model.
  ///
  /// - Parameters:
  ///   - text: that of the decoder.
  ///   - levels: how many further levels of a feature the decoder's file says that it takes; nil where it does not say.
  func configuration(around text: JSONValue, tokens: [String], levels: Int?) throws -> JSONValue {
    let reader = try GGUFTowerReader(file, of: kind)
    var members: [JSONValue.Member] = [
      .init("architectures", .array([.string(kind.className)])), .init("model_type", .string(kind.modelType)),
      .init("dtype", "float32"), .init("text_config", text),
      .init("image_token_id", .number("\(tokens.firstIndex(of: kind.tokens[0]) ?? 0)")),
      .init("tie_word_embeddings", text["tie_word_embeddings"] ?? false),
    ]
    let width = text["hidden_size"]?.integer ?? 0
    switch kind {
    case .idefics3:
      let (tower, factor) = try reader.idefics3(textWidth: width)
      members += [.init("vision_config", tower), .init("scale_factor", .number("\(factor)"))]
    case .qwen2VL: members.append(.init("vision_config", try reader.qwen2VL(textWidth: width)))
    case .qwen25VL: members.append(.init("vision_config", try reader.qwen25VL(textWidth: width)))
    case .qwen3VL: members.append(.init("vision_config", try reader.qwen3VL(textWidth: width, levels: levels)))
    }
    return .object(members)
  }

  /// The files preprocessor_config.json, and processor_config.json where transformers needs one.
  func processorFiles() throws -> [String: Data] {
    let reader = try GGUFTowerReader(file, of: kind)
    switch kind {
    case .idefics3:
      let sizes = try reader.idefics3Sizes()
      let perTile = sizes.side / sizes.factor * (sizes.side / sizes.factor)
      let whole = JSONValue.object([
        .init("processor_class", "Idefics3Processor"), .init("image_seq_len", .number("\(perTile)")),
      ])
      return [
        "preprocessor_config.json": try reader.idefics3Processor().configurationText,
        "processor_config.json": whole.configurationText,
      ]
    case .qwen2VL, .qwen25VL, .qwen3VL:
      return ["preprocessor_config.json": try reader.qwenProcessor().configurationText]
    }
  }
}
