internal import Layers
internal import Tensor

extension Module {
  /// The token table's path; nil where the model has no table.
  func tokenTablePath() -> String? { tokenHead()?.table ?? places().first(where: \.isTable)?.path }

  /// Gives the token table and the output head so many rows. New ones are the mean of those that were there, as
  /// `resize_token_embeddings` of transformers 5.24 makes them but for noise a millionth of theirs.
  ///
  /// - Throws: ``LoRAError/notAdaptable(path:reason:)`` where other adapters stand on table or head.
  mutating func resizeTokens(to count: Int) throws {
    guard let table = tokenTablePath() else { return }
    let head = tokenHead()?.path
    var failure: (any Error)?
    func resize(_ parameter: inout Parameter) {
      guard parameter.alternative == nil else {
        failure = LoRAError.notAdaptable(
          path: table, reason: "another adapter brought it, with another number of tokens")
        return
      }
      parameter.value = parameter.value.withRows(count)
    }
    edit { projection, path in
      guard path == head else { return }
      guard var plain = projection as? Linear else {
        failure = LoRAError.notAdaptable(
          path: path, reason: "another adapter stands on it, with another number of tokens")
        return
      }
      resize(&plain.weight)
      if plain.bias != nil {
        plain.bias!.value = plain.bias!.value.reshaped([-1, 1]).withRows(count).reshaped([count])
      }
      projection = plain
    } embedding: { embedding, path in
      guard path == table else { return }
      guard embedding.adapter == nil else {
        failure = LoRAError.notAdaptable(
          path: path, reason: "another adapter stands on it, with another number of tokens")
        return
      }
      resize(&embedding.weight)
    }
    if let failure { throw failure }
  }
}

extension Tensor {
  /// A matrix cut to so many rows, or with rows more that are the mean of all.
  fileprivate func withRows(_ count: Int) -> Tensor {
    guard count > shape[0] else { return rows(0..<count) }
    let (own, width) = (shape[0], shape[1])
    var sums = [Double](repeating: 0, count: width)
    withScalars { x in
      for row in 0..<own { for i in 0..<width { sums[i] += Double(x[row * width + i]) } }
    }
    let mean = Tensor(sums.map { Float($0 / Double(own)) }, shape: [1, width])
    return .concatenated([self, mean.gathered(Array(repeating: 0, count: count - own))])
  }
}

extension PEFTSpelling {
  /// How many tokens an adapter's file was made for, by the tensors at table and head; nil where none says so or they do
  /// not agree.
  ///
  /// - Parameter width: of a row.
  func tokenCount(_ file: Tensor.SafetensorsFile, table: String, head: String?, width: Int) -> Int? {
    var counts: Set<Int> = []
    for path in [table, head].compactMap(\.self) {
      let stem = Self.prefix + inFile(path)
      for end in ["", ".base_layer", ".modules_to_save", ".original_module", ".token_adapter.base_layer"] {
        if let shape = file.shape(of: "\(stem)\(end).weight"), shape.count == 2, shape[1] == width {
          counts.insert(shape[0])
        }
      }
      if let shape = file.shape(of: stem + ".lora_embedding_A"), shape.count == 2 { counts.insert(shape[1]) }
    }
    if let head, let shape = file.shape(of: Self.prefix + inFile(head) + ".lora_B.weight"), shape.count == 2 {
      counts.insert(shape[0])
    }
    return counts.count == 1 ? counts.first : nil
  }
}
