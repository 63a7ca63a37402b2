internal import CKernels

/// An n-dimensional array of Float32 in row-major order, with value semantics and run-time reverse-mode gradients.
///
/// ```swift
/// let x = Tensor([1, 2, 3], shape: [3]).tracked()
/// let y = (x * x).sum()            // 14
/// y.gradients(at: [x])[0].scalars  // [2, 4, 6]
/// ```
///
/// Elements are contiguous: a transpose copies, a reshape does not. A copy of a tensor shares its memory until one of the
/// two is written. An operation records how to go back only if one of its operands is tracked, so frozen parameters cost
/// no gradient work. Shapes that do not fit are bugs of the caller and trap with both shapes in the message.
///
/// It is not a lazy graph and has one element type. Weights that a file keeps in 16 bits stay so in memory and are converted
/// where they are read, a panel or a row at a time; nothing but their size shows it.
public struct Tensor: Sendable {
  let storage: Storage
  /// The extents, outermost first; empty for a scalar.
  public let shape: [Int]
  /// How this tensor came about; nil where no gradient can flow.
  let node: Node?

  init(storage: Storage, shape: [Int], node: Node? = nil) {
    (self.storage, self.shape, self.node) = (storage, shape, node)
  }

  /// A tensor of these elements in row-major order.
  ///
  /// - Precondition: as many elements as the shape has places.
  public init(_ scalars: [Float], shape: [Int]) {
    precondition(
      scalars.count == Tensor.count(of: shape), "\(scalars.count) elements do not fill the shape \(shape)")
    let storage = Storage(count: scalars.count)
    scalars.withUnsafeBufferPointer {
      if let base = $0.baseAddress { storage.pointer.update(from: base, count: $0.count) }
    }
    self.init(storage: storage, shape: shape)
  }

  /// A scalar: shape [].
  public init(_ value: Float) { self.init(repeating: value, shape: []) }

  /// A tensor with the same value everywhere.
  public init(repeating value: Float, shape: [Int]) {
    let storage = Storage(count: Tensor.count(of: shape))
    // On the threads that will use it: on a machine of several nodes memory lies where it is written first.
    inBlocks(of: storage.count) { start, count in sd_fill(storage.pointer + start, value, count) }
    self.init(storage: storage, shape: shape)
  }

  /// A tensor of zeros.
  public static func zeros(_ shape: [Int]) -> Tensor { Tensor(repeating: 0, shape: shape) }

  /// A tensor of ones.
  public static func ones(_ shape: [Int]) -> Tensor { Tensor(repeating: 1, shape: shape) }

  /// A tensor whose elements the closure writes. They are not cleared before.
  ///
  /// ```swift
  /// let ramp = Tensor(shape: [4]) { for i in $0.indices { $0[i] = Float(i) } }
  /// ```
  public init(shape: [Int], initializingWith body: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
    let storage = Storage(count: Tensor.count(of: shape))
    try body(UnsafeMutableBufferPointer(start: storage.pointer, count: storage.count))
    self.init(storage: storage, shape: shape)
  }

  /// The number of places in a shape.
  static func count(of shape: [Int]) -> Int {
    shape.reduce(1) { count, extent in
      precondition(extent >= 0, "a negative extent in the shape \(shape)")
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      precondition(!overflow && product <= Int.max / 4, "the shape \(shape) has more elements than there is memory")
      return product
    }
  }

  /// The number of elements.
  public var count: Int { storage.count }

  /// The number of axes.
  public var rank: Int { shape.count }

  /// The elements in row-major order, copied.
  public var scalars: [Float] { withScalars { Array($0) } }

  /// The only element.
  ///
  /// - Precondition: one element.
  public var scalar: Float {
    precondition(count == 1, "a tensor of shape \(shape) is not one number")
    return storage.pointer[0]
  }

  /// The element at these indices, one for each axis.
  public subscript(indices: Int...) -> Float {
    precondition(indices.count == rank, "\(indices.count) indices for the shape \(shape)")
    var offset = 0
    for (index, extent) in zip(indices, shape) {
      precondition(index >= 0 && index < extent, "index \(indices) lies outside the shape \(shape)")
      offset = offset * extent + index
    }
    return storage.pointer[offset]
  }

  /// Reads the elements in place.
  public func withScalars<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
    try withElements { try body(UnsafeBufferPointer(start: $0, count: count)) }
  }

  /// Writes the elements in place, after a copy if another tensor shares them. The result is not tracked.
  public mutating func mutateScalars<Result>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    if node != nil || storage.isBorrowed || !isUniquelyHeld() {
      let copy = Storage(count: count)
      if let compact = storage.compact {
        compact.convertAll(to: copy.pointer)
      } else {
        copy.pointer.update(from: storage.pointer, count: count)
      }
      self = Tensor(storage: copy, shape: shape)
    }
    return try body(UnsafeMutableBufferPointer(start: storage.pointer, count: count))
  }

  private mutating func isUniquelyHeld() -> Bool {
    var taken = Tensor.nothing
    swap(&self, &taken)
    let shape = taken.shape
    let node = taken.node
    var storage = taken.storage
    taken = Tensor.nothing
    let unique = isKnownUniquelyReferenced(&storage)
    self = Tensor(storage: storage, shape: shape, node: node)
    return unique
  }

  static let nothing = Tensor(storage: Storage(count: 0), shape: [0])

  /// Whether shapes and all bits of the elements are equal: NaN equals itself, 0 and -0 differ.
  package func isIdentical(to other: Tensor) -> Bool {
    guard shape == other.shape else { return false }
    if storage === other.storage { return true }
    return withScalars { a in other.withScalars { b in zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern } } }
  }
}

extension Tensor: CustomStringConvertible {
  /// The shape and the first elements.
  public var description: String {
    let head = withScalars { $0.prefix(8).map { "\($0)" }.joined(separator: ", ") }
    return "Tensor\(shape)(\(head)\(count > 8 ? ", …" : ""))"
  }
}
