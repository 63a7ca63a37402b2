import TeacherProtocol

/// Makes the questions of one teacher, and finds out which of them the store has a reply to.
struct QuestionMaker: Sendable {
  /// What became of one item before anything is asked.
  struct Made: Sendable {
    let index: Int
    /// The key of its question, and the question; nil where none can be asked.
    var key: String?
    var request: TeacherRequest?
    var isStored = false
    /// Why there is no question.
    var failure: String?
  }

  let assignment: Annotator.Assignment
  let labels: LabelSet
  let store: any AnnotationStore
  let images: ImageDigests

  func made(_ items: [Item], from start: Int) async throws -> [Made] {
    var made: [Made] = []
    for (offset, item) in items.enumerated() {
      var one = Made(index: start + offset)
      do throws(TeacherProtocolError) {
        let request = try TeacherRequest(
          item: item, template: assignment.template, labels: labels, parameters: assignment.parameters,
          file: images.reference)
        do throws(TeacherProtocolError) { try assignment.template.checkShows(item) } catch {
          // Where a service is sent the fields themselves the prompt need not show them.
          if assignment.teacher.particulars(of: request).isEmpty { throw error }
        }
        one.key = Annotation.key(teacher: assignment.teacher, request: request)
        one.request = request
      } catch {
        one.failure = "\(error)"
      }
      made.append(one)
    }
    var stored = Set(try await store.annotations(forKeys: made.compactMap(\.key)).keys)
    let open = made.compactMap { one -> OpenQuestion? in
      guard let key = one.key, let request = one.request, !stored.contains(key) else { return nil }
      return OpenQuestion(key: key, request: request)
    }
    let renamed = try await RenamedLabels(teacher: assignment.teacher, store: store).replies(to: open)
    // Looked up by their keys from now on.
    if !renamed.isEmpty, !store.isReadOnly {
      try await store.append(renamed)
      stored.formUnion(renamed.map(\.key))
    }
    for index in made.indices { made[index].isStored = made[index].key.map(stored.contains) ?? false }
    return made
  }
}

/// Image digests, each file read once for a stretch of items whatever the number of teachers.
final class ImageDigests: Sendable {
  private struct Known {
    var results: [String: Result<ImageReference, TeacherProtocolError>] = [:]
    var order: [String] = []
    var first = 0
  }

  /// So many are remembered: teachers go through the items at about the same pace.
  private static let remembered = 8192

  private let data: Dataset
  private let known = Locked(Known())

  init(_ data: Dataset) { self.data = data }

  func reference(_ image: String) throws(TeacherProtocolError) -> ImageReference {
    let url = data.imageURL(image)
    if let earlier = known.withLock({ $0.results[image] }) { return try earlier.get() }
    let result = Result { () throws(TeacherProtocolError) in try ImageReference(contentsOf: url) }
    known.withLock { known in
      guard known.results.updateValue(result, forKey: image) == nil else { return }
      if known.order.count < Self.remembered {
        known.order.append(image)
      } else {
        known.results[known.order[known.first]] = nil
        known.order[known.first] = image
        known.first = (known.first + 1) % Self.remembered
      }
    }
    return try result.get()
  }
}
