internal import CKernels

#if OneDNN
  internal import COneDNN

  extension Tensor.Compute {
    /// Whether oneDNN multiplies blocks of 64 rows by frozen matrices in bfloat16 (``Tensor/inBFloat16()``): in builds with
    /// the trait `OneDNN`. The default is true where the CPU has AMX tiles, which our own kernels don't know; elsewhere
    /// ours are as fast.
    ///
    /// It runs on our pool's threads, a block to a call; results don't depend on their number. The two kernels sum in
    /// different orders, so that results differ in their last bits: choose before the first product of a run.
    public static var usesOneDNN: Bool {
      get { multipliesBFloat16 && sd_get_pair_kernel() != nil }
      set { if multipliesBFloat16 { sd_set_pair_kernel(newValue ? oneDNNKernel : nil) } }
    }

    private static let oneDNNKernel: sd_pair_kernel = {
      precondition(SD_ONEDNN_ROWS == SD_PAIR_ROWS)
      return sd_onednn_pairs
    }()
  }
#endif

extension Tensor.Compute {
  /// The instruction set whose kernels run, with "+amx" where oneDNN's run too.
  package static var kernelsInUse: String {
    #if OneDNN
      if usesOneDNN { return instructionSet.rawValue + "+amx" }
    #endif
    return instructionSet.rawValue
  }

  /// Whether the instruction set multiplies pairs of bfloat16 numbers; the first who asks has the kernels for it chosen.
  static var multipliesBFloat16: Bool {
    #if OneDNN
      _ = isOneDNNChosen
    #endif
    return sd_has_products() && sd_has_bfloat16()
  }

  #if OneDNN
    private static let isOneDNNChosen: Bool = {
      guard sd_onednn_has_amx() else { return false }
      sd_set_pair_kernel(oneDNNKernel)
      return true
    }()
  #endif
}
