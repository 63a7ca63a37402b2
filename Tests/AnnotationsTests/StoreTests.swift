import Annotations
import Foundation
import TeacherProtocol
import Testing

@Suite struct JSONLinesAnnotationStoreTests {
  let scratch: Scratch
  let file: URL

  init() throws {
    scratch = try Scratch()
    file = scratch.path("deep/replies.jsonl")
  }

  @Test func `it keeps what every store must keep`() async throws {
    let file = file
    let problems = try await AnnotationStoreCheck().problems { try JSONLinesAnnotationStore(file) }
    #expect(problems == [])
  }

  @Test func `a file that may only be read is read and nothing is added`() async throws {
    try await JSONLinesAnnotationStore(file).append([annotation("a"), annotation("b")])
    let before = try scratch.text("deep/replies.jsonl")
    let store = JSONLinesAnnotationStore(try LineFile(file, isReadOnly: true))
    #expect(store.isReadOnly)
    #expect(try await store.all().map(\.key) == ["a", "b"])
    await #expect(throws: AnnotationsError.readOnly(file: file.relativePath)) {
      try await store.append([annotation("c")])
    }
    #expect(try scratch.text("deep/replies.jsonl") == before)
  }

  @Test func `a store in memory keeps what every store must keep and adds nothing to the one below`() async throws {
    let shared = MemoryAnnotationStore()
    #expect(try await AnnotationStoreCheck().problems { shared } == [])
    let below = try JSONLinesAnnotationStore(file)
    try await below.append([annotation("a")])
    let above = MemoryAnnotationStore(over: below)
    try await above.append([annotation("a", label: "other"), annotation("b")])
    #expect(try await above.all().map(\.key) == ["a", "b"])
    #expect(try await above.annotations(forKeys: ["a", "b"])["a"]?.reply.label == "falsified")
    #expect(try await below.all().map(\.key) == ["a"])
  }

  @Test func `the check finds a store that forgets and one that overwrites`() async throws {
    actor Forgetful: AnnotationStore {
      var last: [Annotation] = []
      func append(_ annotations: [Annotation]) { last = annotations }
      func annotations(forKeys keys: [String]) -> [String: Annotation] { [:] }
      func annotations(forItems items: [String]?) -> [Annotation] { last }
    }
    let shared = Forgetful()
    #expect(try await AnnotationStoreCheck().problems { shared }.count >= 4)
  }

  @Test func `a torn last line is reported and cut off by the next append`() async throws {
    let store = try JSONLinesAnnotationStore(file)
    try await store.append([annotation("a"), annotation("b")])
    let whole = try scratch.text("deep/replies.jsonl")
    try Data((whole + "{\"key\": \"c\", \"ite").utf8).write(to: file)
    let reopened = try JSONLinesAnnotationStore(file)
    #expect(try await reopened.all().map(\.key) == ["a", "b"])
    #expect(await reopened.problems.map(\.line) == [3])
    #expect(await reopened.problems.first?.found.contains("17 bytes") == true)
    try await reopened.append([annotation("d")])
    #expect(try await reopened.all().map(\.key) == ["a", "b", "d"])
    #expect(try scratch.text("deep/replies.jsonl").hasPrefix(whole))
    #expect(try scratch.text("deep/replies.jsonl").split(separator: "\n").count == 3)
    let third = try JSONLinesAnnotationStore(file)
    #expect(try await third.all().count == 3)
    #expect(await third.problems.isEmpty)
  }

  @Test func `a last line that lacks only its newline is kept`() async throws {
    let store = try JSONLinesAnnotationStore(file)
    try await store.append([annotation("a"), annotation("b")])
    try Data(try scratch.text("deep/replies.jsonl").dropLast().utf8).write(to: file)
    let reopened = try JSONLinesAnnotationStore(file)
    try await reopened.append([annotation("c")])
    #expect(try await reopened.all().map(\.key) == ["a", "b", "c"])
    #expect(await reopened.problems.isEmpty)
  }

  @Test func `a last line that lacks only its newline counts at once, whoever appends behind it`() async throws {
    func lines(_ file: LineFile) throws -> [String] {
      try file.newLines { "\($0) \(String(decoding: $1, as: UTF8.self))" }
    }
    let path = try scratch.file("lines.jsonl", "{\"a\": 1}\n{\"a\": 2}")
    let (one, other) = (try LineFile(path), try LineFile(path))
    #expect(try lines(one) == ["1 {\"a\": 1}", "2 {\"a\": 2}"] && lines(one) == [])
    #expect(try lines(other) == ["1 {\"a\": 1}", "2 {\"a\": 2}"])
    try one.append(["{\"a\": 3}"])
    #expect(try String(contentsOf: path, encoding: .utf8) == "{\"a\": 1}\n{\"a\": 2}\n{\"a\": 3}\n")
    for file in [one, other] { #expect(try lines(file) == ["3 {\"a\": 3}"] && lines(file) == []) }
    try other.append(["{\"a\": 4}"])
    for file in [one, other] { #expect(try lines(file) == ["4 {\"a\": 4}"]) }
    // A torn line behind it is still cut off.
    let torn = try LineFile(try scratch.file("torn.jsonl", "{\"a\": 1}"))
    #expect(try lines(torn).count == 1)
    try Data("{\"a\": 1}\n{\"a\": ".utf8).write(to: scratch.path("torn.jsonl"))
    #expect(try lines(torn) == [] && torn.problems.map(\.line) == [2])
    try torn.append(["{\"a\": 2}"])
    #expect(try lines(torn) == ["2 {\"a\": 2}"])
    #expect(try String(contentsOf: scratch.path("torn.jsonl"), encoding: .utf8) == "{\"a\": 1}\n{\"a\": 2}\n")
  }

  @Test func `damaged lines are listed and passed over`() async throws {
    let store = try JSONLinesAnnotationStore(file)
    try await store.append([annotation("a")])
    let good = try scratch.text("deep/replies.jsonl")
    let bad: [String] = [
      "not json", "{\"key\": \"x\"}", String(good.replacingOccurrences(of: "answered", with: "guessed").dropLast()),
      String(good.replacingOccurrences(of: "\"seconds\":0", with: "\"seconds\":\"long\"").dropLast()),
      String(good.replacingOccurrences(of: "\"raw\"", with: "\"confidence\":7,\"raw\"").dropLast()),
      String(good.replacingOccurrences(of: "\"raw\"", with: "\"probabilities\":{\"a\":7},\"raw\"").dropLast()),
    ]
    try Data((good + bad.joined(separator: "\n") + "\n\n" + good.replacingOccurrences(of: "\"a\"", with: "\"z\"")).utf8)
      .write(to: file)
    let reopened = try JSONLinesAnnotationStore(file)
    #expect(try await reopened.all().map(\.key) == ["a", "z"])
    #expect(await reopened.problems.map(\.line) == [2, 3, 4, 5, 6, 7])
    #expect(await reopened.problems.map(\.found).allSatisfy { !$0.isEmpty })
  }

  @Test func `a file that shrinks underneath is an error`() async throws {
    let store = try JSONLinesAnnotationStore(file)
    try await store.append([annotation("a")])
    truncate(file.path, 3)
    await #expect(throws: AnnotationsError.changedBehindUs(file: file.relativePath)) { try await store.all() }
  }

  @Test func `a folder or a path through a file cannot be a store`() throws {
    #expect(throws: AnnotationsError.self) { try JSONLinesAnnotationStore(scratch.url) }
    let plain = try scratch.file("plain", "x")
    #expect(throws: AnnotationsError.self) { try JSONLinesAnnotationStore(plain.appendingPathComponent("a.jsonl")) }
  }

  @Test func `a full disk is an error that loses nothing and leaves no trace`() async throws {
    let store = try JSONLinesAnnotationStore(file)
    try await store.append([annotation("a")])
    let before = try scratch.text("deep/replies.jsonl")
    let calls = Locked(0)
    // The first write takes half of the bytes, the second none.
    let full = try LineFile(file) { descriptor, bytes, count, offset in
      let call = calls.withLock { value in
        value += 1
        return value
      }
      if call == 1 { return pwrite(descriptor, bytes, count / 2, offset) }
      errno = ENOSPC
      return -1
    }
    let failing = JSONLinesAnnotationStore(full)
    await #expect(
      throws: AnnotationsError.cannotWrite(file: file.relativePath, reason: String(cString: strerror(ENOSPC)))
    ) { try await failing.append([annotation("b")]) }
    #expect(try scratch.text("deep/replies.jsonl") == before)
    #expect(try await failing.all().map(\.key) == ["a"])
  }

  @Test func `lines that can't be brought to the disk are taken back`() throws {
    let path = try scratch.file("lines.jsonl", "{\"a\": 1}\n")
    let failing = try LineFile(
      path,
      sync: { _ in
        errno = EIO
        return -1
      })
    func read(_ file: LineFile) throws -> [String] { try file.newLines { String(decoding: $1, as: UTF8.self) } }
    #expect(try read(failing) == ["{\"a\": 1}"])
    let reason = "it can't be brought to the disk: " + String(cString: strerror(EIO))
    #expect(throws: AnnotationsError.cannotWrite(file: path.relativePath, reason: reason)) {
      try failing.append(["{\"a\": 2}"])
    }
    #expect(try read(failing) == [] && read(LineFile(path)) == ["{\"a\": 1}"])
  }

  @Test func `short writes are gone on with`() async throws {
    let slow = try LineFile(file) { descriptor, bytes, count, offset in
      pwrite(descriptor, bytes, min(count, 7), offset)
    }
    let store = JSONLinesAnnotationStore(slow)
    try await store.append([annotation("a"), annotation("b")])
    #expect(try await JSONLinesAnnotationStore(file).all().map(\.key) == ["a", "b"])
  }

  @Test func `what was confirmed is there after a process was killed`() async throws {
    let path = file.path
    let confirmed = scratch.path("confirmed").path
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, confirmed = confirmed as String] in
      let store = try JSONLinesAnnotationStore(URL(fileURLWithPath: path))
      Task.detached {
        for i in 0... {
          try await store.append([annotation("k\(i)", rationale: String(repeating: "x", count: 5000))])
          try Data("\(i + 1)".utf8).write(to: URL(fileURLWithPath: confirmed), options: .atomic)
        }
      }
      // On a busy machine the first reply may take its time.
      while !FileManager.default.fileExists(atPath: confirmed) { try await Task.sleep(for: .milliseconds(5)) }
      try await Task.sleep(for: .milliseconds(100))
      kill(getpid(), SIGKILL)
    }
    let count = Int(try scratch.text("confirmed")) ?? 0
    let kept = try await JSONLinesAnnotationStore(file).all()
    #expect(count > 0)
    #expect(kept.count == count || kept.count == count + 1)
    #expect(kept.map(\.key) == kept.indices.map { "k\($0)" })
  }

  @Test func `a store is read by whoever reads recorded replies`() async throws {
    let store = try JSONLinesAnnotationStore(file)
    try await store.append([
      annotation("1", item: "x", teacher: "a", confidence: 0.5), annotation("2", item: "x", teacher: "b", label: nil),
    ])
    let replies = try RecordedReplies(contentsOf: file, labels: .outOfContext, strict: true)
    #expect(replies.teachers == ["a", "b"])
    #expect(replies.reply(of: "a", on: "x")?.label == "falsified")
    #expect(replies.reply(of: "b", on: "x")?.outcome == .abstained)
  }
}

