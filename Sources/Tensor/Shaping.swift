internal import CKernels

extension Tensor {
  /// The same elements in another shape; one extent may be -1 and is then computed. Nothing is copied.
  public func reshaped(_ shape: [Int]) -> Tensor {
    var shape = shape
    if let open = shape.firstIndex(of: -1) {
      let known = shape.reduce(1) { $1 == -1 ? $0 : $0 * $1 }
      precondition(known > 0 && count % known == 0, "\(self.shape) reshaped to \(shape)")
      shape[open] = count / known
    }
    precondition(Tensor.count(of: shape) == count, "\(self.shape) reshaped to \(shape)")
    let value = Tensor(storage: storage, shape: shape)
    return .operation(value: value, inputs: [self]) { [old = self.shape] g in [g.reshaped(old)] }
  }

  /// The axes in another order: axis `order[i]` of this tensor becomes axis i. Copies.
  ///
  /// - Precondition: `order` holds each axis once; at most 16 axes.
  public func permuted(_ order: [Int]) -> Tensor {
    precondition(order.sorted() == Array(0..<rank), "the order \(order) of the axes of \(shape)")
    precondition(rank <= 16, "at most 16 axes can be permuted, not the \(rank) of \(shape)")
    guard rank > 1 else { return self }
    var strides = [Int](repeating: 1, count: rank)
    for axis in (0..<(rank - 1)).reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    let newShape = order.map { shape[$0] }
    let value = Tensor(shape: newShape) { out in
      guard let y = out.baseAddress, out.count > 0 else { return }
      sd_permute(storage.pointer, newShape.map(Int64.init), order.map { Int64(strides[$0]) }, Int32(rank), y)
    }
    return .operation(value: value, inputs: [self]) { g in
      var inverse = [Int](repeating: 0, count: order.count)
      for (new, old) in order.enumerated() { inverse[old] = new }
      return [g.permuted(inverse)]
    }
  }

  /// The last two axes exchanged.
  public func transposed() -> Tensor {
    precondition(rank >= 2, "the transpose of a tensor of shape \(shape)")
    var order = Array(0..<rank)
    order.swapAt(rank - 1, rank - 2)
    return permuted(order)
  }

  /// Rows [range, ...] along the first axis.
  public func rows(_ range: Range<Int>) -> Tensor {
    precondition(rank > 0 && range.lowerBound >= 0 && range.upperBound <= shape[0], "rows \(range) of \(shape)")
    let width = shape.dropFirst().reduce(1, *)
    let value = Tensor(shape: [range.count] + shape.dropFirst()) { out in
      guard let y = out.baseAddress else { return }
      if let compact = storage.compact {
        compact.convert(from: range.lowerBound * width, count: range.count * width, to: y)
      } else {
        y.update(from: storage.pointer + range.lowerBound * width, count: range.count * width)
      }
    }
    return .operation(value: value, inputs: [self]) { [shape] g in
      var result = Tensor.zeros(shape)
      result.mutateScalars {
        ($0.baseAddress! + range.lowerBound * width).update(from: g.storage.pointer, count: g.count)
      }
      return [result]
    }
  }

  /// Tensors one after the other along the first axis; their other extents are equal.
  public static func concatenated(_ parts: [Tensor]) -> Tensor {
    precondition(!parts.isEmpty, "nothing to concatenate")
    let tail = Array(parts[0].shape.dropFirst())
    for part in parts {
      precondition(
        part.rank > 0 && Array(part.shape.dropFirst()) == tail, "\(part.shape) concatenated with \(parts[0].shape)")
    }
    let value = Tensor(shape: [parts.reduce(0) { $0 + $1.shape[0] }] + tail) { out in
      guard var to = out.baseAddress else { return }
      for part in parts {
        to.update(from: part.storage.pointer, count: part.count)
        to += part.count
      }
    }
    let tracked = parts.map { (extent: $0.shape[0], isTracked: $0.isTracked) }
    return .operation(value: value, inputs: parts) { g in
      var start = 0
      return tracked.map { part in
        defer { start += part.extent }
        return part.isTracked ? g.rows(start..<(start + part.extent)) : nil
      }
    }
  }

