// The places that were there before.
extension PlaceDrawing {
  func beach(_ generator: inout some RandomNumberGenerator) -> Drawing {
    var drawing = Drawing()
    let shore = horizon + 0.24
    sea(to: shore + 0.03, on: &drawing, using: &generator)
    ground(0xf0dca4, 0xdcc084, from: shore, on: &drawing)
    for puff in 0..<9 {
      drawing.fill(.ellipse(Float(puff) / 8, shore, 0.16, 0.03, sides: 10), lit(0xf8f4ea), opacity: 0.8)
    }
    for _ in 0..<(1 + generator.below(2)) {
      let x = generator.chance(0.5) ? generator.between(0.02...0.12) : generator.between(0.88...0.98)
      let (foot, top) = (generator.between(0.7...0.8), generator.between(0.24...0.34))
      let lean = (0.5 - x) * 0.2
      drawing.fill(.line(x, foot, x + lean, top, width: 0.026), lit(0x7c5c3a))
      for leaf in 0..<6 {
        let side = Float(leaf) / 2.5 - 1
        drawing.fill(
          Shape([
            Point(x + lean, top - 0.015), Point(x + lean + side * 0.09, top - 0.05 + abs(side) * 0.03),
            Point(x + lean + side * 0.16, top + 0.02 + abs(side) * 0.06), Point(x + lean, top + 0.015),
          ]), lit(0x3c7a3c))
      }
    }
    return drawing
  }

  func field(_ generator: inout some RandomNumberGenerator) -> Drawing {
    var drawing = Drawing()
    hills(mix(lit(0x7c9c7c), light.horizon, 0.3), top: horizon, height: 0.12, steps: 7, on: &drawing, using: &generator)
    for _ in 0..<(2 + generator.below(3)) {
      let (x, size) = (generator.unit(), generator.between(0.08...0.15))
      drawing.fill(.box(x - 0.01, horizon - size * 0.6, x + 0.01, horizon + 0.02), lit(0x5c4630))
      drawing.fill(.ellipse(x, horizon - size, size, size * 1.2, sides: 12), lit(0x4c6c34))
    }
    ground(0xa4b464, 0x7c9444, from: horizon, on: &drawing)
    let vanishing = generator.between(0.3...0.7)
    for furrow in -5...5 {
      let bottom = vanishing + Float(furrow) * 0.24
      drawing.fill(
        Shape(vanishing + Float(furrow) * 0.06, horizon, bottom + 0.045, 1, bottom - 0.045, 1), lit(0x66803a),
        opacity: 0.6)
    }
    return drawing
  }

  func mountain(_ generator: inout some RandomNumberGenerator) -> Drawing {
    var drawing = Drawing()
    let peaks = generator.shuffle([Float(0.18), 0.5, 0.84])
    for (index, x) in peaks.enumerated() {
      let top = generator.between(0.10...0.26)
      let half = generator.between(0.30...0.42)
      let peak = x + generator.between(-0.05...0.05)
      let rock = mix(lit(index == 2 ? 0x6c7484 : 0x848c9c), light.horizon, index == 2 ? 0 : 0.25)
      drawing.fill(Shape(peak, top, peak + half, horizon + 0.05, peak - half, horizon + 0.05), rock)
      drawing.fill(
        Shape(peak, top, peak + half * 0.3, horizon, peak + half, horizon + 0.05), rock * 0.8, opacity: 0.6)
      let snow = (horizon + 0.05 - top) * 0.36
      let run = half * 0.36
      drawing.fill(
        Shape(
          peak, top, peak + run, top + snow, peak + run * 0.4, top + snow * 0.75, peak, top + snow * 1.1,
          peak - run * 0.45, top + snow * 0.7, peak - run, top + snow), lit(0xf4f6fa))
    }
    ground(0x8c8a7c, 0x74705f, from: horizon + 0.03, on: &drawing)
    for _ in 0..<12 {
      let (x, y) = (generator.unit(), generator.between((horizon + 0.05)...0.98))
      drawing.fill(
        .ellipse(x, y, 0.05, 0.025, sides: 8), lit(generator.chance(0.5) ? 0x5f5c52 : 0xa8a494), opacity: 0.8)
    }
    return drawing
  }

  func desert(_ generator: inout some RandomNumberGenerator) -> Drawing {
    var drawing = Drawing()
    hills(mix(lit(0xd0a060), light.horizon, 0.3), top: horizon, height: 0.10, steps: 4, on: &drawing, using: &generator)
    ground(0xe4b468, 0xc89048, from: horizon, on: &drawing)
    for dune in 0..<3 {
      let (x, y) = (generator.unit(), horizon + 0.12 + 0.13 * Float(dune))
      drawing.fill(.ellipse(x, y + 0.05, 0.8, 0.13, turns: 0.5...1), lit(0xb88040), opacity: 0.6)
    }
    for _ in 0..<(1 + generator.below(2)) {
      let x = generator.chance(0.5) ? generator.between(0.03...0.2) : generator.between(0.8...0.97)
      let (foot, height) = (horizon + generator.between(0.03...0.1), generator.between(0.16...0.24))
      let flesh = lit(0x56743e)
      drawing.fill(.box(x - 0.02, foot - height, x + 0.02, foot), flesh)
      drawing.fill(.box(x - 0.07, foot - height * 0.55, x + 0.07, foot - height * 0.4), flesh)
      drawing.fill(.box(x - 0.075, foot - height * 0.85, x - 0.045, foot - height * 0.4), flesh)
      drawing.fill(.box(x + 0.045, foot - height * 0.75, x + 0.075, foot - height * 0.4), flesh)
    }
    return drawing
  }
}
