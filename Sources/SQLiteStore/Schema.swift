internal import Annotations

/// The tables, as the steps that lead to them. A step that has been released is never edited; another is added.
enum Schema {
  /// The steps with their names. The first versions of this package wrote stores through GRDB: the table of steps has the
  /// name that GRDB gave it, so that either version goes on with the other's store.
  static let steps: [(name: String, sql: String)] = [
    (
      "1: annotation",
      """
      CREATE TABLE "annotation" ("number" INTEGER PRIMARY KEY AUTOINCREMENT, "key" TEXT NOT NULL UNIQUE, \
      "item" TEXT NOT NULL, "teacher" TEXT NOT NULL, "model" TEXT NOT NULL, "prompt" TEXT NOT NULL, \
      "outcome" TEXT NOT NULL, "label" TEXT, "reason" TEXT, "rationale" TEXT NOT NULL, "confidence" DOUBLE, \
      "confidence_source" TEXT, "raw" TEXT NOT NULL, "input_tokens" INTEGER, "output_tokens" INTEGER, \
      "seconds" DOUBLE NOT NULL, "time" DOUBLE NOT NULL);
      CREATE INDEX "annotation_on_item" ON "annotation"("item");
      """
    ),
    (
      "2: question",
      """
      ALTER TABLE "annotation" ADD COLUMN "question" TEXT;
      ALTER TABLE "annotation" ADD COLUMN "image" TEXT;
      ALTER TABLE "annotation" ADD COLUMN "image_sha256" TEXT;
      ALTER TABLE "annotation" ADD COLUMN "parameters" TEXT;
      """
    ),
    // Where a question has several images, or one within its text.
    ("3: images", #"ALTER TABLE "annotation" ADD COLUMN "images" TEXT;"#),
    // 1 where a reply ended before its reasons did.
    ("4: rationale_cut", #"ALTER TABLE "annotation" ADD COLUMN "rationale_cut" INTEGER;"#),
    // The labels that could be answered, by which replies are found again once these have other names or another order.
    ("5: labels", #"ALTER TABLE "annotation" ADD COLUMN "labels" TEXT;"#),
    // The probability of each label, of teachers that give them all.
    ("6: probabilities", #"ALTER TABLE "annotation" ADD COLUMN "probabilities" TEXT;"#),
  ]

  /// Takes the steps that are missing, all or, where one fails, none.
  static func bringUpToDate(_ connection: SQLiteConnection) throws {
    try connection.transaction(.writing) {
      try connection.execute("CREATE TABLE IF NOT EXISTS grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
      let taken = try taken(connection)
      for step in steps where !taken.contains(step.name) {
        try connection.execute(step.sql)
        try connection.statement("INSERT INTO grdb_migrations (identifier) VALUES (?)").run([.text(step.name)])
      }
      try connection.execute(SQLiteClaims.table)
    }
  }

  /// Throws where a newer version of this package has written the store.
  static func refuseNewer(_ connection: SQLiteConnection, file: String) throws {
    try refuseOthers(connection)
    let unknown = try taken(connection).subtracting(steps.map(\.name))
    guard let found = unknown.max() else { return }
    throw AnnotationsError.newerStore(file: file, known: steps.last?.name ?? "", found: found)
  }

  /// Throws where another thing has the name of a table: a view can compute for ever.
  static func refuseOthers(_ connection: SQLiteConnection) throws {
    let kinds = try connection.statement(
      "SELECT type FROM sqlite_master WHERE name IN ('annotation', 'claim') OR type = 'trigger'"
    )
    .rows { try $0.text("type") }
    guard kinds.allSatisfy({ $0 == "table" }) else {
      throw SQLiteError(row: "expected a table 'annotation' and no triggers; this is no store of replies")
    }
  }

  private static func taken(_ connection: SQLiteConnection) throws -> Set<String> {
    let table = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'grdb_migrations'"
    let found = try connection.statement(table).rows { try $0.text("name") }
    guard !found.isEmpty else { return [] }
    return Set(
      try connection.statement("SELECT identifier FROM grdb_migrations").rows {
        try $0.required($0.text("identifier"), "identifier")
      })
  }
}
