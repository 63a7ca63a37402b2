import Foundation
import Layers
import Testing
import VisionEncoder

@Suite struct SigLIPConfigurationTests {
  private func read(_ text: String) throws -> SigLIPConfiguration {
    try JSONDecoder().decode(SigLIPConfiguration.self, from: Data(text.utf8))
  }

  @Test func `missing keys have the defaults of Idefics3`() throws {
    let c = try read(#"{"model_type": "idefics3_vision"}"#)
    #expect(c == SigLIPConfiguration())
    #expect(c.hiddenSize == 1152 && c.intermediateSize == 3072 && c.layers == 12 && c.heads == 16)
    #expect(c.imageSize == 224 && c.patchSize == 32 && c.side == 7 && c.epsilon == 1e-6 && c.activation == .geluTanh)
  }

  @Test func `the keys of a published file are read, and what is written is read again`() throws {
    let c = try read(
      #"""
      {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
       "image_size": 512, "patch_size": 16, "layer_norm_eps": 1e-5, "hidden_act": "gelu", "num_channels": 3}
      """#)
    #expect(c.hiddenSize == 768 && c.heads == 12 && c.side == 32 && c.epsilon == 1e-5 && c.activation == .gelu)
    #expect(try JSONDecoder().decode(SigLIPConfiguration.self, from: JSONEncoder().encode(c)) == c)
  }

  @Test func `pixels that are less than a patch are left over, as SmolVLM 2.2B's are`() throws {
    #expect(try read(#"{"image_size": 384, "patch_size": 14}"#).side == 27)
  }

  @Test(arguments: [
    #"{"hidden_size": 10, "num_attention_heads": 3}"#, #"{"hidden_size": 0}"#, #"{"hidden_size": 16000000000000}"#,
    #"{"num_attention_heads": 0}"#, #"{"num_attention_heads": -2}"#, #"{"num_attention_heads": 2}"#,
    #"{"intermediate_size": 0}"#, #"{"num_hidden_layers": -1}"#, #"{"num_hidden_layers": 100000000}"#,
    #"{"image_size": 0}"#, #"{"image_size": -32}"#, #"{"image_size": 31}"#, #"{"image_size": 3200000000}"#,
    #"{"patch_size": 0}"#, #"{"layer_norm_eps": -1}"#, #"{"hidden_act": "mish"}"#, #"{"num_channels": 1}"#,
  ])
  func `what is out of range or not computed here is refused`(text: String) {
    #expect(throws: DecodingError.self) { try read(text) }
  }
}
