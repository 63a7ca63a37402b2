/// The weather of a photo: no fact of the scene, only something more that differs between photos.
package enum Weather: CaseIterable, Sendable {
  case clear
  case cloudy
  case rain
  case haze
}

/// Paints the sky with sun or moon, stars and clouds, and, when all else is painted, what falls or hangs in the air.
package struct SkyDrawing: Sendable {
  private let time: TimeOfDay
  private let light: Light
  private let weather: Weather

  /// The sky of a time of day in this weather.
  package init(time: TimeOfDay, light: Light, weather: Weather) {
    (self.time, self.light, self.weather) = (time, light, weather)
  }

  /// Everything behind the place; `horizon` is the height where the sky ends.
  package func backdrop(horizon: Float, using generator: inout some RandomNumberGenerator) -> Drawing {
    var drawing = Drawing()
    drawing.fill(.box(0, 0, 1, 1), .vertical(light.zenith, light.horizon, from: 0, to: horizon))
    drawSunOrMoon(on: &drawing, horizon: horizon, using: &generator)
    let clouds = weather == .cloudy || weather == .rain ? 3 + generator.below(3) : generator.below(2)
    let cloud = time == .night ? rgb(0x2a3252) : mix(light.horizon, rgb(0xffffff), time == .dusk ? 0.25 : 0.65)
    for _ in 0..<clouds {
      let (x, y) = (generator.unit(), generator.between(0.04...max(0.05, horizon * 0.6)))
      let width = generator.between(0.14...0.3)
      for puff in 0..<3 {
        let offset = Float(puff - 1) * width * 0.3
        drawing.fill(
          .ellipse(x + offset, y, width * 0.55, width * (puff == 1 ? 0.30 : 0.2), sides: 14), cloud, opacity: 0.8)
      }
    }
    return drawing
  }

  private func drawSunOrMoon(
    on drawing: inout Drawing, horizon: Float, using generator: inout some RandomNumberGenerator
  ) {
    switch time {
    case .morning:
      let centre = Point(generator.between(0.06...0.3), horizon - generator.between(0.06...0.14))
      drawing.fill(.box(0, 0, 1, 1), .glow(rgb(0xfff2c4), centre: centre, radius: 0.5), opacity: 0.8)
      drawing.fill(.circle(centre.x, centre.y, 0.11), rgb(0xfff6d8))
    case .noon:
      let centre = Point(generator.between(0.25...0.75), generator.between(0.03...0.1))
      drawing.fill(.box(0, 0, 1, 1), .glow(rgb(0xffffff), centre: centre, radius: 0.4), opacity: 0.7)
      drawing.fill(.circle(centre.x, centre.y, 0.1), rgb(0xfffdf0))
    case .dusk:
      let centre = Point(generator.between(0.65...0.94), horizon - generator.between(0.02...0.1))
      drawing.fill(.box(0, 0, 1, 1), .glow(rgb(0xffb14a), centre: centre, radius: 0.55), opacity: 0.8)
      drawing.fill(.circle(centre.x, centre.y, 0.14), rgb(0xff5a30))
    case .night:
      for _ in 0..<(14 + generator.below(14)) {
        let star = Point(generator.unit(), generator.unit() * horizon)
        drawing.fill(.circle(star.x, star.y, 0.014, sides: 6), rgb(0xffffff), opacity: generator.between(0.3...0.9))
      }
      let centre = Point(generator.between(0.12...0.88), generator.between(0.07...0.2))
      drawing.fill(.circle(centre.x, centre.y, 0.11), rgb(0xf2f0dc))
      drawing.fill(.circle(centre.x + 0.035, centre.y - 0.015, 0.095), mix(light.zenith, light.horizon, 0.3))
    }
  }

  /// Rain or haze in front of everything; empty in other weather.
  package func foreground(using generator: inout some RandomNumberGenerator) -> Drawing {
    var drawing = Drawing()
    switch weather {
    case .clear, .cloudy: break
    case .rain:
      let lean = generator.between(-0.05...0.05)
      for _ in 0..<36 {
        let (x, y) = (generator.unit(), generator.unit())
        drawing.fill(.line(x, y, x + lean, y + 0.09, width: 0.008), rgb(0xc8d4e4), opacity: 0.4)
      }
    case .haze:
      drawing.fill(.box(0, 0, 1, 1), mix(light.zenith, light.horizon, 0.8), opacity: generator.between(0.08...0.2))
    }
    return drawing
  }
}
