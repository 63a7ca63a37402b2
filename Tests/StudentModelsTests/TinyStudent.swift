import ImageDecoding
import Layers
import StudentModels
import Tensor

/// Students that are made in a few milliseconds.
enum Tiny {
  static let texts = [
    "A red car in the street.", "Two people on a beach at night.", "The caption belongs to the photo.",
    "Yes, the photo is used out of context.", "No, the photo belongs to the caption.",
  ]

  static var sizes: SmolVLM.FreshSizes {
    var sizes = SmolVLM.FreshSizes()
    sizes.vocabularySize = 320
    sizes.hiddenSize = 32
    sizes.intermediateSize = 48
    sizes.layers = 2
    sizes.maxPositions = 128
    sizes.visionHiddenSize = 16
    sizes.visionIntermediateSize = 24
    sizes.visionLayers = 1
    sizes.visionHeads = 2
    sizes.imageSize = 16
    sizes.patchSize = 4
    return sizes
  }

  /// A student whose answers differ clearly: fresh weights alone give all tokens nearly the same probability.
  static func student(seed: UInt64 = 1) throws -> SmolVLM {
    var generator = Tensor.Generator(seed: seed)
    var student = try SmolVLM(sizes, textsForTokenizer: texts, using: &generator)
    var louder = Louder(factor: 2)
    student.visit(&louder, at: "")
    return student
  }

  /// A chat template without any token of its own: turns one after the other, each with a line break.
  static let plainTemplate =
    "{% for m in messages %}{% for p in m.content %}{% if p.type == 'image' %}<image>{% else %}{{ p.text }}{% endif %}"
    + "{% endfor %}{{ '\n' }}{% endfor %}"

  /// A picture in which no two neighbouring pixels are alike.
  static func picture(_ seed: UInt64, width: Int = 16, height: Int = 16) -> RGBImage {
    var generator = Tensor.Generator(seed: seed)
    return RGBImage(
      width: width, height: height,
      pixels: (0..<(3 * width * height)).map { _ in UInt8.random(in: 0...255, using: &generator) })
  }

  /// Questions with no, one and two images; answers of unequal length.
  static func trees(_ student: SmolVLM) throws -> [AnswerTree] {
    let (a, b) = (try student.image(picture(1)), try student.image(picture(2)))
    return [
      try student.tree(question: "Is it?", images: [a], answers: ["Yes", "No, the photo belongs.", "x"]),
      try student.tree(question: "A red car", images: [], answers: ["It is"]),
      try student.tree(question: "Two", images: [b, a], answers: ["A beach at night", "No"]),
      try student.tree(question: "Alone", images: [b], answers: []),
    ]
  }

  private struct Louder: ModuleVisitor {
    let factor: Float
    mutating func visit(_ parameter: inout Parameter, at path: String) {
      guard parameter.value.shape.count > 1 else { return }
      let factor = factor
      parameter.value.mutateScalars { for i in $0.indices { $0[i] *= factor } }
    }
  }
}
