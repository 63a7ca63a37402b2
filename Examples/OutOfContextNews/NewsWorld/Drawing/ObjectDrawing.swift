/// Draws one main object, one unit wide, standing at the origin with its top towards negative y.
package struct ObjectDrawing: Sendable {
  /// The object's own colour.
  package var paint: RGB
  /// Width of the dark outline, in widths of the object.
  package var line: Float
  private let ink = rgb(0x1c1c22)
  private let glass = rgb(0xbfe0ee)

  /// A drawing hand with this paint and outline.
  package init(paint: RGB, line: Float) {
    (self.paint, self.line) = (paint, line)
  }

  /// Height of an object for a width of 1.
  package static func height(of object: NewsObject) -> Float {
    switch object {
    case .boat: 0.95
    case .car: 0.52
    case .bus: 0.60
    case .truck: 0.60
    case .balloon: 1.35
    case .helicopter: 0.64
    case .tent: 0.66
    case .flag: 1.30
    case .umbrella: 1.0
    case .person: 2.2
    }
  }

  /// The object.
  package func draw(_ object: NewsObject) -> Drawing {
    switch object {
    case .boat: boat
    case .car: car
    case .bus: bus
    case .truck: truck
    case .balloon: balloon
    case .helicopter: helicopter
    case .tent: tent
    case .flag: flag
    case .umbrella: umbrella
    case .person: person
    }
  }

  private var shade: RGB { paint * 0.72 }
  private var tint: RGB { mix(paint, RGB(repeating: 1), 0.16) }

  private var boat: Drawing {
    var drawing = Drawing()
    drawing.fill(.line(0, -0.95, 0, -0.25, width: 0.04), ink)
    drawing.fill(Shape(0.03, -0.93, 0.03, -0.36, 0.44, -0.36), tint, edge: ink, width: line)
    drawing.fill(Shape(-0.04, -0.80, -0.04, -0.36, -0.34, -0.36), paint, edge: ink, width: line)
    drawing.fill(Shape(-0.5, -0.30, 0.5, -0.30, 0.34, 0, -0.36, 0), paint, edge: ink, width: line)
    drawing.fill(Shape(-0.42, -0.12, 0.41, -0.12, 0.34, 0, -0.36, 0), shade)
    return drawing
  }

  private func addWheels(_ centres: [Float], size: Float, to drawing: inout Drawing) {
    for x in centres {
      drawing.fill(.circle(x, -size / 2, size), ink)
      drawing.fill(.circle(x, -size / 2, size * 0.4, sides: 8), rgb(0xa8a8ac))
    }
  }

  private var car: Drawing {
    var drawing = Drawing()
    drawing.fill(Shape(-0.32, -0.30, -0.19, -0.52, 0.14, -0.52, 0.30, -0.30), paint, edge: ink, width: line)
    drawing.fill(Shape(-0.24, -0.30, -0.15, -0.46, -0.03, -0.46, -0.03, -0.30), glass)
    drawing.fill(Shape(0.02, -0.30, 0.02, -0.46, 0.11, -0.46, 0.22, -0.30), glass)
    drawing.fill(
      Shape(-0.5, -0.26, -0.44, -0.32, 0.36, -0.32, 0.5, -0.24, 0.5, -0.09, -0.5, -0.09), paint, edge: ink, width: line)
    drawing.fill(.box(-0.49, -0.14, 0.49, -0.09), shade)
    addWheels([-0.28, 0.28], size: 0.22, to: &drawing)
    return drawing
  }

  private var bus: Drawing {
    var drawing = Drawing()
    drawing.fill(.box(-0.5, -0.60, 0.5, -0.08), paint, edge: ink, width: line)
    for window in 0..<4 {
      let left = -0.45 + 0.18 * Float(window)
      drawing.fill(.box(left, -0.50, left + 0.13, -0.32), glass)
    }
    drawing.fill(.box(0.29, -0.50, 0.45, -0.10), glass)
    drawing.fill(.box(-0.49, -0.15, 0.27, -0.09), shade)
    addWheels([-0.28, 0.2], size: 0.18, to: &drawing)
    return drawing
  }

  private var truck: Drawing {
    var drawing = Drawing()
    drawing.fill(.box(-0.46, -0.16, 0.46, -0.09), ink)
    drawing.fill(.box(-0.5, -0.60, 0.17, -0.14), paint, edge: ink, width: line)
    drawing.fill(
      Shape(0.22, -0.44, 0.38, -0.44, 0.5, -0.28, 0.5, -0.10, 0.22, -0.10), shade, edge: ink, width: line)
    drawing.fill(Shape(0.27, -0.39, 0.36, -0.39, 0.44, -0.28, 0.27, -0.28), glass)
    addWheels([-0.36, -0.12, 0.36], size: 0.2, to: &drawing)
    return drawing
  }

  private var balloon: Drawing {
    var drawing = Drawing()
    for x in [Float(-0.11), 0.11] { drawing.fill(.line(x * 2.2, -0.52, x, -0.18, width: 0.035), ink) }
    drawing.fill(.ellipse(0, -0.85, 1, 1), paint, edge: ink, width: line)
    drawing.fill(Shape(-0.36, -0.52, 0.36, -0.52, 0.12, -0.30, -0.12, -0.30), paint)
    drawing.fill(.ellipse(-0.24, -0.85, 0.2, 0.86), shade, opacity: 0.6)
    drawing.fill(.ellipse(0.16, -0.85, 0.22, 0.94), tint)
    drawing.fill(.box(-0.12, -0.18, 0.12, 0), rgb(0x7a4f28), edge: ink, width: line)
    return drawing
  }

  private var helicopter: Drawing {
    var drawing = Drawing()
    drawing.fill(Shape(-0.5, -0.40, -0.02, -0.44, -0.02, -0.22, -0.5, -0.28), paint, edge: ink, width: line)
    drawing.fill(Shape(-0.5, -0.54, -0.42, -0.54, -0.36, -0.30, -0.5, -0.26), shade)
    drawing.fill(.ellipse(0.13, -0.29, 0.66, 0.44), paint, edge: ink, width: line)
    drawing.fill(.ellipse(0.31, -0.32, 0.22, 0.24, sides: 12), glass)
    drawing.fill(.line(0.12, -0.50, 0.12, -0.60, width: 0.04), ink)
    drawing.fill(.box(-0.30, -0.64, 0.5, -0.59), ink)
    for x in [Float(0.04), 0.24] { drawing.fill(.line(x, -0.12, x, -0.03, width: 0.03), ink) }
    drawing.fill(.box(-0.1, -0.045, 0.40, 0), ink)
    return drawing
  }

  private var tent: Drawing {
    var drawing = Drawing()
    drawing.fill(Shape(-0.14, -0.64, 0.32, -0.60, 0.5, 0, 0.16, 0), shade, edge: ink, width: line)
    drawing.fill(Shape(-0.14, -0.66, -0.5, 0, 0.2, 0), paint, edge: ink, width: line)
    drawing.fill(Shape(-0.14, -0.42, -0.26, 0, -0.02, 0), rgb(0x2a2622))
    return drawing
  }

  private var flag: Drawing {
    var drawing = Drawing()
    let top: [Point] = [
      Point(-0.40, -1.26), Point(-0.16, -1.30), Point(0.1, -1.22), Point(0.32, -1.19), Point(0.5, -1.24),
    ]
    drawing.fill(Shape(top + top.reversed().map { $0 + Point(0, 0.64) }), paint, edge: ink, width: line)
    drawing.fill(Shape(-0.16, -1.30, 0.1, -1.22, 0.1, -0.58, -0.16, -0.66), shade, opacity: 0.5)
    drawing.fill(.box(-0.5, -1.3, -0.40, 0), rgb(0xc8c8cc), edge: ink, width: line * 0.7)
    return drawing
  }

  private var umbrella: Drawing {
    var drawing = Drawing()
    drawing.fill(.line(0, -0.6, 0, 0, width: 0.06), rgb(0x4a3a2a))
    drawing.fill(.ellipse(0, -0.52, 1, 0.92, turns: 0.5...1), paint, edge: ink, width: line)
    drawing.fill(.ellipse(0, -0.52, 0.42, 0.86, turns: 0.5...1, sides: 12), shade, opacity: 0.55)
    drawing.fill(.line(0, -1.0, 0, -0.94, width: 0.05), ink)
    return drawing
  }

  private var person: Drawing {
    var drawing = Drawing()
    drawing.fill(Shape(-0.3, -0.9, 0.3, -0.9, 0.32, 0, 0.04, 0, 0, -0.6, -0.04, 0, -0.32, 0), rgb(0x2c3040))
    drawing.fill(
      Shape(-0.5, -1.5, -0.3, -1.72, 0.3, -1.72, 0.5, -1.5, 0.48, -0.9, 0.3, -0.8, -0.3, -0.8, -0.48, -0.9), paint,
      edge: ink, width: line)
    drawing.fill(.box(-0.03, -1.7, 0.03, -0.82), shade)
    drawing.fill(.circle(0, -1.95, 0.5), rgb(0xd9a27c), edge: ink, width: line)
    drawing.fill(.ellipse(0, -2.03, 0.5, 0.34, turns: 0.5...1, sides: 10), rgb(0x3a2a20))
    return drawing
  }
}
