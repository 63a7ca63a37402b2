import Foundation
import ImageDecoding
import TestSupport
import Testing

struct ResizingCase: Decodable {
  let width: Int
  let height: Int
  let newWidth: Int
  let newHeight: Int
  let filter: ResamplingFilter
  let rgb: Data
  let resized: Data
}

@Suite struct ResizingTests {
  @Test func `every filter gives the bytes of Pillow`() throws {
    let cases = try GoldenFile<ResizingCase>.load("resizing")
    #expect(Set(cases.map(\.filter)) == Set(ResamplingFilter.allCases))
    for golden in cases {
      let image = RGBImage(width: golden.width, height: golden.height, pixels: golden.rgb.bytes)
      let resized = image.resized(width: golden.newWidth, height: golden.newHeight, by: golden.filter)
      let sizes = "\(golden.width)x\(golden.height) to \(golden.newWidth)x\(golden.newHeight)"
      #expect(resized.width == golden.newWidth && resized.height == golden.newHeight)
      #expect(resized.pixels == golden.resized.bytes, "\(golden.filter), \(sizes)")
    }
  }

  @Test(arguments: ResamplingFilter.allCases)
  func `the fast loops agree with the naive twin`(filter: ResamplingFilter) {
    var generator = SplitMix(state: UInt64(filter.rawValue))
    let sizes = [1, 2, 5, 15, 16, 17, 33, 87]
    for width in sizes {
      for height in sizes {
        let samples = (0..<(width * height * 3)).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let image = RGBImage(width: width, height: height, pixels: samples)
        let (newWidth, newHeight) = (
          Int.random(in: 1...40, using: &generator), Int.random(in: 1...40, using: &generator)
        )
        let fast = image.resized(width: newWidth, height: newHeight, by: filter)
        let naive = image.resizedNaively(width: newWidth, height: newHeight, by: filter)
        #expect(fast == naive, "\(filter), \(width)x\(height) to \(newWidth)x\(newHeight)")
      }
    }
  }

  @Test func `the same size gives the same image`() {
    let image = picture(width: 12, height: 7)
    for filter in ResamplingFilter.allCases {
      #expect(image.resized(width: 12, height: 7, by: filter) == image)
    }
  }

  @Test func `an image of one colour keeps it`() {
    let image = RGBImage(width: 19, height: 11, fill: .init(7, 130, 255))
    for filter in ResamplingFilter.allCases {
      #expect(
        image.resized(width: 5, height: 30, by: filter) == RGBImage(width: 5, height: 30, fill: .init(7, 130, 255)))
    }
  }
}
