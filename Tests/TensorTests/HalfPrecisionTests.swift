import Foundation
import Tensor
import TestSupport
import Testing

/// Weights that a file keeps in 16 bits.
@Suite(.serialized, .everyInstructionSet) struct HalfPrecisionTests {
  /// A matrix of random numbers in 16 bits, as read from a file, and the same in Float32.
  private func pair(
    _ shape: [Int], _ type: String, seed: UInt64, _ body: (_ half: Tensor, _ whole: Tensor) throws -> Void
  ) throws {
    let source = randomTensor(shape, seed: seed)
    let words = source.scalars.map { type == "BF16" ? UInt16($0.bitPattern >> 16) : half(of: $0) }
    let whole = words.map {
      type == "BF16" ? Float(bitPattern: UInt32($0) << 16) : number(of: $0)
    }
    try withTemporaryFolder { folder in
      let extents = shape.map(String.init).joined(separator: ",")
      var header = #"{"w":{"dtype":"\#(type)","shape":[\#(extents)],"data_offsets":[0,\#(2 * words.count)]}}"#
      while header.utf8.count % 8 != 0 { header += " " }
      var data = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8)
      words.withUnsafeBytes { data.append(contentsOf: $0) }
      let url = folder.appending(path: "w.safetensors")
      try data.write(to: url)
      let file = try Tensor.SafetensorsFile(contentsOf: url)
      try body(file.tensor(named: "w"), Tensor(whole, shape: shape))
    }
  }

  /// 10 bits of fraction, cut: numbers from 2^-14 up to 2.
  private func half(of x: Float) -> UInt16 {
    let bits = x.bitPattern
    let exponent = Int(bits >> 23 & 255) - 112
    guard exponent > 0 else { return UInt16(bits >> 16 & 0x8000) }
    return UInt16(bits >> 16 & 0x8000) | UInt16(exponent) << 10 | UInt16(bits >> 13 & 1023)
  }
  private func number(of word: UInt16) -> Float {
    let exponent = UInt32(word >> 10 & 31)
    guard exponent > 0 else { return Float(sign: word >> 15 == 1 ? .minus : .plus, exponent: 0, significand: 0) }
    return Float(bitPattern: UInt32(word & 0x8000) << 16 | (exponent + 112) << 23 | UInt32(word & 1023) << 13)
  }

  // Small ones, tall and wide ones on both sides of the tiling, and odd extents.
  @Test(
    arguments: ["BF16", "F16"],
    [[1, 3, 5], [7, 64, 33], [1, 700, 96], [5, 1031, 517], [300, 40, 300], [600, 257, 129], [40, 900, 310]])
  func `products have the bits of those with the weight widened before`(type: String, sizes: [Int]) throws {
    let (rows, out, inner) = (sizes[0], sizes[1], sizes[2])
    try pair([out, inner], type, seed: 3) { half, whole in
      let x = randomTensor([rows, inner], seed: 4)
      let g = randomTensor([rows, out], seed: 5)
      #expect(x.matmul(half, transposeB: true).isIdentical(to: x.matmul(whole, transposeB: true)))
      #expect(g.matmul(half).isIdentical(to: g.matmul(whole)))
      // Through a layer: the gradient at its input.
      let gradients = [half, whole].map { weight -> Tensor in
        let x = x.tracked()
        return (x.matmul(weight, transposeB: true) * g).sum().gradients(at: [x])[0]
      }
      #expect(gradients[0].isIdentical(to: gradients[1]))
      let batch = x.reshaped([1, rows, inner]).matmul(half, transposeB: true)
      #expect(batch.isIdentical(to: x.matmul(whole, transposeB: true).reshaped([1, rows, out])))
    }
  }

  @Test(arguments: ["BF16", "F16"]) func `rows are read by themselves`(type: String) throws {
    try pair([9, 5], type, seed: 7) { half, whole in
      let tokens = [8, 0, 3, 3]
      #expect(half.gathered(tokens).isIdentical(to: whole.gathered(tokens)))
      #expect(half.rows(2..<7).isIdentical(to: whole.rows(2..<7)) && half.rows(4..<4).count == 0)
      #expect(half.isIdentical(to: whole) && half.scalars == whole.scalars && half[8, 4] == whole[8, 4])
    }
  }

  @Test(arguments: ["BF16", "F16"]) func `every other operation sees Float32`(type: String) throws {
    try pair([6, 4], type, seed: 8) { half, whole in
      #expect((half + 1).isIdentical(to: whole + 1) && half.transposed().isIdentical(to: whole.transposed()))
      #expect(half.reshaped([4, 6]).matmul(half).isIdentical(to: whole.reshaped([4, 6]).matmul(whole)))
      #expect(half.sum().isIdentical(to: whole.sum()) && half.softmax().isIdentical(to: whole.softmax()))
    }
  }

  @Test func `pages of a file leave memory, whichever form of its weights is asked to give them back`() async {
    await #expect(processExitsWith: .success) {
      func residentFileKilobytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssFile:") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
      }
      try HalfPrecisionTests().pair([2048, 1024], "BF16", seed: 9) { half, _ in
        let x = randomTensor([8, 1024], seed: 10)
        for tensor in [half, half.inBFloat16()] {
          let product = x.matmul(tensor, transposeB: true)
          let before = try residentFileKilobytes()
          tensor.releasePages()
          let after = try residentFileKilobytes()
          precondition(before - after > 3_000, "4 MiB of weights stayed in memory")
          precondition(x.matmul(tensor, transposeB: true).isIdentical(to: product))
        }
      }
    }
  }

  @Test func `writing makes a copy, and training widens`() throws {
    try pair([6, 4], "BF16", seed: 8) { half, whole in
      var trained = half
      trained.add(.ones([6, 4]))
      #expect(trained.isIdentical(to: whole + 1) && half.isIdentical(to: whole))
      let (x, y) = (half.tracked(), whole.tracked())
      let input = randomTensor([3, 4], seed: 1)
      let found = input.matmul(x, transposeB: true).squared().sum().gradients(at: [x])[0]
      #expect(found.isIdentical(to: input.matmul(y, transposeB: true).squared().sum().gradients(at: [y])[0]))
    }
  }

  @Test func `a blank generator draws zeros that become what is written over them`() {
    var blank = Tensor.Blank()
    let zeros = Tensor.normal([2, 3], using: &blank)
    #expect(zeros.isIdentical(to: .zeros([2, 3])) && zeros.shape == [2, 3])
    var written = Tensor.uniform([4], using: &blank)
    written.add(.ones([4]))
    #expect(written.scalars == [1, 1, 1, 1])
    #expect(Tensor.normal([0, 3], using: &blank).count == 0)
    #expect(
      randomTensor([2, 3], seed: 1).matmul(Tensor.normal([4, 3], using: &blank), transposeB: true).scalars
        == [Float](repeating: 0, count: 8))
  }
}
