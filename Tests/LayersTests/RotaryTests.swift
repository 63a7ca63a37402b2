import Foundation
import Layers
import Tensor
import TestSupport
import Testing

@Suite struct RotaryTests {
  @Test(arguments: [2, 6, 16, 20, 64, 80])
  func `coordinates i and i + half turn by position · base^(-2i/d)`(dimensions: Int) {
    let positions = [0, 1, 5, 1000]
    let x = randomTensor([4, 3, dimensions], seed: 1)
    let half = dimensions / 2
    let expected = Tensor(shape: x.shape) { out in
      for (t, position) in positions.enumerated() {
        for h in 0..<3 {
          for i in 0..<half {
            let angle = Double(position) * pow(500, -2 * Double(i) / Double(dimensions))
            let (u, v) = (Double(x[t, h, i]), Double(x[t, h, half + i]))
            let at = (t * 3 + h) * dimensions + i
            out[at] = Float(u * cos(angle) - v * sin(angle))
            out[at + half] = Float(v * cos(angle) + u * sin(angle))
          }
        }
      }
    }
    let table = RotaryPositions(dimensions: dimensions, base: 500).table(positions: positions)
    expectClose(table.rotate(x), expected)
  }

  @Test func `the product of two turned vectors depends on their distance alone`() {
    let (q, k) = (randomTensor([1, 1, 16], seed: 1), randomTensor([1, 1, 16], seed: 2))
    let rotary = RotaryPositions(dimensions: 16)
    func product(_ i: Int, _ j: Int) -> Float {
      (rotary.table(positions: [i]).rotate(q) * rotary.table(positions: [j]).rotate(k)).sum().scalar
    }
    #expect(abs(product(3, 10) - product(503, 510)) < 1e-4)
    #expect(abs(product(3, 10) - product(3, 11)) > 1e-3)
  }

  @Test func `gradients turn back`() {
    let table = RotaryPositions(dimensions: 6, base: 10).table(positions: [0, 3, 7])
    expectGradientsMatchFiniteDifferences(at: [randomTensor([3, 2, 6], seed: 1)]) { table.rotate($0[0]).tanh() }
  }
}
