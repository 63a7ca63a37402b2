internal import CKernels

extension Tensor {
  /// How arithmetic is spread over the machine: one setting for the whole process.
  public enum Compute {
    /// The number of threads that arithmetic uses, the calling one included. The default is the number of
    /// cores that the process may use, by its affinity and by the quotas of its control groups.
    ///
    /// Results do not depend on it: what is summed together is cut by shape alone.
    public static var threads: Int {
      get { Int(sd_threads()) }
      set { sd_set_threads(Int32(max(1, newValue))) }
    }

    /// A set of instructions that kernels are written or compiled for, from the smallest to the largest of an architecture.
    public enum InstructionSet: String, Sendable, CaseIterable {
      /// x86-64 itself, AArch64 with NEON, or the CPU that the package was compiled for where that is another one.
      case baseline
      /// x86-64-v3: AVX2, FMA and F16C.
      case avx2
      /// AVX2 with dot products of whole numbers.
      case avxVNNI = "avx-vnni"
      /// x86-64-v4: AVX-512 F, BW, CD, DQ and VL.
      case avx512F = "avx512f"
      /// AVX-512 with dot products of whole numbers.
      case avx512VNNI = "avx512-vnni"
      /// AVX-512 with dot products of whole numbers and of bfloat16 numbers.
      case avx512BF16 = "avx512-bf16"
      /// NEON with dot products of whole numbers.
      case neonDotProduct = "neon-dotprod"
      /// NEON with products of matrices of whole numbers and of bfloat16 numbers.
      case neonBF16 = "neon-bf16"
    }

    /// The instruction set in use: the largest that the CPU has, up to the one that the environment variable
    /// `TENSOR_MAX_ISA` names by its raw value. `TENSOR_MAX_ISA=avx512` stands for all of AVX-512 that the CPU has; any other
    /// value ends the process with a message. Without the variable it is the fastest: on Intel's CPUs, whose AVX512_BF16 has half
    /// the rate of Float32, ``InstructionSet/avx512VNNI``.
    ///
    /// ```sh
    /// TENSOR_MAX_ISA=avx2 make test ARGS="--filter TensorTests"  # what a CPU without AVX-512 computes
    /// ```
    ///
    /// It can be set at any time between two computations, and is then the largest that the CPU has up to the one given.
    /// Sums are taken in an order of the set's own, so that results of two sets differ in their last bits.
    public static var instructionSet: InstructionSet {
      get { sets.first { $0.value == sd_instructions() }?.key ?? .baseline }
      set {
        guard let set = sets[newValue] else { return }
        sd_set_instructions(set)
        _ = sd_prepare_openblas()
      }
    }

    /// The instruction sets that the CPU has, from the smallest to the largest.
    package static var instructionSets: [InstructionSet] {
      InstructionSet.allCases.filter { sets[$0].map { sd_has_instructions($0) } ?? false }
    }

    /// The C kernels' sets by the names that both sides have for them.
    private static let sets: [InstructionSet: sd_instruction_set] = {
      let all = (SD_BASELINE.rawValue...SD_NEON_BF16.rawValue).map { sd_instruction_set(rawValue: $0) }
      let named = all.compactMap { set in
        InstructionSet(rawValue: String(cString: sd_instructions_name(set))).map { ($0, set) }
      }
      return Dictionary(uniqueKeysWithValues: named)
    }()

    /// The kernels that OpenBLAS uses after it was given those of ``instructionSet``, such as "SkylakeX"; nil if it does
    /// not say.
    public static var openBLASCore: String? { sd_prepare_openblas().map { String(cString: $0) } }

    /// Whether products of rows sum each row as if it were the only one, as ``eachRowAlone(_:)`` asks.
    @TaskLocal static var sumsRowsAlone = false

    /// Computes with products of which each row has the bits that it would have alone, whatever stands beside it: for
    /// sequences that are decoded side by side. Without this few rows are summed in another order than many. A matrix is
    /// still read from memory once for all rows.
    package static func eachRowAlone<Result>(_ body: () throws -> Result) rethrows -> Result {
      try $sumsRowsAlone.withValue(true, operation: body)
    }

