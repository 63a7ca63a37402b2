import Foundation
import Tensor
import TestSupport
import Testing

/// Where a tensor's first element stands that is no finite number, in every form that weights are kept in.
@Suite struct FirstNonFiniteTests {
  private func plain(_ count: Int) -> [Float] { (0..<count).map { Float($0 % 7) - 3 } }

  @Test func `the first of several is found, in any part of a long row`() {
    // Parts of 1,048,576 elements are looked through apart.
    var elements = plain(3_000_000)
    #expect(Tensor(elements, shape: [3, 1_000_000]).firstNonFinite == nil)
    elements[2_999_999] = .infinity
    elements[2_100_000] = -.infinity
    #expect(
      Tensor(elements, shape: [3_000_000]).firstNonFinite.map { "\($0)" } == #"(element: 2100000, value: "-inf")"#)
    elements[255] = .nan
    #expect(Tensor(elements, shape: [3_000_000]).firstNonFinite.map { "\($0)" } == #"(element: 255, value: "nan")"#)
    #expect(Tensor.zeros([0]).firstNonFinite == nil)
  }

  @Test func `16 bits and packed numbers are looked at as a file has them`() throws {
    var elements = plain(4 * 256)
    elements[600] = .infinity
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "x.gguf")
      let tensor = Tensor(elements, shape: [4, 256])
      try Tensor.GGUFFile.write([], tensors: [("a", tensor, .float16), ("b", tensor, .bfloat16)], to: url)
      let file = try Tensor.GGUFFile(contentsOf: url)
      for name in ["a", "b"] {
        let found = try file.tensor(named: name).firstNonFinite
        #expect(found?.element == 600 && found?.value == "inf", "\(name)")
      }
      let even = Tensor(plain(4 * 256), shape: [4, 256])
      // The place of a block's scale, and the bytes of a block.
      for (type, scale, size, each) in [
        (Tensor.GGUFFile.ElementType.q8_0, 0, 34, 32), (.q4_K, 2, 144, 256), (.q6_K, 208, 210, 256),
      ] {
        try Tensor.GGUFFile.write([], tensors: [("x", even, type)], to: url)
        #expect(try Tensor.GGUFFile(contentsOf: url).tensor(named: "x").firstNonFinite == nil)
        var bytes = try Data(contentsOf: url)
        // The last block's: the file ends with the tensor, filled up to 32 bytes.
        let blocks = 4 * 256 / each
        let end = bytes.count - (32 - blocks * size % 32) % 32
        let place = end - size + scale
        bytes.replaceSubrange(place..<(place + 2), with: [0x00, 0x7C])
        try bytes.write(to: url)
        let found = try Tensor.GGUFFile(contentsOf: url).tensor(named: "x").firstNonFinite
        #expect(found.map { $0.element / each } == blocks - 1, "\(type.name): \(found.map { "\($0)" } ?? "none")")
      }
    }
  }
}
