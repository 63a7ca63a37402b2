/// The surroundings of a photo: what lies between the sky and the main objects.
package struct PlaceDrawing: Sendable {
  /// The place.
  package let place: NewsPlace
  /// Height of the horizon in the units of the picture.
  package let horizon: Float
  let light: Light

  /// A place in this light; the horizon lies a little differently in every photo.
  package init(_ place: NewsPlace, light: Light, using generator: inout some RandomNumberGenerator) {
    self.place = place
    self.light = light
    let middle: Float =
      switch place {
      case .harbour: 0.46
      case .beach: 0.40
      case .street: 0.62
      case .field: 0.52
      case .stadium: 0.56
      case .mountain: 0.60
      case .parliament: 0.64
      case .desert: 0.55
      }
    horizon = middle + generator.between(-0.03...0.03)
  }

  /// Where the feet of an object may be: in the air, on the water, or on the ground.
  package func feet(of object: NewsObject) -> ClosedRange<Float> {
    if object.isAirborne { return 0.26...0.5 }
    return switch (place, object) {
    case (.harbour, .boat): (horizon + 0.10)...(horizon + 0.30)
    case (.beach, .boat): (horizon + 0.09)...(horizon + 0.22)
    case (.harbour, _): 0.86...0.97
    case (.beach, _): (horizon + 0.32)...0.97
    default: (horizon + 0.12)...0.97
    }
  }

  /// The surroundings, already in the light of the time of day.
  package func draw(using generator: inout some RandomNumberGenerator) -> Drawing {
    switch place {
    case .harbour: harbour(&generator)
    case .beach: beach(&generator)
    case .street: street(&generator)
    case .field: field(&generator)
    case .stadium: stadium(&generator)
    case .mountain: mountain(&generator)
    case .parliament: parliament(&generator)
    case .desert: desert(&generator)
    }
  }

  // Parts that several places share; the places themselves are in TownDrawing.swift and NatureDrawing.swift.

  /// The light that a lit window or lamp has at night, and what it looks like by day.
  func window(day: Int) -> RGB {
    light.isDark ? rgb(0xffd978) : light.onSurroundings(rgb(day))
  }

  func lit(_ hexadecimal: Int) -> RGB {
    light.onSurroundings(rgb(hexadecimal))
  }

  func ground(_ far: Int, _ near: Int, from top: Float, on drawing: inout Drawing) {
    drawing.fill(.box(0, top, 1, 1), .vertical(lit(far), lit(near), from: top, to: 1))
  }

  func sea(to bottom: Float, on drawing: inout Drawing, using generator: inout some RandomNumberGenerator) {
    let far = mix(lit(0x2f7f92), light.horizon, 0.35)
    drawing.fill(.box(0, horizon, 1, bottom), .vertical(far, lit(0x1d5f78), from: horizon, to: bottom))
    for _ in 0..<12 {
      let (x, y) = (generator.unit(), generator.between((horizon + 0.02)...bottom))
      drawing.fill(.box(x - 0.05, y, x + 0.05, y + 0.01), light.horizon, opacity: 0.35)
    }
  }

  /// A range of hills: a wavy line of points filled downwards.
  func hills(
    _ colour: RGB, top: Float, height: Float, steps: Int, on drawing: inout Drawing,
    using generator: inout some RandomNumberGenerator
  ) {
    var corners = [Point(1, top + 0.2), Point(0, top + 0.2)]
    for step in 0...steps {
      corners.append(Point(Float(step) / Float(steps), top - height * generator.unit()))
    }
    drawing.fill(Shape(corners), colour)
  }
}
