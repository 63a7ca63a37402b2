extension Tensor.GGUFFile {
  /// The types of a tensor's elements that are read, by the numbers that stand in files.
  package enum ElementType: UInt32, Sendable, CaseIterable {
    /// Floating point of 32 and of 16 bits, and bfloat16.
    case float32 = 0, float16 = 1, bfloat16 = 30
    /// 4 bits and a scale for 32 elements; with an offset too.
    case q4_0 = 2, q4_1 = 3
    /// 5 bits and a scale for 32 elements; with an offset too.
    case q5_0 = 6, q5_1 = 7
    /// 8 bits and a scale for 32 elements.
    case q8_0 = 8
    /// 4, 5 and 6 bits with scales for 256 elements and for runs of them.
    case q4_K = 12, q5_K = 13, q6_K = 14

    /// The name in the format's description.
    package var name: String {
      switch self {
      case .float32: "F32"
      case .float16: "F16"
      case .bfloat16: "BF16"
      case .q4_0: "Q4_0"
      case .q4_1: "Q4_1"
      case .q5_0: "Q5_0"
      case .q5_1: "Q5_1"
      case .q8_0: "Q8_0"
      case .q4_K: "Q4_K"
      case .q5_K: "Q5_K"
      case .q6_K: "Q6_K"
      }
    }

    /// Elements that are packed together, and the bytes they take.
    var block: (elements: Int, bytes: Int) {
      switch self {
      case .float32: (1, 4)
      case .float16, .bfloat16: (1, 2)
      case .q4_0: (32, 18)
      case .q4_1: (32, 20)
      case .q5_0: (32, 22)
      case .q5_1: (32, 24)
      case .q8_0: (32, 34)
      case .q4_K: (256, 144)
      case .q5_K: (256, 176)
      case .q6_K: (256, 210)
      }
    }

    /// A type by its number, in words.
    static func described(_ number: UInt32) -> String {
      if let known = ElementType(rawValue: number) { return known.name }
      let others: [UInt32: String] = [
        9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
        20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0",
        39: "MXFP4",
      ]
      return others[number] ?? "type \(number)"
    }
  }
}
