internal import Tensor

/// In what form matrices that training does not change are kept and multiplied.
package enum WeightFormat: String, Sendable, Codable, CaseIterable {
  /// As they were read, multiplied in Float32.
  case float32
  /// In bfloat16: half the memory and, on CPUs that multiply pairs of bfloat16 numbers (AVX512_BF16), up to twice the
  /// speed. Inputs are rounded to bfloat16 for these products; sums, everything between the products, adapters and
  /// optimiser stay Float32. On other CPUs the rounded weights are multiplied in Float32.
  case bfloat16
  /// In 8 bits with a scale for each 64 neighbours of a row: a quarter of the memory, for decoding, which waits for weights
  /// to come from memory. Sums and everything between the products stay Float32; one to four rows are rounded to 16 bits
  /// on CPUs with AVX2 or NEON, more rows are not. Matrices whose rows are not of
  /// 64, 128, ... elements stay as they were read. What is not finite stays visible: its 64 neighbours are NaN. Rounding
  /// changes logits more than bfloat16 does (Documentation/Performance.md says how much).
  case int8
}

extension Module {
  /// Keeps the matrices of frozen linear maps and token tables in this form from now on. Trainable ones stay as they are,
  /// and so do adapters.
  ///
  /// ```swift
  /// model.convertFrozenWeights(to: .bfloat16)
  /// ```
  ///
  /// Float32 is what a model has without this call; it does not bring back what rounding took.
  package mutating func convertFrozenWeights(to precision: WeightFormat) {
    guard precision != .float32 else { return }
    var visitor = FrozenMatrixVisitor(precision: precision)
    visit(&visitor, at: "")
  }
}

extension Module {
  /// Gives back the memory of weights that lie on a file's pages, for parameters at these paths: those of a vision tower,
  /// say, whose features are all computed. They are read again from the file when they are needed. What was taken for
  /// computing with them goes too.
  package func releasePages(where isWanted: (String) -> Bool = { _ in true }) {
    for (path, parameter) in parameters() where isWanted(path) { parameter.value.releasePages() }
    Tensor.Compute.giveBackMemory()
  }
}

private struct FrozenMatrixVisitor: ModuleVisitor {
  let precision: WeightFormat
  var isInside = false

  mutating func visit(_ parameter: inout Parameter, at path: String) {
    let isAdapter = path.split(separator: ".").contains { $0.hasPrefix("lora_") }
    guard isInside, !parameter.isTrainable, parameter.value.rank == 2, !isAdapter else { return }
    parameter.value = precision == .int8 ? parameter.value.inInt8() : parameter.value.inBFloat16()
  }

  mutating func visit(projection: inout any Projection, at path: String) {
    isInside = true
    projection.visit(&self, at: path)
    isInside = false
  }

  mutating func visit(embedding: inout Embedding, at path: String) {
    isInside = true
    embedding.visitParameters(&self, at: path)
    isInside = false
  }
}
