package import ImageDecoding

/// Many small photos side by side in one picture, each pixel enlarged to a square, to look at a world at a glance.
package enum ContactSheet {
  /// The photos row by row on white, with a white line between neighbours.
  ///
  /// ```swift
  /// let photos = world.photos.prefix(24).map(world.image(of:))
  /// let sheet = ContactSheet.image(of: photos, columns: 6, zoom: 4)
  /// ```
  ///
  /// - Parameters:
  ///   - photos: One or more photos of the same size.
  ///   - columns: Photos in a row, at least 1.
  ///   - zoom: Width of an enlarged pixel, at least 1. The default is 1.
  ///   - gap: Width of the line between photos in pixels. The default is 4.
  /// - Precondition: All photos have the size of the first.
  package static func image(of photos: [RGBImage], columns: Int, zoom: Int = 1, gap: Int = 4) -> RGBImage {
    precondition(columns >= 1 && zoom >= 1 && gap >= 0, "\(columns) columns, zoom \(zoom), gap \(gap)")
    guard let first = photos.first else { preconditionFailure("a contact sheet needs at least one photo") }
    precondition(photos.allSatisfy { $0.width == first.width && $0.height == first.height }, "photos differ in size")
    let (cellWidth, cellHeight) = (first.width * zoom + gap, first.height * zoom + gap)
    let rows = (photos.count + columns - 1) / columns
    let (width, height) = (columns * cellWidth - gap, rows * cellHeight - gap)
    var pixels = [UInt8](repeating: 255, count: width * height * 3)
    for (index, photo) in photos.enumerated() {
      let (left, top) = (index % columns * cellWidth, index / columns * cellHeight)
      for y in 0..<(first.height * zoom) {
        for x in 0..<(first.width * zoom) {
          let (from, to) = ((y / zoom * first.width + x / zoom) * 3, ((top + y) * width + left + x) * 3)
          for channel in 0..<3 { pixels[to + channel] = photo.pixels[from + channel] }
        }
      }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }
}
