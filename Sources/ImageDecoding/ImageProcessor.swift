public import Tensor

/// Makes of an image what a model takes for it: the seam between files of pixels and a vision tower.
///
/// ```swift
/// let processor: any ImageProcessor = try Idefics3ImageProcessor(contentsOf: "model/preprocessor_config.json")
/// let image = try ImageDecoder().decode(contentsOf: "photo.jpg")
/// processor.grid(width: image.width, height: image.height).tileCount  // known before any pixel is touched
/// processor.process(image).pixels.shape                               // [tiles, 3, height, width]
/// ```
///
/// The same image gives the same bytes at any time and on any machine. ``checkImageProcessor(_:image:)`` holds a
/// conformer against what is promised here.
package protocol ImageProcessor: Sendable {
  /// How an image of this size is cut, without looking at its pixels, so that the tokens of a row can be counted before
  /// it is loaded.
  func grid(width: Int, height: Int) -> TileGrid

  /// Why an image of this size can't be processed; nil where it can.
  func refusal(width: Int, height: Int) -> String?

  /// The pixels that a vision tower takes for this image, cut as ``grid(width:height:)`` says.
  func process(_ image: RGBImage) -> ProcessedImage

  /// The images as transformers' processor of the same name lays them out: `pixel_values` and what else it returns,
  /// under its names.
  ///
  /// - Precondition: there is at least one image.
  func tensors(of images: [ProcessedImage]) -> [String: Tensor]
}

extension ImageProcessor {
  /// Images of any size can be processed.
  package func refusal(width: Int, height: Int) -> String? { nil }
}

/// An image processor whose settings stand in the `preprocessor_config.json` of a model's folder.
package protocol FileImageProcessor: ImageProcessor {
  /// - Throws: ``ImageDecodingError/badConfiguration(file:key:expected:found:)`` for a value that can't be used, or for the
  ///   file of another kind of processor.
  init(_ file: ConfigurationFile) throws(ImageDecodingError)
}

extension FileImageProcessor {
  /// Reads the bytes of the file, which errors call by the name.
  package init(json: [UInt8], name: String = "preprocessor_config.json") throws(ImageDecodingError) {
    try self.init(ConfigurationFile(json, name: name))
  }
}

/// How an image lies in parts: the tiles into which it is cut, or the features of one tile of any size.
package struct TileGrid: Sendable, Hashable {
  /// The number of rows of parts; 0 where the image is not cut.
  package var rows: Int

  /// The number of columns of parts; 0 where the image is not cut.
  package var columns: Int

  /// The number of tiles: all parts and the whole image at a small size, or one tile for everything.
  package let tileCount: Int

  /// An image that is cut into parts, each a tile, with one more tile for the whole. The default is not cut at all.
  package init(rows: Int = 0, columns: Int = 0) {
    (self.rows, self.columns) = (rows, columns)
    tileCount = rows * columns + 1
  }

  /// An image that is one tile, of which a tower makes this many rows and columns of features.
  package init(featureRows rows: Int, columns: Int) {
    (self.rows, self.columns) = (rows, columns)
    tileCount = 1
  }
}

/// An image as a vision tower takes it.
public struct ProcessedImage: Sendable {
  /// The samples as `[tiles, channels, height, width]`, channels in the order red, green, blue.
  public let pixels: Tensor

  /// How the tiles lie on the image.
  package let grid: TileGrid

  /// The width of the picture in pixels, before it was processed.
  public let width: Int

  /// The height of the picture in pixels, before it was processed.
  public let height: Int

  /// The tiles of one image of a size in pixels.
  ///
  /// - Precondition: `pixels` has four axes and `grid.tileCount` tiles of three channels.
  package init(pixels: Tensor, grid: TileGrid, width: Int, height: Int) {
    precondition(
      pixels.shape.count == 4 && pixels.shape[0] == grid.tileCount && pixels.shape[1] == 3,
      "pixels of shape \(pixels.shape) for \(grid.tileCount) tiles of 3 channels")
    (self.pixels, self.grid, self.width, self.height) = (pixels, grid, width, height)
  }
}

/// Says where an image processor breaks a promise of ``ImageProcessor`` on an image; empty where it keeps them all.
///
/// For the tests of a processor.
package func checkImageProcessor(_ processor: some ImageProcessor, image: RGBImage) -> [String] {
  let first = processor.process(image)
  let second = processor.process(image)
  let announced = processor.grid(width: image.width, height: image.height)
  var broken: [String] = []
  if announced != first.grid {
    broken.append("grid(width:height:) announces \(announced), process(_:) cuts \(first.grid)")
  }
  if first.grid != second.grid || first.pixels.shape != second.pixels.shape
    || first.pixels.scalars.map(\.bitPattern) != second.pixels.scalars.map(\.bitPattern)
  {
    broken.append("the same image gives other pixels the second time")
  }
  if !first.pixels.scalars.allSatisfy(\.isFinite) { broken.append("a sample is not finite") }
  return broken
}
