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
  public func oriented(_ orientation: Int) -> RGBImage {
    guard (2...8).contains(orientation) else { return self }
    let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { buffer, count in
      image_orient(pixels, width, height, Int32(orientation), buffer.baseAddress)
      count = pixels.count
    }
    let swaps = orientation >= 5
    return RGBImage(width: swaps ? height : width, height: swaps ? width : height, pixels: turned)
  }
}

/// The orientation in the EXIF data of a file, if it has one.
func exifOrientation(of bytes: [UInt8], _ format: ImageFormat) -> Int? {
  switch format {
  case .jpeg: jpegEXIF(bytes).flatMap(tiffOrientation)
  case .png: pngEXIF(bytes).flatMap(tiffOrientation)
  }
}

/// The TIFF block in the first EXIF segment that stands before the image data.
private func jpegEXIF(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
  let label: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0, 0]
  var at = 2
  while at + 4 <= bytes.count {
    guard bytes[at] == 0xff, bytes[at + 1] != 0xff else {
      at += 1
      continue
    }
    let marker = bytes[at + 1]
    if marker == 0xda || marker == 0xd9 { return nil }
    let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
    let end = at + 2 + length
    guard length >= 2, end <= bytes.count else { return nil }
    let content = bytes[(at + 4)..<end]
    if marker == 0xe1, content.starts(with: label) { return content.dropFirst(label.count) }
    at = end
  }
  return nil
}

/// The content of the chunk `eXIf`, wherever it stands.
private func pngEXIF(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
  var at = 8
  while at + 12 <= bytes.count {
    let length = bytes[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) }
    guard length <= bytes.count - at - 12 else { return nil }
    if bytes[(at + 4)..<(at + 8)].elementsEqual("eXIf".utf8) { return bytes[(at + 8)..<(at + 8 + length)] }
    at += 12 + length
  }
  return nil
}

/// The value of tag 0x0112 in the first directory of a TIFF block.
private func tiffOrientation(_ block: ArraySlice<UInt8>) -> Int? {
  let bytes = Array(block)
  let isLittleEndian: Bool
  if bytes.starts(with: [0x49, 0x49, 42, 0]) {
    isLittleEndian = true
  } else if bytes.starts(with: [0x4d, 0x4d, 0, 42]) {
    isLittleEndian = false
  } else {
    return nil
  }
  func number(at offset: Int, bytes count: Int) -> Int? {
    guard offset <= bytes.count - count else { return nil }
    let digits = bytes[offset..<(offset + count)]
    return isLittleEndian
      ? digits.reversed().reduce(0) { $0 << 8 | Int($1) } : digits.reduce(0) { $0 << 8 | Int($1) }
  }
  guard let directory = number(at: 4, bytes: 4), let entries = number(at: directory, bytes: 2) else { return nil }
  for entry in 0..<entries {
    let at = directory + 2 + 12 * entry
    guard let tag = number(at: at, bytes: 2), let type = number(at: at + 2, bytes: 2) else { return nil }
    guard tag == 0x0112 else { continue }
    let widths = [3: 2, 4: 4]  // SHORT and LONG
    return widths[type].flatMap { number(at: at + 8, bytes: $0) }
  }
  return nil
}
