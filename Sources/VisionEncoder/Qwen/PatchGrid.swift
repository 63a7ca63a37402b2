/// Rows and columns of an image's patches, in a tower for images of any size.
package struct PatchGrid: Sendable, Equatable {
  /// Rows; a multiple of the merge size.
  package var rows: Int
  /// Columns; a multiple of the merge size.
  package var columns: Int

  /// A grid of patches.
  package init(rows: Int, columns: Int) {
    (self.rows, self.columns) = (rows, columns)
  }

  /// How many patches.
  var count: Int { rows * columns }

  /// Row and column of each patch, the blocks that are merged one after the other.
  func places(merging merge: Int) -> [(row: Int, column: Int)] {
    precondition(rows % merge == 0 && columns % merge == 0, "\(self) in blocks of \(merge) x \(merge)")
    return (0..<count).map { i in
      let (block, inside) = i.quotientAndRemainder(dividingBy: merge * merge)
      let (blockRow, blockColumn) = block.quotientAndRemainder(dividingBy: columns / merge)
      return (blockRow * merge + inside / merge, blockColumn * merge + inside % merge)
    }
  }

  /// The blocks of each window, row by row; those at the right and lower edges may be smaller.
  ///
  /// - Parameters:
  ///   - merge: patches along each side of a block.
  ///   - side: blocks along each side of a window.
  func windows(merging merge: Int, side: Int) -> [[Int]] {
    let (height, width) = (rows / merge, columns / merge)
    return stride(from: 0, to: height, by: side).flatMap { top in
      stride(from: 0, to: width, by: side).map { left in
        (top..<min(top + side, height)).flatMap { row in
          (left..<min(left + side, width)).map { row * width + $0 }
        }
      }
    }
  }
}
