import LanguageModel
import Layers
import Tensor

extension TextEncoderConfiguration {
  /// Sizes that no two axes share.
  static func small(_ family: Family, heads: Int = 3, layers: Int = 2) -> TextEncoderConfiguration {
    var c = TextEncoderConfiguration(family: family)
    c.vocabularySize = 17
    c.hiddenSize = 6
    c.layers = layers
    c.heads = heads
    c.intermediateSize = 10
    c.maxPositions = 40
    c.segments = c.family.readsSegments ? 2 : 1
    c.epsilon = 1e-5
    if family == .electra { c.embeddingSize = 5 }
    if family == .modernbert {
      // Heads of an even size, and windows of two tokens to each side in the second layer.
      c.hiddenSize = 12
      c.paddingToken = 1
      c.modern = Modern(layers: layers)
      c.modern?.window = 4
      c.modern?.windowBase = 100
    }
    c.labels = ["a", "b", "c", "d"]
    return c
  }
}

extension Module {
  /// Every parameter away from the value it starts with, so that a swapped or dropped one shows.
  mutating func shake() {
    var shaker = Shaker()
    visit(&shaker, at: "")
  }
}

private struct Shaker: ModuleVisitor {
  var seed: UInt64 = 0
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    seed += 1
    var generator = Tensor.Generator(seed: seed)
    parameter.value = parameter.value + .uniform(parameter.value.shape, from: -0.5, to: 0.5, using: &generator)
  }
}
