import Foundation
import Layers
import Tensor
import TestSupport
import Testing
import VisionEncoder

@Suite struct ConvNeXtTests {
  private var configuration: ConvNeXtConfiguration {
    var c = ConvNeXtConfiguration()
    (c.widths, c.depths, c.imageSize, c.patchSize) = ([4, 6], [1, 2], 8, 2)
    return c
  }

  /// Weights of 0.3 sin(0.7 i + length of the name), 1 more for scales.
  private var tower: ConvNeXt {
    var generator = Tensor.Generator(seed: 1)
    var tower = ConvNeXt(configuration, using: &generator)
    var setter = FormulaSetter()
    tower.visit(&setter, at: "")
    return tower
  }

  private let pixels = Tensor((0..<384).map { Float(sin(0.37 * Double($0))) }, shape: [2, 3, 8, 8])

  /// `pooler_output` of ConvNextModel, transformers 5.24 and PyTorch 2.13, with these weights and pixels.
  @Test func `vectors are those of transformers`() {
    let expected: [Float] = [
      0.31808147, 0.24411508, -0.86187351, -0.07300834, 1.6401695, -1.0497292, -0.87535614, 0.53690660, 0.40234530,
      0.58846486, 0.76090842, -2.0233836,
    ]
    expectClose(tower(pixels), Tensor(expected, shape: [2, 6]), relative: 0, absolute: 2e-5)
  }

  /// Sums of absolute values of PyTorch's gradients, of the vectors' elements times 1 to 12.
  @Test(arguments: [
    ("embeddings.patch_embeddings.weight", 159.68975), ("embeddings.layernorm.bias", 13.844577),
    ("encoder.stages.0.layers.0.layer_scale_parameter", 4.6338329),
    ("encoder.stages.0.layers.0.dwconv.weight", 3.5782602), ("encoder.stages.1.downsampling_layer.0.weight", 10.294056),
    ("encoder.stages.1.downsampling_layer.1.weight", 213.02231), ("encoder.stages.1.layers.1.dwconv.weight", 3.0192243),
    ("encoder.stages.1.layers.1.pwconv2.weight", 90.416269), ("layernorm.weight", 63.650982),
  ]) func `gradients are those of transformers`(path: String, sum: Double) throws {
    let weights = Tensor((1...12).map(Float.init), shape: [2, 6])
    let (_, gradients) = tower.valueAndGradients { ($0(pixels) * weights).sum() }
    let gradient = try #require(gradients[path])
    let found = gradient.scalars.reduce(0) { $0 + Double(abs($1)) }
    #expect(abs(found - sum) < 2e-4 * sum, "\(found)")
  }

  @Test func `each image has its own vector, whatever stands beside it`() {
    let both = tower(pixels)
    for i in 0..<2 { expectClose(both.rows(i..<(i + 1)), tower(pixels.rows(i..<(i + 1))), relative: 0, absolute: 1e-5) }
  }

  @Test func `a configuration is read, written and refused`() throws {
    func read(_ text: String) throws -> ConvNeXtConfiguration {
      try JSONDecoder().decode(ConvNeXtConfiguration.self, from: Data(text.utf8))
    }
    #expect(try read("{}") == ConvNeXtConfiguration())
    #expect(
      try JSONDecoder().decode(ConvNeXtConfiguration.self, from: JSONEncoder().encode(configuration)) == configuration)
    for text in [
      #"{"hidden_sizes": []}"#, #"{"hidden_sizes": [0, 1, 2, 3]}"#, #"{"depths": [1]}"#, #"{"num_stages": 3}"#,
      #"{"image_size": 40}"#, #"{"patch_size": 0}"#, #"{"num_channels": 1}"#, #"{"layer_norm_eps": -1}"#,
      #"{"model_type": "resnet"}"#, #"{"hidden_act": "tanh"}"#, #"{"layer_scale_init_value": 0}"#,
    ] {
      #expect(throws: DecodingError.self) { try read(text) }
    }
  }
}

private struct FormulaSetter: ModuleVisitor {
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    let isScale =
      path.hasSuffix("layernorm.weight") || path.contains("downsampling_layer.0.weight") || path.contains("layer_scale")
    let values = (0..<parameter.value.count).map { i -> Float in
      Float(0.3 * sin(0.7 * Double(i) + Double(path.utf8.count)) + (isScale ? 1 : 0))
    }
    parameter.value = Tensor(values, shape: parameter.value.shape)
  }
}
