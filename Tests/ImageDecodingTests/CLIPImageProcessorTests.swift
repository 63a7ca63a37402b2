import ImageDecoding
import Tensor
import Testing

@Suite struct CLIPImageProcessorTests {
  private func read(_ json: String) throws -> CLIPImageProcessor.Configuration {
    try CLIPImageProcessor(json: Array(json.utf8), name: "model/p.json").configuration
  }

  @Test func `the promises of a processor are kept`() {
    for (width, height) in [(1, 1), (300, 2), (2, 300), (224, 224)] {
      let image = picture(width: width, height: height)
      #expect(checkImageProcessor(CLIPImageProcessor(), image: image).isEmpty)
      #expect(checkImageProcessor(CLIPImageProcessor(.siglip), image: image).isEmpty)
      #expect(CLIPImageProcessor().process(image).pixels.shape == [1, 3, 224, 224])
    }
  }

  @Test func `the defaults depend on the class that wrote the file`() throws {
    #expect(try read("{}") == CLIPImageProcessor.Configuration())
    #expect(try read("{\"image_processor_type\": \"CLIPFeatureExtractor\"}") == CLIPImageProcessor.Configuration())
    #expect(try read("{\"image_processor_type\": \"SiglipImageProcessorFast\"}") == .siglip)
    #expect(try read("{\"image_processor_type\": \"Gemma3ImageProcessor\", \"do_pan_and_scan\": null}") == .gemma3)
  }

  @Test func `a very long image costs no more than its crop`() {
    // Its resize alone would have 224 x 14,672,000 pixels.
    let image = RGBImage(width: 65_500, height: 1, fill: .init(9, 8, 7))
    let processed = CLIPImageProcessor().process(image)
    #expect(processed.pixels.shape == [1, 3, 224, 224])
    #expect(processed.pixels.scalars[0] == (Float(9.0 / 255) - Float(0.48145466)) / Float(0.26862954))
  }

  @Test(arguments: [
    ("{\"size\": {\"longest_edge\": 5}}", "size", "shortest_edge, or height and width", "longest_edge"),
    ("{\"crop_size\": {\"height\": 5}}", "crop_size", "height and width", "height"),
    ("{\"crop_size\": null}", "crop_size", "an object of sides in pixels", "null"),
    ("{\"crop_size\": 0}", "crop_size.width", "1 to 4096 pixels", "0"),
    ("{\"size\": 5000}", "size.shortest_edge", "1 to 4096 pixels", "5000"),
    ("{\"do_center_crop\": false}", "crop_size", "height and width, or a size of both", "images of many sizes"),
    (
      "{\"image_processor_type\": 7}", "image_processor_type",
      "CLIPImageProcessor or CLIPFeatureExtractor or SiglipImageProcessor or Gemma3ImageProcessor", "7"
    ),
    ("{\"do_pan_and_scan\": true}", "do_pan_and_scan", "false: an image is not cut into parts here", "true"),
  ])
  func `a value that cannot be used is named`(json: String, key: String, expected: String, found: String) {
    let error = ImageDecodingError.badConfiguration(file: "model/p.json", key: key, expected: expected, found: found)
    #expect(throws: error) { try read(json) }
  }
}
