import Annotations
import Foundation
import SQLiteStore
import TeacherProtocol
import TestSupport
import Testing

@Suite struct SQLiteAnnotationStoreTests {
  let folder: URL
  var file: URL { folder.appendingPathComponent("deep/annotations.sqlite") }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("sqlite-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  @Test func `it keeps what every store must keep`() async throws {
    let file = file
    #expect(try await AnnotationStoreCheck().problems { try SQLiteAnnotationStore(file) } == [])
    let other = folder.appendingPathComponent("durable.sqlite")
    #expect(try await AnnotationStoreCheck().problems { try SQLiteAnnotationStore(other, isDurable: true) } == [])
    try FileManager.default.removeItem(at: folder)
  }

  @Test func `the store, its log and its index are their owner's alone`() async throws {
    let store = try SQLiteAnnotationStore(file)
    try await store.append([annotation("a")])
    func mode(_ path: String) throws -> Int? {
      (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
    }
    for end in ["", "-wal", "-shm"] { #expect(try mode(file.path + end) == 0o600, "\(end)") }
    #expect(try mode(file.deletingLastPathComponent().path) == 0o700)
    #expect(try await store.all().count == 1)
  }

  /// An archive: a copy of the data base and of its log, whose index can't be made beside them. A folder of that name
  /// stands in its way here, as tests may run as root, who may write anywhere.
  private func archive(withLog: Bool) throws -> URL {
    let place = folder.appendingPathComponent("archive/annotations.sqlite")
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: file, to: place)
    let log = place.path + "-wal"
    if withLog { try FileManager.default.copyItem(atPath: file.path + "-wal", toPath: log) }
    try FileManager.default.createDirectory(atPath: place.path + "-shm", withIntermediateDirectories: true)
    return place
  }

  @Test func `an archived store is read and left as it is`() async throws {
    do { try await SQLiteAnnotationStore(file).append([annotation("a"), annotation("b", item: "j")]) }
    let place = try archive(withLog: false)
    let before = try Data(contentsOf: place)
    let store = try SQLiteAnnotationStore(place, isReadOnly: true)
    #expect(store.isReadOnly)
    #expect(try await store.all().map(\.key) == ["a", "b"])
    #expect(try await store.annotations(forItems: ["j"]).map(\.key) == ["b"])
    await #expect(throws: AnnotationsError.readOnly(file: place.relativePath)) {
      try await store.append([annotation("c")])
    }
    #expect(try Data(contentsOf: place) == before)
    #expect(!FileManager.default.fileExists(atPath: place.path + ".lock"))
    try FileManager.default.removeItem(at: folder)
  }

  @Test func `the last replies of a killed process are read from the log of an archive`() async throws {
    let open = try SQLiteAnnotationStore(file)
    try await open.append([annotation("a")])
    // Still open: nothing has been brought from the log into the data base.
    let store = try SQLiteAnnotationStore(try archive(withLog: true), isReadOnly: true)
    #expect(try await store.all().map(\.key) == ["a"])
    #expect(try await open.all().count == 1 && !open.isReadOnly)
    try FileManager.default.removeItem(at: folder)
  }

  @Test(arguments: [false, true]) func `a store that is read once is left with nothing beside it`(withLog: Bool)
    async throws
  {
    let place = folder.appendingPathComponent("part 1%/annotations.sqlite")
    do {
      let open = try SQLiteAnnotationStore(file)
      try await open.append([annotation("a")])
      try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      if withLog {
        // Still open, so that what was kept stands in the log, as where a process was killed.
        for end in ["", "-wal"] { try FileManager.default.copyItem(atPath: file.path + end, toPath: place.path + end) }
      }
    }
    if !withLog { try FileManager.default.copyItem(at: file, to: place) }
    func state() throws -> [String: Data] {
      let folder = place.deletingLastPathComponent()
      return try Dictionary(
        uniqueKeysWithValues: FileManager.default.contentsOfDirectory(atPath: folder.path).map {
          ($0, try Data(contentsOf: folder.appendingPathComponent($0)))
        })
    }
    let before = try state()
    #expect(before.count == (withLog ? 2 : 1))
    do {
      let store = try SQLiteAnnotationStore(place, isReadOnly: true, isSettled: true)
      #expect(try await store.all().map(\.key) == ["a"])
      #expect(store.isReadOnly)
    }
    #expect(try state() == before)
    try FileManager.default.removeItem(at: folder)
  }

  @Test func `what is no store is refused where it may only be read too`() throws {
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data("no data base at all, but long enough to be looked at as if it were one".utf8).write(to: file)
    #expect(throws: AnnotationsError.self) { try SQLiteAnnotationStore(file, isReadOnly: true) }
    try FileManager.default.removeItem(at: folder)
  }

