package import ImageDecoding

/// Draws a scene as a small photo: sky and light of the time of day, the place, clutter, the main objects, weather,
/// and the noise of a camera.
///
/// ```swift
/// let scene = Scene(object: .boat, colour: .red, count: 3, place: .harbour, time: .dusk)
/// let image = SceneRenderer(side: 64).image(of: scene, layout: 1)  // 64 x 64 pixels
/// ```
///
/// The layout is a seed: it decides positions, sizes, weather, clutter and noise, so that one scene can be
/// photographed any number of times. The same scene, layout, side and clutter give the same pixels.
///
/// - Complexity: about 1 ms for 64 x 64 pixels; grows with the number of pixels.
package struct SceneRenderer: Sendable {
  /// Width and height of the photo in pixels.
  package let side: Int
  /// The largest number of things in a photo that no caption mentions.
  package let clutter: Int
  /// Strength of the camera's noise, in levels of 0 to 255.
  package let noise: Float

  /// A renderer of square photos.
  ///
  /// - Parameters:
  ///   - side: Width and height in pixels, at least 16. The default is 64.
  ///   - clutter: The largest number of unmentioned things. The default is 3.
  ///   - noise: Largest change of a pixel by noise, in levels of 0 to 255. The default is 7.
  package init(side: Int = 64, clutter: Int = 3, noise: Float = 7) {
    precondition(side >= 16, "a photo of \(side) pixels shows nothing; at least 16")
    precondition(clutter >= 0 && noise >= 0, "clutter (\(clutter)) and noise (\(noise)) can't be negative")
    (self.side, self.clutter, self.noise) = (side, clutter, noise)
  }

  /// The photo of a scene.
  ///
  /// - Parameter layout: The seed of everything that is no fact.
  package func image(of scene: Scene, layout: UInt64) -> RGBImage {
    var generator = WorldGenerator(seed: layout)
    let light = Light(scene.time)
    let place = PlaceDrawing(scene.place, light: light, using: &generator)
    let sky = SkyDrawing(time: scene.time, light: light, weather: generator.pick(Weather.allCases))

    var canvas = Canvas(side: side)
    sky.backdrop(horizon: place.horizon, using: &generator).paint(on: &canvas)
    place.draw(using: &generator).paint(on: &canvas)
    Clutter.scatter(upTo: clutter, at: place, light: light, using: &generator).paint(on: &canvas)
    subject(of: scene, at: place, light: light, using: &generator).paint(on: &canvas)
    sky.foreground(using: &generator).paint(on: &canvas)

    let exposure = generator.between(0.94...1.06)
    let grain = noise / 255
    canvas.adjust { _, colour in
      let level = generator.between(-grain...grain)
      return colour * exposure + level
    }
    return canvas.image
  }

  private func subject(
    of scene: Scene, at place: PlaceDrawing, light: Light, using generator: inout some RandomNumberGenerator
  ) -> Drawing {
    var drawing = Drawing()
    let arrangement = Arrangement(
      scene.object, count: scene.count, feet: place.feet(of: scene.object), using: &generator)
    for spot in arrangement.spots {
      let pigment = scene.colour.pigment * generator.between(0.9...1.04)
      let hand = ObjectDrawing(paint: pigment, line: 0.011 / spot.width)
      let object = hand.draw(scene.object).recoloured(light.onSubject)
      if !scene.object.isAirborne {
        let isAfloat = scene.object == .boat
        drawing.fill(
          .ellipse(spot.foot.x, spot.foot.y, spot.width * 1.05, spot.width * 0.16, sides: 14),
          isAfloat ? light.onSurroundings(rgb(0x0e3c50)) : RGB(repeating: 0.05), opacity: isAfloat ? 0.6 : 0.35)
      }
      drawing.add(object.placed(at: spot.foot, scale: Point(spot.isMirrored ? -spot.width : spot.width, spot.width)))
    }
    return drawing
  }
}
