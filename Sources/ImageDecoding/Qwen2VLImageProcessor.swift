package import Tensor

/// The image processor of Qwen2-VL: one tile of any size, whose sides are multiples of 28 pixels.
///
/// ```swift
/// let processor = try Qwen2VLImageProcessor(contentsOf: "Qwen2-VL-2B/preprocessor_config.json")
/// let image = processor.process(picture)   // 640x480
/// image.pixels.shape                       // [1, 3, 476, 644]: 17 rows and 23 columns of features
/// ```
///
/// Both sides are rounded to multiples of patch x merge; where the area then lies outside of the bounds, both are scaled
/// with the aspect ratio kept. What it gives is equal to the bit to `Qwen2VLImageProcessorPil` of transformers 5.
public struct Qwen2VLImageProcessor: FileImageProcessor {
  /// The settings of the processor. The defaults are those of transformers.
  package struct Configuration: Sendable, Equatable {
    /// The least area in pixels (`min_pixels`). The default is 56 · 56.
    package var minimumPixels = 56 * 56
    /// The largest area in pixels (`max_pixels`). The default is 28 · 28 · 1280.
    package var maximumPixels = 28 * 28 * 1280
    /// The side of a patch in pixels (`patch_size`). The default is 14.
    package var patchSize = 14
    /// Patches along each side that become one feature (`merge_size`). The default is 2.
    package var mergeSize = 2
    /// How often an image is repeated to make a film of it (`temporal_patch_size`). The default is 2.
    package var frames = 2
    /// The filter of the resize (`resample`). The default is ``ResamplingFilter/bicubic``.
    package var filter = ResamplingFilter.bicubic
    /// How samples become numbers. The default has the means and deviations of CLIP's training images.
    package var scaling = CLIPImageProcessor.Configuration().scaling

    /// The defaults of transformers.
    package init() {}

    /// The side of what becomes one feature, in pixels.
    var unit: Int { patchSize * mergeSize }
  }

  /// What the processor does.
  package let configuration: Configuration

  /// A processor of this configuration.
  ///
  /// - Precondition: sizes are positive, and the bounds of the area are in order and at most 4,096 squared.
  package init(_ configuration: Configuration = Configuration()) {
    if let problem = configuration.problem { preconditionFailure("\(problem)") }
    self.configuration = configuration
  }

  /// Rows and columns of features, the image not being cut.
  package func grid(width: Int, height: Int) -> TileGrid {
    let size = resizedSize(width, height)
    return TileGrid(featureRows: size.height / configuration.unit, columns: size.width / configuration.unit)
  }

  /// An image that is more than 200 times as long as wide, or as wide as long, has no size that fits.
  package func refusal(width: Int, height: Int) -> String? {
    guard max(width, height) > 200 * min(width, height) else { return nil }
    return "an image of \(width)x\(height) pixels is longer than 200 times its width; crop it"
  }

  /// The image as [1, 3, height, width].
  public func process(_ image: RGBImage) -> ProcessedImage {
    let size = resizedSize(image.width, image.height)
    let resized = image.resized(width: size.width, height: size.height, by: configuration.filter)
    let pixels = tiles(
      of: [Crop(image: resized)], width: size.width, height: size.height, scaling: configuration.scaling)
    return ProcessedImage(
      pixels: pixels, grid: grid(width: image.width, height: image.height), width: image.width, height: image.height)
  }

  /// `pixel_values` [patches, 3 · frames · patch · patch] of all images, and `image_grid_thw` [images, 3].
  package func tensors(of images: [ProcessedImage]) -> [String: Tensor] {
    let c = configuration
    let grids = images.flatMap { image in
      [1, image.pixels.shape[2] / c.patchSize, image.pixels.shape[3] / c.patchSize].map(Float.init)
    }
    return [
      "pixel_values": .concatenated(
        images.map {
          $0.pixels.patches(of: c.patchSize, merging: c.mergeSize, frames: c.frames)
        }), "image_grid_thw": Tensor(grids, shape: [images.count, 3]),
    ]
  }

  private func resizedSize(_ width: Int, _ height: Int) -> (width: Int, height: Int) {
    let (c, unit) = (configuration, Double(configuration.unit))
    func multiple(_ side: Double, _ rule: FloatingPointRoundingRule) -> Int {
      Int((side / unit).rounded(rule)) * configuration.unit
    }
    let (w, h) = (Double(width), Double(height))
    let (roundedWidth, roundedHeight) = (multiple(w, .toNearestOrEven), multiple(h, .toNearestOrEven))
    if roundedWidth * roundedHeight > c.maximumPixels {
      let shrink = (w * h / Double(c.maximumPixels)).squareRoot()
      return (max(c.unit, multiple(w / shrink, .down)), max(c.unit, multiple(h / shrink, .down)))
    }
    if roundedWidth * roundedHeight < c.minimumPixels {
      let grow = (Double(c.minimumPixels) / (w * h)).squareRoot()
      return (multiple(w * grow, .up), multiple(h * grow, .up))
    }
    return (roundedWidth, roundedHeight)
  }
}

