/// A store of one's own over another one that is only read: what that has is not asked again, what is new is kept apart.
package struct LayeredStore: AnnotationStore {
  private let base: any AnnotationStore
  private let own: any AnnotationStore

  package init(_ own: any AnnotationStore, over base: any AnnotationStore) { (self.own, self.base) = (own, base) }

  package var isReadOnly: Bool { own.isReadOnly }

  package func append(_ annotations: [Annotation]) async throws {
    let known = try await base.annotations(forKeys: annotations.map(\.key))
    try await own.append(annotations.filter { known[$0.key] == nil })
  }

  package func annotations(forKeys keys: [String]) async throws -> [String: Annotation] {
    let known = try await base.annotations(forKeys: keys)
    let found = try await own.annotations(forKeys: keys.filter { known[$0] == nil })
    return known.merging(found) { first, _ in first }
  }

  package func annotations(forItems items: [String]?) async throws -> [Annotation] {
    let known = try await base.annotations(forItems: items)
    let keys = Set(known.map(\.key))
    return try await known + own.annotations(forItems: items).filter { !keys.contains($0.key) }
  }
}
