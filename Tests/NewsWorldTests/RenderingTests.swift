import ImageDecoding
import NewsWorld
import Testing

@Suite struct RenderingTests {
  private let renderer = SceneRenderer(side: 64)
  private let cars = Scene(object: .car, colour: .red, count: 2, place: .street, time: .noon)

  /// How many pixels differ by more than the noise could make them.
  private func changedPixels(_ first: RGBImage, _ second: RGBImage) -> Int {
    (0..<first.width * first.height).count { pixel in
      (0..<3).contains { abs(Int(first.pixels[pixel * 3 + $0]) - Int(second.pixels[pixel * 3 + $0])) > 24 }
    }
  }

  @Test
  func `the same scene and layout give the same bytes, another layout another photo`() throws {
    let photo = renderer.image(of: cars, layout: 9)
    #expect(photo == renderer.image(of: cars, layout: 9))
    #expect(try photo.pngData() == renderer.image(of: cars, layout: 9).pngData())
    #expect(changedPixels(photo, renderer.image(of: cars, layout: 10)) > 500)
  }

  @Test(arguments: [16, 33, 64, 200])
  func `photos have the size asked for and are not flat`(side: Int) {
    let photo = SceneRenderer(side: side).image(of: cars, layout: 1)
    #expect(photo.width == side && photo.height == side)
    #expect(Set(photo.pixels).count > 40)
  }

  @Test(arguments: Fact.allCases)
  func `every fact that changes, changes what is seen, at the same layout`(fact: Fact) {
    var generator = WorldGenerator(seed: 2)
    for layout in 0..<60 {
      let scene = Scene.random(using: &generator)
      let twin = scene.twin(differingIn: [fact], using: &generator)
      let changed = changedPixels(
        renderer.image(of: scene, layout: UInt64(layout)), renderer.image(of: twin, layout: UInt64(layout)))
      #expect(changed > 40, "\(scene) and \(twin)")
    }
  }

  @Test
  func `two colours at one layout differ in the objects alone, which look more like their own colour`() {
    let quiet = SceneRenderer(side: 64, noise: 0)
    for first in NewsColour.allCases {
      for second in NewsColour.allCases where second != first {
        var (one, other) = (cars, cars)
        (one.colour, other.colour) = (first, second)
        let (a, b) = (quiet.image(of: one, layout: 4), quiet.image(of: other, layout: 4))
        let changed = (0..<64 * 64).filter { a.pixels[$0 * 3..<$0 * 3 + 3] != b.pixels[$0 * 3..<$0 * 3 + 3] }
        #expect((60...1600).contains(changed.count))
        func distance(_ image: RGBImage, _ colour: NewsColour) -> Float {
          changed.reduce(0) { sum, pixel in
            let seen = RGB(
              Float(image.pixels[pixel * 3]), Float(image.pixels[pixel * 3 + 1]), Float(image.pixels[pixel * 3 + 2]))
            let gap = seen / 255 - colour.pigment
            return sum + (gap * gap).sum()
          }
        }
        #expect(distance(a, first) < distance(b, first))
        #expect(distance(b, second) < distance(a, second))
      }
    }
  }

  @Test
  func `objects stand inside the picture, as many as asked for, and hide little of one another`() {
    var generator = WorldGenerator(seed: 8)
    for object in NewsObject.allCases {
      for place in object.places {
        for count in Scene.counts {
          for _ in 0..<20 {
            let ground = PlaceDrawing(place, light: Light(.noon), using: &generator)
            let spots = Arrangement(object, count: count, feet: ground.feet(of: object), using: &generator).spots
            #expect(spots.count == count)
            let height = ObjectDrawing.height(of: object)
            for (index, spot) in spots.enumerated() {
              #expect(spot.foot.x - spot.width / 2 >= 0 && spot.foot.x + spot.width / 2 <= 1)
              #expect(spot.foot.y <= 1 && spot.foot.y - spot.width * height >= 0)
              // 64 pixels wide, the smallest object has at least 7 of them.
              #expect(spot.width * 64 >= 7)
              for other in spots[(index + 1)...] {
                let across = max(0, spot.width - abs(spot.foot.x - other.foot.x))
                let down = max(0, spot.width * height - abs(spot.foot.y - other.foot.y))
                #expect(across * down <= 0.35 * spot.width * spot.width * height)
              }
            }
          }
        }
      }
    }
  }

  @Test
  func `a contact sheet enlarges pixels and parts photos by white lines`() {
    let black = RGBImage(width: 1, height: 1, pixels: [0, 0, 0])
    let red = RGBImage(width: 1, height: 1, pixels: [255, 0, 0])
    let sheet = ContactSheet.image(of: [black, red, red], columns: 2, zoom: 2, gap: 1)
    #expect(sheet.width == 5 && sheet.height == 5)
    #expect(Array(sheet.pixels[0..<15]) == [0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 255, 0, 0])
    #expect(Array(sheet.pixels[(4 * 15)..<(4 * 15 + 9)]) == [255, 0, 0, 255, 0, 0, 255, 255, 255])
  }
}
