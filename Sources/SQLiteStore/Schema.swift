#if Run
  import Annotations
  import Foundation
  import GRDB
  import TeacherProtocol

  /// The tables, as the steps that lead to them. A step that has been released is never edited; another is added.
  enum Schema {
    static var migrator: DatabaseMigrator {
      var migrator = DatabaseMigrator()
      migrator.registerMigration("1: annotation") { db in
        try db.create(table: "annotation") { table in
          table.autoIncrementedPrimaryKey("number")
          table.column("key", .text).notNull().unique()
          table.column("item", .text).notNull().indexed()
          table.column("teacher", .text).notNull()
          table.column("model", .text).notNull()
          table.column("prompt", .text).notNull()
          table.column("outcome", .text).notNull()
          table.column("label", .text)
          table.column("reason", .text)
          table.column("rationale", .text).notNull()
          table.column("confidence", .double)
          table.column("confidence_source", .text)
          table.column("raw", .text).notNull()
          table.column("input_tokens", .integer)
          table.column("output_tokens", .integer)
          table.column("seconds", .double).notNull()
          table.column("time", .double).notNull()
        }
      }
      migrator.registerMigration("2: question") { db in
        try db.alter(table: "annotation") { table in
          table.add(column: "question", .text)
          table.add(column: "image", .text)
          table.add(column: "image_sha256", .text)
          table.add(column: "parameters", .text)
        }
      }
      migrator.registerMigration("3: images") { db in
        // Where a question has several images, or one within its text.
        try db.alter(table: "annotation") { $0.add(column: "images", .text) }
      }
      return migrator
    }
  }

  extension Schema {
    /// Throws where a newer version of this package has written the store.
    static func refuseNewer(_ db: Database, file: String) throws {
      guard try migrator.hasBeenSuperseded(db) else { return }
      let found = try migrator.appliedIdentifiers(db).subtracting(migrator.migrations)
      throw AnnotationsError.newerStore(
        file: file, known: migrator.migrations.last ?? "", found: found.sorted().last ?? "")
    }
  }

  /// One row of the table `annotation`.
  struct Row: Sendable {
    /// Order of keeping.
    let number: Int64
    let annotation: Annotation

    static let insert = """
      INSERT OR IGNORE INTO annotation (key, item, teacher, model, prompt, outcome, label, reason, rationale, confidence,
        confidence_source, raw, input_tokens, output_tokens, seconds, time, question, image, image_sha256, parameters, images)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """

    static func arguments(_ annotation: Annotation) throws -> StatementArguments {
      let reply = annotation.reply
      let plain = annotation.question?.plainImage
      let others = plain == nil ? annotation.question?.images ?? [] : []
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return [
        annotation.key, annotation.item, annotation.teacher, annotation.model, annotation.promptVersion,
        reply.outcome.kind, reply.label, reply.outcome.reason, reply.rationale, reply.confidence?.value,
        reply.confidence?.source.rawValue, reply.raw, reply.usage?.inputTokens, reply.usage?.outputTokens,
        reply.seconds, annotation.time, annotation.question?.prompt, plain?.path,
        plain?.digest, annotation.question?.parameters,
        others.isEmpty ? nil : String(decoding: try encoder.encode(others), as: UTF8.self),
      ]
    }

    static func all(_ db: Database, sql: String, arguments: StatementArguments = []) throws -> [Row] {
      try GRDB.Row.fetchAll(db, sql: sql, arguments: arguments).map { try Row($0) }
    }

    private init(_ row: GRDB.Row) throws {
      number = row["number"]
      let kind: String = row["outcome"]
      let value: Double? = row["confidence"]
      let source: String? = row["confidence_source"]
      let input: Int? = row["input_tokens"]
      let output: Int? = row["output_tokens"]
      guard let outcome = TeacherReply.Outcome(kind: kind, label: row["label"], reason: row["reason"]),
        value.map({ (0...1).contains($0) }) ?? true
      else {
        throw DatabaseError(
          message: "row \(number): expected a known outcome and a confidence in 0...1, found '\(kind)' and "
            + "\(value.map { "\($0)" } ?? "none")")
      }
      annotation = Annotation(
        key: row["key"], item: row["item"], teacher: row["teacher"], model: row["model"], promptVersion: row["prompt"],
        reply: TeacherReply(
          outcome: outcome, rationale: row["rationale"],
          confidence: value.map { Confidence($0, source: source.flatMap(Confidence.Source.init) ?? .recorded) },
          raw: row["raw"], usage: input.map { .init(inputTokens: $0, outputTokens: output ?? 0) },
          seconds: row["seconds"]),
        time: row["time"], question: try Self.question(row))
    }

    /// Nil in rows that older versions wrote.
    private static func question(_ row: GRDB.Row) throws -> Annotation.Question? {
      let prompt: String? = row["question"]
      let parameters: String? = row["parameters"]
      let image: String? = row["image"]
      let others: String? = row["images"]
      guard let prompt else { return nil }
      var images = image.map { [Annotation.Question.Image(path: $0, digest: row["image_sha256"])] } ?? []
      if let others { images = try JSONDecoder().decode([Annotation.Question.Image].self, from: Data(others.utf8)) }
      guard Prompt.arePlaces(images.map(\.place), in: prompt) else {
        throw DatabaseError(message: "row \(row["number"] as Int64): expected images within the question")
      }
      return .init(prompt: prompt, images: images, parameters: parameters ?? "")
    }
  }
#endif
