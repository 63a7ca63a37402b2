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
  /// For tables whose gradients are of few rows, which rows have moments other than 0; nil where it is not known.
  private var moving: [[Bool]?] = []

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
    if moving.count != first.count { moving = first.map { _ in nil } }
    precondition(first.map(\.shape) == gradients.tensors.map(\.shape), "gradients of another model")
    step += 1
    let norm = gradients.norm()
    var scale: Float = 1
    if let clippingNorm, norm > Double(clippingNorm) { scale = clippingNorm / Float(norm + 1e-6) }
    // The moments go from owner to owner, so that they are changed in place: the updater's copy of this has none.
    var moments = (first: [Tensor](), second: [Tensor](), moving: [[Bool]?]())
    swap(&moments.first, &first)
    swap(&moments.second, &second)
    swap(&moments.moving, &moving)
    var updater = Updater(gradients: gradients, optimizer: self, rate: learningRate, scale: scale)
    swap(&updater.first, &moments.first)
    swap(&updater.second, &moments.second)
    swap(&updater.moving, &moments.moving)
    model.visit(&updater, at: "")
    precondition(updater.next == gradients.paths.count, "gradients of another model")
    withExtendedLifetime((model, updater)) { updater.run() }
    (first, second, moving) = (updater.first, updater.second, updater.moving)
    return norm
  }

  /// The moments with the paths of their parameters, and the number of updates: what a checkpoint keeps.
  package func state(paths: [String]) -> [(name: String, tensor: Tensor)] {
    zip(paths, first).map { ("first.\($0)", $1) } + zip(paths, second).map { ("second.\($0)", $1) }
  }

  /// Takes up a state that ``state(paths:)`` gave.
  ///
  /// - Parameter shapes: of the parameters, with their paths.
  /// - Returns: false, with nothing changed, if a moment is missing or has another shape than its parameter.
  package mutating func restore(
    step: Int, shapes: [(path: String, shape: [Int])], from tensor: (String) -> Tensor?
  ) -> Bool {
    // Before the first update there are no moments.
    guard step > 0 else {
      (self.step, self.first, self.second, moving) = (0, [], [], [])
      return true
    }
    let first = shapes.compactMap { tensor("first.\($0.path)") }
    let second = shapes.compactMap { tensor("second.\($0.path)") }
    guard first.map(\.shape) == shapes.map(\.shape), second.map(\.shape) == shapes.map(\.shape) else { return false }
    (self.step, self.first, self.second, moving) = (step, first, second, [])
    return true
  }

  /// Makes a list of all parts of all parameters, and then changes them on all threads: adapters are many small matrices.
  private struct Updater: ModuleVisitor {
    let gradients: Gradients
    var first: [Tensor] = []
    var second: [Tensor] = []
    var moving: [[Bool]?] = []
    let optimizer: AdamW
    let rate: Float
    let scale: Float
    var next = 0
    private var parts: [Part] = []
    /// Rows of gradients that are 0, which parts point to.
    private var zeros: [Tensor] = []

    /// A run of a parameter's elements, in memory that model, moments and gradients own.
    private struct Part: @unchecked Sendable {
      let weight: UnsafeMutablePointer<Float>
      let gradient: UnsafePointer<Float>
      let first: UnsafeMutablePointer<Float>
      let second: UnsafeMutablePointer<Float>
      let count: Int
      let decay: Float

      /// Elements from `start` on, with their gradient.
      func part(_ start: Int, _ count: Int, gradient: UnsafePointer<Float>) -> Part {
        Part(
          weight: weight + start, gradient: gradient, first: first + start, second: second + start, count: count,
          decay: decay)
      }
    }

    init(gradients: Gradients, optimizer: AdamW, rate: Float, scale: Float) {
      (self.gradients, self.optimizer, self.rate, self.scale) = (gradients, optimizer, rate, scale)
    }

    mutating func visit(_ parameter: inout Parameter, at path: String) {
      guard parameter.isTrainable else { return }
      precondition(gradients.paths[next] == path, "the gradient of \(gradients.paths[next]) for \(path)")
      let decay = parameter.value.rank > 1 ? optimizer.weightDecay : 0
      let gradient = gradients.tensors[next]
      let memory = (
        parameter.value.mutateScalars { $0.baseAddress }, first[next].mutateScalars { $0.baseAddress },
        second[next].mutateScalars { $0.baseAddress }
      )
      if let weight = memory.0, let m = memory.1, let v = memory.2 {
        let whole = Part(weight: weight, gradient: m, first: m, second: v, count: gradient.count, decay: decay)
        if gradient.withRows({ add(whole, rows: $0, width: $1, gradient: $2) }) == nil {
          add(whole, gradient: gradient)
        }
      }
      next += 1
    }

    /// All elements, in parts.
    private mutating func add(_ whole: Part, gradient: Tensor) {
      moving[next] = nil
      let each = RowBlocks(rows: whole.count, columns: 1).each
      guard let g = gradient.withScalars({ $0.baseAddress }) else { return }
      for at in stride(from: 0, to: whole.count, by: each) {
        parts.append(whole.part(at, min(each, whole.count - at), gradient: g + at))
      }
    }

    /// The rows of a table, those without a gradient with one of 0. A row whose moments are 0 too stays as it is, to the bit,
    /// and is passed over, unless weights decay.
    private mutating func add(_ table: Part, rows: [Int32], width: Int, gradient: UnsafePointer<Float>) {
      let count = table.count / width
      func moved(_ row: Int) -> Bool {
        (row * width..<(row + 1) * width).contains { table.first[$0].bitPattern | table.second[$0].bitPattern != 0 }
      }
      var moves: [Bool] = moving[next] ?? (0..<count).map(moved)
      for row in rows { moves[Int(row)] = true }
      moving[next] = moves
      let nothing = Tensor.zeros([width])
      zeros.append(nothing)
      let none = nothing.withScalars { $0.baseAddress } ?? gradient
      let isStill = table.decay == 0 && optimizer.epsilon > 0
      var at = 0
      for row in 0..<count {
        let has = at < rows.count && Int(rows[at]) == row
        if has || moves[row] || !isStill {
          parts.append(table.part(row * width, width, gradient: has ? gradient + at * width : none))
        }
        if has { at += 1 }
      }
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