@Suite struct AnnotationTests {
  @Test func `the key changes with everything a reply depends on and nothing else`() throws {
    let template = try PromptTemplate("{text}")
    func request(
      id: String = "1", text: String = "a", digest: String? = "d", parameters: TeacherParameters = .init(),
      labels: LabelSet = .outOfContext
    ) throws -> TeacherRequest {
      let image = digest.map { ImageReference(url: URL(fileURLWithPath: "/x/\(id).jpg"), digest: $0) }
      return try TeacherRequest(
        item: Item(id: id, image: image.map { _ in "photo" }, fields: ["text": text]), template: template,
        labels: labels, parameters: parameters, file: { _ in image })
    }
    func teacher(_ name: String, _ model: String) -> ScriptedTeacher {
      ScriptedTeacher(name, model: model) { _ in TeacherReply(outcome: .refused, raw: "") }
    }
    let base = Annotation.key(teacher: teacher("t", "m"), request: try request())
    #expect(base.count == 64)
    #expect(Annotation.key(teacher: teacher("t", "m"), request: try request(id: "2")) == base)
    var other = try request()
    other.promptVersion = "other"
    let labels = try LabelSet([.init(name: "pristine"), .init(name: "falsified")])
    let keys = [
      base, Annotation.key(teacher: teacher("u", "m"), request: try request()),
      Annotation.key(teacher: teacher("t", "n"), request: try request()),
      Annotation.key(teacher: teacher("t", "m"), request: try request(text: "b")),
      Annotation.key(teacher: teacher("t", "m"), request: try request(digest: "e")),
      Annotation.key(teacher: teacher("t", "m"), request: try request(digest: nil)),
      Annotation.key(teacher: teacher("t", "m"), request: try request(parameters: .init(temperature: 1))),
      Annotation.key(teacher: teacher("t", "m"), request: try request(labels: labels)),
      Annotation.key(teacher: teacher("t", "m"), request: other),
      Annotation.key(teacher: ScriptedTeacher("t", answers: [:]), request: try request(id: "1")),
      Annotation.key(teacher: ScriptedTeacher("t", answers: [:]), request: try request(id: "2")),
    ]
    #expect(Set(keys).count == keys.count)
  }

