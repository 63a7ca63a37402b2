import Foundation
import ImageDecoding
import Tensor
import Testing

/// A configuration, images, and what transformers makes of them.
struct AnySizeCase: Decodable {
  let config: String
  let images: [ProcessingCase.Image]
  let shape: [Int]
  let pixels: Data
  let sizes: [[Float]]

  func processor() throws -> any ImageProcessor {
    let json = Array(config.utf8)
    if config.contains("GotOcr2") { return try GotOcr2ImageProcessor(json: json) }
    return config.contains("Qwen2VL")
      ? try Qwen2VLImageProcessor(json: json) : try LlavaNextImageProcessor(json: json)
  }
}

@Suite struct AnySizeProcessorTests {
  @Test func `pixels and sizes are those of transformers`() throws {
    let cases = try GoldenFile<AnySizeCase>.load("any_size")
    #expect(cases.count >= 38)
    for golden in cases {
      let processor = try golden.processor()
      let images = golden.images.map { RGBImage(width: $0.width, height: $0.height, pixels: $0.rgb.bytes) }
      let tensors = processor.tensors(of: images.map(processor.process))
      let pixels = try #require(tensors["pixel_values"])
      #expect(pixels.shape == golden.shape, "\(golden.config)")
      let expected = golden.pixels.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      #expect(pixels.scalars == expected, "\(golden.config)")
      let tiles = images.map { Float(processor.grid(width: $0.width, height: $0.height).tileCount) }
      let sizes = tensors["image_grid_thw"] ?? tensors["image_sizes"] ?? Tensor(tiles, shape: [images.count, 1])
      #expect(sizes.scalars == golden.sizes.flatMap { $0 } && sizes.shape[0] == images.count)
      for image in images { #expect(checkImageProcessor(processor, image: image).isEmpty) }
    }
  }

  @Test func `blocks that are merged stand together, each patch once a frame`() {
    let image = Tensor((0..<48).map(Float.init), shape: [1, 3, 4, 4])
    let patches = image.patches(of: 1, merging: 2, frames: 2)
    #expect(patches.shape == [16, 6])
    #expect((0..<6).map { patches.scalars[$0 * 6] } == [0, 1, 4, 5, 2, 3])
    #expect(Array(patches.scalars[..<6]) == [0, 0, 16, 16, 32, 32])
  }

  @Test func `sides are multiples of the unit inside of the bounds of the area`() throws {
    let processor = try Qwen2VLImageProcessor(json: Array(#"{"max_pixels": 50176}"#.utf8))
    #expect(processor.configuration.minimumPixels == 3136 && processor.configuration.patchSize == 14)
    for (width, height) in [(640, 480), (1, 1), (1000, 60), (28, 28), (223, 225)] {
      let grid = processor.grid(width: width, height: height)
      #expect(grid.tileCount == 1 && grid.rows * grid.columns * 784 <= 50176 && grid.rows * grid.columns >= 4)
    }
    #expect(processor.refusal(width: 200, height: 1) == nil)
    #expect(processor.refusal(width: 1, height: 201)?.contains("1x201") == true)
  }

  @Test func `an image goes into the resolution that keeps most of it and wastes least`() {
    let processor = LlavaNextImageProcessor()
    #expect(processor.grid(width: 640, height: 480) == TileGrid(rows: 2, columns: 2))
    #expect(processor.grid(width: 1000, height: 300) == TileGrid(rows: 1, columns: 3))
    #expect(processor.grid(width: 100, height: 50) == TileGrid(rows: 1, columns: 2))
    #expect(processor.grid(width: 10, height: 10).tileCount == 3)
  }

  @Test func `an image goes into the grid of its shape, and into more tiles of it where it is large`() {
    var c = GotOcr2ImageProcessor.Configuration()
    (c.tileSide, c.maximumTiles) = (448, 12)
    let processor = GotOcr2ImageProcessor(c)
    #expect(processor.grid(width: 640, height: 480) == TileGrid(rows: 3, columns: 4))
    #expect(processor.grid(width: 300, height: 300) == TileGrid())
    #expect(processor.grid(width: 1000, height: 1000) == TileGrid(rows: 3, columns: 3))
    #expect(processor.grid(width: 4000, height: 300) == TileGrid(rows: 1, columns: 12))
  }

  @Test(arguments: [
    ("GotOcr2", #"{"image_processor_type": "CLIPImageProcessor"}"#, "image_processor_type"),
    ("GotOcr2", #"{"do_resize": false}"#, "do_resize"),
    ("GotOcr2", #"{"size": {"height": 8, "width": 9}}"#, "size"), ("GotOcr2", #"{"max_patches": 0}"#, "max_patches"),
    ("GotOcr2", #"{"min_patches": 13}"#, "min_patches"), ("GotOcr2", #"{"size": 9000}"#, "size.height"),
    ("Qwen", #"{"image_processor_type": "CLIPImageProcessor"}"#, "image_processor_type"),
    ("Qwen", #"{"do_resize": false}"#, "do_resize"), ("Qwen", #"{"patch_size": 0}"#, "patch_size"),
    ("Qwen", #"{"patch_size": "14"}"#, "patch_size"), ("Qwen", #"{"min_pixels": 90, "max_pixels": 80}"#, "min_pixels"),
    ("Qwen", #"{"max_pixels": 99999999999}"#, "max_pixels"),
    ("Llava", #"{"image_processor_type": "Idefics3ImageProcessor"}"#, "image_processor_type"),
    ("Llava", #"{"do_center_crop": false}"#, "do_center_crop"),
    ("Llava", #"{"size": {"shortest_edge": 8}}"#, "crop_size"),
    ("Llava", #"{"size": 8, "crop_size": 8, "image_grid_pinpoints": [[8, 12]]}"#, "image_grid_pinpoints"),
    ("Llava", #"{"size": 8, "crop_size": 8, "image_grid_pinpoints": [[8]]}"#, "image_grid_pinpoints"),
    ("Llava", #"{"size": 8, "crop_size": 8, "image_grid_pinpoints": []}"#, "image_grid_pinpoints"),
    ("Llava", #"{"size": 9000, "crop_size": 9000}"#, "size.shortest_edge"),
  ])
  func `a value that can't be used is named`(kind: String, json: String, key: String) {
    do {
      switch kind {
      case "Qwen": _ = try Qwen2VLImageProcessor(json: Array(json.utf8), name: "p.json")
      case "GotOcr2": _ = try GotOcr2ImageProcessor(json: Array(json.utf8), name: "p.json")
      default: _ = try LlavaNextImageProcessor(json: Array(json.utf8), name: "p.json")
      }
      Issue.record("\(json) was read")
    } catch ImageDecodingError.badConfiguration(let file, let found, _, _) {
      #expect(file == "p.json" && found == key)
    } catch { Issue.record("\(error)") }
  }
}
