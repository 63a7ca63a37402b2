internal import Tensor

/// Probabilities from their logarithms up to a constant.
package func softmax(_ logits: [Double]) -> [Double] {
  let top = logits.max() ?? 0
  let tensor = logits.map { Tensor(Float($0 - top)).exp().scalar }.map(Double.init)
  let sum = tensor.reduce(0, +)
  return tensor.map { $0 / sum }
}
