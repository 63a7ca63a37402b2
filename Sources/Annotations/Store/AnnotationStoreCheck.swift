import TeacherProtocol

/// Tries a store out: what every conformer of ``AnnotationStore`` must keep, checked from outside.
///
/// ```swift
/// let problems = try await AnnotationStoreCheck().problems { try MyStore(file: file) }
/// #expect(problems.isEmpty)
/// ```
public struct AnnotationStoreCheck: Sendable {
  /// A check.
  public init() {}

  /// The stores' faults; empty where they keep everything.
  ///
  /// - Parameter open: opens the same, at first empty, store. It is called three times, as several processes would, and
  ///   the stores are used side by side.
  public func problems(opening open: () async throws -> any AnnotationStore) async throws -> [String] {
    var problems: [String] = []
    func expect(_ condition: Bool, _ problem: String) { if !condition { problems.append(problem) } }

    let store = try await open()
    try await store.append([])
    expect(try await store.all().isEmpty, "a new store is not empty")
    expect(try await store.annotations(forKeys: ["k"]).isEmpty, "a key is found in a new store")

    let first = Self.samples
    try await store.append(first)
    expect(try await store.all() == first, "what was appended does not come back equal and in order")
    let keys = first.map(\.key)
    let found = try await store.annotations(forKeys: keys + ["none", keys[0]])
    expect(found == Dictionary(uniqueKeysWithValues: first.map { ($0.key, $0) }), "keys are not found as appended")
    expect(try await store.annotations(forKeys: []).isEmpty, "no keys find something")
    expect(
      try await store.annotations(forItems: ["b", "none"]) == first.filter { $0.item == "b" },
      "the annotations of an item are not exactly its own")
    expect(try await store.annotations(forItems: []).isEmpty, "no items have annotations")

    var changed = first[0]
    changed.reply.rationale = "changed"
    var fresh = first[1]
    fresh.key = "fresh"
    var twin = fresh
    twin.reply.raw = "twin"
    try await store.append([changed, fresh, twin])
    expect(
      try await store.all() == first + [fresh], "of annotations with one key, the first is not the one that is kept")

    let other = try await open()
    expect(try await other.all() == first + [fresh], "a second opening does not see what was appended")
    var late = first[2]
    late.key = "late"
    try await other.append([late])
    expect(try await store.annotations(forKeys: ["late"])["late"] == late, "an open store does not see another's rows")

    try await withThrowingTaskGroup(of: Void.self) { group in
      for (i, store) in [store, other].enumerated() {
        for j in 0..<20 {
          var mine = first[0]
          mine.key = "c\(i)-\(j)"
          var shared = first[0]
          shared.key = "shared-\(j)"
          let both = [mine, shared]
          group.addTask { try await store.append(both) }
        }
      }
      try await group.waitForAll()
    }
    let third = try await open()
    let count = first.count + 2 + 60
    expect(try await third.all().count == count, "concurrent appends from two openings lose or double rows")
    expect(try await store.all() == third.all(), "two openings differ in order")
    return problems
  }

  /// One image as it always was, one within the text, and two of which one has no digest.
  private static func images(_ number: Int) -> [Annotation.Question.Image] {
    switch number {
    case 3: [.init(path: "a b.png", digest: "0f")]
    case 4: [.init(path: "c.png", digest: "1f", place: 3)]
    case 5: [.init(path: "[d].png", digest: "2f"), .init(path: "\"e\".png", place: 6)]
    default: []
    }
  }

  /// One annotation of every kind, with texts that break naive storage.
  private static var samples: [Annotation] {
    let outcomes: [TeacherReply.Outcome] = [
      .answered("falsified"), .abstained, .unreadable("a \"text\""), .unknownLabel("'7'"), .empty, .refused, .cutOff,
    ]
    return outcomes.enumerated().map { i, outcome in
      var annotation = Annotation(
        key: "k\(i)", item: i < 2 ? "a" : "b", teacher: "t", model: "m", promptVersion: "p",
        reply: TeacherReply(
          outcome: outcome, rationale: "line\nline, \"quote\" \u{1F600} '; --",
          confidence: i == 0 ? Confidence(0.1 + 0.2, source: .agreement) : nil, raw: "raw\t\u{0001}\(i)",
          usage: i == 1 ? .init(inputTokens: 3, outputTokens: 4) : nil, seconds: 0.125 * Double(i)),
        time: 1_700_000_000.25 + Double(i),
        question: i == 2
          ? nil
          : .init(
            prompt: "Is it?\n'\(i)'", images: images(i),
            parameters: "temperature=0.0"))
      annotation.reply.isRationaleCut = i == 0
      if i == 0 { annotation.reply.probabilities = ["falsified": 0.1 + 0.2, "\"no\"": 0.7] }
      return annotation
    }
  }
}
