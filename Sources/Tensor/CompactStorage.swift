internal import CKernels

/// Elements in a compact form, which are converted to Float32 when they are read: weights in 16 bits or fewer on a file's pages,
/// frozen weights in 16 or 8 bits, zeros in the place of weights that are still to be loaded, and the gradient of a table of
/// which few rows were looked up.
///
/// A reader of a part converts that part: matrix products by panels, embeddings by rows. ``converted()`` converts all
/// elements once and keeps them. Both ways give the same values, so results do not depend on the way.
final class CompactStorage: @unchecked Sendable {
  /// The compact form.
  enum Source {
    /// bfloat16, the upper half of a Float32.
    case bfloat16(UnsafePointer<UInt16>)
    /// IEEE binary16.
    case float16(UnsafePointer<UInt16>)
    /// 8 bits, 64 elements to a scale; rows are of whole blocks.
    case int8(UnsafePointer<sd_block>)
    /// As a GGUF file packs them; rows are of whole blocks.
    case packed(sd_gguf, UnsafeRawPointer)
    /// All elements are 0.
    case zeros
    /// All elements are 0 but for some rows of so many elements, in ascending order, whose elements stand one after the other.
    case rows([Int32], of: Int, UnsafePointer<Float>)
  }

  let count: Int
  /// Whether this form was chosen by the caller and is not just that of the file. Products then read it even after all
  /// elements have been converted, and bfloat16 products round the other operand too, on CPUs that multiply such pairs.
  let isChosen: Bool
  private let source: Source
  /// Keeps the source's memory alive.
  private let owner: AnyObject?
  private let whole: LazyElements

  init(_ source: Source, count: Int, owner: AnyObject?, isChosen: Bool = false) {
    (self.source, self.isChosen, self.count, self.owner) = (source, isChosen, count, owner)
    whole = LazyElements(count: count)
  }

  /// The rows that are not zero, their length and their elements; nil for other forms.
  var rows: (numbers: [Int32], width: Int, elements: UnsafePointer<Float>)? {
    guard case .rows(let numbers, let width, let elements) = source else { return nil }
    return (numbers, width, elements)
  }

  /// The stored elements and their format; nil for zeros and for rows among zeros.
  var stored: (UnsafeRawPointer, sd_element)? {
    switch source {
    case .bfloat16(let words): (UnsafeRawPointer(words), SD_BFLOAT16)
    case .float16(let words): (UnsafeRawPointer(words), SD_FLOAT16)
    case .int8(let blocks): (UnsafeRawPointer(blocks), SD_INT8)
    case .packed(_, let blocks): (blocks, SD_PACKED)
    case .zeros, .rows: nil
    }
  }

  /// How a GGUF file packs the elements; nil for other forms.
  var packing: sd_gguf? {
    guard case .packed(let type, _) = source else { return nil }
    return type
  }

  /// Whether products can read rows of this length in place. In blocks a row must consist of whole ones, which is not so for
  /// every reshaped matrix.
  func areReadable(inRowsOf length: Int) -> Bool {
    if let packing { return length % sd_gguf_elements(packing) == 0 }
    return stored.map { $0.1 != SD_INT8 || length % Int(SD_BLOCK) == 0 } ?? false
  }

  /// Returns the memory of the file's pages to the system.
  func releasePages() {
    // Another form of the same elements owns their memory.
    if let form = owner as? CompactStorage { return form.releasePages() }
    guard let mapping = owner as? FileMapping, let (words, _) = stored else { return }
    let bytes = packing.map { count / sd_gguf_elements($0) * sd_gguf_bytes($0) }
    mapping.release(words, count: bytes ?? count * MemoryLayout<UInt16>.stride)
  }

  /// These elements for products of bfloat16 numbers; nil where they are not in bfloat16.
  func multiplyingInBFloat16() -> CompactStorage? {
    guard case .bfloat16 = source else { return nil }
    // Itself the owner: it keeps the words alive.
    return CompactStorage(source, count: count, owner: self, isChosen: true)
  }

  /// Converts elements `start..<start + count` to `out`.
  func convert(from start: Int, count: Int, to out: UnsafeMutablePointer<Float>) {
    switch source {
    case .bfloat16(let words): sd_bfloat16_to_float(words + start, out, count)
    case .float16(let words): sd_float16_to_float(words + start, out, count)
    case .int8(let blocks): sd_blocks_to_float(blocks, start, count, out)
    case .packed(let type, let blocks): sd_gguf_part_to_float(type, blocks, start, count, out)
    case .zeros: sd_fill(out, 0, count)
    case .rows(let numbers, let width, let elements):
      sd_fill(out, 0, count)
      let next = numbers.partitioningIndex { (Int($0) + 1) * width > start }
      for i in next..<numbers.count {
        let row = Int(numbers[i]) * width
        guard row < start + count else { break }
        let (first, last) = (max(row, start), min(row + width, start + count))
        (out + (first - start)).update(from: elements + i * width + (first - row), count: last - first)
      }
    }
  }

  /// The elements as Float32 for as long as the closure runs; not kept.
  func withConverted<Result>(_ body: (UnsafePointer<Float>) throws -> Result) rethrows -> Result {
    let whole = Storage(count: count)
    convertAll(to: whole.pointer)
    return try withExtendedLifetime(whole) { try body(whole.pointer) }
  }

  /// Converts all elements to `out`, on all threads.
  func convertAll(to out: UnsafeMutablePointer<Float>) {
    inBlocks(of: count) { start, count in convert(from: start, count: count, to: out + start) }
  }

  /// Whether all elements are kept as Float32 already.
  var isConverted: Bool { whole.areThere }

  /// All elements as Float32, made once.
  func converted() -> UnsafeMutablePointer<Float> { whole.pointer(filledBy: convertAll) }
}

extension [Int32] {
  /// The place of the first element for which `isLate` holds, where it holds for all after it.
  fileprivate func partitioningIndex(_ isLate: (Int32) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isLate(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
