internal import CKernels

extension Tensor {
  /// The sum, element by element, with NumPy's broadcasting.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    binary(SD_ADD, a, b) { [a = a.trackedShape, b = b.trackedShape] g in
      [a.map { g.summed(to: $0) }, b.map { g.summed(to: $0) }]
    }
  }

  /// The difference, element by element, with NumPy's broadcasting.
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    binary(SD_SUBTRACT, a, b) { [a = a.trackedShape, b = b.trackedShape] g in
      [a.map { g.summed(to: $0) }, b.map { (-g).summed(to: $0) }]
    }
  }

  /// The product, element by element, with NumPy's broadcasting.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    // Each factor is kept only for the gradient of the other.
    let (x, y) = (b.isTracked ? a.detached() : nil, a.isTracked ? b.detached() : nil)
    return binary(SD_MULTIPLY, a, b) { [a = a.shape, b = b.shape] g in
      [y.map { (g * $0).summed(to: a) }, x.map { (g * $0).summed(to: b) }]
    }
  }

  /// The quotient, element by element, with NumPy's broadcasting.
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    let (x, y) = (b.isTracked ? a.detached() : nil, b.detached())
    return binary(SD_DIVIDE, a, b) { [a = a.trackedShape, b = b.shape] g in
      [a.map { (g / y).summed(to: $0) }, x.map { (-(g * $0) / (y * y)).summed(to: b) }]
    }
  }

  /// The larger of each two elements. Where they are equal, the gradient goes to `self`.
  package func maximum(_ other: Tensor) -> Tensor { extreme(other, SD_MAXIMUM) { $0 >= $1 } }

  /// The smaller of each two elements. Where they are equal, the gradient goes to `self`.
  package func minimum(_ other: Tensor) -> Tensor { extreme(other, SD_MINIMUM) { $0 <= $1 } }

  /// The sum with a number.
  public static func + (a: Tensor, b: Float) -> Tensor { a + Tensor(b) }
  /// The sum with a number.
  public static func + (a: Float, b: Tensor) -> Tensor { Tensor(a) + b }
  /// The difference with a number.
  public static func - (a: Tensor, b: Float) -> Tensor { a - Tensor(b) }
  /// The difference from a number.
  public static func - (a: Float, b: Tensor) -> Tensor { Tensor(a) - b }
  /// The multiple by a number.
  public static func * (a: Tensor, b: Float) -> Tensor { a * Tensor(b) }
  /// The multiple by a number.
  public static func * (a: Float, b: Tensor) -> Tensor { Tensor(a) * b }
  /// The quotient by a number.
  public static func / (a: Tensor, b: Float) -> Tensor { a / Tensor(b) }
  /// The quotient of a number.
  public static func / (a: Float, b: Tensor) -> Tensor { Tensor(a) / b }

  private func extreme(
    _ other: Tensor, _ operation: Int, _ takesSelf: @escaping @Sendable (Float, Float) -> Bool
  ) -> Tensor {
    Tensor.binary(operation, self, other) { g in
      let shape = g.shape
      let (a, b) = (detached().broadcast(to: shape), other.detached().broadcast(to: shape))
      let mine = Tensor(shape: shape) { out in
        for i in out.indices { out[i] = takesSelf(a.storage.pointer[i], b.storage.pointer[i]) ? 1 : 0 }
      }
      return [
        isTracked ? (g * mine).summed(to: self.shape) : nil,
        other.isTracked ? (g * (1 - mine)).summed(to: other.shape) : nil,
      ]
    }
  }

  /// The shape for which a gradient is wanted.
  private var trackedShape: [Int]? { isTracked ? shape : nil }

  private static func binary(
    _ operation: Int, _ a: Tensor, _ b: Tensor, _ backward: @escaping @Sendable (Tensor) -> [Tensor?]
  ) -> Tensor {
    .operation(value: elementwise(Int32(operation), a, b), inputs: [a, b], backward: backward)
  }

  /// The shape to which both broadcast; traps where they do not.
  static func broadcastShape(_ a: [Int], _ b: [Int]) -> [Int] {
    let rank = max(a.count, b.count)
    return (0..<rank).map { axis in
      let x = axis - (rank - a.count) < 0 ? 1 : a[axis - (rank - a.count)]
      let y = axis - (rank - b.count) < 0 ? 1 : b[axis - (rank - b.count)]
      precondition(x == y || x == 1 || y == 1, "shapes \(a) and \(b) do not broadcast")
      return x == 1 ? y : x
    }
  }

  private static func elementwise(_ operation: Int32, _ a: Tensor, _ b: Tensor) -> Tensor {
    let (x, y) = (a.storage.pointer, b.storage.pointer)
    if a.shape == b.shape || b.count == 1 && b.rank <= a.rank || a.count == 1 && a.rank <= b.rank {
      let (stepA, stepB) = (a.count == 1 ? 0 : 1, b.count == 1 ? 0 : 1)
      let shape = a.shape == b.shape || b.count == 1 && b.rank <= a.rank ? a.shape : b.shape
      let equalScalars = a.count == 1 && b.count == 1
      return Tensor(shape: shape) { out in
        guard let z = out.baseAddress else { return }
        inBlocks(of: out.count) { start, count in
          sd_binary(
            operation, x + start * stepA, equalScalars ? 1 : Int32(stepA), y + start * stepB,
            equalScalars ? 1 : Int32(stepB), z + start, count)
        }
      }
    }
    let shape = broadcastShape(a.shape, b.shape)
    let plan = BroadcastPlan(shape: shape, a.shape, b.shape)
    return Tensor(shape: shape) { out in
      guard let z = out.baseAddress, out.count > 0 else { return }
      inRowBlocks(rows: plan.runs, columns: plan.run) { first, count in
        plan.forEachRun(in: first..<(first + count)) { offset, offsetA, offsetB in
          sd_binary(
            operation, x + offsetA, Int32(plan.stepA), y + offsetB, Int32(plan.stepB), z + offset, plan.run)
        }
      }
    }
  }

  /// This tensor repeated along missing axes and axes of extent 1.
  ///
  /// - Precondition: the shape broadcasts to `shape`.
  package func broadcast(to shape: [Int]) -> Tensor {
    guard shape != self.shape else { return self }
    precondition(
      Tensor.broadcastShape(self.shape, shape) == shape, "\(self.shape) does not broadcast to \(shape)")
    return self - .zeros(shape)  // minus, which keeps -0
  }

  /// Sums over the axes along which `shape` was broadcast: the gradient of broadcasting.
  func summed(to shape: [Int]) -> Tensor {
    guard shape != self.shape else { return self }
    var result = self
    while result.rank > shape.count { result = result.sum(along: 0) }
    for (axis, extent) in shape.enumerated() where extent == 1 && result.shape[axis] != 1 {
      result = result.sum(along: axis, keepingAxis: true)
    }
    return result
  }
}

