extension RGBImage {
  /// The image on a black canvas, its top left corner at (x, y).
  ///
  /// - Precondition: it fits.
  func onBlack(x: Int, y: Int, width newWidth: Int, height newHeight: Int) -> RGBImage {
    if newWidth == width && newHeight == height { return self }
    var canvas = [UInt8](repeating: 0, count: newWidth * newHeight * 3)
    for row in 0..<height {
      let start = ((y + row) * newWidth + x) * 3
      canvas.replaceSubrange(start..<(start + width * 3), with: pixels[(row * width * 3)..<((row + 1) * width * 3)])
    }
    return RGBImage(width: newWidth, height: newHeight, pixels: canvas)
  }
}
