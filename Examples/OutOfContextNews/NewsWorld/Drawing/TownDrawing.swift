// The places that people built.
extension PlaceDrawing {
  func harbour(_ generator: inout some RandomNumberGenerator) -> Drawing {
    var drawing = Drawing()
    hills(lit(0x7c8894), top: horizon, height: 0.06, steps: 6, on: &drawing, using: &generator)
    let crane = lit(0x4a4f5c)
    for _ in 0..<2 {
      let (x, height) = (generator.between(0.08...0.92), generator.between(0.2...0.28))
      let reach: Float = generator.chance(0.5) ? 0.16 : -0.16
      drawing.fill(.box(x - 0.012, horizon - height, x + 0.012, horizon), crane)
      drawing.fill(.line(x - reach * 0.4, horizon - height, x + reach, horizon - height, width: 0.02), crane)
      drawing.fill(
        .line(x + reach * 0.8, horizon - height, x + reach * 0.8, horizon - height * 0.5, width: 0.008), crane)
    }
    var x: Float = -0.02
    while x < 1 {
      let (width, height) = (generator.between(0.1...0.2), generator.between(0.05...0.11))
      drawing.fill(.box(x, horizon - height, x + width, horizon), lit(generator.pick([0x8c7a6c, 0x9a9288, 0x746a66])))
      drawing.fill(
        .box(x + 0.03, horizon - height + 0.02, x + width - 0.03, horizon - height + 0.035), window(day: 0x50565c))
      x += width + generator.between(0...0.08)
    }
    sea(to: 0.84, on: &drawing, using: &generator)
    ground(0xa49c90, 0x8a8278, from: 0.84, on: &drawing)
    drawing.fill(.box(0, 0.84, 1, 0.865), lit(0x6a625a))
    for bollard in 0..<4 {
      let x = 0.12 + 0.25 * Float(bollard) + generator.between(-0.03...0.03)
      drawing.fill(.box(x - 0.016, 0.80, x + 0.016, 0.85), lit(0x3c3836))
    }
    return drawing
  }

  func street(_ generator: inout some RandomNumberGenerator) -> Drawing {
    var drawing = Drawing()
    let foot = horizon + 0.04
    var x: Float = generator.between(-0.1...0)
    while x < 1 {
      let (width, top) = (generator.between(0.16...0.26), generator.between(0.10...0.30))
      drawing.fill(
        .box(x, top, x + width, foot), lit(generator.pick([0xb08a74, 0x9c8c80, 0xc0a890, 0x8c8488, 0xa89c94])))
      drawing.fill(.box(x, top, x + width, top + 0.018), lit(0x6c605a))
      let columns = width > 0.2 ? 3 : 2
      for floor in 0..<Int((foot - top - 0.06) / 0.105) {
        for column in 0..<columns {
          let left = x + width * (Float(column) + 0.27) / Float(columns)
          let y = top + 0.045 + 0.105 * Float(floor)
          let isLit = !light.isDark || generator.chance(0.6)
          drawing.fill(
            .box(left, y, left + width * 0.46 / Float(columns), y + 0.06), isLit ? window(day: 0x56646e) : lit(0x3c444c)
          )
        }
      }
      x += width + 0.004
    }
    drawing.fill(.box(0, foot, 1, foot + 0.05), lit(0xb4b0aa))
    ground(0x6c6c70, 0x58585c, from: foot + 0.05, on: &drawing)
    let marks = foot + 0.05 + (0.95 - foot) * 0.45
    let shift = generator.between(0...0.2)
    for mark in 0..<6 {
      let left = Float(mark) * 0.2 - shift
      drawing.fill(.box(left, marks, left + 0.11, marks + 0.018), lit(0xe4e0d4))
    }
    return drawing
  }

