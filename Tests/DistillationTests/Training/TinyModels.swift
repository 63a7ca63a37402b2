import Foundation
import LanguageModel
import Layers
import StudentModels
import Tensor
import Tokenization

/// Students that are made in a few milliseconds.
enum TinyModels {
  static var sizes: SmolVLM.FreshSizes {
    var sizes = SmolVLM.FreshSizes()
    sizes.vocabularySize = 320
    sizes.hiddenSize = 32
    sizes.intermediateSize = 48
    sizes.layers = 2
    sizes.maxPositions = 256
    sizes.visionHiddenSize = 16
    sizes.visionIntermediateSize = 24
    sizes.visionLayers = 1
    sizes.visionHeads = 2
    sizes.imageSize = 16
    sizes.patchSize = 4
    return sizes
  }

  static func student(seed: UInt64 = 1, sizes: SmolVLM.FreshSizes = sizes) throws -> SmolVLM {
    var generator = Tensor.Generator(seed: seed)
    return try SmolVLM(
      sizes, textsForTokenizer: ["Yes, the photo is used out of context.", "No, the photo belongs to the caption."],
      using: &generator)
  }

  /// Writes the folder of a decoder that reads text alone.
  static func writeTextDecoder(to folder: URL) throws {
    var trainer = BPETrainer(vocabularySize: 300, specialTokens: ["<|endoftext|>", "</s>"])
    trainer.roles = [.end: "</s>"]
    let trained = try trainer.train(on: ["Caption: it is pristine.", "Caption: it is falsified."])
    var sizes = LlamaConfiguration()
    (sizes.hiddenSize, sizes.intermediateSize, sizes.layers, sizes.heads, sizes.keyHeads) = (32, 48, 2, 4, 2)
    (sizes.maxPositions, sizes.vocabularySize, sizes.tiesEmbeddings) = (256, trained.tokenizer.vocabularyCount, true)
    var generator = Tensor.Generator(seed: 1)
    let model = TextDecoderModel(TextDecoderConfiguration(sizes), using: &generator)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(trained.json.utf8).write(to: folder.appending(path: "tokenizer.json"))
    try Data(trained.configuration.utf8).write(to: folder.appending(path: "tokenizer_config.json"))
    try JSONEncoder().encode(model.configuration).write(to: folder.appending(path: "config.json"))
    let tensors = Dictionary(uniqueKeysWithValues: model.parameters().map { ($0.path, $0.parameter.value) })
    try Tensor.writeSafetensors(tensors, to: folder.appending(path: "model.safetensors"))
  }
}