    /// Whether these rows read a matrix where it stands, and adapters' thin products in one go.
    static func readsInPlace(rows: Int) -> Bool { rows <= Int(SD_FEW_ROWS) || sumsRowsAlone }

    /// Bytes of tensors alive now.
    package static var liveBytes: Int { sd_live_bytes() }

    /// The largest number of bytes of tensors that were alive at one time.
    package static var peakBytes: Int { sd_peak_bytes() }

    /// Gives memory that is kept for reuse back to the system: after work whose tensors were of other sizes than those to come.
    package static func giveBackMemory() { sd_give_back() }

    /// What memory there is, in words.
    static var memoryLeft: String {
      let size = 256
      return String(
        unsafeUninitializedCapacity: size
      ) { text in
        text.withMemoryRebound(to: CChar.self) { min(size - 1, Int(sd_memory_left($0.baseAddress, size))) }
      }
    }

    /// Lets the process end with 1 and a line that says so where Swift finds no memory in a limited address space, in place
    /// of a crash. For programs: it takes SIGABRT.
    package static func endsWithoutMemory() { sd_end_without_memory() }

    /// Runs the closure with each parallel job on its caller alone, and writes what each task takes to a file that
    /// `Benchmarks/many_cores.py` reads. Work is cut for ``threads`` all the same.
    ///
    /// - Returns: whether the file could be written.
    package static func recordingTasks(to path: String, _ body: () throws -> Void) rethrows -> Bool {
      guard sd_record_tasks(path) else { return false }
      do { try body() } catch {
        _ = sd_record_tasks(nil)
        throw error
      }
      return sd_record_tasks(nil)
    }

    /// Runs the closure for 0..<count on the pool and returns when all have ended. Calls from inside it run in place.
    ///
    /// - Precondition: the calls write to different places.
    package static func parallel(_ count: Int, _ body: (Int) -> Void) {
      withoutActuallyEscaping(body) { body in
        // What the calling thread wishes holds on the pool's too.
        var body = sumsRowsAlone ? { index in eachRowAlone { body(index) } } : body
        withUnsafeMutablePointer(to: &body) { pointer in
          sd_parallel(
            Int32(count),
            { context, index in
              context?.assumingMemoryBound(to: ((Int) -> Void).self).pointee(Int(index))
            }, pointer)
        }
      }
    }

    /// OpenBLAS has the kernels of the set once this was asked for.
    static let isOpenBLASPrepared: Bool = sd_prepare_openblas() != nil
  }
}

/// Cuts an elementwise loop into blocks of fixed size, in parallel where it is long enough to pay.
package func inBlocks(of count: Int, _ body: (_ start: Int, _ count: Int) -> Void) {
  inRowBlocks(rows: count, columns: 1, body)
}

/// The same over rows, about a block of elements each.
package func inRowBlocks(rows: Int, columns: Int, _ body: (_ first: Int, _ rows: Int) -> Void) {
  inBlocks(RowBlocks(rows: rows, columns: columns), rows: rows, body)
}

/// The same over blocks that are given.
package func inBlocks(_ blocks: RowBlocks, rows: Int, _ body: (_ first: Int, _ rows: Int) -> Void) {
  Tensor.Compute.parallel(blocks.count) { body($0 * blocks.each, min(blocks.each, rows - $0 * blocks.each)) }
}

/// How rows are cut into blocks, by their number and length alone.
package struct RowBlocks {
  /// Elements of a block: a microsecond of work or two, so that many threads have work and end together.
  package static let elements = 1 << 12
  /// Rows of a block.
  package let each: Int
  /// The number of blocks.
  package let count: Int

  /// Blocks of these rows, about so many elements each; one where cutting does not pay.
  package init(rows: Int, columns: Int, elements: Int = RowBlocks.elements) {
    let each = max(1, elements / max(1, columns))
    self.each = rows > 2 * each ? each : max(1, rows)
    count = (rows + self.each - 1) / self.each
  }
}
