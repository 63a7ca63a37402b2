import CImageCodecs

extension RGBImage {
  /// The image turned as an EXIF orientation says that it is to be shown.
  ///
  /// ```swift
  /// image.oriented(6)  // taken with the camera on its side: turned a quarter to the right
  /// ```
  ///
  /// - Parameter orientation: The EXIF tag 0x0112. 1 shows the image as it is, 2 mirrors it left to right, 3 turns it
  ///   by half, 4 mirrors it top to bottom, 5 swaps rows and columns, 6 turns it a quarter to the right, 7 swaps rows
  ///   and columns about the other diagonal, 8 turns it a quarter to the left. Any other value means 1.
  /// - Returns: An image of the same pixels; 5 to 8 exchange width and height.
  package func oriented(_ orientation: Int) -> RGBImage {
    guard (2...8).contains(orientation) else { return self }
    let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { buffer, count in
      image_orient(pixels, width, height, Int32(orientation), buffer.baseAddress)
      count = pixels.count
    }
    let swaps = orientation >= 5
    return RGBImage(width: swaps ? height : width, height: swaps ? width : height, pixels: turned)
  }
}