  @Test func `the key changes with the images, their order and their places`() throws {
    func key(_ template: String, _ slots: [ImageSlot]) throws -> String {
      let request = try TeacherRequest(
        item: Item(id: "1", imageSlots: slots, fields: ["text": "t"]), template: try PromptTemplate(template),
        labels: .outOfContext, file: { ImageReference(url: URL(fileURLWithPath: "/\($0)"), digest: $0) })
      var same = request
      same.promptVersion = ""
      return Annotation.key(
        teacher: ScriptedTeacher("t", model: "m") { _ in TeacherReply(outcome: .refused, raw: "") },
        request: same)
    }
    let (photo, found) = (ImageSlot(name: "photo", paths: ["a"]), ImageSlot(name: "found", paths: ["b"]))
    let keys = try [
      key("{text}", []), key("{text}", [photo]), key("{text}", [photo, found]), key("{text}", [found, photo]),
      key("{text}{photo}", [photo]), key("{text}{found}", [photo, found]), key("{text}{found}{photo}", [photo, found]),
      key("{text}", [ImageSlot(name: "photo", paths: ["a", "b", "a"])]),
    ]
    #expect(Set(keys).count == keys.count)
    // Where an image stands counts, and not how the template says it.
    #expect(try key("{photo}{text}", [photo]) == keys[1])
    #expect(try key("{text}", [ImageSlot(name: "photo", paths: ["a", "b"])]) == keys[2])
    // The key of version 479066b for the question of one image: stores that were paid for stay of use.
    #expect(keys[1] == "dfa373df3ab196288450829a23710b7a8e9a396258343af693dfc7cf439654f0")
  }

