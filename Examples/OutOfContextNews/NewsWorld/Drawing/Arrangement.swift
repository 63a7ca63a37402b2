/// Where the main objects of a photo stand and how wide they are.
package struct Arrangement: Sendable {
  /// One object's place.
  package struct Spot: Sendable {
    /// The middle of its foot.
    package var foot: Point
    /// Its width in widths of the picture.
    package var width: Float
    /// Whether it looks to the left.
    package var isMirrored: Bool
  }

  /// The objects from the farthest to the nearest.
  package let spots: [Spot]

  /// Puts the objects side by side in one row, or three and four of them also in two, without covering one another.
  ///
  /// The sizes of different numbers overlap, so that the size of an object does not give the count away.
  ///
  /// - Parameters:
  ///   - feet: The heights on which they may stand, in the units of the picture.
  package init(
    _ object: NewsObject, count: Int, feet: ClosedRange<Float>, using generator: inout some RandomNumberGenerator
  ) {
    let aspect = ObjectDrawing.height(of: object)
    let room = feet.upperBound - feet.lowerBound
    let isDeep = room > 0.2 && count > 2 && aspect < 1.2 && generator.chance(0.5)
    let rows = isDeep ? [count / 2, count - count / 2] : [count]
    // In two rows the nearer objects may hide a little of the farther ones and no more.
    let tallest: Float = isDeep ? room * 0.7 + 0.08 : object == .person ? 0.52 : 0.46
    let largest = min(0.94 / Float(rows[rows.count - 1]) * 0.94, tallest / aspect)
    let width = max(min(0.18, largest), largest * generator.between(0.72...1))
    var spots: [Spot] = []
    for (row, members) in rows.enumerated() {
      let depth: ClosedRange<Float> = !isDeep ? 0...1 : row == 0 ? 0...0.1 : 0.85...1
      // The empty width is shared out at random before, between and behind the objects.
      let gaps = (0...members).map { _ in generator.between(0.3...1) }
      let gap = (0.94 - width * Float(members)) / gaps.reduce(0, +)
      var left: Float = 0.03
      for member in 0..<members {
        left += gap * gaps[member]
        let standing = feet.lowerBound + room * generator.between(depth)
        let foot = min(max(standing, width * aspect + 0.02), 0.99)
        spots.append(Spot(foot: Point(left + width / 2, foot), width: width, isMirrored: generator.chance(0.5)))
        left += width
      }
    }
    self.spots = spots.sorted { $0.foot.y < $1.foot.y }
  }
}
