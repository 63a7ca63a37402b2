internal import CKernels
internal import Synchronization

/// Elements that take no Float32 memory until somebody asks for all of them: weights in 16 bits on a file's pages, and
/// zeros in the place of weights that are about to come.
///
/// Who reads a part of them converts that part: matrix products by panels, embeddings by rows. The values are exactly
/// those of the whole converted at once, so results do not depend on which way was taken.
final class LazyElements: @unchecked Sendable {
  /// What the elements are made from.
  enum Source {
    /// bfloat16, the upper half of a Float32.
    case bfloat16(UnsafePointer<UInt16>)
    /// IEEE binary16.
    case float16(UnsafePointer<UInt16>)
    /// Nothing.
    case zeros
  }

  let count: Int
  /// Whether products with these elements round the other operand to bfloat16 too, where the CPU multiplies such pairs.
  let multipliesInBFloat16: Bool
  private let source: Source
  /// Keeps the source's memory alive.
  private let owner: AnyObject?
  private let whole = Mutex<UInt>(0)

  init(_ source: Source, count: Int, owner: AnyObject?, multipliesInBFloat16: Bool = false) {
    self.source = source
    self.multipliesInBFloat16 = multipliesInBFloat16
    self.count = count
    self.owner = owner
  }

  deinit {
    whole.withLock { if let copy = UnsafeMutablePointer<Float>(bitPattern: $0) { sd_release(copy, max(count, 1)) } }
  }

  /// The elements in their 16 bits, and which; nil where there are none.
  var words: (UnsafePointer<UInt16>, sd_element)? {
    switch source {
    case .bfloat16(let words): (words, SD_BFLOAT16)
    case .float16(let words): (words, SD_FLOAT16)
    case .zeros: nil
    }
  }

  /// Gives the memory of words on a file's pages back to the system.
  func releasePages() {
    guard let mapping = owner as? SafetensorsMapping, let (words, _) = words else { return }
    mapping.release(words, count: count * MemoryLayout<UInt16>.stride)
  }

  /// These elements for products of bfloat16 numbers; nil where they are not in bfloat16.
  func multiplyingInBFloat16() -> LazyElements? {
    guard case .bfloat16 = source else { return nil }
    // Itself the owner: it keeps the words alive.
    return LazyElements(source, count: count, owner: self, multipliesInBFloat16: true)
  }

  /// Converts elements `start..<start + count` to `out`.
  func convert(from start: Int, count: Int, to out: UnsafeMutablePointer<Float>) {
    switch source {
    case .bfloat16(let words): sd_bfloat16_to_float(words + start, out, count)
    case .float16(let words): sd_float16_to_float(words + start, out, count)
    case .zeros: sd_fill(out, 0, count)
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
  var isConverted: Bool { whole.withLock { $0 != 0 } }

  /// All elements as Float32, made once.
  func converted() -> UnsafeMutablePointer<Float> {
    if let copy = UnsafeMutablePointer<Float>(bitPattern: whole.withLock { $0 }) { return copy }
    // Outside of the lock, which the pool's threads would wait for. Of two that come at once, the first one's copy is kept.
    let made: UnsafeMutablePointer<Float> = sd_allocate(max(count, 1))
    convertAll(to: made)
    let own = UInt(bitPattern: made)
    let kept = whole.withLock { address in
      if address == 0 { address = own }
      return address
    }
    if kept != own { sd_release(made, max(count, 1)) }
    return UnsafeMutablePointer(bitPattern: kept) ?? made
  }
}

extension Tensor {
  /// The elements as Float32 for as long as the closure runs: those in 16 bits are converted for it and not kept.
  func withElements<Result>(_ body: (UnsafePointer<Float>) throws -> Result) rethrows -> Result {
    guard let half = storage.half else { return try body(storage.pointer) }
    return try half.withConverted(body)
  }

  /// The same matrix for frozen weights: kept in bfloat16 and, where the CPU multiplies such pairs, multiplied so. Sums
  /// are Float32. Elements that come in 16 bits from a file stay on its pages.
  ///
  /// ```swift
  /// let y = x.matmul(weights.inBFloat16(), transposeB: true)  // x is rounded to bfloat16 for it
  /// ```
  ///
  /// - Returns: an untracked tensor whose elements are the nearest bfloat16 numbers, ties to even.
  public func inBFloat16() -> Tensor {
    if let kept = storage.half?.multiplyingInBFloat16() { return Tensor(storage: Storage(kept), shape: shape) }
    let words = BFloat16Words(count: count)
    withElements { elements in
      inBlocks(of: count) { start, count in
        sd_float_to_bfloat16(elements + start, words.pointer + start, count)
      }
    }
    // The Float32 form is not read again.
    storage.releasePages()
    let elements = LazyElements(
      .bfloat16(UnsafePointer(words.pointer)), count: count, owner: words, multipliesInBFloat16: true)
    return Tensor(storage: Storage(elements), shape: shape)
  }
}

extension Tensor {
  /// Gives the memory of elements that lie on a file's pages back to the system; whoever reads them again gets them from
  /// the file. Does nothing for elements in memory of their own.
  public func releasePages() { storage.releasePages() }
}

/// Memory for 16-bit elements.
private final class BFloat16Words {
  let pointer: UnsafeMutablePointer<UInt16>
  private let block: UnsafeMutablePointer<Float>
  private let size: Int

  init(count: Int) {
    size = max(1, (count + 1) / 2)
    block = sd_allocate(size)
    pointer = UnsafeMutableRawPointer(block).assumingMemoryBound(to: UInt16.self)
  }

  deinit { sd_release(block, size) }
}
