public import Tensor

/// An image of a prompt as a model takes it: its pixels, or what the vision tower made of them and was kept.
///
/// ```swift
/// let kept = PromptImage.features(tower(pixels))      // one tile
/// let split = PromptImage(.pixels(tiles), rows: 2, columns: 3, width: 900, height: 600)
/// ```
public struct PromptImage: Sendable {
  /// Pixels or features.
  public enum Content: Sendable {
    /// [tiles, channels, height, width], scaled as the model's image processor does.
    case pixels(Tensor)
    /// [tokens, width]: features in the language model's space, one row for each image token. In models with DeepStack
    /// [tokens, levels · width]: what further layers of the decoder are given stands beside what the first one is.
    case features(Tensor)
  }

  /// Pixels or features.
  public var content: Content
  /// Rows of the grid in which the image lies: of the parts into which it was cut, or of its features where the model
  /// takes images of any size. 0 where it was not cut.
  public var rows: Int
  /// Columns of that grid; 0 where the image was not cut.
  public var columns: Int
  /// The picture's width in pixels before any processing; 0 where the model does not ask.
  package var width: Int
  /// The picture's height in pixels before any processing; 0 where the model does not ask.
  package var height: Int
  /// Where it stands in the question that it belongs to: how many bytes of the question's UTF-8 stand before it. The default
  /// is 0, before the text.
  public var place = 0

  /// An image in a grid of rows x columns, or one that was not cut.
  public init(_ content: Content, rows: Int = 0, columns: Int = 0, width: Int = 0, height: Int = 0) {
    (self.content, self.rows, self.columns) = (content, rows, columns)
    (self.width, self.height) = (width, height)
  }

  /// The same image at another place.
  package func at(_ place: Int) -> PromptImage {
    var copy = self
    copy.place = place
    return copy
  }

  /// An image that was not cut, as pixels [tiles, channels, height, width].
  public static func pixels(_ pixels: Tensor) -> PromptImage { PromptImage(.pixels(pixels)) }

  /// An image that was not cut, as features [tokens, width].
  public static func features(_ features: Tensor) -> PromptImage { PromptImage(.features(features)) }
}

extension PromptImage {
  /// The image for a message, without its place.
  package var bytes: [UInt8] {
    let (tensor, kind) =
      switch content {
      case .pixels(let tensor): (tensor, 0)
      case .features(let tensor): (tensor, 1)
      }
    return [
      [UInt8](bitsOf: [kind, rows, columns, width, height] + tensor.shape),
      tensor.withScalars { [UInt8](UnsafeRawBufferPointer($0)) },
    ].packed
  }

  /// What ``bytes`` are of.
  package init(bytes: [UInt8]) {
    let parts = [[UInt8]](packed: bytes)
    let numbers = parts[0].elements(of: Int.self)
    let tensor = Tensor(parts[1].elements(of: Float.self), shape: Array(numbers[5...]))
    self.init(
      numbers[0] == 0 ? .pixels(tensor) : .features(tensor), rows: numbers[1], columns: numbers[2], width: numbers[3],
      height: numbers[4])
  }
}
