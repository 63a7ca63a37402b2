public import Tensor
public import Testing

/// Expects the gradients of `f` at some tensors to match differences of its values.
///
/// A tensor-valued `f` is made one number by a fixed random projection, summed in Float64, so that a wrong gradient cannot
/// hide behind a sum that is constant (as that of softmax is). Differences take five points, whose error falls with the
/// fourth power of the step: a step so large that Float32's rounding does not matter is still small enough. Elements are
/// tried one by one (spread evenly where there are many), and then all at once along a random direction.
///
/// ```swift
/// expectGradientsMatchFiniteDifferences(at: [x, w]) { $0[0].matmul($0[1]).tanh() }
/// ```
///
/// - Parameters:
///   - inputs: where to look. Keep points at which `f` has a kink further away than two steps.
///   - relative: the error allowed for each unit of the gradient's magnitude, that of the element or the root mean
///     square over the input, whichever is larger. The default is 1e-3.
///   - step: the distance of two points, multiplied by an element's magnitude where that is above 1. The default is 1/64.
///   - f: a function of tensors of these shapes, without randomness.
public func expectGradientsMatchFiniteDifferences(
  at inputs: [Tensor], relative tolerance: Double = 1e-3, step: Float = 1 / 64,
  sourceLocation: SourceLocation = #_sourceLocation, _ f: ([Tensor]) -> Tensor
) {
  let value = f(inputs)
  var generator = Tensor.Generator(seed: 0x5eed)
  let weights = Tensor.uniform(value.shape, from: 0.5, to: 1.5, using: &generator)
  let variables = inputs.map { $0.tracked() }
  let trackedValue = f(variables)
  guard trackedValue.isIdentical(to: value) else {
    Issue.record("the value changes where the inputs are tracked", sourceLocation: sourceLocation)
    return
  }
  let gradients = (trackedValue * weights).sum().gradients(at: variables)
  for (number, (input, gradient)) in zip(inputs, gradients).enumerated() {
    guard gradient.shape == input.shape else {
      Issue.record(
        "input \(number) has shape \(input.shape), its gradient \(gradient.shape)", sourceLocation: sourceLocation)
      continue
    }
    let slopes = gradient.scalars.map(Double.init)
    let scale = (slopes.reduce(0) { $0 + $1 * $1 } / Double(max(1, slopes.count))).squareRoot()
    func agrees(_ direction: [Movement], scale: Double, _ place: @autoclosure () -> String) -> Bool {
      let analytic = direction.reduce(0) { $0 + Double($1.factor) * slopes[$1.offset] }
      let numeric = differences(at: inputs, number, direction, step, weights, f)
      // Written so that NaN fails.
      if abs(numeric - analytic) <= tolerance * max(abs(numeric), scale) { return true }
      Issue.record(
        "gradient of input \(number) \(place()): \(analytic), by differences \(numeric)", sourceLocation: sourceLocation
      )
      return false
    }
    let agreesEverywhere = stride(from: 0, to: slopes.count, by: max(1, slopes.count / 128)).allSatisfy {
      agrees([($0, 1)], scale: scale, "at \(indices(of: $0, in: input.shape))")
    }
    if agreesEverywhere, slopes.count > 1 {
      let all = slopes.indices.map { ($0, Bool.random(using: &generator) ? Float(1) : -1) }
      _ = agrees(all, scale: scale * Double(slopes.count).squareRoot(), "along a random direction")
    }
  }
}

/// How far an element moves for each unit of the step.
private typealias Movement = (offset: Int, factor: Float)

/// The derivative of the projected `f` along a direction of one input, by the five-point rule.
private func differences(
  at inputs: [Tensor], _ number: Int, _ direction: [Movement], _ step: Float, _ weights: Tensor,
  _ f: ([Tensor]) -> Tensor
) -> Double {
  // One step for the whole direction; a power of two, so that a point and its mirror image lie equally far away.
  let magnitude = direction.count == 1 ? max(1, abs(inputs[number].scalars[direction[0].offset])) : 1
  let h = Float(sign: .plus, exponent: (step * magnitude).exponent, significand: 1)
  func moved(_ steps: Float) -> [Float] {
    var points = inputs
    points[number].mutateScalars { x in
      for (offset, factor) in direction { x[offset] += steps * h * factor }
    }
    return f(points).scalars
  }
  let (near, far) = ((moved(1), moved(-1)), (moved(2), moved(-2)))
  var sum = 0.0
  for (i, weight) in weights.scalars.enumerated() {
    let first = Double(near.0[i]) - Double(near.1[i])
    let second = Double(far.0[i]) - Double(far.1[i])
    sum += Double(weight) * (8 * first - second)
  }
  return sum / (12 * Double(h))
}
