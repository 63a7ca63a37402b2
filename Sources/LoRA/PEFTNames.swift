/// How the paths of a model are spelled in adapter files.
///
/// Vision-language models were renamed when their language models moved below `model`: adapters made before and after
/// name the same layers differently, and an adapter in the other spelling must neither be refused nor be left out.
struct PEFTSpelling: Sendable {
  /// Beginnings of paths in the model and what stands for them in the file; of several that fit, the first counts.
  private let prefixes: [(model: String, file: String)]

  /// What stands before every path in an adapter's tensors.
  static let prefix = "base_model.model."

  /// Paths as they stand, then the known renamings in both directions.
  static let all: [PEFTSpelling] =
    [PEFTSpelling(prefixes: [])]
    + [qwen2VL, llava].flatMap { [PEFTSpelling(prefixes: $0), PEFTSpelling(reversing: $0)] }

  /// The path in a file for a path of the model.
  func inFile(_ path: String) -> String {
    guard let (model, file) = prefixes.first(where: { path.hasPrefix($0.model) }) else { return path }
    return file + path.dropFirst(model.count)
  }

  private init(prefixes: [(model: String, file: String)]) { self.prefixes = prefixes }

  private init(reversing prefixes: [(model: String, file: String)]) {
    self.prefixes = prefixes.map { ($0.file, $0.model) }
  }

  /// transformers 4.52 and later beside earlier versions.
  private static let qwen2VL = [
    (model: "model.language_model.", file: "model."), (model: "model.visual.", file: "visual."),
  ]
  private static let llava = [
    (model: "model.language_model.", file: "language_model.model."), (model: "lm_head", file: "language_model.lm_head"),
    (model: "model.vision_tower.", file: "vision_tower."),
    (model: "model.multi_modal_projector.", file: "multi_modal_projector."),
  ]
}
