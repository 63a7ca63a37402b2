internal import CKernels

/// The memory behind one or more tensors: Float32 elements that nobody writes once a second owner exists.
///
/// A class, because identity is what copy-on-write and the free lists of the allocator need.
final class Storage: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  /// What owns the bytes where we do not: a memory-mapped file.
  private let owner: AnyObject?

  /// Elements that are not cleared.
  init(count: Int) {
    self.count = count
    pointer = sd_allocate(max(count, 1))
    owner = nil
  }

  /// Elements that stand in somebody else's memory, kept alive by `owner`. Never written: a tensor over it is copied first.
  init(borrowing pointer: UnsafeMutablePointer<Float>, count: Int, owner: AnyObject) {
    self.pointer = pointer
    self.count = count
    self.owner = owner
  }

  var isBorrowed: Bool { owner != nil }

  deinit {
    if owner == nil { sd_release(pointer, max(count, 1)) }
  }
}
