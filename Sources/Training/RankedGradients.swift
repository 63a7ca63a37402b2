internal import Layers
internal import Tensor

/// The gradients of an update whose parts were computed by several ranks, added up in the order of the parts.
///
/// Every rank gets a slice of every part, adds up its slice, and sends the sum to all: each rank sends its parts once and
/// its slice of the sum once, however many ranks there are, and every sum has the bits of one process.
struct RankedGradients {
  /// What one part came to.
  struct Part {
    let number: Int
    let gradients: Gradients
    let metrics: StepMetrics
  }

  private let ranks: any Ranks
  /// The parameters that are trained, which a rank without a part has to know too.
  private let places: [(path: String, shape: [Int])]

  init(_ ranks: any Ranks, of model: some Module) {
    self.ranks = ranks
    places = model.parameters().filter(\.parameter.isTrainable).map { ($0.path, $0.parameter.value.shape) }
  }

  /// The sums over all parts.
  ///
  /// - Parameters:
  ///   - own: the parts of this rank.
  ///   - count: the parts of all ranks.
  func sums(_ own: [Part], of count: Int) throws -> (gradients: Gradients, metrics: StepMetrics) {
    let said = try ranks.dealt(count, "what the parts of an update are") { _ in own.map(described) }
    let parts = said.map { Self.Description($0, tensors: places.count) }
    var metrics = parts[0].metrics
    for part in parts.dropFirst() { metrics.add(part.metrics) }
    // A table whose gradients are of few rows is sent as those rows.
    let rows = places.indices.map { tensor -> [Int32]? in
      let all = parts.map { $0.rows[tensor] }
      return all.contains { $0 == nil } ? nil : Set(all.flatMap { $0 ?? [] }).sorted()
    }
    let sizes = zip(places, rows).map { place, rows in
      let width = place.shape.dropFirst().reduce(1, *)
      return rows.map { $0.count * width } ?? place.shape.reduce(1, *)
    }
    let elements = try summed(own.map { flat($0, rows, sizes) }, of: count, size: sizes.reduce(0, +))
    var at = 0
    let tensors = places.indices.map { tensor -> Tensor in
      defer { at += sizes[tensor] }
      let shape = places[tensor].shape
      let values = Array(elements[at..<at + sizes[tensor]])
      guard let rows = rows[tensor] else { return Tensor(values, shape: shape) }
      let width = shape.dropFirst().reduce(1, *)
      // A single part stays as it is, others are added to a table with all its rows: as one process does.
      let table = Tensor.rows(rows, of: shape, values, width: width)
      return count > 1 ? Tensor(table.scalars, shape: shape) : table
    }
    return (Gradients(paths: places.map(\.path), tensors: tensors), metrics)
  }

  /// Adds up slices: this rank's of all parts, then everybody's sums. Gradients may have gigabytes, so that elements are
  /// copied as seldom as possible.
  private func summed(_ own: [[Float]], of count: Int, size: Int) throws -> [Float] {
    let width = MemoryLayout<Float>.stride
    let bounds = (0...ranks.count).map { size * $0 / ranks.count * width }
    let slices = zip(bounds, bounds.dropFirst()).map { $0..<$1 }
    let received = try ranks.exchange(
      slices.map { slice in Self.joined(own, slice) }, "the gradients of an update")
    let mine = slices[ranks.own].count
    func part(_ number: Int) -> ArraySlice<UInt8> {
      let first = number / ranks.count * mine
      return received[number % ranks.count][first..<first + mine]
    }
    var sum: [Float] = Array(part(0)).elements()
    for number in 1..<max(1, count) { Self.add(part(number), to: &sum) }
    let sums = try ranks.gathered([UInt8](bitsOf: sum), "the sums of an update")
    return [Float](unsafeUninitializedCapacity: size) { elements, made in
      let bytes = UnsafeMutableRawBufferPointer(elements)
      for (slice, sum) in zip(slices, sums) {
        UnsafeMutableRawBufferPointer(rebasing: bytes[slice]).copyBytes(from: sum)
      }
      made = size
    }
  }

  /// The same bytes of each part, one after the other.
  private static func joined(_ parts: [[Float]], _ slice: Range<Int>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: parts.count * slice.count) { bytes, made in
      for (number, part) in parts.enumerated() {
        let place = number * slice.count..<(number + 1) * slice.count
        part.withUnsafeBytes {
          UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(bytes)[place])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[slice]))
        }
      }
      made = parts.count * slice.count
    }
  }

  /// Adds numbers, which are given by their bytes.
  private static func add(_ bytes: ArraySlice<UInt8>, to sum: inout [Float]) {
    sum.withUnsafeMutableBufferPointer { sum in
      bytes.withUnsafeBytes { bytes in
        for place in sum.indices {
          sum[place] += bytes.loadUnaligned(fromByteOffset: place * MemoryLayout<Float>.stride, as: Float.self)
        }
      }
    }
  }

  /// A part's elements one after the other; of a table the rows that any part has.
  private func flat(_ part: Part, _ rows: [[Int32]?], _ sizes: [Int]) -> [Float] {
    var elements: [Float] = []
    elements.reserveCapacity(sizes.reduce(0, +))
    for (tensor, rows) in zip(part.gradients.tensors, rows) {
      let isDone: Void? = tensor.withRows { numbers, width, values in
        var at = 0
        for row in rows ?? Array(0..<Int32(tensor.shape[0])) {
          if at < numbers.count, numbers[at] == row {
            elements.append(contentsOf: UnsafeBufferPointer(start: values + at * width, count: width))
            at += 1
          } else {
            // The first part is a table of 0; what -0 is added to keeps its bits.
            elements.append(contentsOf: repeatElement(part.number == 0 ? 0 : -0.0, count: width))
          }
        }
      }
      if isDone == nil { tensor.withScalars { elements.append(contentsOf: $0) } }
    }
    return elements
  }

  private func described(_ part: Part) -> [UInt8] {
    precondition(part.gradients.paths == places.map(\.path), "gradients of another model")
    var rows: [Int32] = []
    for tensor in part.gradients.tensors {
      let numbers: [Int32]? = tensor.withRows { numbers, _, _ in numbers }
      rows.append(numbers.map { Int32($0.count) } ?? -1)
      rows += numbers ?? []
    }
    return [UInt8](bitsOf: part.metrics.sums) + [UInt8](bitsOf: rows)
  }

  /// What a part says of itself: its metrics, and which rows of tables it has; nil for all.
  private struct Description {
    let metrics: StepMetrics
    let rows: [[Int32]?]

    init(_ bytes: [UInt8], tensors: Int) {
      let head = StepMetrics().sums.count * MemoryLayout<Double>.stride
      metrics = StepMetrics(sums: Array(bytes[..<head]).elements())
      let numbers = Array(bytes[head...]).elements(of: Int32.self)
      var at = 0
      rows = (0..<tensors).map { _ in
        let count = Int(numbers[at])
        defer { at += 1 + max(0, count) }
        return count < 0 ? nil : Array(numbers[at + 1..<at + 1 + count])
      }
    }
  }
}
