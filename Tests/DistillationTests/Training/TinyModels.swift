import Student
import Tensor

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
}
