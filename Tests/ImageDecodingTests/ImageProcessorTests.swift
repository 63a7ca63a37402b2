import Foundation
import ImageDecoding
import Tensor
import Testing

/// A configuration, rows of images, and what transformers makes of them.
struct ProcessingCase: Decodable {
  struct Image: Decodable {
    let width: Int
    let height: Int
    let rgb: Data
  }
  let name: String
  let config: String
  let rows: [[Image]]
  let gridRows: [Int]
  let gridColumns: [Int]
  let shape: [Int]
  let pixels: Data
  let mask: Data

  var images: [[RGBImage]] {
    rows.map { $0.map { RGBImage(width: $0.width, height: $0.height, pixels: $0.rgb.bytes) } }
  }
}

@Suite struct ImageProcessorTests {
  @Test func `pixels, grids and masks are those of transformers`() throws {
    let cases = try GoldenFile<ProcessingCase>.load("processing")
    #expect(cases.count >= 60)
    for golden in cases {
      let json = Array(golden.config.utf8)
      let processor: any ImageProcessor =
        golden.config.contains("Idefics3")
        ? try Idefics3ImageProcessor(json: json, name: golden.name)
        : try CLIPImageProcessor(json: json, name: golden.name)
      let processed = golden.images.map { $0.map(processor.process) }
      let grids = processed.joined().map(\.grid)
      #expect(grids.map(\.rows) == golden.gridRows && grids.map(\.columns) == golden.gridColumns, "\(golden.name)")
      let batch = ImageBatch(processed)
      #expect(batch.pixels.shape == golden.shape, "\(golden.name), \(golden.config)")
      let expected = golden.pixels.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      #expect(batch.pixels.scalars == expected, "\(golden.name), \(golden.config)")
      #expect(batch.mask.scalars == golden.mask.map(Float.init), "\(golden.name)")
    }
  }

  @Test func `a processor that breaks its promises is found`() {
    struct Liar: ImageProcessor {
      func grid(width: Int, height: Int) -> TileGrid { TileGrid(rows: 1, columns: 2) }
      func process(_ image: RGBImage) -> ProcessedImage {
        ProcessedImage(pixels: Tensor([.nan, 0, 0], shape: [1, 3, 1, 1]), grid: TileGrid(), width: 1, height: 1)
      }
      func tensors(of images: [ProcessedImage]) -> [String: Tensor] { [:] }
    }
    #expect(checkImageProcessor(Liar(), image: picture(width: 2, height: 2)).count == 2)
  }

  @Test func `a batch has zeros where a row has no image`() {
    let image = ProcessedImage(pixels: Tensor([1, 2, 3], shape: [1, 3, 1, 1]), grid: TileGrid(), width: 1, height: 1)
    let large = ProcessedImage(
      pixels: Tensor((1...12).map(Float.init), shape: [1, 3, 2, 2]), grid: TileGrid(), width: 2, height: 2)
    let batch = ImageBatch([[image], [], [large]])
    #expect(batch.pixels.shape == [3, 1, 3, 2, 2])
    #expect(
      batch.pixels.scalars
        == [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0] + [Float](repeating: 0, count: 12) + (1...12).map(Float.init))
    #expect(batch.mask.scalars == [1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
  }
}
