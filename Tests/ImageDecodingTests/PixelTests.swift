import Foundation
import ImageDecoding
import Tensor
import Testing

/// The whole way from a file to what a vision tower takes: the values of transformers 5.24.0's processors (with Pillow
/// 13.0.0) on the files of the corpus, opened and turned upright. `Golden/make_pixels.py` writes their hashes.
@Suite struct PixelTests {
  private struct Case: Decodable {
    struct File: Decodable {
      let file: String
      let shape: [Int]
      let hash: String
    }
    let family: String
    let config: String
    let files: [File]

    func processor() throws -> any ImageProcessor {
      let json = Array(config.utf8)
      switch family {
      case "SmolVLM": return try Idefics3ImageProcessor(json: json)
      case "Qwen2VL": return try Qwen2VLImageProcessor(json: json)
      case "LlavaNext": return try LlavaNextImageProcessor(json: json)
      default: return try CLIPImageProcessor(json: json)
      }
    }
  }

  /// FNV-1a over words of 32 bits.
  private static func hash(_ values: [Float]) -> String {
    let hash = values.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16)
  }

  @Test func `a file becomes the values that the processors of transformers make of it`() throws {
    let cases = try GoldenFile<Case>.load("pixels")
    #expect(cases.map(\.family) == ["SmolVLM", "CLIP", "SigLIP", "Qwen2VL", "LlavaNext", "Gemma3"])
    for golden in cases {
      let processor = try golden.processor()
      #expect(golden.files.count >= 90)
      for expected in golden.files where CorpusTests.isBuilt(expected.file) {
        let image = try ImageDecoder().decode(contentsOf: CorpusTests.file(expected.file).path)
        let pixels = try #require(processor.tensors(of: [processor.process(image)])["pixel_values"])
        #expect(pixels.shape == expected.shape, "\(golden.family), \(expected.file)")
        #expect(Self.hash(pixels.scalars) == expected.hash, "\(golden.family), \(expected.file)")
      }
    }
  }
}
