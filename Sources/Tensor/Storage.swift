internal import CKernels

/// The memory behind one or more tensors: Float32 elements that are not written once a second owner exists.
///
/// A class, because identity is what copy-on-write and the free lists of the allocator need.
final class Storage: @unchecked Sendable {
  let count: Int
  /// The elements; nil if they are in a compact form, which is converted when all are read.
  private let elements: UnsafeMutablePointer<Float>?
  /// Elements that stand in another form, or in none yet.
  private let lazy: CompactStorage?
  /// What computes elements that may be forgotten, and their memory.
  private let again: (@Sendable (UnsafeMutableBufferPointer<Float>) -> Void)?
  private let computed: LazyElements
  /// What owns the bytes where we do not: a memory-mapped file.
  private let owner: AnyObject?

  /// Elements that are not cleared.
  init(count: Int) {
    self.count = count
    elements = sd_allocate(max(count, 1))
    owner = nil
    lazy = nil
    again = nil
    computed = LazyElements(count: 0)
  }

  /// Elements that `fill` writes, now and whenever they are read after they were forgotten. Never written otherwise.
  init(count: Int, recomputedBy fill: @escaping @Sendable (UnsafeMutableBufferPointer<Float>) -> Void) {
    self.count = count
    (elements, owner, lazy, again) = (nil, nil, nil, fill)
    computed = LazyElements(count: count)
    _ = pointer
  }

  /// Elements in memory that `owner` owns and keeps alive. Never written: a tensor over it is copied first.
  init(borrowing pointer: UnsafeMutablePointer<Float>, count: Int, owner: AnyObject) {
    self.count = count
    elements = pointer
    self.owner = owner
    lazy = nil
    again = nil
    computed = LazyElements(count: 0)
  }

  /// Elements in another form. Never written.
  init(_ lazy: CompactStorage) {
    count = lazy.count
    elements = nil
    owner = nil
    self.lazy = lazy
    again = nil
    computed = LazyElements(count: 0)
  }

  /// All elements as Float32. Those of another form are converted the first time and then kept.
  var pointer: UnsafeMutablePointer<Float> {
    if let elements { return elements }
    if let again { return computed.pointer { again(UnsafeMutableBufferPointer(start: $0, count: count)) } }
    guard let lazy else { preconditionFailure("a storage without elements") }
    return lazy.converted()
  }

  /// The elements in fewer bits, where they have not been converted yet or are meant to be read so: for those who can.
  var compact: CompactStorage? { lazy.flatMap { $0.isConverted && !$0.isChosen ? nil : $0 } }

  /// Gives the memory of elements on a file's pages back to the system. They can still be read.
  func releasePages() {
    if let elements, let mapping = owner as? FileMapping {
      mapping.release(elements, count: count * MemoryLayout<Float>.stride)
    } else {
      lazy?.releasePages()
    }
  }

  /// Gives back the memory of elements that can be computed again.
  func forget() { computed.forget() }

  var isBorrowed: Bool { owner != nil || lazy != nil || again != nil }

  deinit {
    if let elements, owner == nil { sd_release(elements, max(count, 1)) }
  }
}