/// Two operands walked over a common shape in runs in which each operand either advances by one or stands still.
private struct BroadcastPlan {
  var outer: [Int] = []
  var stridesA: [Int] = []
  var stridesB: [Int] = []
  var run = 1
  var stepA = 0
  var stepB = 0

  init(shape: [Int], _ a: [Int], _ b: [Int]) {
    func strides(_ s: [Int]) -> [Int] {
      var result = [Int](repeating: 0, count: shape.count)
      var stride = 1
      for axis in s.indices.reversed() {
        result[axis + shape.count - s.count] = s[axis] == 1 ? 0 : stride
        stride *= s[axis]
      }
      return result
    }
    var (sa, sb, extents) = (strides(a), strides(b), shape)
    // Drop axes of extent 1, then join neighbours that both operands walk without a jump.
    for axis in extents.indices.reversed() where extents[axis] == 1 && extents.count > 1 {
      extents.remove(at: axis)
      sa.remove(at: axis)
      sb.remove(at: axis)
    }
    var axis = extents.count - 1
    while axis > 0 {
      if sa[axis - 1] == sa[axis] * extents[axis], sb[axis - 1] == sb[axis] * extents[axis] {
        extents[axis - 1] *= extents[axis]
        sa[axis - 1] = sa[axis]
        sb[axis - 1] = sb[axis]
        extents.remove(at: axis)
        sa.remove(at: axis)
        sb.remove(at: axis)
      }
      axis -= 1
    }
    run = extents.last ?? 1
    stepA = min(1, sa.last ?? 0)
    stepB = min(1, sb.last ?? 0)
    outer = Array(extents.dropLast())
    stridesA = Array(sa.dropLast())
    stridesB = Array(sb.dropLast())
  }

  var runs: Int { outer.reduce(1, *) }

  func forEachRun(in range: Range<Int>, _ body: (_ offset: Int, _ offsetA: Int, _ offsetB: Int) -> Void) {
    var index = outer
    var rest = range.lowerBound
    for d in outer.indices.reversed() { (rest, index[d]) = rest.quotientAndRemainder(dividingBy: outer[d]) }
    for r in range {
      var (a, b) = (0, 0)
      for d in outer.indices {
        a += index[d] * stridesA[d]
        b += index[d] * stridesB[d]
      }
      body(r * run, a, b)
      for d in outer.indices.reversed() {
        index[d] += 1
        if index[d] < outer[d] { break }
        index[d] = 0
      }
    }
  }
}
