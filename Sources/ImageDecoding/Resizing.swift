import CImageCodecs

extension RGBImage {
  /// The image at another size, with the same bytes that Pillow's `Image.resize` gives for an RGB image.
  ///
  /// ```swift
  /// image.resized(width: 64, height: 48)                     // anti-aliased, bicubic
  /// image.resized(width: 512, height: 512, by: .lanczos)
  /// ```
  ///
  /// Rows and columns are resampled one after the other, with rounding to 8 bits between them. The aspect ratio is not
  /// kept unless the sizes keep it.
  ///
  /// - Parameters:
  ///   - newWidth: The new number of columns.
  ///   - newHeight: The new number of rows.
  ///   - filter: How new pixels are made of old ones. The default is ``ResamplingFilter/bicubic``, as in Pillow.
  /// - Precondition: `width` and `height` are positive.
  /// - Complexity: `height * newWidth * taps + newHeight * newWidth * taps` pixel operations, where there are about
  ///   `2 * reach * max(1, old size / new size)` taps along each axis; the memory of an image of the new width and the
  ///   old height.
  public func resized(width newWidth: Int, height newHeight: Int, by filter: ResamplingFilter = .bicubic) -> RGBImage {
    resized(width: newWidth, height: newHeight, by: filter, keeping: PixelArea(width: newWidth, height: newHeight))
  }

  /// An area of ``resized(width:height:by:)``. What lies outside of it is not computed, so that a crop of a long and
  /// narrow image costs no more than that of a square one.
  func resized(width newWidth: Int, height newHeight: Int, by filter: ResamplingFilter, keeping area: PixelArea)
    -> RGBImage
  {
    precondition(newWidth > 0 && newHeight > 0, "a size of \(newWidth)x\(newHeight) pixels")
    precondition(
      area.columns.lowerBound >= 0 && area.columns.upperBound <= newWidth && area.rows.lowerBound >= 0
        && area.rows.upperBound <= newHeight && !area.columns.isEmpty && !area.rows.isEmpty,
      "\(area) of \(newWidth)x\(newHeight) pixels")
    if newWidth == width && newHeight == height { return cropped(to: area) }
    if filter == .nearest {
      return picked(nearest(from: width, to: newWidth)[area.columns], nearest(from: height, to: newHeight)[area.rows])
    }
    return takesColumnsFirst(newWidth, newHeight)
      ? withHeight(newHeight, filter, area.rows).withWidth(newWidth, filter, area.columns)
      : withWidth(newWidth, filter, area.columns).withHeight(newHeight, filter, area.rows)
  }

  func cropped(to area: PixelArea) -> RGBImage {
    if area == PixelArea(width: width, height: height) { return self }
    return picked(area.columns.map(Int32.init)[...], area.rows.map(Int32.init)[...])
  }

  /// Whether Pillow (13.0) changes the height before the width. The order decides some roundings between the passes;
  /// up to 12.0, Pillow always began with the width.
  private func takesColumnsFirst(_ newWidth: Int, _ newHeight: Int) -> Bool {
    height > newHeight && height - newHeight > 2 * (width - newWidth)
  }

