import Tensor
import TestSupport
import Testing

/// The assertions that the other tests rest on must fail when they should.
@Suite struct TestSupportTests {
  private func expectFails(_ text: String, _ body: () -> Void) {
    withKnownIssue {
      body()
    } matching: { issue in
      issue.comments.contains { $0.rawValue.contains(text) }
    }
  }

  @Test
  func `expectClose looks at the shape before the elements`() {
    expectFails("shape [2], expected [2, 1]") { expectClose(.zeros([2]), .zeros([2, 1])) }
    expectFails("shape [1], expected [2]") { expectClose(.zeros([1]), .zeros([2])) }
  }

  @Test
  func `expectClose names the worst element`() {
    var x = Tensor.ones([2, 3, 4])
    x.mutateScalars {
      $0[5] = 1.1
      $0[18] = 3
    }
    expectFails("2 of 24 elements differ; the worst at [1, 1, 2]: 3.0, expected 1.0") {
      expectClose(x, .ones([2, 3, 4]))
    }
    expectClose(x, .ones([2, 3, 4]), absolute: 2)
  }

  @Test
  func `expectClose takes NaN for NaN and infinity for itself alone`() {
    let x = Tensor([.nan, .infinity, -.infinity, 0], shape: [4])
    expectClose(x, x)
    expectClose(Tensor(-0.0), Tensor(0))
    expectFails("differ") { expectClose(Tensor(.nan), Tensor(1)) }
    expectFails("differ") { expectClose(Tensor(1), Tensor(.nan)) }
    expectFails("differ") { expectClose(Tensor(1e38), Tensor(.infinity)) }
    expectFails("differ") { expectClose(Tensor(.infinity), Tensor(-.infinity)) }
    expectFails("differ") { expectClose(Tensor(.infinity), Tensor(1)) }
  }

  @Test
  func `wrong gradients are found: too large, of one element, of one place of use, not a number`() {
    func squared(_ x: Tensor, rule: @escaping @Sendable (Tensor) -> Tensor) -> Tensor {
      .operation(value: x.detached().squared(), inputs: [x]) { [rule($0)] }
    }
    let x = Tensor([1, 2, 3], shape: [3])
    expectGradientsMatchFiniteDifferences(at: [x]) { squared($0[0]) { $0 * x * 2 } }
    expectFails("gradient of input 0 at [0]") {
      expectGradientsMatchFiniteDifferences(at: [x]) { squared($0[0]) { $0 * x * 2.01 } }
    }
    expectFails("gradient of input 0 at [2]") {
      expectGradientsMatchFiniteDifferences(at: [x]) { squared($0[0]) { $0 * Tensor([2, 4, 6.1], shape: [3]) } }
    }
    expectFails("by differences") {
      expectGradientsMatchFiniteDifferences(at: [x]) { squared($0[0]) { $0 * .nan } }
    }
    expectFails("gradient of input 1") {
      expectGradientsMatchFiniteDifferences(at: [x, x]) { $0[0] * $0[1].detached() }
    }
    expectFails("the value changes") {
      expectGradientsMatchFiniteDifferences(at: [x]) { $0[0].isTracked ? $0[0] : $0[0] * 2 }
    }
  }
}
