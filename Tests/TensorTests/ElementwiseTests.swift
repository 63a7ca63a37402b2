import Foundation
import Tensor
import TestSupport
import Testing

@Suite struct ElementwiseTests {
  struct Function: CustomTestStringConvertible {
    let testDescription: String
    let fast: @Sendable (Tensor) -> Tensor
    let exact: @Sendable (Double) -> Double
    var low: Float = -6
    var high: Float = 6
    var relative: Float = 2e-6
    var absolute: Float = 1e-7
    /// Points nearer than this to 0 are moved away from the kink there.
    var kink: Float = 0
  }

  static func sigmoid(_ x: Double) -> Double { 1 / (1 + Foundation.exp(-x)) }

  static let functions = [
    Function(testDescription: "negative", fast: { -$0 }, exact: { -$0 }, relative: 0),
    Function(testDescription: "exp", fast: { $0.exp() }, exact: { Foundation.exp($0) }, low: -80, high: 80),
    Function(testDescription: "log", fast: { $0.log() }, exact: { Foundation.log($0) }, low: 0.1, high: 50),
    Function(testDescription: "squareRoot", fast: { $0.squareRoot() }, exact: { $0.squareRoot() }, low: 0.2, high: 50),
    Function(
      testDescription: "reciprocalSquareRoot", fast: { $0.reciprocalSquareRoot() }, exact: { 1 / $0.squareRoot() },
      low: 0.2, high: 50),
    Function(testDescription: "reciprocal", fast: { $0.reciprocal() }, exact: { 1 / $0 }, low: 0.3, high: 9),
    Function(testDescription: "squared", fast: { $0.squared() }, exact: { $0 * $0 }),
    Function(testDescription: "absolute", fast: { $0.absolute() }, exact: { abs($0) }, kink: 0.1),
    Function(testDescription: "tanh", fast: { $0.tanh() }, exact: { Foundation.tanh($0) }),
    Function(testDescription: "sigmoid", fast: { $0.sigmoid() }, exact: sigmoid, low: -60, high: 60),
    Function(
      testDescription: "logSigmoid", fast: { $0.logSigmoid() },
      exact: { min($0, 0) - log1p(Foundation.exp(-abs($0))) }, low: -100, high: 30),
    Function(testDescription: "relu", fast: { $0.relu() }, exact: { max($0, 0) }, kink: 0.1),
    Function(testDescription: "silu", fast: { $0.silu() }, exact: { $0 * sigmoid($0) }, low: -30, high: 30),
    Function(
      testDescription: "geluTanh", fast: { $0.geluTanh() },
      exact: { 0.5 * $0 * (1 + Foundation.tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) },
      absolute: 1e-6),
    Function(
      testDescription: "gelu", fast: { $0.gelu() }, exact: { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) },
      absolute: 1e-6),
    Function(
      testDescription: "geluQuick", fast: { $0.geluQuick() }, exact: { $0 * sigmoid(1.702 * $0) }, low: -30, high: 30),
  ]

  @Test(arguments: functions)
  func `each function is that of Float64 mathematics on odd shapes`(function: Function) {
    for shape in oddShapes {
      let x = randomTensor(shape, seed: 5, from: function.low, to: function.high)
      expectClose(
        function.fast(x), Naive.map(x, function.exact), relative: function.relative, absolute: function.absolute)
    }
  }

  @Test(arguments: functions)
  func `each derivative matches differences on odd shapes`(function: Function) {
    for shape in smallShapes + [[65_537]] {
      var x = randomTensor(shape, seed: 6, from: max(function.low, -4), to: min(function.high, 4))
      x.mutateScalars { for i in $0.indices where abs($0[i]) < function.kink { $0[i] = function.kink } }
      expectGradientsMatchFiniteDifferences(at: [x]) { function.fast($0[0]) }
    }
  }

  @Test(arguments: functions)
  func `NaN comes out where NaN goes in, wherever it stands in a vector`(function: Function) {
    for position in [0, 15, 16, 20] {
      var x = Tensor(repeating: 0.5, shape: [21])
      x.mutateScalars { $0[position] = .nan }
      let y = function.fast(x).scalars
      for i in y.indices { #expect(y[i].isNaN == (i == position), "element \(i)") }
    }
  }

  @Test
  func `functions stay finite far out, where the textbook form overflows`() {
    let x = Tensor([-3e38, -1000, -90, 90, 1000, 3e38], shape: [6])
    #expect(x.sigmoid().scalars.suffix(3) == [1, 1, 1])
    for y in x.sigmoid().scalars.prefix(3) { #expect(y >= 0 && y < 1e-37) }
    #expect(x.tanh().scalars == [-1, -1, -1, 1, 1, 1])
    #expect(x.logSigmoid().scalars[1] == -1000)
    #expect(x.logSigmoid().scalars[4] == 0)
    let logs = Tensor([0, -1, .infinity, .leastNonzeroMagnitude], shape: [4]).log().scalars
    #expect(logs[0] == -.infinity && logs[1].isNaN && logs[2] == .infinity)
    #expect(abs(logs[3] - -103.27893) < 1e-5)  // -149 log 2
    #expect(Tensor([-200, 200], shape: [2]).exp().scalars.allSatisfy { $0.isFinite && $0 > 0 })
    for f in [Tensor.silu, Tensor.gelu, Tensor.geluTanh, Tensor.geluQuick] as [(Tensor) -> () -> Tensor] {
      let y = f(Tensor([-1000, 1000], shape: [2]))().scalars
      #expect(abs(y[0]) < 1e-30 && y[1] == 1000)
    }
  }

  @Test
  func `at their kinks relu and absolute have derivative 0`() {
    let x = Tensor([-1, 0, 1], shape: [3]).tracked()
    #expect(x.relu().sum().gradients(at: [x])[0].scalars == [0, 0, 1])
    #expect(x.absolute().sum().gradients(at: [x])[0].scalars == [-1, 0, 1])
  }
}
