public import Tensor

/// Uniform numbers in [low, high), the same for the same seed. The default range is [-1, 1).
public func randomTensor(_ shape: [Int], seed: UInt64, from low: Float = -1, to high: Float = 1) -> Tensor {
  var generator = Tensor.Generator(seed: seed)
  return .uniform(shape, from: low, to: high, using: &generator)
}
