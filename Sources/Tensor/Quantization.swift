internal import CKernels

extension Tensor {
  /// The elements as Float32 for as long as the closure runs: those in fewer bits are converted for it and not kept.
  func withElements<Result>(_ body: (UnsafePointer<Float>) throws -> Result) rethrows -> Result {
    guard let compact = storage.compact else { return try body(storage.pointer) }
    return try compact.withConverted(body)
  }

  /// The elements, which stand there as long as the tensor lives and is not written. Those of another form are converted
  /// once and kept.
  package var elements: UnsafePointer<Float> { UnsafePointer(storage.pointer) }

  /// The same matrix for frozen weights: kept in bfloat16 and, where the CPU multiplies such pairs, multiplied so. Sums
  /// are Float32. Elements that come in 16 bits from a file stay on its pages.
  ///
  /// ```swift
  /// let y = x.matmul(weights.inBFloat16(), transposeB: true)  // x is rounded to bfloat16 for it
  /// ```
  ///
  /// - Returns: an untracked tensor whose elements are the nearest bfloat16 numbers, ties to even.
  public func inBFloat16() -> Tensor {
    if let kept = storage.compact?.multiplyingInBFloat16() { return Tensor(storage: Storage(kept), shape: shape) }
    let words = CompactMemory<UInt16>(count: count)
    withElements { elements in
      inBlocks(of: count) { start, count in
        sd_float_to_bfloat16(elements + start, words.pointer + start, count)
      }
    }
    // The Float32 form is not read again.
    storage.releasePages()
    let elements = CompactStorage(
      .bfloat16(UnsafePointer(words.pointer)), count: count, owner: words, isChosen: true)
    return Tensor(storage: Storage(elements), shape: shape)
  }

  /// The same matrix in 8 bits: whole numbers from -127 to 127, and a Float32 scale for each 64 neighbours of a row. A
  /// quarter of the memory, and for one to four rows, as in decoding, a quarter of what has to be read. Those rows are
  /// rounded to 16 bits, 64 neighbours to a scale, on CPUs with AVX2 or NEON, which changes results a hundred times less
  /// than the rounding of the matrix; otherwise nothing of the other operand is rounded.
  /// 64 neighbours of which one is infinite or NaN are NaN all, so that products show it; so are the outputs of such a
  /// row of the other operand where it is rounded.
  ///
  /// ```swift
  /// let y = x.matmul(weights.inInt8(), transposeB: true)
  /// ```
  ///
  /// - Returns: an untracked tensor whose elements are within 1/254 of the largest magnitude among their 64; this tensor,
  ///   detached, where its rows are not of 64, 128, ... elements.
  public func inInt8() -> Tensor {
    let each = SD_BLOCK
    guard rank == 2, shape[1] % each == 0, count > 0 else { return detached() }
    if let kept = storage.compact, kept.isChosen, kept.stored?.1 == SD_INT8 { return detached() }
    let blocks = CompactMemory<sd_block>(count: count / each)
    // Rows at a time: a matrix in half precision is widened by rows.
    let rows = max(1, (1 << 15) / shape[1])
    Compute.parallel((shape[0] + rows - 1) / rows) { part in
      let range = (part * rows)..<min(shape[0], (part + 1) * rows)
      self.rows(range).withScalars { elements in
        guard let elements = elements.baseAddress else { return }
        let places = shape[1] / each
        sd_float_to_blocks(elements, blocks.pointer + range.lowerBound * places, range.count * places)
      }
    }
    storage.releasePages()
    let elements = CompactStorage(.int8(UnsafePointer(blocks.pointer)), count: count, owner: blocks, isChosen: true)
    return Tensor(storage: Storage(elements), shape: shape)
  }
}

extension Tensor {
  /// Returns the memory of elements that lie on a file's pages to the system; a later read loads them from the file. Does
  /// nothing for elements in memory of their own.
  package func releasePages() { storage.releasePages() }
}

/// Memory for elements of fewer bits than 32.
final class CompactMemory<Element> {
  let pointer: UnsafeMutablePointer<Element>
  private let block: UnsafeMutablePointer<Float>
  private let size: Int

  init(count: Int) {
    let bytes = count * MemoryLayout<Element>.stride
    size = max(1, (bytes + MemoryLayout<Float>.stride - 1) / MemoryLayout<Float>.stride)
    block = sd_allocate(size)
    pointer = UnsafeMutableRawPointer(block).assumingMemoryBound(to: Element.self)
  }

  deinit { sd_release(block, size) }
}
