internal import TeacherProtocol

/// Several stores' replies in one, as when parts of the items were asked about by processes with a store each.
///
/// ```swift
/// let merge = try await StoreMerge(of: stores)
/// print(try await merge.add(to: store).added)
/// ```
///
/// Of several replies to one question the earliest counts. What the target has stays as it is, since it may have been used; so a
/// second merge of the same stores adds nothing.
package struct StoreMerge: Sendable {
  /// How many replies the stores have together.
  package let read: Int
  /// The earliest reply to each question, in the order of time.
  package let annotations: [Annotation]
  /// How many questions were answered in several of the stores, not alike.
  package let repeated: Int

  /// Reads the stores, of which none is changed.
  package init(of stores: [any AnnotationStore]) async throws {
    var (read, first, repeated) = (0, [String: Annotation](), Set<String>())
    for store in stores {
      for annotation in try await store.all() {
        read += 1
        guard let known = first[annotation.key] else {
          first[annotation.key] = annotation
          continue
        }
        if !known.isSame(as: annotation) { repeated.insert(annotation.key) }
        if annotation.order < known.order { first[annotation.key] = annotation }
      }
    }
    (self.read, self.repeated) = (read, repeated.count)
    annotations = first.values.sorted { $0.order < $1.order }
  }

  /// Adds the replies that a store does not have.
  ///
  /// - Returns: how many were added, how many questions the store had a reply to, and of those how many had another one.
  package func add(to store: any AnnotationStore) async throws -> (added: Int, known: Int, others: Int) {
    var (added, known, others) = (0, 0, 0)
    for start in stride(from: 0, to: annotations.count, by: 1000) {
      let part = Array(annotations[start..<min(start + 1000, annotations.count)])
      let there = try await store.annotations(forKeys: part.map(\.key))
      known += there.count
      others += part.count { one in there[one.key].map { !$0.isSame(as: one) } ?? false }
      let fresh = part.filter { there[$0.key] == nil }
      try await store.append(fresh)
      added += fresh.count
    }
    return (added, known, others)
  }
}

extension Annotation {
  /// What decides which of several replies counts, whichever store is read first.
  fileprivate var order: (Double, String, String, String) { (time, key, reply.raw, item) }

  /// Whether it is the same reply, though perhaps to the same question about another item.
  fileprivate func isSame(as other: Annotation) -> Bool { time == other.time && reply.raw == other.reply.raw }
}
