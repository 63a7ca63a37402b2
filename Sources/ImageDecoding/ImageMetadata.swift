/// What an image file says beside its pixels, as far as it tells how the image is to be shown.
struct ImageMetadata {
  /// A TIFF block, perhaps behind the label "Exif" once or twice.
  var exif: [UInt8]?
  /// Such a block that a text chunk of a PNG holds in hexadecimal; it counts where there is no other.
  var profile: [UInt8]?
  /// An XMP document.
  var xmp: [UInt8]?
  /// One in a text chunk that is not UTF-8, which counts where there is no other.
  var undecodedXMP: [UInt8]?
  /// How many bytes of compressed texts have been inflated.
  var inflated = 0

  /// The orientation as Pillow 13's `getexif` finds it: in EXIF, or in XMP where EXIF has none. nil where neither has, and
  /// any number where one does.
  var orientation: Int? {
    if let stated = (exif ?? profile)?.withUnsafeBytes(tiffOrientation) { return stated }
    return [xmp, undecodedXMP].compactMap { $0 }.first { !$0.isEmpty }?.withUnsafeBytes(xmpOrientation)
  }
}

/// The value of tag 0x0112 in the first directory of a TIFF block, which some writers put behind EXIF's label once more.
/// nil where there is none, and 1 where the block is no TIFF, or the tag no number: XMP then says no more, as in Pillow 13.
private func tiffOrientation(_ block: UnsafeRawBufferPointer) -> Int? {
  var start = 0
  while start < 12, block.has("Exif\0\0", at: start) { start += 6 }
  let bytes = UnsafeRawBufferPointer(rebasing: block[start...])
  guard !bytes.isEmpty else { return nil }
  let isLittleEndian = bytes.has("II", at: 0)
  func number(_ offset: Int, _ count: Int) -> Int? {
    isLittleEndian ? bytes.littleEndian(at: offset, bytes: count) : bytes.bigEndian(at: offset, bytes: count)
  }
  // Both orders of the number 42 are met under either mark.
  guard isLittleEndian || bytes.has("MM", at: 0), let mark = bytes.bigEndian(at: 2, bytes: 2),
    mark == 0x002a || mark == 0x2a00, let directory = number(4, 4)
  else { return 1 }
  guard let entries = number(directory, 2) else { return nil }
  var far = 0
  for entry in 0..<entries {
    let at = directory + 2 + 12 * entry
    guard let tag = number(at, 2), let type = number(at + 2, 2), let count = number(at + 4, 4),
      let offset = number(at + 8, 4)
    else { return nil }
    guard let size = valueSizes[type].map({ $0 * count }), size > 0 else { continue }
    var value = at + 8
    if size > 4 {
      // Values that are larger than the block are passed over; one that ends behind it ends the directory.
      far += size
      if far > bytes.count { continue }
      guard offset + size <= bytes.count else { return nil }
      value = offset
    }
    // Of a list the first counts.
    if tag == 0x0112 { return wholeNumber(ofType: type) { number(value + $0, $1) } ?? 1 }
  }
  return nil
}

/// Bytes of a value, by the types of TIFF.
private let valueSizes = [
  1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8,
]

/// A value of a TIFF type as a whole number; nil where it has a fraction, or is text or bytes. An orientation is SHORT by
/// the standard; others are met, and a fraction such as 6/1 is that number to Pillow.
private func wholeNumber(ofType type: Int, _ number: (_ offset: Int, _ count: Int) -> Int?) -> Int? {
  switch type {
  case 3, 4, 6, 8, 9, 13, 16: return valueSizes[type].flatMap { number(0, $0) }
  case 5, 10:
    guard let numerator = number(0, 4), let denominator = number(4, 4), denominator != 0 else { return nil }
    return numerator % denominator == 0 ? numerator / denominator : nil
  case 11: return number(0, 4).flatMap { Int(exactly: Float(bitPattern: UInt32($0))) }
  case 12: return number(0, 8).flatMap { Int(exactly: Double(bitPattern: UInt64(bitPattern: Int64($0)))) }
  default: return nil
  }
}

/// The first digit behind `tiff:Orientation` in XMP, as an attribute or an element; nil where there is none.
private func xmpOrientation(_ text: UnsafeRawBufferPointer) -> Int? {
  let name = "tiff:Orientation"
  var rest = text[...]
  while let at = rest.firstIndex(of: UInt8(ascii: "t")) {
    rest = rest[(at + 1)...]
    guard text.has(name, at: at) else { continue }
    var value = at + name.utf8.count
    if text.has("=\"", at: value) { value += 2 } else if text.has(">", at: value) { value += 1 } else { continue }
    guard value < text.count, (0x30...0x39).contains(text[value]) else { continue }
    return Int(text[value]) - 0x30
  }
  return nil
}