  private func withWidth(_ newWidth: Int, _ filter: ResamplingFilter, _ columns: Range<Int>) -> RGBImage {
    if newWidth == width { return cropped(to: PixelArea(columns: columns, rows: 0..<height)) }
    let weights = ResamplingWeights(filter, from: width, to: newWidth, positions: columns)
    let samples = columns.count * height * 3
    let resampled = [UInt8](unsafeUninitializedCapacity: samples) { buffer, count in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: width * 3 * IMAGE_RESAMPLE_LANES) { scratch in
        weights.withC { image_resample_rows(pixels, width, height, $0, scratch.baseAddress, buffer.baseAddress) }
      }
      count = samples
    }
    return RGBImage(width: columns.count, height: height, pixels: resampled)
  }

  private func withHeight(_ newHeight: Int, _ filter: ResamplingFilter, _ rows: Range<Int>) -> RGBImage {
    if newHeight == height { return cropped(to: PixelArea(columns: 0..<width, rows: rows)) }
    let weights = ResamplingWeights(filter, from: height, to: newHeight, positions: rows)
    let samples = width * rows.count * 3
    let resampled = [UInt8](unsafeUninitializedCapacity: samples) { buffer, count in
      weights.withC { image_resample_columns(pixels, width, $0, buffer.baseAddress) }
      count = samples
    }
    return RGBImage(width: width, height: rows.count, pixels: resampled)
  }

  private func picked(_ columns: ArraySlice<Int32>, _ rows: ArraySlice<Int32>) -> RGBImage {
    let samples = columns.count * rows.count * 3
    let picked = [UInt8](unsafeUninitializedCapacity: samples) { buffer, count in
      image_pick(pixels, width, Array(columns), columns.count, Array(rows), rows.count, buffer.baseAddress)
      count = samples
    }
    return RGBImage(width: columns.count, height: rows.count, pixels: picked)
  }

  /// The naive twin of ``resized(width:height:by:)``: the same sums, one sample at a time.
  package func resizedNaively(width newWidth: Int, height newHeight: Int, by filter: ResamplingFilter) -> RGBImage {
    if newWidth == width && newHeight == height { return self }
    if filter == .nearest {
      let columns = nearest(from: width, to: newWidth)
      let rows = nearest(from: height, to: newHeight)
      var picked = RGBImage(width: newWidth, height: newHeight, fill: Pixel(0, 0, 0))
      for y in 0..<newHeight {
        for x in 0..<newWidth { picked[x: x, y: y] = self[x: Int(columns[x]), y: Int(rows[y])] }
      }
      return picked
    }
    // The image at another extent of one axis.
    func pass(_ image: RGBImage, _ newWidth: Int, _ newHeight: Int) -> RGBImage {
      let isRow = newWidth != image.width
      if !isRow && newHeight == image.height { return image }
      let weights =
        isRow
        ? ResamplingWeights(filter, from: image.width, to: newWidth)
        : ResamplingWeights(filter, from: image.height, to: newHeight)
      var result = RGBImage(width: newWidth, height: newHeight, fill: Pixel(0, 0, 0))
      for at in 0..<result.pixels.count {
        let (x, y, channel) = (at / 3 % newWidth, at / 3 / newWidth, at % 3)
        let position = isRow ? x : y
        var sum = 1 << 21
        for tap in 0..<Int(weights.counts[position]) {
          let other = Int(weights.starts[position]) + tap
          let from = isRow ? y * image.width + other : other * image.width + x
          sum += Int(weights.values[position * weights.stride + tap]) * Int(image.pixels[3 * from + channel])
        }
        result.pixels[at] = UInt8(clamping: sum >> 22)
      }
      return result
    }
    let first = takesColumnsFirst(newWidth, newHeight) ? pass(self, width, newHeight) : pass(self, newWidth, height)
    return pass(first, newWidth, newHeight)
  }
}

/// A rectangle of pixels.
struct PixelArea: Equatable {
  var columns: Range<Int>
  var rows: Range<Int>
}

extension PixelArea {
  /// A whole image.
  init(width: Int, height: Int) {
    self.init(columns: 0..<max(0, width), rows: 0..<max(0, height))
  }
}

/// For each output position, the input pixel under its middle. The middles are added up step by step, as Pillow does:
/// at some sizes the rounding of those sums decides which of two pixels is taken.
private func nearest(from input: Int, to output: Int) -> [Int32] {
  let step = Double(input) / Double(output)
  var middle = step * 0.5
  return (0..<output).map { _ in
    defer { middle += step }
    return Int32(min(Int(middle), input - 1))
  }
}

extension ResamplingWeights {
  /// Lends the weights to a C function.
  fileprivate func withC(_ body: (UnsafePointer<ImageWeights>) -> Void) {
    starts.withUnsafeBufferPointer { starts in
      counts.withUnsafeBufferPointer { counts in
        values.withUnsafeBufferPointer { values in
          var weights = ImageWeights(
            count: starts.count, stride: stride, starts: starts.baseAddress, counts: counts.baseAddress,
            values: values.baseAddress)
          body(&weights)
        }
      }
    }
  }
}
