import Tensor

/// The slow and obvious versions of the operations, in Float64 where there is arithmetic.
enum Naive {
  static func map(_ x: Tensor, _ f: (Double) -> Double) -> Tensor {
    Tensor(x.scalars.map { Float(f(Double($0))) }, shape: x.shape)
  }

  static func broadcastShape(_ a: [Int], _ b: [Int]) -> [Int] {
    let rank = max(a.count, b.count)
    let (x, y) = (ones(rank - a.count) + a, ones(rank - b.count) + b)
    return zip(x, y).map { $0 == 1 ? $1 : $0 }
  }

  /// Element by element over the broadcast shape.
  static func elementwise(_ a: Tensor, _ b: Tensor, _ f: (Float, Float) -> Float) -> Tensor {
    let shape = broadcastShape(a.shape, b.shape)
    let (x, y) = (a.scalars, b.scalars)
    return Tensor(
      indices(of: shape).map { f(x[offset(of: $0, in: a.shape)], y[offset(of: $0, in: b.shape)]) }, shape: shape)
  }

  /// Every index of a shape, row-major.
  static func indices(of shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { heads, extent in heads.flatMap { head in (0..<extent).map { head + [$0] } } }
  }

  /// The offset of an index in a shape that may lack leading axes and may have extents of 1.
  static func offset(of index: [Int], in shape: [Int]) -> Int {
    zip(index.suffix(shape.count), shape).reduce(0) { $0 * $1.1 + ($1.1 == 1 ? 0 : $1.0) }
  }

  /// Folds one axis: the values along it, for each place of the other axes.
  static func fold(_ x: Tensor, along axis: Int, keepingAxis: Bool = false, _ f: ([Double]) -> Double) -> Tensor {
    var (outer, kept) = (x.shape, x.shape)
    outer.remove(at: axis)
    kept[axis] = 1
    let values = x.scalars
    let folded = indices(of: outer).map { place -> Float in
      Float(
        f((0..<x.shape[axis]).map { Double(values[offset(of: inserting($0, at: axis, in: place), in: x.shape)]) }))
    }
    return Tensor(folded, shape: keepingAxis ? kept : outer)
  }

  /// A function of each row along the last axis.
  static func rows(_ x: Tensor, _ f: ([Double]) -> [Double]) -> Tensor {
    let columns = x.shape[x.rank - 1]
    let values = x.scalars.map(Double.init)
    let rows = stride(from: 0, to: values.count, by: columns)
    return Tensor(rows.flatMap { f(Array(values[$0..<($0 + columns)])).map { Float($0) } }, shape: x.shape)
  }

  static func permute(_ x: Tensor, _ order: [Int]) -> Tensor {
    let shape = order.map { x.shape[$0] }
    let values = x.scalars
    return Tensor(
      indices(of: shape).map { index in
        var source = [Int](repeating: 0, count: order.count)
        for (new, old) in order.enumerated() { source[old] = index[new] }
        return values[offset(of: source, in: x.shape)]
      }, shape: shape)
  }

  private static func ones(_ count: Int) -> [Int] { [Int](repeating: 1, count: count) }

  private static func inserting(_ value: Int, at axis: Int, in place: [Int]) -> [Int] {
    Array(place[..<axis]) + [value] + Array(place[axis...])
  }
}