  /// Rows of a table: result [indices, ...] has row `indices[i]` of this tensor [rows, ...] as row i.
  ///
  /// - Precondition: indices lie in 0..<rows.
  package func gathered(_ indices: [Int]) -> Tensor {
    precondition(rank > 0, "rows of a scalar")
    let (rows, width) = (shape[0], shape.dropFirst().reduce(1, *))
    let index = indices.map { i -> Int32 in
      precondition(i >= 0 && i < rows, "row \(i) of a tensor of shape \(shape)")
      return Int32(i)
    }
    let value = Tensor(shape: [indices.count] + shape.dropFirst()) { out in
      guard let y = out.baseAddress else { return }
      guard let compact = storage.compact else { return sd_gather_rows(storage.pointer, index, index.count, width, y) }
      for (at, row) in index.enumerated() { compact.convert(from: Int(row) * width, count: width, to: y + at * width) }
    }
    return .operation(value: value, inputs: [self]) { [shape] g in
      [Tensor.table(shape, rows: index, g, width: width)]
    }
  }

  /// A table of zeros to whose rows `index` those of `g` are added; where these are few, without memory for the others.
  private static func table(_ shape: [Int], rows index: [Int32], _ g: Tensor, width: Int) -> Tensor {
    // The place of each row among those that are added to, in ascending order; -1 of the others.
    var places = [Int32](repeating: -1, count: 2 * index.count < shape[0] ? shape[0] : 0)
    guard !places.isEmpty, !index.isEmpty else {
      var result = Tensor.zeros(shape)
      result.mutateScalars { sd_scatter_add_rows(g.storage.pointer, index, index.count, width, $0.baseAddress) }
      return result
    }
    for row in index { places[Int(row)] = 0 }
    var numbers: [Int32] = []
    for row in places.indices where places[row] == 0 {
      places[row] = Int32(numbers.count)
      numbers.append(Int32(row))
    }
    let values = Storage(count: numbers.count * width)
    sd_fill(values.pointer, 0, values.count)
    sd_scatter_add_rows(g.storage.pointer, index.map { places[Int($0)] }, index.count, width, values.pointer)
    return Tensor.rows(numbers, of: shape, values, width: width)
  }

  /// A table of zeros but for some rows, in ascending order, whose elements stand one after the other.
  package static func rows(_ numbers: [Int32], of shape: [Int], _ elements: [Float], width: Int) -> Tensor {
    let values = Storage(count: elements.count)
    elements.withUnsafeBufferPointer {
      if let from = $0.baseAddress { values.pointer.update(from: from, count: $0.count) }
    }
    return rows(numbers, of: shape, values, width: width)
  }

  private static func rows(_ numbers: [Int32], of shape: [Int], _ values: Storage, width: Int) -> Tensor {
    let rows = CompactStorage(.rows(numbers, of: width, values.pointer), count: Tensor.count(of: shape), owner: values)
    return Tensor(storage: Storage(rows), shape: shape)
  }

  /// The rows of a table that are not zero, of a gradient that few rows had a part in, and their elements one after the other;
  /// nil where all are stored.
  package func withRows<Result>(
    _ body: (_ numbers: [Int32], _ width: Int, UnsafePointer<Float>) throws -> Result
  ) rethrows -> Result? {
    guard let compact = storage.compact, let rows = compact.rows else { return nil }
    return try withExtendedLifetime(compact) { try body(rows.numbers, rows.width, rows.elements) }
  }

  /// This tensor [rows, ...] with the rows at `indices` replaced by those of `replacement` [indices, ...].
  ///
  /// - Precondition: indices are different and lie in 0..<rows.
  package func replacingRows(at indices: [Int], with replacement: Tensor) -> Tensor {
    precondition(
      replacement.shape == [indices.count] + shape.dropFirst(),
      "\(replacement.shape) for \(indices.count) rows of \(shape)")
    guard !indices.isEmpty else { return self }
    let width = shape.dropFirst().reduce(1, *)
    precondition(
      Set(indices).count == indices.count && indices.allSatisfy { $0 >= 0 && $0 < shape[0] },
      "rows \(indices) of a tensor of shape \(shape)")
    var value = detached()
    value.mutateScalars { out in
      for (i, row) in indices.enumerated() {
        (out.baseAddress! + row * width).update(from: replacement.storage.pointer + i * width, count: width)
      }
    }
    return .operation(value: value, inputs: [self, replacement]) { [own = isTracked, other = replacement.isTracked] g in
      var kept: Tensor?
      if own {
        var rest = g
        rest.mutateScalars { out in
          for row in indices { (out.baseAddress! + row * width).update(repeating: 0, count: width) }
        }
        kept = rest
      }
      return [kept, other ? g.gathered(indices) : nil]
    }
  }
}
