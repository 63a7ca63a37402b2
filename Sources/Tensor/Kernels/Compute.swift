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

    /// A set of instructions that kernels are compiled for, from the smallest to the largest.
    public enum InstructionSet: String, Sendable, CaseIterable {
      /// x86-64 itself, or the CPU that the package was compiled for where that is another one.
      case baseline
      /// x86-64-v3: AVX2, FMA and F16C.
      case avx2
      /// x86-64-v4: AVX-512 F, BW, CD, DQ and VL; with bfloat16 and VNNI where the CPU has these too.
      case avx512
    }

    /// The instruction set in use: the largest that the CPU has, or that of the environment variable `TENSOR_MAX_ISA`
    /// (`baseline`, `avx2` or `avx512`) where this is smaller. It is chosen once for the life of the process; another
    /// value of the variable ends the process with a message.
    ///
    /// ```sh
    /// TENSOR_MAX_ISA=avx2 make test ARGS="--filter TensorTests"  # what a CPU without AVX-512 computes
    /// ```
    ///
    /// Sums are taken in an order of the set's own, so that results of two sets differ in their last bits.
    public static var instructionSet: InstructionSet {
      InstructionSet(rawValue: String(cString: sd_instructions_name())) ?? .baseline
    }

    /// The kernels that OpenBLAS uses after it was given those of ``instructionSet``, such as "SkylakeX"; nil if it does
    /// not say.
    public static var openBLASCore: String? { prepared }

    /// Bytes of tensors alive now.
    package static var liveBytes: Int { sd_live_bytes() }

    /// The largest number of bytes of tensors that were alive at one time.
    package static var peakBytes: Int { sd_peak_bytes() }

    /// Runs the closure for 0..<count on the pool and returns when all have ended. Calls from inside it run in place.
    ///
    /// - Precondition: the calls write to different places.
    package static func parallel(_ count: Int, _ body: (Int) -> Void) {
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
