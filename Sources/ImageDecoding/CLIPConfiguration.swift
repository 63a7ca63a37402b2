extension CLIPImageProcessor {
  /// Reads a `preprocessor_config.json`.
  ///
  /// Keys that are missing have the defaults of `Configuration`, or of `Configuration/siglip` or `Configuration/gemma3`
  /// where the file says that the processor of these wrote it. A switch that is `null` is off, and keys that the processor has no use for are
  /// passed over.
  ///
  /// - Throws: ``ImageDecodingError/badConfiguration(file:key:expected:found:)`` for a value that can't be used, or for
  ///   the file of another kind of processor; ``ImageDecodingError/unreadable(file:reason:)``.
  public init(contentsOf path: String) throws(ImageDecodingError) {
    try self.init(ConfigurationFile(contentsOf: path))
  }

  package init(_ file: ConfigurationFile) throws(ImageDecodingError) {
    let kind = try file.processorClass(
      among: ["CLIPImageProcessor", "CLIPFeatureExtractor", "SiglipImageProcessor", "Gemma3ImageProcessor"])
    var configuration =
      switch kind {
      case "SiglipImageProcessor": Configuration.siglip
      case "Gemma3ImageProcessor": Configuration.gemma3
      default: Configuration()
      }
    guard try !file.bool("do_pan_and_scan", default: false) else {
      throw ImageDecodingError.badConfiguration(
        file: file.name, key: "do_pan_and_scan", expected: "false: an image is not cut into parts here",
        found: "true")
    }
    let resizes = try file.bool("do_resize", default: true)
    if let sides = try file.sides("size", isNeeded: resizes, plain: ["shortest_edge"]) {
      if let edge = sides["shortest_edge"] {
        configuration.size = .shortestEdge(edge)
      } else if let width = sides["width"], let height = sides["height"] {
        configuration.size = .exactly(width: width, height: height)
      } else {
        throw file.lacking("size", "shortest_edge, or height and width", sides)
      }
    }
    if !resizes { configuration.size = nil }
    let crops = try file.bool("do_center_crop", default: configuration.cropWidth != nil)
    if let sides = try file.sides("crop_size", isNeeded: crops) {
      guard let width = sides["width"], let height = sides["height"] else {
        throw file.lacking("crop_size", "height and width", sides)
      }
      (configuration.cropWidth, configuration.cropHeight) = (width, height)
    }
    if !crops { (configuration.cropWidth, configuration.cropHeight) = (nil, nil) }
    configuration.filter = try file.filter("resample", default: configuration.filter)
    configuration.scaling = try file.scaling(default: configuration.scaling)
    if let problem = configuration.problem { throw problem.error(in: file.name) }
    self.init(configuration)
  }
}

extension CLIPImageProcessor.Configuration {
  /// The first value that can't be used.
  var problem: ConfigurationProblem? {
    var sides: ConfigurationProblem?
    var isExact = false
    switch size {
    case nil: break
    case .shortestEdge(let edge): sides = .side("size.shortest_edge", edge)
    case .exactly(let width, let height):
      isExact = true
      sides = .side("size.width", width) ?? .side("size.height", height)
    }
    if let sides { return sides }
    guard let cropWidth, let cropHeight else {
      if isExact && cropWidth == nil && cropHeight == nil { return scaling.problem }
      return ConfigurationProblem(
        key: "crop_size", expected: "height and width, or a size of both", found: "images of many sizes")
    }
    return .side("crop_size.width", cropWidth) ?? .side("crop_size.height", cropHeight) ?? scaling.problem
  }
}