extension Tensor {
  /// An image [1, channels, height, width] as rows of patches, [patches, channels · frames · patch · patch]: blocks of
  /// merging x merging patches row by row, each patch repeated in every frame, as Qwen2-VL's tower reads them.
  ///
  /// - Precondition: height and width are multiples of `patch` · `merging`.
  package func patches(of patch: Int, merging merge: Int, frames: Int) -> Tensor {
    precondition(
      rank == 4 && shape[0] == 1 && shape[2] % (patch * merge) == 0 && shape[3] % (patch * merge) == 0,
      "\(shape) cut into \(merge) x \(merge) patches of \(patch)")
    let (channels, height, width) = (shape[1], shape[2], shape[3])
    let (rows, columns) = (height / patch, width / patch)
    let area = patch * patch
    return withScalars { pixels in
      Tensor(shape: [rows * columns, channels * frames * area]) { out in
        var at = 0
        for (blockRow, blockColumn) in pairs(rows / merge, columns / merge) {
          for (row, column) in pairs(merge, merge) {
            let corner = (blockRow * merge + row) * patch * width + (blockColumn * merge + column) * patch
            for (channel, _) in pairs(channels, frames) {
              for line in 0..<patch {
                let from = channel * height * width + corner + line * width
                for x in 0..<patch { out[at + line * patch + x] = pixels[from + x] }
              }
              at += area
            }
          }
        }
      }
    }
  }
}

/// All pairs of indices, the second one running faster.
private func pairs(_ first: Int, _ second: Int) -> [(Int, Int)] {
  (0..<first).flatMap { i in (0..<second).map { (i, $0) } }
}

extension Qwen2VLImageProcessor.Configuration {
  /// The first value that can't be used.
  var problem: ConfigurationProblem? {
    for (key, value) in [("patch_size", patchSize), ("merge_size", mergeSize), ("temporal_patch_size", frames)]
    where !(1...256).contains(value) {
      return ConfigurationProblem(key: key, expected: "1 to 256", found: "\(value)")
    }
    guard (1...(4096 * 4096)).contains(maximumPixels) else {
      return ConfigurationProblem(key: "max_pixels", expected: "1 to 16,777,216 pixels", found: "\(maximumPixels)")
    }
    guard (1...maximumPixels).contains(minimumPixels) else {
      return ConfigurationProblem(key: "min_pixels", expected: "1 to max_pixels", found: "\(minimumPixels)")
    }
    return scaling.problem
  }
}

extension Qwen2VLImageProcessor {
  /// Reads a `preprocessor_config.json`. The bounds of the area are `min_pixels` and `max_pixels`, or `shortest_edge` and
  /// `longest_edge` of `size`, which mean areas here too.
  ///
  /// - Throws: ``ImageDecodingError/badConfiguration(file:key:expected:found:)`` for a value that can't be used, or for
  ///   the file of another kind of processor; ``ImageDecodingError/unreadable(file:reason:)``.
  public init(contentsOf path: String) throws(ImageDecodingError) {
    try self.init(ConfigurationFile(contentsOf: path))
  }

  package init(_ file: ConfigurationFile) throws(ImageDecodingError) {
    _ = try file.processorClass(among: ["Qwen2VLImageProcessor"])
    guard try file.bool("do_resize", default: true) else {
      throw .badConfiguration(file: file.name, key: "do_resize", expected: "true", found: "false")
    }
    var c = Configuration()
    let sides = try file.sides("size", isNeeded: false) ?? [:]
    c.minimumPixels = try file.integer("min_pixels") ?? sides["shortest_edge"] ?? c.minimumPixels
    c.maximumPixels = try file.integer("max_pixels") ?? sides["longest_edge"] ?? c.maximumPixels
    c.patchSize = try file.integer("patch_size") ?? c.patchSize
    c.mergeSize = try file.integer("merge_size") ?? c.mergeSize
    c.frames = try file.integer("temporal_patch_size") ?? c.frames
    c.filter = try file.filter("resample", default: c.filter)
    c.scaling = try file.scaling(default: c.scaling)
    if let problem = c.problem { throw problem.error(in: file.name) }
    self.init(c)
  }
}
