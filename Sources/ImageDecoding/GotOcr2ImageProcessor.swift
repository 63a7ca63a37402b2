package import Tensor

/// The image processor of InternVL: tiles of the grid whose shape is closest to the image's, then the whole image.
///
/// ```swift
/// let processor = try GotOcr2ImageProcessor(contentsOf: "InternVL3-1B-hf/preprocessor_config.json")
/// let tiles = processor.process(picture)   // 640x480
/// tiles.pixels.shape                       // [13, 3, 448, 448]: 3 rows of 4 tiles, then the whole image
/// ```
///
/// The image is stretched to the grid, and shrunk to one tile that comes last; where the grid is a single tile, that is all.
/// What it gives is equal to the bit to `GotOcr2ImageProcessorPil` of transformers 5 as InternVL's processor calls it, which cuts
/// images whatever `crop_to_patches` says.
public struct GotOcr2ImageProcessor: FileImageProcessor {
  /// The settings of the processor. The defaults are those of transformers.
  package struct Configuration: Sendable, Equatable {
    /// The side of a tile in pixels (`size`). The default is 384.
    package var tileSide = 384
    /// The fewest tiles of a grid (`min_patches`). The default is 1.
    package var minimumTiles = 1
    /// The most tiles of a grid (`max_patches`). The default is 12.
    package var maximumTiles = 12
    /// The filter of every resize (`resample`). The default is ``ResamplingFilter/bicubic``.
    package var filter = ResamplingFilter.bicubic
    /// How samples become numbers. The default has the means and deviations of CLIP's training images.
    package var scaling = CLIPImageProcessor.Configuration().scaling

    /// The defaults of transformers.
    package init() {}
  }

  /// What the processor does.
  package let configuration: Configuration

  /// A processor of this configuration.
  ///
  /// - Precondition: the tile's side is 1 to 4,096, and the bounds of the tiles are in order and at most 256.
  package init(_ configuration: Configuration = Configuration()) {
    if let problem = configuration.problem { preconditionFailure("\(problem)") }
    self.configuration = configuration
  }

  /// Rows and columns of the grid whose width by height is closest to the image's. Of several, those with more tiles go before
  /// those with fewer as long as the image has more than half of their pixels.
  package func grid(width: Int, height: Int) -> TileGrid {
    let c = configuration
    let shape = Double(width) / Double(height)
    var (best, least) = ((columns: 1, rows: 1), Double.infinity)
    // By their tiles, and narrow ones first where these are equal.
    for tiles in c.minimumTiles...c.maximumTiles {
      for columns in 1...tiles where tiles % columns == 0 {
        let grid = (columns: columns, rows: tiles / columns)
        let difference = abs(shape - Double(grid.columns) / Double(grid.rows))
        let isLarge = Double(width * height) > 0.5 * Double(c.tileSide * c.tileSide * tiles)
        if difference < least || difference == least && isLarge { (best, least) = (grid, difference) }
      }
    }
    return best.columns * best.rows == 1 ? TileGrid() : TileGrid(rows: best.rows, columns: best.columns)
  }

  /// The tiles as [tiles, 3, side, side]: the parts row by row, then the whole image.
  public func process(_ image: RGBImage) -> ProcessedImage {
    let (c, side) = (configuration, configuration.tileSide)
    let grid = grid(width: image.width, height: image.height)
    let canvas = image.resized(width: max(1, grid.columns) * side, height: max(1, grid.rows) * side, by: c.filter)
    let whole = Crop(image: grid.rows == 0 ? canvas : image.resized(width: side, height: side, by: c.filter))
    return ProcessedImage(
      pixels: tiles(of: grid.crops(of: canvas, side: side) + [whole], width: side, height: side, scaling: c.scaling),
      grid: grid, width: image.width, height: image.height)
  }

  /// `pixel_values` [tiles, 3, side, side] of all images.
  package func tensors(of images: [ProcessedImage]) -> [String: Tensor] {
    ["pixel_values": .concatenated(images.map(\.pixels))]
  }
}

extension GotOcr2ImageProcessor.Configuration {
  /// The first value that can't be used.
  var problem: ConfigurationProblem? {
    if let problem = ConfigurationProblem.side("size.height", tileSide) { return problem }
    guard (1...256).contains(maximumTiles) else {
      return ConfigurationProblem(key: "max_patches", expected: "1 to 256 tiles", found: "\(maximumTiles)")
    }
    guard (1...maximumTiles).contains(minimumTiles) else {
      return ConfigurationProblem(key: "min_patches", expected: "1 to max_patches", found: "\(minimumTiles)")
    }
    return scaling.problem
  }
}

extension GotOcr2ImageProcessor {
  /// Reads a `preprocessor_config.json`.
  ///
  /// - Throws: ``ImageDecodingError/badConfiguration(file:key:expected:found:)`` for a value that can't be used, or for
  ///   the file of another kind of processor; ``ImageDecodingError/unreadable(file:reason:)``.
  public init(contentsOf path: String) throws(ImageDecodingError) {
    try self.init(ConfigurationFile(contentsOf: path))
  }

  package init(_ file: ConfigurationFile) throws(ImageDecodingError) {
    _ = try file.processorClass(among: ["GotOcr2ImageProcessor"])
    guard try file.bool("do_resize", default: true) else {
      throw .badConfiguration(file: file.name, key: "do_resize", expected: "true", found: "false")
    }
    var c = Configuration()
    let sides = try file.sides("size") ?? ["height": c.tileSide, "width": c.tileSide]
    guard let side = sides["height"], sides["width"] == side else {
      throw file.lacking("size", "height and width of a square", sides)
    }
    c.tileSide = side
    c.minimumTiles = try file.integer("min_patches") ?? c.minimumTiles
    c.maximumTiles = try file.integer("max_patches") ?? c.maximumTiles
    c.filter = try file.filter("resample", default: c.filter)
    c.scaling = try file.scaling(default: c.scaling)
    if let problem = c.problem { throw problem.error(in: file.name) }
    self.init(c)
  }
}
