import Foundation
import Layers
import Tensor
import TestSupport
import Testing

@Suite struct AdamWTests {
  /// A matrix and a vector: only the matrix is decayed.
  private struct Pair: Module {
    var matrix = Parameter(Tensor([1, -2, 0.5, 3], shape: [2, 2]))
    var vector = Parameter(Tensor([0.25, -4], shape: [2]))
    mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
      visitor.visit(&matrix, at: "matrix")
      visitor.visit(&vector, at: "vector")
    }
  }
  private static let gradients: [[[Float]]] = [
    [[0.5, -1, 2, 0.001], [3, -0.5]], [[-0.25, -1, 0, 0.002], [-3, 0.75]], [[1, 5, -2, -0.004], [0, 0.1]],
    [[0.125, 0, 0, 0], [0, -9]],
  ]

  /// The update of torch.optim.AdamW, written out in Float64.
  private func expected(
    _ optimizer: AdamW, rate: Double, steps: Int
  ) -> (weights: [[Double]], norms: [Double]) {
    var w = [[1, -2, 0.5, 3], [0.25, -4]]
    var m = [[0, 0, 0, 0], [0.0, 0]]
    var v = m
    var norms: [Double] = []
    let (beta1, beta2) = (Double("\(optimizer.beta1)") ?? 0, Double("\(optimizer.beta2)") ?? 0)
    for step in 1...steps {
      let g = Self.gradients[(step - 1) % 4].map { $0.map(Double.init) }
      let norm = g.joined().reduce(0) { $0 + $1 * $1 }.squareRoot()
      norms.append(norm)
      let clip = optimizer.clippingNorm.map { min(1, Double($0) / (norm + 1e-6)) } ?? 1
      for p in 0..<2 {
        for i in w[p].indices {
          let slope = g[p][i] * clip
          if p == 0 { w[p][i] *= 1 - rate * Double(optimizer.weightDecay) }
          m[p][i] = beta1 * m[p][i] + (1 - beta1) * slope
          v[p][i] = beta2 * v[p][i] + (1 - beta2) * slope * slope
          let (mHat, vHat) = (m[p][i] / (1 - pow(beta1, Double(step))), v[p][i] / (1 - pow(beta2, Double(step))))
          w[p][i] -= rate * mHat / (vHat.squareRoot() + Double(optimizer.epsilon))
        }
      }
    }
    return (w, norms)
  }

  @Test func `the moments are changed in their own memory`() {
    var (model, optimizer) = (Pair(), AdamW())
    func update() -> [Int] {
      let gradients = Gradients(
        paths: ["matrix", "vector"],
        tensors: [Tensor([0.5, -1, 2, 0.001], shape: [2, 2]), Tensor([3, -0.5], shape: [2])])
      optimizer.update(&model, gradients: gradients, learningRate: 0.01)
      return optimizer.state(paths: gradients.paths).map { $0.tensor.withScalars { Int(bitPattern: $0.baseAddress) } }
    }
    // A copy would stand elsewhere, since what it was copied from is given back after it.
    let places = update()
    #expect(update() == places)
    #expect(update() == places)
  }

  @Test(arguments: [
    AdamW(), AdamW(weightDecay: 0.1), AdamW(clippingNorm: 1), AdamW(clippingNorm: 100),
    AdamW(beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.01, clippingNorm: 2),
  ])
  func `updates are those of the worked arithmetic`(optimizer: AdamW) {
    for steps in [1, 2, 3, 4, 50] {
      var (model, optimizer) = (Pair(), optimizer)
      var norms: [Double] = []
      for step in 0..<steps {
        let g = Self.gradients[step % 4]
        let gradients = Gradients(
          paths: ["matrix", "vector"], tensors: [Tensor(g[0], shape: [2, 2]), Tensor(g[1], shape: [2])])
        norms.append(optimizer.update(&model, gradients: gradients, learningRate: 0.05))
      }
      let (weights, expectedNorms) = expected(optimizer, rate: 0.05, steps: steps)
      #expect(optimizer.step == steps)
      for (norm, expected) in zip(norms, expectedNorms) { #expect(abs(norm - expected) <= 1e-6 * expected) }
      // What changed, not the weight itself: an error of 1e-5 in a step of 0.05 would hide behind a weight of 3.
      let start = Pair()
      func change(_ now: Tensor, _ then: Tensor, _ expected: [Double]) {
        let wanted = zip(expected, then.scalars).map { Float($0 - Double($1)) }
        expectClose(now - then, Tensor(wanted, shape: now.shape), relative: 3e-6, absolute: 5e-6)
      }
      change(model.matrix.value, start.matrix.value, weights[0])
      change(model.vector.value, start.vector.value, weights[1])
    }
  }

  @Test func `the second moment's correction keeps its digits in the first steps`() {
    // Gradients 1 and then 0, no epsilon: after step 2 the change is rate · m/(1-β1²) / √(v/(1-β2²)),
    // m = 0.1 · 0.9, v = 0.001 · 0.999.
    struct One: Module {
      var p = Parameter(Tensor([0], shape: [1]))
      mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) { visitor.visit(&p, at: "p") }
    }
    var (model, optimizer) = (One(), AdamW(epsilon: 0))
    func step(_ g: Float) {
      optimizer.update(
        &model, gradients: Gradients(paths: ["p"], tensors: [Tensor([g], shape: [1])]), learningRate: 1)
    }
    step(1)
    let first = Double(model.p.value.scalars[0])
    step(0)
    let change = Double(model.p.value.scalars[0]) - first
    let expected = -(0.09 / 0.19) / (0.000999 / 0.001999).squareRoot()
    #expect(abs(first + 1) < 1e-6)
    #expect(abs(change / expected - 1) < 1e-6)
  }

  @Test func `a state that was taken up goes on to the same bits`() throws {
    let x = randomTensor([4, 3], seed: 3)
    func step(_ model: inout TwoLayers, _ optimizer: inout AdamW) {
      let gradients = model.valueAndGradients { $0(x).squared().mean() }.gradients
      optimizer.update(&model, gradients: gradients, learningRate: 0.01)
    }
    var (model, optimizer) = (TwoLayers(seed: 1), AdamW(weightDecay: 0.1, clippingNorm: 1))
    step(&model, &optimizer)
    step(&model, &optimizer)
    let shapes = model.parameters().map { ($0.path, $0.parameter.value.shape) }
    let state = Dictionary(uniqueKeysWithValues: optimizer.state(paths: shapes.map(\.0)).map { ($0.name, $0.tensor) })
    #expect(state.count == 2 * shapes.count && state["first.first.weight"]?.shape == [5, 3])
    var other = AdamW(weightDecay: 0.1, clippingNorm: 1)
    let isComplete = other.restore(step: 2, shapes: shapes) { state[$0] }
    #expect(isComplete && other.step == 2)
    var copy = model
    step(&model, &optimizer)
    step(&copy, &other)
    #expect(copy.contents == model.contents)
    let isTaken = other.restore(step: 9, shapes: shapes) { $0 == "second.norm.bias" ? nil : state[$0] }
    #expect(!isTaken && other.step == 3)
  }

  @Test(arguments: [AdamW(), AdamW(weightDecay: 0.1), AdamW(clippingNorm: 0.01)])
  func `a table of which few rows are looked up is updated to the same bits as by its whole gradient`(start: AdamW) {
    // PyTorch's own is the whole one: rows without a gradient move on by their moments, and those without moments stay.
    let table = Embedding(weight: randomTensor([40, 3], seed: 1))
    let batches = [[5, 2, 5], [39, 0], [2], [2, 17], [39, 39, 39, 39], Array(0..<40), [1], [5, 0]]
    let weights = randomTensor([40, 3], seed: 2)
    func trained(_ isWhole: Bool) -> (weights: Tensor, state: [Tensor]) {
      var (table, optimizer) = (table, start)
      for (step, batch) in batches.enumerated() {
        var gradients = table.valueAndGradients { ($0(batch) * weights.rows(0..<batch.count)).sum() }.gradients
        let rows = gradients.tensors[0].withRows { numbers, _, _ in numbers.map(Int.init) }
        #expect(rows == (batch.count < 40 ? Set(batch).sorted() : nil))
        if isWhole {
          gradients = Gradients(
            paths: gradients.paths, tensors: gradients.tensors.map { Tensor($0.scalars, shape: [40, 3]) })
        }
        optimizer.update(&table, gradients: gradients, learningRate: 0.1)
        // A run that is taken up again does not know which rows have moved.
        guard step == 3 else { continue }
        let state = Dictionary(uniqueKeysWithValues: optimizer.state(paths: ["weight"]).map { ($0.name, $0.tensor) })
        #expect(optimizer.restore(step: 4, shapes: [("weight", [40, 3])]) { state[$0] })
      }
      return (table.weight.value, optimizer.state(paths: ["weight"]).map(\.tensor))
    }
    let (few, whole) = (trained(false), trained(true))
    #expect(few.weights.isIdentical(to: whole.weights))
    for (a, b) in zip(few.state, whole.state) { #expect(a.isIdentical(to: b)) }
  }

  @Test func `frozen parameters and copies of the model stay as they were`() {
    var model = TwoLayers(seed: 1)
    model.setTrainable { $0 == "norm.bias" }
    let copy = model
    let gradients = model.valueAndGradients { $0(randomTensor([4, 3], seed: 3)).squared().sum() }.gradients
    var optimizer = AdamW()
    optimizer.update(&model, gradients: gradients, learningRate: 0.1)
    let changed = model.contents.filter { $0.value != copy.contents[$0.key] }.keys
    #expect(Array(changed) == ["norm.bias"])
    #expect(copy.contents == TwoLayers(seed: 1).contents)
  }

  @Test func `gradients of another model are a bug of the caller`() async {
    await #expect(processExitsWith: .failure) {
      var (model, optimizer) = (TwoLayers(seed: 1), AdamW())
      let gradients = Gradients(paths: ["first.weight"], tensors: [.zeros([5, 3])])
      optimizer.update(&model, gradients: gradients, learningRate: 1)
    }
  }

  @Test func `a state before the first update is taken up, and one that lacks a moment or has another is not`() {
    var optimizer = AdamW()
    #expect(optimizer.state(paths: ["w"]).isEmpty)
    #expect(optimizer.restore(step: 0, shapes: [("w", [2])]) { _ in nil })
    #expect(!optimizer.restore(step: 3, shapes: [("w", [2])]) { $0 == "first.w" ? .zeros([2]) : nil })
    #expect(!optimizer.restore(step: 3, shapes: [("w", [2])]) { .zeros([$0 == "first.w" ? 2 : 3]) })
    #expect(optimizer.step == 0)
  }
}
