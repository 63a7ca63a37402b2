package import Tensor

/// The image processor of LLaVA-NeXT: the whole image as one square tile, then the tiles of the resolution that fits best.
///
/// ```swift
/// let processor = try LlavaNextImageProcessor(contentsOf: "llava-v1.6-vicuna-7b/preprocessor_config.json")
/// let tiles = processor.process(picture)   // 640x480
/// tiles.pixels.shape                       // [5, 3, 336, 336]: the whole image, then 2 rows of 2 tiles
/// ```
///
/// Of the resolutions given, that is taken which keeps most of the image's pixels, and among those the one that wastes
/// least. The image is enlarged or shrunk into it with its aspect ratio kept, and black is laid around it; the whole image
/// is stretched to a square. What it gives is equal to the bit to `LlavaNextImageProcessorPil` of transformers 5.
public struct LlavaNextImageProcessor: FileImageProcessor {
  /// The settings of the processor. The defaults are those of the published models.
  package struct Configuration: Sendable, Equatable {
    /// A size that images are fitted into; both sides are multiples of the tile's.
    package struct Resolution: Sendable, Equatable {
      /// In pixels.
      package var height: Int
      /// In pixels.
      package var width: Int
    }

    /// The side of a tile in pixels (`size`, `crop_size`). The default is 336.
    package var tileSide = 336
    /// The sizes to choose from (`image_grid_pinpoints`).
    package var resolutions = [
      Resolution(height: 336, width: 672), Resolution(height: 672, width: 336), Resolution(height: 672, width: 672),
      Resolution(height: 1008, width: 336), Resolution(height: 336, width: 1008),
    ]
    /// The filter of every resize (`resample`). The default is ``ResamplingFilter/bicubic``.
    package var filter = ResamplingFilter.bicubic
    /// How samples become numbers. The default has the means and deviations of CLIP's training images.
    package var scaling = CLIPImageProcessor.Configuration().scaling

    package init() {}
  }

  /// What the processor does.
  package let configuration: Configuration

  /// A processor of this configuration.
  ///
  /// - Precondition: the tile's side is 1 to 4,096, and there is a resolution, each a multiple of it and at most 16,384.
  package init(_ configuration: Configuration = Configuration()) {
    if let problem = configuration.problem { preconditionFailure("\(problem)") }
    self.configuration = configuration
  }

  /// Rows and columns of the tiles of the resolution that fits best.
  package func grid(width: Int, height: Int) -> TileGrid {
    let best = resolution(width, height)
    return TileGrid(rows: best.height / configuration.tileSide, columns: best.width / configuration.tileSide)
  }

  /// The tiles as [tiles, 3, side, side]: the whole image, then the parts row by row.
  public func process(_ image: RGBImage) -> ProcessedImage {
    let (side, best) = (configuration.tileSide, resolution(image.width, image.height))
    let grid = grid(width: image.width, height: image.height)
    let inside = fitted(image.width, image.height, into: best)
    let canvas = image.resized(width: inside.width, height: inside.height, by: configuration.filter).onBlack(
      x: (best.width - inside.width) / 2, y: (best.height - inside.height) / 2, width: best.width, height: best.height)
    let whole = Crop(image: image.resized(width: side, height: side, by: configuration.filter))
    return ProcessedImage(
      pixels: tiles(
        of: [whole] + grid.crops(of: canvas, side: side), width: side, height: side, scaling: configuration.scaling),
      grid: grid,
      width: image.width, height: image.height)
  }

  /// `pixel_values` [images, tiles, 3, side, side], zeros where an image has fewer tiles than another, and `image_sizes`
  /// [images, 2], height and width of the pictures.
  package func tensors(of images: [ProcessedImage]) -> [String: Tensor] {
    let sizes = images.flatMap { [Float($0.height), Float($0.width)] }
    return [
      "pixel_values": ImageBatch(images.map { [$0] }).pixels, "image_sizes": Tensor(sizes, shape: [images.count, 2]),
    ]
  }

  private func resolution(_ width: Int, _ height: Int) -> Configuration.Resolution {
    let choices = configuration.resolutions.map {
      choice -> (choice: Configuration.Resolution, kept: Int, wasted: Int) in
      let scale = min(Double(choice.width) / Double(width), Double(choice.height) / Double(height))
      let kept = min(Int(Double(width) * scale) * Int(Double(height) * scale), width * height)
      return (choice, kept, choice.width * choice.height - kept)
    }
    var best = choices[0]
    for next in choices.dropFirst()
    where next.kept > best.kept || next.kept == best.kept && next.wasted < best.wasted {
      best = next
    }
    return best.choice
  }

  /// The largest size with the image's aspect ratio inside of a resolution.
  private func fitted(_ width: Int, _ height: Int, into best: Configuration.Resolution) -> (width: Int, height: Int) {
    let (scaleX, scaleY) = (Double(best.width) / Double(width), Double(best.height) / Double(height))
    return scaleX < scaleY
      ? (best.width, min(Int((Double(height) * scaleX).rounded(.up)), best.height))
      : (min(Int((Double(width) * scaleY).rounded(.up)), best.width), best.height)
  }
}

extension LlavaNextImageProcessor.Configuration {
  /// The first value that can't be used.
  var problem: ConfigurationProblem? {
    if let problem = ConfigurationProblem.side("size.shortest_edge", tileSide) { return problem }
    if resolutions.isEmpty {
      return ConfigurationProblem(key: "image_grid_pinpoints", expected: "a resolution", found: "none")
    }
    for resolution in resolutions {
      for side in [resolution.height, resolution.width] where !(1...16384).contains(side) || side % tileSide != 0 {
        return ConfigurationProblem(
          key: "image_grid_pinpoints", expected: "multiples of the tile's \(tileSide) pixels up to 16,384",
          found: "\(side)")
      }
    }
    return scaling.problem
  }
}

extension LlavaNextImageProcessor {
  /// Reads a `preprocessor_config.json`.
  ///
  /// - Throws: ``ImageDecodingError/badConfiguration(file:key:expected:found:)`` for a value that can't be used, or for
  ///   the file of another kind of processor; ``ImageDecodingError/unreadable(file:reason:)``.
  public init(contentsOf path: String) throws(ImageDecodingError) {
    try self.init(ConfigurationFile(contentsOf: path))
  }

  package init(_ file: ConfigurationFile) throws(ImageDecodingError) {
    _ = try file.processorClass(among: ["LlavaNextImageProcessor"])
    for key in ["do_resize", "do_center_crop"] where try !file.bool(key, default: true) {
      throw .badConfiguration(file: file.name, key: key, expected: "true", found: "false")
    }
    var c = Configuration()
    let size = try file.sides("size", plain: ["shortest_edge"]) ?? ["shortest_edge": 224]
    let crop = try file.sides("crop_size") ?? ["height": 224, "width": 224]
    // Tiles are cut at the crop's side and then resized to the size's: that they are one is what makes them tiles.
    guard let side = size["shortest_edge"] ?? size["height"], size["width"] ?? side == side, crop["height"] == side,
      crop["width"] == side
    else {
      throw .badConfiguration(
        file: file.name, key: "crop_size", expected: "a square of the side that \"size\" has",
        found: crop.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    }
    c.tileSide = side
    if let pairs = try file.pairs("image_grid_pinpoints") {
      c.resolutions = pairs.map { Configuration.Resolution(height: $0.0, width: $0.1) }
    }
    c.filter = try file.filter("resample", default: c.filter)
    c.scaling = try file.scaling(default: c.scaling)
    if let problem = c.problem { throw problem.error(in: file.name) }
    self.init(c)
  }
}