  func stadium(_ generator: inout some RandomNumberGenerator) -> Drawing {
    var drawing = Drawing()
    let top: Float = 0.24
    for x in [Float(0.1), 0.9] {
      drawing.fill(.box(x - 0.01, 0.06, x + 0.01, top + 0.06), lit(0x6c7078))
      drawing.fill(.box(x - 0.07, 0.05, x + 0.07, 0.11), light.isDark ? rgb(0xfffbe0) : lit(0xd8dce0))
      if light.isDark {
        drawing.fill(.box(0, 0, 1, 0.5), .glow(rgb(0xfff8d8), centre: Point(x, 0.08), radius: 0.3), opacity: 0.6)
      }
    }
    drawing.fill(Shape(0, top, 0.2, top + 0.06, 0.8, top + 0.06, 1, top, 1, horizon, 0, horizon), lit(0x70747e))
    for row in 0..<5 {
      let y = top + 0.10 + Float(row) * (horizon - top - 0.12) / 5
      for seat in 0..<20 where generator.chance(0.8) {
        let grey = generator.pick([0xc8b8a8, 0x9c8c84, 0x54545c, 0xb4a49c, 0x86909c])
        drawing.fill(.box(Float(seat) * 0.05 + 0.008, y, Float(seat) * 0.05 + 0.038, y + 0.03), lit(grey))
      }
    }
    drawing.fill(.box(0, horizon - 0.03, 1, horizon), lit(0xdcdcd8))
    // Floodlit: at night the pitch is brighter than any other ground.
    let glare: Float = light.isDark ? 0.25 : 0
    for stripe in 0..<6 {
      let grass = mix(lit(stripe % 2 == 0 ? 0x4ca050 : 0x60b060), rgb(0x60b060), glare)
      drawing.fill(.box(Float(stripe) / 6, horizon, Float(stripe + 1) / 6, 1), grass)
    }
    let chalk = mix(lit(0xf0f4ec), rgb(0xf0f4ec), glare)
    drawing.fill(.box(0, horizon + 0.035, 1, horizon + 0.05), chalk)
    let middle = generator.between(0.3...0.7)
    drawing.fill(
      Shape(middle - 0.008, horizon + 0.04, middle + 0.008, horizon + 0.04, middle + 0.016, 1, middle - 0.016, 1), chalk
    )
    return drawing
  }

  func parliament(_ generator: inout some RandomNumberGenerator) -> Drawing {
    var drawing = Drawing()
    let stone = lit(0xd8cfbc)
    let (middle, foot) = (generator.between(0.4...0.6), horizon + 0.03)
    let roof = foot - 0.26
    hills(lit(0x5c7050), top: foot - 0.06, height: 0.05, steps: 9, on: &drawing, using: &generator)
    drawing.fill(.ellipse(middle, roof - 0.06, 0.24, 0.26, turns: 0.5...1), lit(0x6c9488))
    drawing.fill(.box(middle - 0.13, roof - 0.07, middle + 0.13, roof), stone * 0.92)
    drawing.fill(.line(middle, roof - 0.27, middle, roof - 0.18, width: 0.016), lit(0x8c8474))
    drawing.fill(.box(middle - 0.40, roof + 0.05, middle + 0.40, foot), stone)
    drawing.fill(Shape(middle - 0.22, roof + 0.05, middle, roof - 0.04, middle + 0.22, roof + 0.05), stone * 0.86)
    drawing.fill(.box(middle - 0.40, roof + 0.05, middle + 0.40, roof + 0.075), stone * 0.8)
    for column in 0..<9 {
      let x = middle - 0.36 + 0.09 * Float(column)
      drawing.fill(.box(x - 0.024, roof + 0.09, x + 0.024, foot - 0.02), window(day: 0x746c60))
    }
    drawing.fill(.box(middle - 0.43, foot - 0.02, middle + 0.43, foot + 0.01), stone * 0.75)
    ground(0xc4b8a8, 0xa89c8c, from: foot, on: &drawing)
    for joint in 1..<4 {
      let y = foot + (1 - foot) * Float(joint * joint) / 16
      drawing.fill(.box(0, y, 1, y + 0.01), lit(0x94887a), opacity: 0.7)
    }
    for joint in -4...4 {
      let x = middle + Float(joint) * 0.09
      let bottom = middle + Float(joint) * 0.26
      drawing.fill(.line(x, foot, bottom, 1, width: 0.008), lit(0x94887a), opacity: 0.6)
    }
    return drawing
  }
}
