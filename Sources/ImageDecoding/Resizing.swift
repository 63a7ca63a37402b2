import CImageCodecs

extension RGBImage {
  /// The image at another size, with the same bytes that Pillow's `Image.resize` gives for an RGB image.
  ///
  /// ```swift
  /// image.resized(width: 64, height: 48)                     // anti-aliased, bicubic
  /// image.resized(width: 512, height: 512, by: .lanczos)
  /// ```
  ///
  /// Rows and columns are resampled one after the other, with rounding to 8 bits between them. The aspect ratio is not kept unless the sizes keep it.
  ///
  /// - Parameters:
  ///   - width: The new number of columns.
  ///   - height: The new number of rows.
  ///   - filter: How new pixels are made of old ones. The default is ``ResamplingFilter/bicubic``, as in Pillow.
  /// - Precondition: `width` and `height` are positive.
  /// - Complexity: `height * newWidth * taps + newHeight * newWidth * taps` pixel operations, where there are about
  ///   `2 * reach * max(1, old size / new size)` taps along each axis; the memory of an image of the new width and the
  ///   old height.
  public func resized(width newWidth: Int, height newHeight: Int, by filter: ResamplingFilter = .bicubic) -> RGBImage {
    precondition(newWidth > 0 && newHeight > 0, "a size of \(newWidth)x\(newHeight) pixels")
    if newWidth == width && newHeight == height { return self }
    if filter == .nearest { return picked(newWidth, newHeight) }
    return takesColumnsFirst(newWidth, newHeight)
      ? withHeight(newHeight, filter).withWidth(newWidth, filter)
      : withWidth(newWidth, filter).withHeight(newHeight, filter)
  }

  /// Whether Pillow (13.0) changes the height before the width. The order decides some roundings between the passes;
  /// up to 12.0, Pillow always began with the width.
  private func takesColumnsFirst(_ newWidth: Int, _ newHeight: Int) -> Bool {
    height > newHeight && height - newHeight > 2 * (width - newWidth)
  }

  private func withWidth(_ newWidth: Int, _ filter: ResamplingFilter) -> RGBImage {
    if newWidth == width { return self }
    let weights = ResamplingWeights(filter, from: width, to: newWidth)
    let samples = newWidth * height * 3
    let resampled = [UInt8](unsafeUninitializedCapacity: samples) { buffer, count in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: width * 3 * IMAGE_RESAMPLE_LANES) { scratch in
        weights.withC { image_resample_rows(pixels, width, height, $0, scratch.baseAddress, buffer.baseAddress) }
      }
      count = samples
    }
    return RGBImage(width: newWidth, height: height, pixels: resampled)
  }

  private func withHeight(_ newHeight: Int, _ filter: ResamplingFilter) -> RGBImage {
    if newHeight == height { return self }
    let weights = ResamplingWeights(filter, from: height, to: newHeight)
    let samples = width * newHeight * 3
    let resampled = [UInt8](unsafeUninitializedCapacity: samples) { buffer, count in
      weights.withC { image_resample_columns(pixels, width, $0, buffer.baseAddress) }
      count = samples
    }
    return RGBImage(width: width, height: newHeight, pixels: resampled)
  }

  private func picked(_ newWidth: Int, _ newHeight: Int) -> RGBImage {
    let samples = newWidth * newHeight * 3
    let columns = nearest(from: width, to: newWidth)
    let rows = nearest(from: height, to: newHeight)
    let picked = [UInt8](unsafeUninitializedCapacity: samples) { buffer, count in
      image_pick(pixels, width, columns, newWidth, rows, newHeight, buffer.baseAddress)
      count = samples
    }
    return RGBImage(width: newWidth, height: newHeight, pixels: picked)
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
