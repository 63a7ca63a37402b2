package import Tensor

/// The image processor of SmolVLM and Idefics3: the image is enlarged, cut into square tiles, and shown once more whole.
///
/// ```swift
/// let processor = try Idefics3ImageProcessor(contentsOf: "SmolVLM-256M/preprocessor_config.json")
/// let tiles = processor.process(image)   // 1600x1200: 3 rows of 4 tiles, then the whole image
/// tiles.pixels.shape                     // [13, 3, 512, 512]
/// ```
///
/// The steps, each with Pillow's resampling and rounding to 8 bits:
/// 1. The longer side becomes `Configuration/size`, the shorter follows and is made even.
/// 2. With splitting, both sides are stretched to multiples of the tile's side; where that is more than one tile, the
///    image is cut into tiles, row by row, and shrunk to one tile that comes last.
/// 3. Without splitting, the image is stretched to one tile.
/// 4. Samples are scaled to numbers.
///
/// What it gives is equal to the bit to `Idefics3ImageProcessorPil` of transformers 5 with Pillow 13, for one image.
/// Several images of a batch are made equally long by `ImageBatch`.
///
/// - Complexity: two resizes; `tiles * 3 * side * side` Float32 of memory, 40 MB for 13 tiles of 512.
public struct Idefics3ImageProcessor: FileImageProcessor {
  /// The settings of the processor. The defaults are those of transformers.
  package struct Configuration: Sendable, Equatable {
    /// How large an image is made before it is cut.
    package enum Size: Sendable, Equatable {
      /// The longer side in pixels; the shorter follows. More than 4,096 means 4,096.
      case longestEdge(Int)
      /// Both sides in pixels; the image is stretched.
      case exactly(width: Int, height: Int)
    }

    /// The size before cutting, `nil` to leave the image as it is (`do_resize`, `size`). The default is 1,456 for the
    /// longer side.
    package var size: Size? = .longestEdge(4 * 364)

    /// The side of a tile in pixels (`max_image_size`), 1 to 4,096. The default is 364.
    package var tileSide = 364

    /// Whether the image is cut into tiles (`do_image_splitting`). The default is `true`.
    package var splits = true

    /// The filter of every resize (`resample`). The default is ``ResamplingFilter/lanczos``.
    package var filter = ResamplingFilter.lanczos

    /// How samples become numbers (`do_rescale`, `rescale_factor`, `do_normalize`, `image_mean`, `image_std`). The
    /// default is -1...1.
    package var scaling = PixelScaling()

    /// Whether batches are to be padded with ``ImageBatch`` (`do_pad`); the tiles of one image never need padding.
    /// The default is `true`.
    package var pads = true

    /// The defaults of transformers.
    package init() {}
  }

  /// What the processor does.
  package let configuration: Configuration

  /// A processor of this configuration.
  ///
  /// - Precondition: the sides of the configuration are positive and at most 4,096, its means and deviations are three
  ///   each, and no deviation is 0.
  package init(_ configuration: Configuration = Configuration()) {
    if let problem = configuration.problem { preconditionFailure("\(problem)") }
    self.configuration = configuration
  }

  /// How an image of this size is cut: no parts where one tile holds it all.
  ///
  /// - Precondition: `width` and `height` are positive.
  package func grid(width: Int, height: Int) -> TileGrid {
    guard configuration.splits else { return TileGrid() }
    let stretched = stretchedSize(resizedSize(Extent(width: width, height: height)))
    let side = configuration.tileSide
    let (rows, columns) = (stretched.height / side, stretched.width / side)
    return rows * columns > 1 ? TileGrid(rows: rows, columns: columns) : TileGrid()
  }

  /// The tiles of an image as `[tiles, 3, side, side]`: the parts row by row, then the whole image.
  public func process(_ image: RGBImage) -> ProcessedImage {
    let side = configuration.tileSide
    let grid = grid(width: image.width, height: image.height)
    let resized = resize(image, to: resizedSize(image.extent))
    let stretched = configuration.splits ? resize(resized, to: stretchedSize(resized.extent)) : resized
    let crops =
      grid.crops(of: stretched, side: side) + [Crop(image: resize(stretched, to: Extent(width: side, height: side)))]
    let pixels = tiles(of: crops, width: side, height: side, scaling: configuration.scaling)
    return ProcessedImage(pixels: pixels, grid: grid, width: image.width, height: image.height)
  }

  /// `pixel_values` [1, tiles, 3, side, side] and `pixel_attention_mask` [1, tiles, side, side], the images of one prompt
  /// one after the other; see ``ImageBatch``.
  package func tensors(of images: [ProcessedImage]) -> [String: Tensor] {
    let batch = ImageBatch([images])
    return ["pixel_values": batch.pixels, "pixel_attention_mask": batch.mask]
  }

  private func resize(_ image: RGBImage, to extent: Extent) -> RGBImage {
    image.resized(width: extent.width, height: extent.height, by: configuration.filter)
  }

  /// Step 1. Sides are cut to whole pixels where transformers does, through the ratio of the sides in Float64: a
  /// fraction computed another way can be one pixel off.
  private func resizedSize(_ extent: Extent) -> Extent {
    switch configuration.size {
    case nil: return extent
    case .exactly(let width, let height): return Extent(width: width, height: height)
    case .longestEdge(let edge):
      let ratio = Double(extent.width) / Double(extent.height)
      var size = Extent(width: edge, height: edge)
      if extent.width >= extent.height {
        size.height = even(Int(Double(edge) / ratio))
      } else {
        size.width = even(Int(Double(edge) * ratio))
      }
      return notOver4096(Extent(width: max(1, size.width), height: max(1, size.height)))
    }
  }

  private func even(_ side: Int) -> Int { side + side % 2 }

  private func notOver4096(_ extent: Extent) -> Extent {
    let most = 4096
    let ratio = Double(extent.width) / Double(extent.height)
    var size = extent
    if extent.width >= extent.height && extent.width > most {
      size = Extent(width: most, height: Int(Double(most) / ratio))
    } else if extent.height > extent.width && extent.height > most {
      size = Extent(width: Int(Double(most) * ratio), height: most)
    }
    return Extent(width: max(1, size.width), height: max(1, size.height))
  }

  /// Step 2: the longer side up to a multiple of the tile, the shorter after it in proportion and then up too.
  private func stretchedSize(_ extent: Extent) -> Extent {
    let side = configuration.tileSide
    func multiple(_ length: Int) -> Int { (length + side - 1) / side * side }
    let ratio = Double(extent.width) / Double(extent.height)
    if extent.width >= extent.height {
      let width = multiple(extent.width)
      return Extent(width: width, height: multiple(Int(Double(width) / ratio)))
    }
    let height = multiple(extent.height)
    return Extent(width: multiple(Int(Double(height) * ratio)), height: height)
  }
}

/// Width and height in pixels.
private struct Extent {
  var width: Int
  var height: Int
}

extension RGBImage {
  fileprivate var extent: Extent { Extent(width: width, height: height) }
}
