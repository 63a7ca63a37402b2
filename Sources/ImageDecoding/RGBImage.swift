/// A picture: 8-bit red, green and blue samples, rows from top to bottom.
///
/// ```swift
/// var image = RGBImage(width: 2, height: 1, fill: .init(255, 0, 0))
/// image[x: 1, y: 0] = RGBImage.Pixel(0, 0, 255)
/// image.pixels  // [255, 0, 0, 0, 0, 255]
/// ```
///
/// It carries no colour profile, no alpha and no orientation: what a decoder does with those is decided when the file
/// is read (see ``ImageDecoder``).
public struct RGBImage: Sendable, Equatable {
  /// The number of columns, at least 1.
  public let width: Int

  /// The number of rows, at least 1.
  public let height: Int

  /// The samples as `[height, width, 3]`, each 0...255, in the order red, green, blue.
  ///
  /// - Precondition: the count of a new value is `width * height * 3`.
  public var pixels: [UInt8] {
    didSet { precondition(pixels.count == width * height * 3, "\(pixels.count) samples for \(width)x\(height)x3") }
  }

  /// One pixel: red, green and blue, each 0...255.
  public struct Pixel: Sendable, Equatable {
    /// The red sample.
    public var red: UInt8
    /// The green sample.
    public var green: UInt8
    /// The blue sample.
    public var blue: UInt8

    /// A pixel of these three samples.
    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
      (self.red, self.green, self.blue) = (red, green, blue)
    }
  }

  /// An image of given samples.
  ///
  /// - Precondition: `width` and `height` are positive and `pixels` holds `width * height * 3` samples.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "an image of \(width)x\(height) pixels")
    precondition(pixels.count == width * height * 3, "\(pixels.count) samples for \(width)x\(height)x3")
    (self.width, self.height, self.pixels) = (width, height, pixels)
  }

  /// An image of one colour.
  ///
  /// - Precondition: `width` and `height` are positive.
  public init(width: Int, height: Int, fill: Pixel) {
    precondition(width > 0 && height > 0, "an image of \(width)x\(height) pixels")
    let samples = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      for at in stride(from: 0, to: width * height * 3, by: 3) {
        buffer[at] = fill.red
        buffer[at + 1] = fill.green
        buffer[at + 2] = fill.blue
      }
      count = width * height * 3
    }
    self.init(width: width, height: height, pixels: samples)
  }

  /// The pixel in column `x` and row `y`, both counted from the top left corner.
  ///
  /// - Precondition: `x` is in `0..<width` and `y` in `0..<height`.
  public subscript(x x: Int, y y: Int) -> Pixel {
    get {
      let at = offset(x, y)
      return Pixel(pixels[at], pixels[at + 1], pixels[at + 2])
    }
    set {
      let at = offset(x, y)
      pixels[at] = newValue.red
      pixels[at + 1] = newValue.green
      pixels[at + 2] = newValue.blue
    }
  }

  private func offset(_ x: Int, _ y: Int) -> Int {
    precondition(
      x >= 0 && x < width && y >= 0 && y < height, "pixel (\(x), \(y)) of an image of \(width)x\(height) pixels")
    return (y * width + x) * 3
  }
}
