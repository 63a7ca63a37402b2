public import Tensor
public import Testing

/// Expects two tensors of one shape whose elements differ by at most `absolute + relative · |expected|`.
///
/// The shape is looked at first: an assertion that pairs elements up would pass on a tensor that lost half of them. The
/// message names the worst element. NaN agrees with NaN only, an infinity only with itself.
///
/// - Parameters:
///   - actual: what was computed.
///   - expected: what it should be.
///   - relative: the error allowed for each unit of the expected magnitude. The default is 1e-5, about 80 units in the
///     last place.
///   - absolute: the error allowed near zero. The default is 1e-6.
public func expectClose(
  _ actual: Tensor, _ expected: Tensor, relative: Float = 1e-5, absolute: Float = 1e-6,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.shape == expected.shape else {
    Issue.record("shape \(actual.shape), expected \(expected.shape)", sourceLocation: sourceLocation)
    return
  }
  var (worst, worstExcess, wrong) = (0, 0.0, 0)
  actual.withScalars { a in
    expected.withScalars { b in
      for i in a.indices where a[i].bitPattern != b[i].bitPattern && !(a[i].isNaN && b[i].isNaN) && a[i] != b[i] {
        let allowed = Double(absolute) + Double(relative) * abs(Double(b[i]))
        let excess = abs(Double(a[i]) - Double(b[i])) / allowed
        // Not "excess <= 1": that is false for NaN, which must count as wrong.
        guard !(excess <= 1) || b[i].isInfinite else { continue }
        wrong += 1
        if !(excess <= worstExcess) { (worst, worstExcess) = (i, excess.isNaN ? .infinity : excess) }
      }
    }
  }
  guard wrong > 0 else { return }
  let (a, b) = (actual.scalars[worst], expected.scalars[worst])
  Issue.record(
    """
    \(wrong) of \(actual.count) elements differ; the worst at \(indices(of: worst, in: actual.shape)): \
    \(a), expected \(b), \(worstExcess) times what relative \(relative) and absolute \(absolute) allow
    """, sourceLocation: sourceLocation)
}

/// The index along each axis of an element counted in row-major order.
func indices(of offset: Int, in shape: [Int]) -> [Int] {
  var (rest, result) = (offset, [Int]())
  for extent in shape.reversed() {
    result.append(rest % extent)
    rest /= extent
  }
  return result.reversed()
}
