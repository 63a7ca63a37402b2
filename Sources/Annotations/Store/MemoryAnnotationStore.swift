/// A store that forgets: for teachers that answer again for nothing, where nothing is to be written.
package actor MemoryAnnotationStore: AnnotationStore {
  private let base: (any AnnotationStore)?
  private var byKey: [String: Annotation] = [:]
  private var keys: [String] = []

  /// - Parameter base: a store whose replies are there too; nothing is added to it.
  package init(over base: (any AnnotationStore)? = nil) { self.base = base }

  package func append(_ annotations: [Annotation]) async throws {
    let known = try await base?.annotations(forKeys: annotations.map(\.key)) ?? [:]
    for annotation in annotations where known[annotation.key] == nil && byKey[annotation.key] == nil {
      byKey[annotation.key] = annotation
      keys.append(annotation.key)
    }
  }

  package func annotations(forKeys keys: [String]) async throws -> [String: Annotation] {
    var found = try await base?.annotations(forKeys: keys) ?? [:]
    for key in keys where found[key] == nil { found[key] = byKey[key] }
    return found
  }

  package func annotations(forItems items: [String]?) async throws -> [Annotation] {
    let wanted = items.map(Set.init)
    return try await (base?.annotations(forItems: items) ?? [])
      + keys.compactMap { byKey[$0] }.filter { wanted?.contains($0.item) ?? true }
  }
}
