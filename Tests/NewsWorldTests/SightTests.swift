import ImageDecoding
import NewsWorld
import Testing

@Suite struct SightTests {
  private func pixel(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> RGBImage {
    RGBImage(width: 1, height: 1, pixels: [red, green, blue])
  }

  private func distance(_ first: RGBImage, _ second: RGBImage) -> Int {
    zip(first.pixels, second.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
  }

  private func pixel(_ colour: NewsColour) -> RGBImage {
    let level = colour.pigment * 255
    return pixel(UInt8(level.x), UInt8(level.y), UInt8(level.z))
  }

  @Test
  func `red and green, blue and purple come much closer without green receptors; blue and yellow do not`() {
    func ratio(_ first: NewsColour, _ second: NewsColour) -> Double {
      Double(distance(pixel(first).colourBlind(), pixel(second).colourBlind()))
        / Double(distance(pixel(first), pixel(second)))
    }
    #expect(ratio(.red, .green) < 0.25)
    #expect(ratio(.blue, .purple) < 0.35)
    #expect(ratio(.blue, .yellow) > 0.9)
  }

  @Test(arguments: RGBImage.ColourBlindness.allCases)
  func `greys stay grey to every eye`(kind: RGBImage.ColourBlindness) {
    for level in [UInt8(0), 1, 77, 128, 254, 255] {
      let seen = pixel(level, level, level).colourBlind(kind)
      #expect(seen.pixels.allSatisfy { abs(Int($0) - Int(level)) <= 1 })
    }
  }

  @Test
  func `without colour the three channels are equal and green is lighter than blue`() {
    let green = pixel(0, 255, 0).colourBlind(.monochromacy).pixels
    let blue = pixel(0, 0, 255).colourBlind(.monochromacy).pixels
    #expect(Set(green).count == 1 && Set(blue).count == 1)
    // Luminance 0.7152 and 0.0722 in linear light are levels 219.5 and 76.
    #expect(abs(Int(green[0]) - 220) <= 1 && abs(Int(blue[0]) - 76) <= 1)
  }

  @Test
  func `a blur of one pixel changes nothing, and a flat photo stays flat at any size`() {
    let photo = SceneRenderer(side: 33).image(
      of: Scene(object: .car, colour: .red, count: 2, place: .street, time: .noon), layout: 1)
    #expect(photo.shortSighted(blur: 1) == photo)
    for (width, height) in [(1, 1), (5, 3), (7, 16)] {
      let flat = RGBImage(width: width, height: height, fill: .init(10, 200, 99))
      #expect(flat.shortSighted(blur: 4) == flat)
    }
  }

  @Test
  func `a fine chequerboard becomes grey and a step becomes a slope`() {
    let chequers = RGBImage(
      width: 8, height: 8, pixels: (0..<64).flatMap { [UInt8](repeating: ($0 / 8 + $0) % 2 == 0 ? 0 : 255, count: 3) })
    #expect(chequers.shortSighted(blur: 4).pixels.allSatisfy { $0 == 128 })
    let step = RGBImage(width: 8, height: 1, pixels: (0..<8).flatMap { [UInt8](repeating: $0 < 4 ? 0 : 200, count: 3) })
    // Blocks of mean 0 and 200 with centres at 2 and 6: 50 a pixel between them.
    let seen = step.shortSighted(blur: 4).pixels.enumerated().filter { $0.offset % 3 == 0 }.map(\.element)
    #expect(seen == [0, 0, 25, 75, 125, 175, 200, 200])
  }
}
