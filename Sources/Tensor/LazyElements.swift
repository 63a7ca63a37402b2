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
  private let source: Source
  /// Keeps the source's memory alive.
  private let owner: AnyObject?
  private let whole = Mutex<UInt>(0)

  init(_ source: Source, count: Int, owner: AnyObject?) {
    self.source = source
    self.count = count
    self.owner = owner
  }

  deinit {
    whole.withLock { if let copy = UnsafeMutablePointer<Float>(bitPattern: $0) { sd_release(copy, max(count, 1)) } }
  }

  /// Converts elements `start..<start + count` to `out`.
  func convert(from start: Int, count: Int, to out: UnsafeMutablePointer<Float>) {
    switch source {
    case .bfloat16(let words): sd_bfloat16_to_float(words + start, out, count)
    case .float16(let words): sd_float16_to_float(words + start, out, count)
    case .zeros: sd_fill(out, 0, count)
    }
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
    let whole = Storage(count: count)
    half.convertAll(to: whole.pointer)
    return try withExtendedLifetime(whole) { try body(whole.pointer) }
  }
}
