/// Things that stand about in a photo and that no caption mentions, in dull colours and never of a main object's kind.
package enum Clutter: CaseIterable, Sendable {
  case bush
  case rock
  case lamp
  case crate
  case bird
  case sign

  /// The thing, at most one unit high, standing at the origin.
  private func draw(_ generator: inout some RandomNumberGenerator) -> Drawing {
    var drawing = Drawing()
    switch self {
    case .bush:
      for (x, size) in [(Float(-0.25), Float(0.5)), (0.2, 0.6), (0, 0.7)] {
        drawing.fill(.ellipse(x, -size * 0.4, size, size * 0.8, sides: 10), rgb(0x52603c))
      }
    case .rock:
      drawing.fill(Shape(-0.4, 0, -0.3, -0.3, 0.05, -0.42, 0.34, -0.2, 0.42, 0), rgb(0x7c786e))
      drawing.fill(Shape(0.05, -0.42, 0.34, -0.2, 0.42, 0, 0.1, 0), rgb(0x605c54))
    case .lamp:
      drawing.fill(.box(-0.03, -1, 0.03, 0), rgb(0x44444a))
      drawing.fill(.circle(0, -1, 0.16, sides: 8), rgb(0xe8e0c0))
    case .crate:
      drawing.fill(.box(-0.22, -0.4, 0.22, 0), rgb(0x8a6c4a))
      drawing.fill(.line(-0.2, -0.38, 0.2, -0.02, width: 0.06), rgb(0x6a5034))
    case .bird:
      let lift = generator.between(0.05...0.2)
      drawing.fill(.line(-0.25, -lift, 0, 0, width: 0.07), rgb(0x3a3a40))
      drawing.fill(.line(0, 0, 0.25, -lift, width: 0.07), rgb(0x3a3a40))
    case .sign:
      drawing.fill(.box(-0.03, -0.6, 0.03, 0), rgb(0x5c5c60))
      drawing.fill(.box(-0.2, -0.8, 0.2, -0.5), rgb(0x9c9890))
    }
    return drawing
  }

  /// A few random things behind the main objects.
  ///
  /// - Parameters:
  ///   - amount: The largest number of things.
  ///   - place: What is drawn where it would look odd is left out: no bushes on a quay.
  package static func scatter(
    upTo amount: Int, at place: PlaceDrawing, light: Light, using generator: inout some RandomNumberGenerator
  ) -> Drawing {
    var drawing = Drawing()
    let kinds: [Clutter] =
      switch place.place {
      case .harbour: [.crate, .lamp, .bird]
      case .beach: [.rock, .bird, .sign]
      case .street: [.lamp, .sign, .crate]
      case .field: [.bush, .bird, .sign]
      case .stadium: [.bird, .sign]
      case .mountain: [.bush, .rock, .bird]
      case .parliament: [.lamp, .sign, .bird]
      case .desert: [.rock, .bush, .bird]
      }
    for _ in 0..<generator.below(amount + 1) {
      let kind = generator.pick(kinds)
      let ground = place.feet(of: .person)
      let height = kind == .bird ? generator.between(0.06...max(0.07, place.horizon - 0.1)) : ground.lowerBound
      let size = generator.between(0.12...0.2)
      let mirrored: Float = generator.chance(0.5) ? -1 : 1
      drawing.add(
        kind.draw(&generator).placed(at: Point(generator.unit(), height), scale: Point(size * mirrored, size)))
    }
    return drawing.recoloured(light.onSurroundings)
  }
}
