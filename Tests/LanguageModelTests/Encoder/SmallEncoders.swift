import LanguageModel
import Layers
import Tensor

extension TextEncoderConfiguration {
  /// Sizes that no two axes share.
  static func small(_ family: Family, heads: Int = 3) -> TextEncoderConfiguration {
    var c = TextEncoderConfiguration(family: family)
    c.vocabularySize = 17
    c.hiddenSize = 6
    c.layers = 2
    c.heads = heads
    c.intermediateSize = 10
    c.maxPositions = 40
    c.segments = family == .bert ? 2 : 1
    c.epsilon = 1e-5
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