  @Test func `every kind of reply reads back as it was written`() throws {
    for outcome: TeacherReply.Outcome in [
      .answered("a"), .abstained, .unreadable("why"), .unknownLabel("x"), .empty, .refused, .cutOff,
    ] {
      var one = annotation("k")
      one.reply = TeacherReply(
        outcome: outcome, rationale: "\n", confidence: Confidence(1.0 / 3, source: .labelTokenProbability), raw: "",
        usage: .init(inputTokens: 1, outputTokens: 2), seconds: 0.1)
      one.reply.isRationaleCut = one.reply.label != nil
      if one.reply.label != nil { one.reply.probabilities = ["a": 1.0 / 3, "b": 2.0 / 3] }
      #expect(try JSONDecoder().decode(Annotation.self, from: JSONEncoder().encode(one)) == one)
    }
  }

  @Test func `every error says what to do`() {
    let problem = RowProblem(file: "f", line: 3, field: "x", expected: "a", found: "b")
    for (error, part) in [
      (AnnotationsError.cannotOpen(file: "f", reason: "r"), "Check the path"),
      (.cannotWrite(file: "f", reason: "r"), "Nothing that stood there is lost"),
      (.changedBehindUs(file: "f"), "append"), (.replacedBehindUs(file: "f"), "start again"),
      (.locked(file: "f", seconds: 30), "30"), (.newerStore(file: "f", known: "1", found: "2"), "newer version"),
      (.badRow(problem), "f:3:"), (.teacherTwice("t"), "'t'"),
    ] { #expect("\(error)".contains(part)) }
  }

  @Test func `a lock that is held too long is an error`() async throws {
    let scratch = try Scratch()
    let file = scratch.path("a.jsonl")
    let (holder, waiter) = (try LineFile(file), try LineFile(file))
    #expect(flock(holder.descriptor, LOCK_EX) == 0)
    await #expect(throws: AnnotationsError.locked(file: waiter.file, seconds: 0)) {
      try await FileLock.holding(waiter.descriptor, file: waiter.file, patience: .milliseconds(20)) {}
    }
    flock(holder.descriptor, LOCK_UN)
    try await FileLock.holding(waiter.descriptor, file: waiter.file) {}
  }
}
