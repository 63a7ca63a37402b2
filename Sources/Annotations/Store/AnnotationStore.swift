/// Where replies are kept for good: appended to, looked up by key, never changed.
///
/// What ``append(_:)`` has returned from is there after a crash. Of several annotations with one key the first is kept,
/// and later ones are ignored without an error, so that two processes that ask the same question end with one answer.
/// ``AnnotationStoreCheck`` tries a conformer out.
public protocol AnnotationStore: Sendable {
  /// Whether the store accepts no replies, as in an archive. No question is asked then, since a reply that was paid for
  /// would be lost. The default is false.
  var isReadOnly: Bool { get }

  /// Keeps annotations whose keys are new. All of them are there afterwards, or an error is thrown.
  func append(_ annotations: [Annotation]) async throws

  /// The annotations that the store has, by key, also those that other processes wrote.
  func annotations(forKeys keys: [String]) async throws -> [String: Annotation]

  /// The annotations of these items, or of all for nil, in the order in which they were kept.
  ///
  /// An annotation bears the item that its question was first asked about. The reply to the same question about another
  /// item is found by its key.
  func annotations(forItems items: [String]?) async throws -> [Annotation]
}

extension AnnotationStore {
  /// False: replies are kept.
  public var isReadOnly: Bool { false }

  /// Everything, in the order in which it was kept.
  package func all() async throws -> [Annotation] { try await annotations(forItems: nil) }
}
