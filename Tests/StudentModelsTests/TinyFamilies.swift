import Foundation
import ImageDecoding
import LanguageModel
import Layers
import StudentModels
import Tensor
import Tokenization
import VisionEncoder

/// Model folders of every family, made in a few milliseconds, as they are published.
enum TinyFamily: String, CaseIterable {
  case qwen2VL, qwen25VL, qwen3VL, llava, llavaNext, internVL, llama, qwen2, mistral, qwen3, smolLM3, gemma3Text, gemma3

  static let readingImages: [TinyFamily] = [.qwen2VL, .qwen25VL, .qwen3VL, .llava, .llavaNext, .internVL, .gemma3]
  private static let withAxes: [TinyFamily] = [.qwen2VL, .qwen25VL, .qwen3VL]

  private static let turns =
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% for p in m.content %}{% if p.type == 'image' %}"
    + "<|vision_start|><image><|vision_end|>{% else %}{{ p.text }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
    + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
  private static let speakers =
    "{% for m in messages %}{% if m.role == 'user' %}USER: {% else %}ASSISTANT: {% endif %}"
    + "{% for p in m.content %}{% if p.type == 'image' %}<image>\n{% else %}{{ p.text }}{% endif %}{% endfor %}"
    + "{{ ' ' if m.role == 'user' else '</s>' }}{% endfor %}{% if add_generation_prompt %}ASSISTANT:{% endif %}"

  var template: String? {
    switch self {
    case .qwen2VL, .qwen25VL, .qwen3VL: Self.turns
    case .internVL: Self.turns.replacing("<|vision_start|><image><|vision_end|>", with: "<image>\n")
    case .llava, .llavaNext: Self.speakers
    // An image's token stands for its beginning; the image's rows and its end come when the prompt is made.
    case .gemma3: Self.turns.replacing("<image><|vision_end|>", with: "")
    case .qwen2, .mistral, .qwen3, .smolLM3, .gemma3Text:
      Self.turns.replacing("{% for p in m.content %}", with: "{% set p = {'text': m.content} %}{% if true %}")
        .replacing("{% endif %}{% endfor %}<|im_end|>", with: "{% endif %}{% endif %}<|im_end|>")
    case .llama: nil
    }
  }

  private var kind: LlamaConfiguration.Kind {
    switch self {
    case .llava, .llavaNext, .llama: .llama
    case .qwen2VL, .qwen25VL, .internVL, .qwen2: .qwen2
    case .qwen3VL: .qwen3
    case .mistral: .mistral
    case .qwen3: .qwen3
    case .smolLM3: .smolLM3
    case .gemma3Text, .gemma3: .gemma3
    }
  }

  private var decoder: LlamaConfiguration {
    var c = LlamaConfiguration(kind: kind)
    (c.hiddenSize, c.intermediateSize, c.layers, c.heads, c.keyHeads) = (32, 48, 2, 4, 2)
    (c.maxPositions, c.ropeBase, c.epsilon) = (160, 500, 1e-5)
    // Wider heads than the rows' width would give.
    c.headDimensions = self == .qwen3 ? 12 : self == .qwen3VL ? 16 : nil
    c.layersWithoutPositions = self == .smolLM3 ? [1] : []
    if Self.withAxes.contains(self) { c.ropeSections = self == .qwen3VL ? [4, 2, 2] : [1, 1, 2] }
    c.interleavesRopeSections = self == .qwen3VL
    if self == .mistral { c.window = 20 }
    if kind == .gemma3 {
      // Shorter than an image of 9 rows.
      (c.window, c.layersWithoutWindow, c.windowedRopeBase) = (self == .gemma3 ? 7 : 20, [1], 50)
      (c.queryScalar, c.headDimensions) = (9, 12)
    }
    c.tiesEmbeddings = Self.withAxes.contains(self) || self == .llama || kind == .gemma3
    return c
  }

  /// Writes the folder and returns the weights' names in it.
  ///
  /// - Parameter rename: from a parameter's path to the tensor's name; the default keeps it.
  @discardableResult func write(
    to folder: URL, seed: UInt64 = 1, renaming rename: (String) -> String = { $0 }
  ) throws -> [String] {
    var trainer = BPETrainer(
      vocabularySize: 330,
      specialTokens: ["<|endoftext|>", "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<image>"] + [
        "<|vision_start|>", "<|vision_end|>",
      ] + (self == .internVL ? ["<img>", "</img>"] : []))
    trainer.roles = [.end: [.llava, .llavaNext, .llama].contains(self) ? "</s>" : "<|im_end|>"]
    let trained = try trainer.train(on: Tiny.texts)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(trained.json.utf8).write(to: folder.appending(path: "tokenizer.json"))
    try Data(trained.configuration.utf8).write(to: folder.appending(path: "tokenizer_config.json"))
    if let template { try Data(template.utf8).write(to: folder.appending(path: "chat_template.jinja")) }
    var text = decoder
    text.vocabularySize = trained.tokenizer.vocabularyCount
    let image = trained.tokenizer.id(of: "<image>") ?? 0
    var generator = Tensor.Generator(seed: seed)
    func save(_ model: some FamilyModel) throws -> [String] {
      try JSONEncoder().encode(model.configuration).write(to: folder.appending(path: "config.json"))
      let names = model.parameters().map { rename($0.path) }
      // Twice as loud: fresh weights alone give all tokens nearly the same probability.
      let tensors = model.parameters().map { $0.parameter.value.rank > 1 ? $0.parameter.value * 2 : $0.parameter.value }
      try Tensor.writeSafetensors(
        Dictionary(uniqueKeysWithValues: zip(names, tensors)), to: folder.appending(path: "model.safetensors"))
      return names
    }
    func processor(_ json: String) throws {
      try Data(json.utf8).write(to: folder.appending(path: "preprocessor_config.json"))
    }
    func ofAnySize() throws {
      try processor(
        #"{"image_processor_type": "Qwen2VLImageProcessor", "min_pixels": 64, "max_pixels": 700, "patch_size": 4}"#)
    }
    switch self {
    case .qwen2VL:
      var c = Qwen2VLConfiguration()
      (c.vision.layers, c.vision.embeddingSize, c.vision.heads, c.vision.innerRatio) = (2, 16, 2, 2)
      (c.vision.hiddenSize, c.vision.patchSize, c.text, c.imageToken) = (32, 4, text, image)
      try ofAnySize()
      return try save(QwenVLModel(c, using: &generator))
    case .qwen25VL:
      var c = Qwen25VLConfiguration()
      (c.vision.layers, c.vision.embeddingSize, c.vision.heads, c.vision.innerSize) = (3, 16, 2, 20)
      (c.vision.hiddenSize, c.vision.patchSize, c.text, c.imageToken) = (32, 4, text, image)
      (c.vision.windowSize, c.vision.wholeLayers) = (16, [1])
      try ofAnySize()
      return try save(QwenVLModel(c, using: &generator))
    case .qwen3VL:
      var c = Qwen3VLConfiguration()
      (c.vision.layers, c.vision.embeddingSize, c.vision.heads, c.vision.innerSize) = (3, 16, 2, 20)
      (c.vision.hiddenSize, c.vision.patchSize, c.text, c.imageToken) = (32, 4, text, image)
      // As many levels as the decoder has layers.
      (c.vision.positions, c.vision.deepLayers) = (9, [0, 1])
      try ofAnySize()
      return try save(QwenVLModel(c, using: &generator))
    case .llava:
      var c = LlavaConfiguration()
      (c.vision.hiddenSize, c.vision.intermediateSize, c.vision.layers, c.vision.heads) = (16, 24, 3, 2)
      (c.vision.imageSize, c.vision.patchSize, c.text, c.imageToken) = (8, 4, text, image)
      try processor(#"{"size": {"shortest_edge": 8}, "crop_size": {"height": 8, "width": 8}}"#)
      return try save(LlavaModel(c, using: &generator))
    case .internVL:
      var c = InternVLConfiguration()
      (c.vision.hiddenSize, c.vision.intermediateSize, c.vision.layers, c.vision.heads) = (16, 24, 2, 2)
      (c.vision.imageSize, c.vision.patchSize, c.text, c.imageToken) = (8, 2, text, image)
      (c.vision.normalizesHeads, c.vision.norm) = (true, .rms)
      try processor(#"{"size": {"height": 8, "width": 8}, "max_patches": 3}"#)
      return try save(InternVLModel(c, using: &generator))
    case .llavaNext:
      var c = LlavaNextConfiguration()
      (c.vision.hiddenSize, c.vision.intermediateSize, c.vision.layers, c.vision.heads) = (16, 24, 3, 2)
      (c.vision.imageSize, c.vision.patchSize, c.text, c.imageToken) = (8, 4, text, image)
      try processor(
        #"{"size": {"shortest_edge": 8}, "crop_size": {"height": 8, "width": 8}, "#
          + #""image_grid_pinpoints": [[8, 16], [16, 8], [16, 16], [24, 8]]}"#)
      return try save(LlavaNextModel(c, using: &generator))
    case .gemma3:
      var c = Gemma3Configuration()
      (c.vision.hiddenSize, c.vision.intermediateSize, c.vision.layers, c.vision.heads) = (16, 24, 2, 2)
      (c.vision.imageSize, c.vision.patchSize, c.text, c.imageToken) = (12, 2, text, image)
      (c.beginToken, c.endToken) = (
        trained.tokenizer.id(of: "<|vision_start|>") ?? 0, trained.tokenizer.id(of: "<|vision_end|>") ?? 0
      )
      c.tokensPerImage = 9
      try processor(#"{"image_processor_type": "Gemma3ImageProcessor", "size": {"height": 12, "width": 12}}"#)
      return try save(Gemma3Model(c, using: &generator))
    case .llama, .qwen2, .mistral, .qwen3, .smolLM3, .gemma3Text:
      return try save(TextDecoderModel(TextDecoderConfiguration(text), using: &generator))
    }
  }

  /// A student of this family, whatever the family is.
  func student(seed: UInt64 = 1) throws -> any PretrainedStudent {
    let folder = FileManager.default.temporaryDirectory.appending(path: "family-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try write(to: folder, seed: seed)
    return try StudentFamily.student(contentsOf: folder)
  }

  /// Questions with no, one and two images of several shapes, where the family reads images; answers of unequal length.
  func trees(_ student: any PretrainedStudent) throws -> [AnswerTree] {
    let sizes = Self.readingImages.contains(self) ? [(16, 16), (30, 9), (8, 40)] : []
    let images = try sizes.enumerated().map { seed, size in
      try student.image(Tiny.picture(UInt64(seed + 1), width: size.0, height: size.1))
    }
    return [
      try student.tree(
        question: "Is it?", images: Array(images.prefix(1)), answers: ["Yes", "No, the photo belongs.", "x"]),
      try student.tree(question: "A red car", images: [], answers: ["It is"]),
      try student.tree(question: "Two", images: Array(images.dropFirst()), answers: ["A beach at night", "No"]),
      try student.tree(question: "Alone", images: Array(images.suffix(1)), answers: []),
    ]
  }
}
