internal import CKernels

extension Tensor {
  /// How arithmetic is spread over the machine: one setting for the whole process.
  public enum Compute {
    /// The number of threads that arithmetic uses, the calling one included. The default is the number of cores.
    ///
    /// Results do not depend on it: work is cut by shape alone.
    public static var threads: Int {
      get { Int(sd_threads()) }
      set { sd_set_threads(Int32(max(1, newValue))) }
    }

    /// The kernels that OpenBLAS uses after it was given those of this CPU, such as "SkylakeX"; nil if it does not say.
    public static var openBLASCore: String? { prepared }

    /// Bytes of tensors alive now.
    public static var liveBytes: Int { sd_live_bytes() }

    /// The largest number of bytes of tensors that were alive at one time.
    public static var peakBytes: Int { sd_peak_bytes() }

    /// Runs the closure for 0..<count on the pool and returns when all have ended. Calls from inside it run in place.
    ///
    /// - Precondition: the calls write to different places.
    public static func parallel(_ count: Int, _ body: (Int) -> Void) {
      withoutActuallyEscaping(body) { body in
        var body = body
        withUnsafeMutablePointer(to: &body) { pointer in
          sd_parallel(
            Int32(count),
            { context, index in
              context?.assumingMemoryBound(to: ((Int) -> Void).self).pointee(Int(index))
            }, pointer)
        }
      }
    }

    static let prepared: String? = sd_prepare_openblas().map { String(cString: $0) }
  }
}

/// Elements of a block: some microseconds of work, so that threads end together.
private let blockSize = 1 << 14

/// Cuts an elementwise loop into blocks of fixed size, in parallel where it is long enough to pay.
package func inBlocks(of count: Int, _ body: (_ start: Int, _ count: Int) -> Void) {
  inRowBlocks(rows: count, columns: 1, body)
}

/// The same over rows, about a block of elements each.
package func inRowBlocks(rows: Int, columns: Int, _ body: (_ first: Int, _ rows: Int) -> Void) {
  let blocks = RowBlocks(rows: rows, columns: columns)
  Tensor.Compute.parallel(blocks.count) { body($0 * blocks.each, min(blocks.each, rows - $0 * blocks.each)) }
}

/// How rows are cut into blocks, by their number and length alone.
package struct RowBlocks {
  /// Rows of a block.
  package let each: Int
  /// The number of blocks.
  package let count: Int

  /// Blocks of these rows; one where cutting does not pay.
  package init(rows: Int, columns: Int) {
    let each = max(1, blockSize / max(1, columns))
    self.each = rows > 2 * each ? each : max(1, rows)
    count = (rows + self.each - 1) / self.each
  }
}
