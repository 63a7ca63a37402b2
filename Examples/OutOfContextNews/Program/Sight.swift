import Distillation
import ImageDecoding

extension ModelTeacherConfiguration.ImageView {
  /// What a teacher with this sight sees of a photo, as the run will show it.
  func seen(_ image: RGBImage) -> RGBImage {
    switch self {
    case .none: return image
    case .grey:
      var pixels = image.pixels
      for at in stride(from: 0, to: pixels.count, by: 3) {
        // The luma of ITU-R BT.601, in thousandths.
        let luma = 299 * Int(pixels[at]) + 587 * Int(pixels[at + 1]) + 114 * Int(pixels[at + 2])
        let level = UInt8((luma + 500) / 1000)
        (pixels[at], pixels[at + 1], pixels[at + 2]) = (level, level, level)
      }
      return RGBImage(width: image.width, height: image.height, pixels: pixels)
    case .blurred:
      return image.resized(width: max(1, image.width / 4), height: max(1, image.height / 4), by: .box)
        .resized(width: image.width, height: image.height, by: .bilinear)
    }
  }
}