  @Test func `many keys are looked up in portions`() async throws {
    let store = try SQLiteAnnotationStore(file)
    try await store.append((0..<1700).map { annotation("k\($0)", item: "i\($0 % 1300)") })
    #expect(try await store.annotations(forKeys: (0..<1700).map { "k\($0)" }).count == 1700)
    let items = try await store.annotations(forItems: (0..<1300).reversed().map { "i\($0)" })
    #expect(items.map(\.key) == (0..<1700).map { "k\($0)" })
    try FileManager.default.removeItem(at: folder)
  }

  @Test func `many openings of one new store all succeed`() async throws {
    for round in 0..<10 {
      let file = folder.appendingPathComponent("new\(round).sqlite")
      try await withThrowingTaskGroup(of: Void.self) { group in
        for i in 0..<4 {
          group.addTask { try await SQLiteAnnotationStore(file).append([annotation("k\(i)")]) }
        }
        try await group.waitForAll()
      }
      #expect(try await SQLiteAnnotationStore(file).all().count == 4)
    }
    try FileManager.default.removeItem(at: folder)
  }

  @Test func `several processes make and fill one store`() async throws {
    let path = file.path
    await withTaskGroup(of: Void.self) { group in
      for process in 0..<3 {
        group.addTask {
          await #expect(processExitsWith: .success) { [path = path as String, process = process as Int] in
            let store = try SQLiteAnnotationStore(URL(fileURLWithPath: path))
            for i in 0..<20 { try await store.append([annotation("p\(process)-\(i)"), annotation("shared-\(i)")]) }
          }
        }
      }
    }
    #expect(try await SQLiteAnnotationStore(file).all().count == 80)
    try FileManager.default.removeItem(at: folder)
  }

  @Test func `what was confirmed is there after a process was killed`() async throws {
    let (path, confirmed) = (file.path, folder.appendingPathComponent("confirmed").path)
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, confirmed = confirmed as String] in
      let store = try SQLiteAnnotationStore(URL(fileURLWithPath: path))
      Task.detached {
        for i in 0... {
          try await store.append([annotation("a\(i)"), annotation("b\(i)")])
          try Data("\(i + 1)".utf8).write(to: URL(fileURLWithPath: confirmed), options: .atomic)
        }
      }
      // On a busy machine the first reply may take its time.
      while !FileManager.default.fileExists(atPath: confirmed) { try await Task.sleep(for: .milliseconds(5)) }
      try await Task.sleep(for: .milliseconds(100))
      kill(getpid(), SIGKILL)
    }
    let count = Int(String(decoding: try Data(contentsOf: URL(fileURLWithPath: confirmed)), as: UTF8.self)) ?? 0
    let kept = try await SQLiteAnnotationStore(file).all()
    #expect(count > 0)
    #expect(kept.count == 2 * count || kept.count == 2 * count + 2)
    try FileManager.default.removeItem(at: folder)
  }

  @Test func `what is no database is refused with its name`() throws {
    let plain = folder.appendingPathComponent("plain.sqlite")
    try Data(String(repeating: "not a data base ", count: 100).utf8).write(to: plain)
    #expect(throws: AnnotationsError.cannotOpen(file: plain.relativePath, reason: "file is not a database")) {
      try SQLiteAnnotationStore(plain)
    }
    let inner = folder.appending(path: "inner.store")
    try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
    let other = "it is a folder; give the file with the replies, such as annotations.sqlite in a store's folder"
    #expect(throws: AnnotationsError.cannotOpen(file: inner.relativePath, reason: other)) {
      try SQLiteAnnotationStore(inner)
    }
    #expect(throws: AnnotationsError.self) { try JSONLinesAnnotationStore(inner) }
    let own = inner.appending(path: "annotations.sqlite")
    _ = try SQLiteAnnotationStore(own)
    #expect(
      throws: AnnotationsError.cannotOpen(
        file: inner.relativePath, reason: "it is a folder; give \(own.relativePath)")
    ) { try SQLiteAnnotationStore(inner) }
    #expect(!FileManager.default.fileExists(atPath: inner.path + ".lock"))
    #expect(throws: AnnotationsError.self) { try SQLiteAnnotationStore(plain.appendingPathComponent("a.sqlite")) }
    try FileManager.default.removeItem(at: folder)
  }

  @Test func `a store of an older version is brought up to date`() async throws {
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    // What version 1 of the schema made, and one row of it.
    try SQLiteConnection(file.path, .writing).execute(
      """
      CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
      INSERT INTO grdb_migrations VALUES ('1: annotation');
      CREATE TABLE annotation (number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,
        item TEXT NOT NULL, teacher TEXT NOT NULL, model TEXT NOT NULL, prompt TEXT NOT NULL,
        outcome TEXT NOT NULL, label TEXT, reason TEXT, rationale TEXT NOT NULL, confidence DOUBLE,
        confidence_source TEXT, raw TEXT NOT NULL, input_tokens INTEGER, output_tokens INTEGER,
        seconds DOUBLE NOT NULL, time DOUBLE NOT NULL);
      CREATE INDEX annotation_on_item ON annotation(item);
      INSERT INTO annotation VALUES (1, 'old', 'i', 't', 'm', 'p', 'answered', 'falsified', NULL, 'r', NULL,
        NULL, 'raw', NULL, NULL, 0, 1);
      """)
    let store = try SQLiteAnnotationStore(file)
    var fresh = annotation("new")
    fresh.question = .init(
      prompt: "Q?", images: [.init(path: "i.png", digest: "0f")], parameters: "temperature=0.0",
      labels: [.init(name: "a", answer: "Yes"), .init(name: "b", answer: "No")])
    try await store.append([fresh])
    #expect(try await store.all() == [annotation("old"), fresh])
    try FileManager.default.removeItem(at: folder)
  }

  /// The tables of a store that the command made while it wrote through GRDB 7.10, as `sqlite3 annotations.sqlite .dump`
  /// shows them, with two rows.
  private static let writtenThroughGRDB = """
    PRAGMA journal_mode = WAL;
    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
    INSERT INTO grdb_migrations VALUES('1: annotation');
    INSERT INTO grdb_migrations VALUES('2: question');
    INSERT INTO grdb_migrations VALUES('3: images');
    CREATE TABLE IF NOT EXISTS "annotation" ("number" INTEGER PRIMARY KEY AUTOINCREMENT, "key" TEXT NOT NULL UNIQUE, \
    "item" TEXT NOT NULL, "teacher" TEXT NOT NULL, "model" TEXT NOT NULL, "prompt" TEXT NOT NULL, \
    "outcome" TEXT NOT NULL, "label" TEXT, "reason" TEXT, "rationale" TEXT NOT NULL, "confidence" DOUBLE, \
    "confidence_source" TEXT, "raw" TEXT NOT NULL, "input_tokens" INTEGER, "output_tokens" INTEGER, \
    "seconds" DOUBLE NOT NULL, "time" DOUBLE NOT NULL, "question" TEXT, "image" TEXT, "image_sha256" TEXT, \
    "parameters" TEXT, "images" TEXT);
    INSERT INTO annotation VALUES(1,'k1','i','t','m','p','answered','pristine',NULL,'It fits.',0.75,'verbalised',
      'Yes. It fits.',120,7,0.5,1000.25,'Does it fit?','a.png','0f','temperature=0.0',NULL);
    INSERT INTO annotation VALUES(2,'k2','i','t','m','p','unreadable',NULL,'no label','',NULL,NULL,'',NULL,NULL,0.0,
      1001.0,'Which?',NULL,NULL,'','[{"path":"a.png"},{"at":6,"path":"b.png"}]');
    CREATE INDEX "annotation_on_item" ON "annotation"("item");
    """

  /// Without the table of claims, which every store gets beside what is kept.
  private func schema(of file: URL) throws -> [String?] {
    try SQLiteConnection(file.path, .reading)
      .statement("SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name <> 'claim' ORDER BY name")
      .rows { try $0.text("sql") }
  }

  @Test func `a store that was written through GRDB is read and written on`() async throws {
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try SQLiteConnection(file.path, .writing).execute(Self.writtenThroughGRDB)
    let before = try schema(of: file)
    let fresh = annotation("k3")
    do {
      let store = try SQLiteAnnotationStore(file)
      let kept = try await store.all()
      #expect(kept.map(\.key) == ["k1", "k2"])
      #expect(kept[0].reply.outcome == .answered("pristine") && kept[0].reply.rationale == "It fits.")
      #expect(kept[0].reply.confidence == Confidence(0.75, source: .verbalised))
      #expect(kept[0].reply.probabilities.isEmpty)
      #expect(kept[0].reply.usage == .init(inputTokens: 120, outputTokens: 7))
      #expect(kept[0].reply.seconds == 0.5 && kept[0].time == 1000.25)
      #expect(kept[0].question?.plainImage == .init(path: "a.png", digest: "0f"))
      #expect(kept[1].reply.outcome == .unreadable("no label"))
      #expect(kept[1].question?.images == [.init(path: "a.png"), .init(path: "b.png", place: 6)])
      // The first is there already, and stays as it is.
      try await store.append([annotation("k1"), fresh])
      #expect(try await store.all() == kept + [fresh])
    }
    // The columns that came since stand last.
    let now = before.map {
      $0?.replacingOccurrences(
        of: "\"images\" TEXT)",
        with: "\"images\" TEXT, \"rationale_cut\" INTEGER, \"labels\" TEXT, \"probabilities\" TEXT)")
    }
    #expect(try schema(of: file) == now && now != before)
    // A new store has the very same tables as one that was brought up to date.
    let new = folder.appendingPathComponent("new.sqlite")
    _ = try SQLiteAnnotationStore(new)
    #expect(try schema(of: new) == now)
  }

  @Test func `waiting for the disk is what was asked for`() throws {
    for (isDurable, expected) in [(false, Int64(1)), (true, 2)] {
      // 1 is NORMAL, 2 FULL: https://www.sqlite.org/pragma.html#pragma_synchronous
      let writer = try SQLiteAnnotationStore.writer(
        of: folder.appendingPathComponent("\(isDurable).sqlite"), isDurable: isDurable, patience: 1)
      #expect(try writer.statement("PRAGMA synchronous").rows { try $0.integer("synchronous") } == [expected])
    }
  }

  @Test func `a row that cannot be kept is an error and not lost`() async throws {
    let store = try SQLiteAnnotationStore(file)
    var unfit = annotation("unfit")
    unfit.time = .nan
    let both = [annotation("fit"), unfit]
    let expected = AnnotationsError.cannotWrite(
      file: file.relativePath, reason: "NOT NULL constraint failed: annotation.time")
    await #expect(throws: expected) { try await store.append(both) }
    // All or nothing: what came before it is not kept either, and the store goes on.
    #expect(try await store.all() == [])
    try await store.append([annotation("fit")])
    #expect(try await store.all() == [annotation("fit")])
  }

  /// 2^40 is what a service is believed at most, and several counts of it come to more than a row may have.
  @Test(arguments: [3 << 40, .max])
  func `a reply that tells more tokens than a row may have is kept, and given back`(tokens: Int) async throws {
    let told = Annotation(
      key: "told", item: "i", teacher: "t", model: "m", promptVersion: "p",
      reply: TeacherReply(
        outcome: .answered("falsified"), rationale: "r", raw: "raw",
        usage: .init(inputTokens: tokens, outputTokens: -1)), time: 1)
    let lines = folder.appendingPathComponent("replies.jsonl")
    try await SQLiteAnnotationStore(file).append([told])
    try await JSONLinesAnnotationStore(lines, isDurable: false).append([told])
    for store in [try SQLiteAnnotationStore(file), try JSONLinesAnnotationStore(lines)] as [any AnnotationStore] {
      let usage = try await store.all().first?.reply.usage
      #expect(usage == .init(inputTokens: 1_000_000_000_000, outputTokens: 0))
    }
  }

  /// Cells as another program, a slip or a flipped bit leaves them.
  @Test(arguments: [
    ("time = 'abc'", "row 2: expected a number in the column 'time', found text"),
    ("time = 1e300", "row 2: expected seconds since 1970 in 'time'"),
    ("time = 9e999", "row 2: expected seconds since 1970 in 'time'"),
    ("seconds = -1", "row 2: expected from 0 to 10^9 seconds in 'seconds'"),
    ("seconds = x'00'", "row 2: expected text or a number in the column 'seconds', found bytes"),
    ("input_tokens = 1.5e300", "row 2: expected a whole number in the column 'input_tokens', found a number"),
    ("input_tokens = 9223372036854775807", "row 2: expected from 0 to 10^12 tokens in 'input_tokens'"),
    ("input_tokens = 1, output_tokens = -1", "row 2: expected from 0 to 10^12 tokens in 'output_tokens'"),
    ("confidence = 2", "row 2: expected a confidence from 0 to 1"),
    ("probabilities = '{\"a\": 2}'", "row 2: expected numbers from 0 to 1 in 'probabilities'"),
    ("probabilities = '[1]'", "row 2: expected probabilities as JSON in the column 'probabilities'"),
    ("confidence = 'secret'", "row 2: expected a number in the column 'confidence', found text"),
    ("outcome = 'secret'", "row 2: expected a known outcome, with its label or reason"),
    ("label = NULL", "row 2: expected a known outcome, with its label or reason"),
    ("raw = x'00'", "row 2: expected text or a number in the column 'raw', found bytes"),
    ("question = 'q', images = 'secret'", "row 2: expected images as JSON in the column 'images'"),
    ("question = 'q', labels = 'secret'", "row 2: expected labels as JSON in the column 'labels'"),
    ("question = 'q', images = '[{\"path\":\"a\",\"at\":99}]'", "row 2: expected images within the question"),
    ("question = 'q', images = '[{\"path\":\"a\",\"at\":-1}]'", "row 2: expected images within the question"),
    (
      "question = 'q', images = '[{\"path\":\"a\",\"at\":1e300}]'",
      "row 2: expected images as JSON in the column 'images'"
    ),
  ])
  func `a cell that no reply has is an error with its file and row`(change: String, reason: String) async throws {
    let store = try SQLiteAnnotationStore(file)
    try await store.append([annotation("first"), annotation("second")])
    try SQLiteConnection(file.path, .writing).execute("UPDATE annotation SET \(change) WHERE key = 'second'")
    let expected = AnnotationsError.cannotOpen(file: file.relativePath, reason: reason)
    await #expect(throws: expected) { try await store.all() }
    await #expect(throws: expected) { try await store.annotations(forKeys: ["second"]) }
    #expect(try await store.annotations(forKeys: ["first"]) == ["first": annotation("first")])
    try FileManager.default.removeItem(at: folder)
  }

  @Test(arguments: [
    "DROP TABLE annotation; CREATE VIEW annotation AS WITH RECURSIVE n(number) AS (SELECT 1 UNION ALL SELECT number + 1 "
      + "FROM n) SELECT * FROM n",
    "CREATE TRIGGER more AFTER INSERT ON annotation BEGIN DELETE FROM annotation; END",
  ])
  func `a data base that computes what it holds is refused`(change: String) throws {
    _ = try SQLiteAnnotationStore(file)
    try SQLiteConnection(file.path, .writing).execute(change)
    #expect(
      throws: AnnotationsError.cannotOpen(
        file: file.relativePath, reason: "expected a table 'annotation' and no triggers; this is no store of replies")
    ) { try SQLiteAnnotationStore(file) }
    try FileManager.default.removeItem(at: folder)
  }

  @Test func `a store with flipped bits is read, or is an error with its file and no reply in it`() async throws {
    do {
      let store = try SQLiteAnnotationStore(file)
      var kept = (0..<40).map { annotation("k\($0)", item: "i\($0 % 7)") }
      for i in kept.indices { kept[i].reply.raw = "secret" }
      try await store.append(kept)
    }
    let bytes = [UInt8](try Data(contentsOf: file))
    var damage = Damage(seed: 7)
    for _ in 0..<Damage.cases {
      var damaged = bytes
      for _ in 0...damage.below(4) { damaged[damage.below(damaged.count)] ^= 1 << UInt8(damage.below(8)) }
      for end in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file.path + end) }
      try Data(damaged).write(to: file)
      do {
        let store = try SQLiteAnnotationStore(file)
        _ = try await store.all()
        _ = try await store.annotations(forItems: ["i3"])
        try await store.append([annotation("new")])
      } catch let error as AnnotationsError {
        #expect("\(error)".contains(file.lastPathComponent) && !"\(error)".contains("secret"))
      }
    }
    try FileManager.default.removeItem(at: folder)
  }

  @Test func `a store of a newer version is refused and left alone`() async throws {
    do {
      let store = try SQLiteAnnotationStore(file)
      try await store.append([annotation("k")])
    }
    // A later step of the schema, as a newer version would have noted it down: the same file with one letter changed.
    func rename(_ old: String, _ new: String) throws {
      var bytes = try Data(contentsOf: file)
      while let range = bytes.range(of: Data(old.utf8)) { bytes.replaceSubrange(range, with: Data(new.utf8)) }
      try bytes.write(to: file)
    }
    try rename("1: annotation", "9: annotation")
    #expect(
      throws: AnnotationsError.newerStore(file: file.relativePath, known: "6: probabilities", found: "9: annotation")
    ) { try SQLiteAnnotationStore(file) }
    try rename("9: annotation", "1: annotation")
    #expect(try await SQLiteAnnotationStore(file).all().map(\.key) == ["k"])
    try FileManager.default.removeItem(at: folder)
  }
}

func annotation(_ key: String, item: String = "i") -> Annotation {
  Annotation(
    key: key, item: item, teacher: "t", model: "m", promptVersion: "p",
    reply: TeacherReply(outcome: .answered("falsified"), rationale: "r", raw: "raw"), time: 1)
}
