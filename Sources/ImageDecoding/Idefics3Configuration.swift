internal import Foundation

extension Idefics3ImageProcessor {
  /// Reads a `preprocessor_config.json`.
  ///
  /// Keys that are missing have the defaults of `Configuration`, a switch that is `null` is off, and keys that the
  /// processor has no use for are passed over, all as in transformers.
  ///
  /// - Throws: ``ImageDecodingError/badConfiguration(file:key:expected:found:)`` for a value that can't be used, or for
  ///   the file of another kind of processor; ``ImageDecodingError/unreadable(file:reason:)``.
  public init(contentsOf path: String) throws(ImageDecodingError) {
    try self.init(ConfigurationFile(contentsOf: path))
  }

  package init(_ file: ConfigurationFile) throws(ImageDecodingError) {
    var configuration = Configuration()
    _ = try file.processorClass(among: ["Idefics3ImageProcessor", "SmolVLMImageProcessor"])
    let resizes = try file.bool("do_resize", default: true)
    if let sides = try file.sides("size", isNeeded: resizes) {
      // The longest edge goes before height and width, as in transformers.
      if let edge = sides["longest_edge"] {
        configuration.size = .longestEdge(edge)
      } else if let width = sides["width"], let height = sides["height"] {
        configuration.size = .exactly(width: width, height: height)
      } else {
        throw file.lacking("size", "longest_edge, or height and width", sides)
      }
    }
    if !resizes { configuration.size = nil }
    if let sides = try file.sides("max_image_size") {
      guard let side = sides["longest_edge"] else {
        throw file.lacking("max_image_size", "longest_edge", sides)
      }
      configuration.tileSide = side
    }
    configuration.splits = try file.bool("do_image_splitting", default: true)
    configuration.pads = try file.bool("do_pad", default: true)
    configuration.filter = try file.filter("resample", default: .lanczos)
    configuration.scaling = try file.scaling()
    if let problem = configuration.problem { throw problem.error(in: file.name) }
    self.init(configuration)
  }
}

extension Idefics3ImageProcessor.Configuration {
  /// The configuration as a `preprocessor_config.json` that transformers reads, keys sorted.
  package func json() -> [UInt8] {
    let sides =
      switch size {
      case .exactly(let width, let height): ["height": height, "width": width]
      case .longestEdge(let edge): ["longest_edge": edge]
      case nil: ["longest_edge": tileSide]
      }
    let file = File(
      image_processor_type: "Idefics3ImageProcessor", do_convert_rgb: true, do_resize: size != nil, size: sides,
      do_image_splitting: splits, max_image_size: ["longest_edge": tileSide], do_rescale: scaling.factor != nil,
      rescale_factor: scaling.factor ?? 1 / 255, do_normalize: scaling.normalizes, image_mean: scaling.mean,
      image_std: scaling.deviation, do_pad: pads, resample: filter.rawValue)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    guard let data = try? encoder.encode(file) else { preconditionFailure("a configuration with a number not finite") }
    return Array(data)
  }

  /// The keys as they stand in the file.
  private struct File: Encodable {
    let image_processor_type: String
    let do_convert_rgb, do_resize: Bool
    let size: [String: Int]
    let do_image_splitting: Bool
    let max_image_size: [String: Int]
    let do_rescale: Bool
    let rescale_factor: Double
    let do_normalize: Bool
    let image_mean, image_std: [Double]
    let do_pad: Bool
    let resample: Int
  }

  /// The first value that can't be used.
  var problem: ConfigurationProblem? {
    let ofSize: ConfigurationProblem? =
      switch size {
      case nil: nil
      // What goes beyond 4,096 is cut there; this bound keeps the arithmetic on the way from overflowing.
      case .longestEdge(let edge): .side("size.longest_edge", edge, upTo: 1_000_000)
      case .exactly(let width, let height): .side("size.width", width) ?? .side("size.height", height)
      }
    return ofSize ?? .side("max_image_size.longest_edge", tileSide) ?? scaling.problem
  }
}
