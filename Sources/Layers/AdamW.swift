internal import CKernels
package import Tensor

/// AdamW (Loshchilov and Hutter 2019): Adam whose weight decay does not pass through the moments.
///
/// ```swift
/// var optimizer = AdamW()
/// let (loss, gradients) = model.valueAndGradients { ($0(x) - y).mean() }
/// optimizer.update(&model, gradients: gradients, learningRate: 1e-4)
/// ```
///
/// Arithmetic in the order of `torch.optim.AdamW`. The state is part of a checkpoint: see `state(paths:)`.
public struct AdamW: Sendable {
  /// Decay of the first moment. The default is 0.9.
  package var beta1: Float = 0.9
  /// Decay of the second moment. The default is 0.999.
  package var beta2: Float = 0.999
  /// Added to the root of the second moment. The default is 1e-8.
  package var epsilon: Float = 1e-8
  /// Decay of matrices and tables; vectors (norms, biases) are not decayed. The default is 0.
  package var weightDecay: Float = 0
  /// The largest norm of all gradients together; larger ones are scaled down to it. The default, nil, does not limit.
  package var clippingNorm: Float?
  /// Updates made so far.
  package private(set) var step = 0
  private var first: [Tensor] = []
  private var second: [Tensor] = []

  /// An optimiser that has made no update.
  public init(
    beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0, clippingNorm: Float? = nil
  ) {
    (self.beta1, self.beta2, self.epsilon) = (beta1, beta2, epsilon)
    (self.weightDecay, self.clippingNorm) = (weightDecay, clippingNorm)
  }

  /// Changes the trainable parameters of a model in place.
  ///
  /// - Parameter gradients: of this model, from ``Module/valueAndGradients(_:)``.
  /// - Returns: the norm of the gradients before clipping.
  @discardableResult
  public mutating func update(_ model: inout some Module, gradients: Gradients, learningRate: Float) -> Double {
    if first.isEmpty {
      first = gradients.tensors.map { .zeros($0.shape) }
      second = first.map { .zeros($0.shape) }
    }
    precondition(first.map(\.shape) == gradients.tensors.map(\.shape), "gradients of another model")
    step += 1
    let norm = gradients.norm()
    var scale: Float = 1
    if let clippingNorm, norm > Double(clippingNorm) { scale = clippingNorm / Float(norm + 1e-6) }
    var updater = Updater(
      gradients: gradients, first: first, second: second, optimizer: self, rate: learningRate, scale: scale)
    first = []
    second = []
    model.visit(&updater, at: "")
    precondition(updater.next == gradients.paths.count, "gradients of another model")
    withExtendedLifetime(model) { updater.run() }
    first = updater.first
    second = updater.second
    return norm
  }

  /// The moments with the paths of their parameters, and the number of updates: what a checkpoint keeps.
  package func state(paths: [String]) -> [(name: String, tensor: Tensor)] {
    zip(paths, first).map { ("first.\($0)", $1) } + zip(paths, second).map { ("second.\($0)", $1) }
  }

  /// Takes up a state that ``state(paths:)`` gave.
  ///
  /// - Returns: false, with nothing changed, if a moment is missing.
  package mutating func restore(step: Int, paths: [String], from tensor: (String) -> Tensor?) -> Bool {
    // Before the first update there are no moments.
    guard step > 0 else {
      (self.step, self.first, self.second) = (0, [], [])
      return true
    }
    let first = paths.compactMap { tensor("first.\($0)") }
    let second = paths.compactMap { tensor("second.\($0)") }
    guard first.count == paths.count, second.count == paths.count else { return false }
    (self.step, self.first, self.second) = (step, first, second)
    return true
  }

  /// Makes a list of all parts of all parameters, and then changes them on all threads: adapters are many small matrices.
  private struct Updater: ModuleVisitor {
    let gradients: Gradients
    var first: [Tensor]
    var second: [Tensor]
    let optimizer: AdamW
    let rate: Float
    let scale: Float
    var next = 0
    private var parts: [Part] = []

    /// A run of a parameter's elements, in memory that model, moments and gradients own.
    private struct Part: @unchecked Sendable {
      let weight: UnsafeMutablePointer<Float>
      let gradient: UnsafePointer<Float>
      let first: UnsafeMutablePointer<Float>
      let second: UnsafeMutablePointer<Float>
      let count: Int
      let decay: Float
    }

    init(gradients: Gradients, first: [Tensor], second: [Tensor], optimizer: AdamW, rate: Float, scale: Float) {
      (self.gradients, self.first, self.second) = (gradients, first, second)
      (self.optimizer, self.rate, self.scale) = (optimizer, rate, scale)
    }

    mutating func visit(_ parameter: inout Parameter, at path: String) {
      guard parameter.isTrainable else { return }
      precondition(gradients.paths[next] == path, "the gradient of \(gradients.paths[next]) for \(path)")
      let decay = parameter.value.rank > 1 ? optimizer.weightDecay : 0
      parameter.value.mutateScalars { w in
        first[next].mutateScalars { m in
          second[next].mutateScalars { v in
            gradients.tensors[next].withScalars { g in
              guard let weight = w.baseAddress, let g = g.baseAddress, let m = m.baseAddress, let v = v.baseAddress
              else { return }
              let each = RowBlocks(rows: w.count, columns: 1).each
              for at in stride(from: 0, to: w.count, by: each) {
                parts.append(
                  Part(
                    weight: weight + at, gradient: g + at, first: m + at, second: v + at,
                    count: min(each, w.count - at), decay: decay))
              }
            }
          }
        }
      }
      next += 1
    }

    func run() {
      let correction1 = correction(optimizer.beta1, optimizer.step)
      let correction2 = correction(optimizer.beta2, optimizer.step)
      Tensor.Compute.parallel(parts.count) { i in
        let part = parts[i]
        sd_adamw(
          part.weight, part.gradient, part.first, part.second, part.count, rate, optimizer.beta1, optimizer.beta2,
          optimizer.epsilon, part.decay, correction1, correction2, scale)
      }
    }

    /// 1 - decay^steps. In Float32 the difference would lose four of seven digits in the first steps.
    private func correction(_ decay: Float, _ steps: Int) -> Float {
      var (result, square, n) = (1.0, Double(decay), steps)
      while n > 0 {
        if n & 1 == 1 { result *= square }
        square *= square
        n >>= 1
      }
      return Float(1 - result)
    }
  }
}
