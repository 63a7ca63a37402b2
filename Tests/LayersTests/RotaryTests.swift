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
    let table = RotaryPositions(dimensions: dimensions, base: 500).table(positions: positions.map { TokenPosition($0) })
    expectClose(table.rotate(x), expected)
  }

  @Test(arguments: [2, 16, 80])
  func `turning in place gives the same bits, and turning back what the gradient gets`(dimensions: Int) {
    let table = RotaryPositions(dimensions: dimensions).table(positions: [0, 3, 700].map { TokenPosition($0) })
    let x = randomTensor([3, 2, dimensions], seed: 4)
    var turned = x
    table.turn(&turned)
    #expect(turned.isIdentical(to: table.rotate(x)))
    let tracked = x.tracked()
    let gradient = table.rotate(tracked).gradients(at: [tracked], from: turned)[0]
    table.turn(&turned, back: true)
    #expect(turned.isIdentical(to: gradient))
    expectClose(turned, x, absolute: 1e-5)
  }

  @Test(arguments: [[], [1, 2, 3]])
  func `rows at one position have the bits that each has alone`(sections: [Int]) {
    let rotary = RotaryPositions(dimensions: 12, base: 100, sections: sections)
    let places: [TokenPosition] = [4, 0, TokenPosition(time: 4, row: 1, column: 2), 4, 0, 9, 4]
    let x = randomTensor([places.count, 2, 12], seed: 3)
    let alone = places.indices.map { rotary.table(positions: [places[$0]]).rotate(x.rows($0..<($0 + 1))) }
    #expect(rotary.table(positions: places).rotate(x).isIdentical(to: .concatenated(alone)))
  }

  @Test func `the product of two turned vectors depends on their distance alone`() {
    let (q, k) = (randomTensor([1, 1, 16], seed: 1), randomTensor([1, 1, 16], seed: 2))
    let rotary = RotaryPositions(dimensions: 16)
    func product(_ i: TokenPosition, _ j: TokenPosition) -> Float {
      (rotary.table(positions: [i]).rotate(q) * rotary.table(positions: [j]).rotate(k)).sum().scalar
    }
    #expect(abs(product(3, 10) - product(503, 510)) < 1e-4)
    #expect(abs(product(3, 10) - product(3, 11)) > 1e-3)
  }

  @Test func `pairs turn by the axis of their section`() {
    let rotary = RotaryPositions(dimensions: 12, base: 100, sections: [1, 2, 3])
    let place = TokenPosition(time: 3, row: 5, column: 8)
    let x = randomTensor([1, 2, 12], seed: 1)
    // Each axis alone, as text at that axis's number; of each the pairs of its section are right.
    let alone = [place.time, place.row, place.column].map {
      RotaryPositions(dimensions: 12, base: 100).table(positions: [TokenPosition($0)]).rotate(x).scalars
    }
    let axes = [0, 1, 1, 2, 2, 2]
    let expected = (0..<24).map { alone[axes[$0 % 6]][$0] }
    expectClose(rotary.table(positions: [place]).rotate(x), Tensor(expected, shape: [1, 2, 12]))
    #expect(
      rotary.table(positions: [7]).rotate(x).isIdentical(
        to: RotaryPositions(dimensions: 12, base: 100).table(positions: [7]).rotate(x)))
  }

  @Test func `axes that take turns have every third pair, as many as their sections say`() {
    let place = TokenPosition(time: 3, row: 5, column: 8)
    let x = randomTensor([1, 2, 24], seed: 1)
    let alone = [place.time, place.row, place.column].map {
      RotaryPositions(dimensions: 24, base: 100).table(positions: [TokenPosition($0)]).rotate(x).scalars
    }
    // Of 12 pairs 1, 4 and 7 turn by the row, 2 and 5 by the column: 3 and 2 of them.
    let axes = [0, 1, 2, 0, 1, 2, 0, 1, 0, 0, 0, 0]
    let expected = (0..<48).map { alone[axes[$0 % 12]][$0] }
    let rotary = RotaryPositions(dimensions: 24, base: 100, sections: [7, 3, 2], interleavesSections: true)
    expectClose(rotary.table(positions: [place]).rotate(x), Tensor(expected, shape: [1, 2, 24]))
  }

  @Test func `patches turn by row in the first quarter's frequencies and by column in the second's`() {
    let x = randomTensor([1, 1, 8], seed: 2)
    let y = RotaryPositions(dimensions: 8, base: 100).table(patches: [(row: 3, column: 5)]).rotate(x).scalars
    // Pairs (0, 4), (1, 5) turn by the row with frequencies 1 and 1/10, pairs (2, 6), (3, 7) by the column.
    for (pair, angle) in [3, 0.3, 5, 0.5].enumerated() {
      let (u, v) = (Double(x.scalars[pair]), Double(x.scalars[pair + 4]))
      #expect(abs(Double(y[pair]) - (u * cos(angle) - v * sin(angle))) < 1e-5)
      #expect(abs(Double(y[pair + 4]) - (v * cos(angle) + u * sin(angle))) < 1e-5)
    }
  }

  @Test func `scaling slows the waves that are longer than what a model was taught`() {
    func angle(_ scaling: RotaryScaling, _ pair: Int) -> Double {
      // A unit vector in one pair turns by the angle of position 1.
      let rotary = RotaryPositions(dimensions: 8, base: 10_000, scaling: scaling)
      let one = Tensor((0..<8).map { $0 == pair ? 1 : 0 }, shape: [1, 1, 8])
      let y = rotary.table(positions: [1]).rotate(one).scalars
      return atan2(Double(y[pair + 4]), Double(y[pair]))
    }
    // Frequencies 1, 0.1, 0.01, 0.001: over 100 tokens 15.9, 1.59, 0.159 and 0.0159 waves.
    let llama3 = RotaryScaling.llama3(factor: 8, low: 1, high: 4, original: 100)
    #expect(abs(angle(llama3, 0) - 1) < 1e-6)
    let share = (100 * 0.1 / (2 * Double.pi) - 1) / 3
    #expect(abs(angle(llama3, 1) - (share * 0.1 + (1 - share) * 0.1 / 8)) < 1e-6)
    #expect(abs(angle(llama3, 2) - 0.01 / 8) < 1e-6 && abs(angle(llama3, 3) - 0.001 / 8) < 1e-6)
    #expect(abs(angle(.linear(factor: 4), 1) - 0.025) < 1e-6)
    #expect(abs(angle(.none, 1) - 0.1) < 1e-6)
  }

  @Test func `gradients turn back`() {
    let table = RotaryPositions(dimensions: 6, base: 10).table(positions: [0, 3, 7])
    expectGradientsMatchFiniteDifferences(at: [randomTensor([3, 2, 6], seed: 1)]) { table.rotate($0[0]).tanh() }
  }
}
