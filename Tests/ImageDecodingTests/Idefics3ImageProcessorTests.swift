import Foundation
import ImageDecoding
import Tensor
import Testing

@Suite struct Idefics3ImageProcessorTests {
  @Test func `the grid is known before the pixels`() throws {
    var configuration = Idefics3ImageProcessor.Configuration()
    configuration.size = .longestEdge(24)
    configuration.tileSide = 6
    let processor = Idefics3ImageProcessor(configuration)
    for (width, height) in [(1, 1), (40, 30), (30, 40), (3, 50), (24, 24), (100, 7)] {
      let image = picture(width: width, height: height)
      #expect(checkImageProcessor(processor, image: image).isEmpty, "\(width)x\(height)")
    }
    #expect(processor.grid(width: 40, height: 30) == TileGrid(rows: 3, columns: 4))
    #expect(processor.grid(width: 40, height: 30).tileCount == 13)
    configuration.splits = false
    #expect(Idefics3ImageProcessor(configuration).grid(width: 40, height: 30).tileCount == 1)
  }

  @Test func `the published configuration of 256M gives tiles of 512`() throws {
    let json = """
      {"do_convert_rgb": true, "do_image_splitting": true, "do_normalize": true, "do_pad": true, "do_rescale": true,
       "do_resize": true, "image_mean": [0.5, 0.5, 0.5], "image_processor_type": "Idefics3ImageProcessor",
       "image_std": [0.5, 0.5, 0.5], "max_image_size": {"longest_edge": 512}, "processor_class": "Idefics3Processor",
       "resample": 1, "rescale_factor": 0.00392156862745098, "size": {"longest_edge": 2048}}
      """
    let processor = try Idefics3ImageProcessor(json: Array(json.utf8))
    #expect(processor.configuration.tileSide == 512)
    #expect(processor.grid(width: 1600, height: 1200) == TileGrid(rows: 3, columns: 4))
    let processed = processor.process(picture(width: 16, height: 12))
    #expect(processed.pixels.shape == [13, 3, 512, 512])
  }

  @Test func `an empty file has the defaults of transformers`() throws {
    let processor = try Idefics3ImageProcessor(json: Array("{}".utf8))
    #expect(processor.configuration == Idefics3ImageProcessor.Configuration())
    #expect(processor.configuration.tileSide == 364 && processor.configuration.size == .longestEdge(1456))
  }

  @Test func `a configuration is read as it was written`() throws {
    var configuration = Idefics3ImageProcessor.Configuration()
    for size in [nil, .longestEdge(96), .exactly(width: 40, height: 30)] as [Idefics3ImageProcessor.Configuration.Size?]
    {
      configuration.size = size
      configuration.tileSide = 48
      configuration.splits.toggle()
      configuration.pads.toggle()
      configuration.filter = .bicubic
      configuration.scaling.mean = [0.1, 0.2, 0.3]
      configuration.scaling.normalizes.toggle()
      #expect(try Idefics3ImageProcessor(json: configuration.json()).configuration == configuration)
    }
  }

  @Test func `every family name of the processor is read`() throws {
    for name in [
      "Idefics3ImageProcessor", "Idefics3ImageProcessorFast", "SmolVLMImageProcessor", "SmolVLMImageProcessorPil",
    ] {
      _ = try Idefics3ImageProcessor(json: Array("{\"image_processor_type\": \"\(name)\"}".utf8))
    }
  }

  @Test(arguments: [
    ("[1]", "the file", "a JSON object", "something else"),
    ("{\"size\": ", "the file", "a JSON object", "something else"),
    ("{\"do_resize\": 1}", "do_resize", "true or false", "1"),
    ("{\"size\": null}", "size", "an object of sides in pixels", "null"),
    ("{\"image_mean\": null}", "image_mean", "three numbers", "null"),
    ("{\"resample\": 6}", "resample", "a code of Pillow, 0 to 5", "6"),
    ("{\"resample\": \"lanczos\"}", "resample", "a code of Pillow, 0 to 5", "\"lanczos\""),
    ("{\"size\": {\"shortest_edge\": 224}}", "size", "longest_edge, or height and width", "shortest_edge"),
    ("{\"size\": {\"longest_edge\": 2.5}}", "size.longest_edge", "a whole number of pixels", "2.5"),
    ("{\"size\": {\"longest_edge\": 0}}", "size.longest_edge", "1 to 1000000 pixels", "0"),
    ("{\"size\": {\"height\": 5000, \"width\": 3}}", "size.height", "1 to 4096 pixels", "5000"),
    ("{\"size\": [1, 2]}", "size", "an object of sides in pixels", "an array of 2"),
    ("{\"max_image_size\": {\"height\": 512}}", "max_image_size", "longest_edge", "height"),
    ("{\"max_image_size\": {\"longest_edge\": -4}}", "max_image_size.longest_edge", "1 to 4096 pixels", "-4"),
    ("{\"image_mean\": [0.5, 0.5]}", "image_mean", "three numbers", "an array of 2"),
    ("{\"image_mean\": [0.5, 0.5, \"x\"]}", "image_mean", "three numbers", "an array of 3"),
    ("{\"image_std\": [0.5, 0, 0.5]}", "image_std", "numbers other than 0", "0"),
    ("{\"image_std\": true}", "image_std", "three numbers", "true"),
    ("{\"rescale_factor\": \"1/255\"}", "rescale_factor", "a number", "\"1/255\""),
    ("{\"rescale_factor\": 1e300}", "rescale_factor", "numbers in Float32's range", "1e+300"),
    (
      "{\"image_processor_type\": \"CLIPImageProcessor\"}", "image_processor_type",
      "Idefics3ImageProcessor or SmolVLMImageProcessor", "\"CLIPImageProcessor\""
    ),
  ])
  func `a value that cannot be used is named`(json: String, key: String, expected: String, found: String) {
    let error = ImageDecodingError.badConfiguration(file: "model/p.json", key: key, expected: expected, found: found)
    #expect(throws: error) { try Idefics3ImageProcessor(json: Array(json.utf8), name: "model/p.json") }
    #expect("\(error)" == "model/p.json: \(key): expected \(expected), found \(found)")
  }

  @Test func `a missing configuration is named`() {
    #expect(throws: ImageDecodingError.unreadable(file: "/no/p.json", reason: "No such file or directory")) {
      try Idefics3ImageProcessor(contentsOf: "/no/p.json")
    }
  }
}
