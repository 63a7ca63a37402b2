package import ConfigurationFiles
package import ImageDecoding

/// How an image file becomes the pixels that models in this process see: the student, and teachers of the kinds `model` and
/// `trained`. People and services are always shown images upright, over white, and with 16 bits scaled.
package struct PixelConfiguration: DefaultedSection {
  package var orientation = Orientation.applied
  /// What becomes of transparency. The default is `white`.
  package var transparency = Transparency.white
  package var sixteenBits = SixteenBits.clipped

  /// The treatment of the orientation in EXIF or XMP.
  package enum Orientation: String, ConfigurationChoice {
    /// The image is turned upright, as transformers' `load_image` and the Image type of datasets do.
    case applied
    /// The image lies as it is stored.
    case ignored
  }

  /// The treatment of transparency.
  package enum Transparency: String, ConfigurationChoice {
    /// It is laid over white, as the image processors of transformers do with an opened image.
    case white
    /// Alpha is dropped, and the colours show which the file hides.
    case dropped
  }

  /// The treatment of 16-bit grey.
  package enum SixteenBits: String, ConfigurationChoice {
    /// Values above 255 are white, as the image processors of transformers have it.
    case clipped
    /// All values are scaled to 8 bits.
    case scaled
  }

  /// Pixels as transformers 5.24 gives them to a model.
  package init() {}

  /// Pixels as they are stored: what versions before this key gave to models.
  package static let stored: PixelConfiguration = {
    var pixels = PixelConfiguration()
    (pixels.orientation, pixels.transparency) = (.ignored, .dropped)
    return pixels
  }()

  /// The keys under `data.pixels`.
  package static let keys: [ConfigurationKey<PixelConfiguration>] = [
    ConfigurationKey("orientation", \.orientation, "Orientation that a file states: turned upright, or as stored."),
    ConfigurationKey(
      "transparency", \.transparency, "Transparency: over white, or dropped, so that hidden colours show."),
    ConfigurationKey("sixteen_bits", \.sixteenBits, "Grey of 16 bits: white above 255 as in transformers, or scaled."),
  ]

  /// The decoder that gives these pixels.
  package var decoder: ImageDecoder {
    var options = ImageDecoder.Options()
    options.appliesOrientation = orientation == .applied
    options.composesAlphaOverWhite = transparency == .white
    options.scalesSixteenBits = sixteenBits == .scaled
    return ImageDecoder(options: options)
  }

  /// What tells things that are computed from these pixels from others; empty for those of earlier versions, so that what
  /// those kept is still found.
  package var mark: String { self == .stored ? "" : "pixels \(json)" }
}
