/// The sizes that all towers have, checked before anything is made of them: a damaged file must not ask for all memory.
struct VisionSizes {
  var width: Int
  var innerWidth: Int
  var layers: Int
  var heads: Int
  var patchSize: Int
  var channels: Int
  var epsilon: Float

  /// - Throws: `DecodingError` that names the size.
  func check(_ path: [any CodingKey]) throws {
    let ranges: [(String, Int, ClosedRange<Int>)] = [
      ("the width", width, 1...(1 << 20)), ("the inner width", innerWidth, 1...(1 << 20)),
      ("the number of layers", layers, 0...(1 << 12)), ("the number of heads", heads, 1...(1 << 12)),
      ("the patch size", patchSize, 1...(1 << 10)),
    ]
    for (name, size, range) in ranges where !range.contains(size) {
      throw Self.refusal("\(name) \(size) must lie in \(range)", path)
    }
    guard width % heads == 0, width / heads <= 256 else {
      throw Self.refusal(
        "the width \(width) must be a multiple of the \(heads) heads, and at most 256 times that", path)
    }
    guard channels == 3 else { throw Self.refusal("\(channels) channels are not computed here; 3 are", path) }
    guard epsilon >= 0, epsilon.isFinite else { throw Self.refusal("the epsilon \(epsilon) must be 0 or more", path) }
  }

  /// - Throws: `DecodingError` where patches do not fill an image.
  static func check(imageSize: Int, patchSize: Int, _ path: [any CodingKey]) throws {
    guard (1...(1 << 14)).contains(imageSize), imageSize % patchSize == 0 else {
      throw refusal("image_size \(imageSize) must be a multiple of patch_size \(patchSize), and at most 16384", path)
    }
  }

  static func refusal(_ text: String, _ path: [any CodingKey]) -> DecodingError {
    .dataCorrupted(.init(codingPath: path, debugDescription: text))
  }
}
