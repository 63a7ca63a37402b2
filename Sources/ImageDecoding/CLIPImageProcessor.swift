package import Tensor

/// The image processor of CLIP, SigLIP and Gemma 3: resize, cut out the middle, scale. One tile, whatever the image.
///
/// ```swift
/// let processor = try CLIPImageProcessor(contentsOf: "clip-vit-base-patch32/preprocessor_config.json")
/// processor.process(image).pixels.shape  // [1, 3, 224, 224]
/// ```
///
/// What it gives is equal to the bit to `CLIPImageProcessorPil`, `SiglipImageProcessorPil` and `Gemma3ImageProcessorPil` of
/// transformers 5 with Pillow 13.
///
/// - Complexity: one resize, of which only what the crop leaves is computed.
public struct CLIPImageProcessor: FileImageProcessor {
  /// The settings of the processor. The defaults are those of transformers for CLIP.
  package struct Configuration: Sendable, Equatable {
    /// How large an image is made before its middle is cut out.
    package enum Size: Sendable, Equatable {
      /// The shorter side in pixels; the longer follows.
      case shortestEdge(Int)
      /// Both sides in pixels; the image is stretched.
      case exactly(width: Int, height: Int)
    }

    /// The size before cutting, `nil` to leave the image as it is (`do_resize`, `size`). The default is 224 for the
    /// shorter side.
    package var size: Size? = .shortestEdge(224)

    /// The width of what is cut out, `nil` to keep all (`do_center_crop`, `crop_size`). The default is 224. Where the
    /// image is smaller, black is laid around it.
    package var cropWidth: Int? = 224

    /// The height of what is cut out, `nil` to keep all. The default is 224.
    package var cropHeight: Int? = 224

    /// The filter of the resize (`resample`). The default is ``ResamplingFilter/bicubic``.
    package var filter = ResamplingFilter.bicubic

    /// How samples become numbers. The default has the means and deviations of CLIP's training images.
    package var scaling: PixelScaling = {
      var scaling = PixelScaling()
      scaling.mean = [0.48145466, 0.4578275, 0.40821073]
      scaling.deviation = [0.26862954, 0.26130258, 0.27577711]
      return scaling
    }()

    /// The defaults of transformers for CLIP.
    package init() {}

    /// The size of the tile that every image becomes.
    package var tile: (width: Int, height: Int) {
      if let cropWidth, let cropHeight { return (cropWidth, cropHeight) }
      guard case .exactly(let width, let height) = size else { preconditionFailure("images of many sizes") }
      return (width, height)
    }

    /// The defaults of transformers for SigLIP: stretched to 224x224, nothing cut off, samples to -1...1.
    package static let siglip: Configuration = {
      var configuration = Configuration()
      configuration.size = .exactly(width: 224, height: 224)
      configuration.cropWidth = nil
      configuration.cropHeight = nil
      configuration.scaling = PixelScaling()
      return configuration
    }()

    /// The defaults of transformers for Gemma 3: those of SigLIP, with a bilinear resize.
    package static let gemma3: Configuration = {
      var configuration = Configuration.siglip
      configuration.filter = .bilinear
      return configuration
    }()
  }

  /// What the processor does.
  package let configuration: Configuration

  /// A processor of this configuration.
  ///
  /// - Precondition: sides are 1 to 4,096, crop width and height are both set or both `nil`, and they are set unless
  ///   the size is exact, since a tower takes images of one size; means and deviations are three each, no deviation 0.
  package init(_ configuration: Configuration = Configuration()) {
    if let problem = configuration.problem { preconditionFailure("\(problem)") }
    self.configuration = configuration
  }

  /// One tile for every image.
  package func grid(width: Int, height: Int) -> TileGrid { TileGrid() }

  /// The image as `[1, 3, height, width]`.
  public func process(_ image: RGBImage) -> ProcessedImage {
    let size = resizedSize(image.width, image.height)
    let (cropWidth, cropHeight) = (configuration.cropWidth ?? size.width, configuration.cropHeight ?? size.height)
    let columns = Span(cropping: size.width, to: cropWidth)
    let rows = Span(cropping: size.height, to: cropHeight)
    let middle = image.resized(
      width: size.width, height: size.height, by: configuration.filter,
      keeping: PixelArea(columns: columns.kept, rows: rows.kept))
    let whole = middle.onBlack(x: columns.offset, y: rows.offset, width: cropWidth, height: cropHeight)
    let pixels = tiles(of: [Crop(image: whole)], width: cropWidth, height: cropHeight, scaling: configuration.scaling)
    return ProcessedImage(pixels: pixels, grid: TileGrid(), width: image.width, height: image.height)
  }

  /// `pixel_values` [images, 3, height, width].
  package func tensors(of images: [ProcessedImage]) -> [String: Tensor] {
    ["pixel_values": .concatenated(images.map(\.pixels))]
  }

  private func resizedSize(_ width: Int, _ height: Int) -> (width: Int, height: Int) {
    switch configuration.size {
    case nil: return (width, height)
    case .exactly(let width, let height): return (width, height)
    case .shortestEdge(let edge):
      let longer = Int(Double(edge * max(width, height)) / Double(min(width, height)))
      return width <= height ? (edge, longer) : (longer, edge)
    }
  }
}

/// Where the middle of an axis comes from and where it goes.
private struct Span {
  /// What is kept of the axis.
  let kept: Range<Int>
  /// How much black goes before it.
  let offset: Int

  /// An odd rest is split as transformers does: what is cut off is smaller before the middle, what is laid around it
  /// is larger there.
  init(cropping length: Int, to wanted: Int) {
    if wanted <= length {
      let start = (length - wanted) / 2
      kept = start..<(start + wanted)
      offset = 0
    } else {
      kept = 0..<length
      offset = (wanted - length) - (wanted - length) / 2
    }
  }
}
