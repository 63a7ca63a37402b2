package import Tensor

/// The images of several rows, padded to one shape as transformers' processors pad them.
///
/// ```swift
/// let batch = ImageBatch([[first, second], [third]])
/// batch.pixels.shape  // [2, tiles of the row that has most, 3, height, width]
/// batch.mask.shape    // [2, tiles of the row that has most, height, width]
/// ```
package struct ImageBatch: Sendable {
  /// The tiles of every row as `[rows, tiles, channels, height, width]`. A tile lies in the top left corner, and zeros
  /// fill what is left: to its right, below it, and in the tiles that a row does not have.
  package let pixels: Tensor

  /// 1 where a sample comes from an image and 0 where it was filled up, as `[rows, tiles, height, width]`.
  package let mask: Tensor

  /// Puts the tiles of each row one after the other, in the order of its images.
  ///
  /// - Precondition: there is at least one image; a row may have none.
  package init(_ rows: [[ProcessedImage]]) {
    let shapes = rows.joined().map(\.pixels.shape)
    precondition(!shapes.isEmpty, "a batch without an image")
    let tiles = rows.map { row in row.reduce(0) { $0 + $1.pixels.shape[0] } }.max() ?? 0
    let height = shapes.map { $0[2] }.max() ?? 0
    let width = shapes.map { $0[3] }.max() ?? 0
    var samples = [Float](repeating: 0, count: rows.count * tiles * 3 * height * width)
    var valid = [Float](repeating: 0, count: rows.count * tiles * height * width)
    for (row, images) in rows.enumerated() {
      var tile = row * tiles
      for image in images {
        let (count, ownHeight, ownWidth) = (image.pixels.shape[0], image.pixels.shape[2], image.pixels.shape[3])
        image.pixels.withScalars { source in
          for line in 0..<(count * 3 * ownHeight) {
            let (plane, y) = line.quotientAndRemainder(dividingBy: ownHeight)
            let start = ((tile * 3 + plane) * height + y) * width
            for x in 0..<ownWidth { samples[start + x] = source[line * ownWidth + x] }
          }
        }
        for line in 0..<(count * ownHeight) {
          let (part, y) = line.quotientAndRemainder(dividingBy: ownHeight)
          let start = ((tile + part) * height + y) * width
          for x in 0..<ownWidth { valid[start + x] = 1 }
        }
        tile += count
      }
    }
    pixels = Tensor(samples, shape: [rows.count, tiles, 3, height, width])
    mask = Tensor(valid, shape: [rows.count, tiles, height, width])
  }
}
