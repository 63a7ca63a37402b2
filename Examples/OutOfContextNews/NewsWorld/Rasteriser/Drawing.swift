/// Shapes with their inks, painted in order: a picture of something at a size of its own, before it is put in place.
package struct Drawing: Sendable {
  private struct Mark {
    var shape: Shape
    var ink: Ink
    var opacity: Float
  }

  private var marks: [Mark] = []

  /// An empty drawing.
  package init() {}

  /// Adds a filled shape.
  package mutating func fill(_ shape: Shape, _ ink: Ink, opacity: Float = 1) {
    marks.append(Mark(shape: shape, ink: ink, opacity: opacity))
  }

  /// Adds a shape of one colour.
  package mutating func fill(_ shape: Shape, _ colour: RGB, opacity: Float = 1) {
    fill(shape, .flat(colour), opacity: opacity)
  }

  /// Adds a shape of one colour with a stroke around it, centred on its edge.
  package mutating func fill(_ shape: Shape, _ colour: RGB, edge: RGB, width: Float) {
    fill(shape, colour)
    for (index, corner) in shape.corners.enumerated() {
      let next = shape.corners[(index + 1) % shape.corners.count]
      fill(.line(corner.x, corner.y, next.x, next.y, width: width), edge)
    }
  }

  /// Adds everything of another drawing on top.
  package mutating func add(_ other: Drawing) {
    marks += other.marks
  }

  /// The drawing stretched by `scale` (a negative x mirrors it) and then moved to `offset`.
  ///
  /// Gradients keep their place in the picture, so drawings that are to be moved use flat inks.
  package func placed(at offset: Point, scale: Point) -> Drawing {
    var copy = self
    for index in marks.indices { copy.marks[index].shape = marks[index].shape.placed(at: offset, scale: scale) }
    return copy
  }

  /// The drawing with every colour changed, such as by the light of the time of day.
  package func recoloured(_ change: (RGB) -> RGB) -> Drawing {
    var copy = self
    for index in marks.indices { copy.marks[index].ink = marks[index].ink.map(change) }
    return copy
  }

  /// Paints the drawing.
  package func paint(on canvas: inout Canvas) {
    for mark in marks { canvas.fill(mark.shape, mark.ink, opacity: mark.opacity) }
  }
}
