internal import CKernels
internal import Synchronization

/// Memory for elements that are computed when they are read and kept until they are forgotten.
struct LazyElements: ~Copyable, Sendable {
  private let count: Int
  private let address = Mutex<UInt>(0)

  init(count: Int) { self.count = count }

  deinit { forget() }

  /// Whether the elements are in memory.
  var areThere: Bool { address.withLock { $0 != 0 } }

  /// The elements, computed by `fill` where they are not in memory. It must give the same bits each time.
  func pointer(filledBy fill: (UnsafeMutablePointer<Float>) -> Void) -> UnsafeMutablePointer<Float> {
    if let kept = UnsafeMutablePointer<Float>(bitPattern: address.withLock { $0 }) { return kept }
    // Outside of the lock, since the threads of the pool would wait for it. Of two concurrent copies the first is kept.
    let made: UnsafeMutablePointer<Float> = sd_allocate(max(count, 1))
    fill(made)
    let own = UInt(bitPattern: made)
    let kept = address.withLock { address in
      if address == 0 { address = own }
      return address
    }
    if kept != own { sd_release(made, max(count, 1)) }
    return UnsafeMutablePointer(bitPattern: kept) ?? made
  }

  /// Releases the memory. No reader may be at work.
  func forget() {
    let kept = address.withLock { address in
      defer { address = 0 }
      return address
    }
    if let kept = UnsafeMutablePointer<Float>(bitPattern: kept) { sd_release(kept, max(count, 1)) }
  }
}

extension Tensor {
  /// An operation whose elements may be forgotten between their use and the gradient, and are then computed again: for cheap
  /// ones that are large.
  ///
  /// - Parameters:
  ///   - elements: writes the elements, the same bits each time.
  ///   - backward: as in ``operation(value:inputs:backward:)``.
  package static func recomputable(
    shape: [Int], inputs: [Tensor], elements: @escaping @Sendable (UnsafeMutableBufferPointer<Float>) -> Void,
    backward: @escaping @Sendable (Tensor) -> [Tensor?]
  ) -> Tensor {
    guard inputs.contains(where: \.isTracked) else { return Tensor(shape: shape, initializingWith: elements) }
    let storage = Storage(count: count(of: shape), recomputedBy: elements)
    return .operation(value: Tensor(storage: storage, shape: shape), inputs: inputs) { gradient in
      // Whatever read the elements has had its gradient taken before.
      storage.forget()
      return backward(gradient)
    }
  }

  /// Gives back the memory of elements that are computed again when they are read next; see
  /// ``recomputable(shape:inputs:elements:backward:)``. Does nothing for others.
  package func forgetElements() { storage.forget() }
}
