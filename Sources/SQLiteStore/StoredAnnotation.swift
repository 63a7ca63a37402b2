internal import Annotations
internal import Foundation
internal import TeacherProtocol

/// One row of the table `annotation`.
struct StoredAnnotation: Sendable {
  /// Order of keeping.
  let number: Int64
  private(set) var annotation: Annotation

  /// Keeps a row whose key is new. `OR IGNORE` would pass over rows without a required value, too.
  static let insert = """
    INSERT INTO annotation (key, item, teacher, model, prompt, outcome, label, reason, rationale, confidence,
      confidence_source, raw, input_tokens, output_tokens, seconds, time, question, image, image_sha256, parameters, images,
      rationale_cut, labels, probabilities)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING
    """

  static func values(_ annotation: Annotation) throws -> [SQLiteValue] {
    let reply = annotation.reply
    let plain = annotation.question?.plainImage
    let others = plain == nil ? annotation.question?.images ?? [] : []
    return [
      .text(annotation.key), .text(annotation.item), .text(annotation.teacher), .text(annotation.model),
      .text(annotation.promptVersion), .text(reply.outcome.kind), .init(reply.label), .init(reply.outcome.reason),
      .text(reply.rationale), .init(reply.confidence?.value), .init(reply.confidence?.source.rawValue),
      .text(reply.raw), .init(reply.usage?.inputTokens), .init(reply.usage?.outputTokens), .real(reply.seconds),
      .real(annotation.time), .init(annotation.question?.prompt), .init(plain?.path), .init(plain?.digest),
      .init(annotation.question?.parameters), others.isEmpty ? .null : .text(try json(others)),
      reply.isRationaleCut ? .init(1) : .null, .init(try annotation.question?.labels.map(json)),
      reply.probabilities.isEmpty ? .null : .text(try json(reply.probabilities)),
    ]
  }

  private static func json(_ part: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(part), as: UTF8.self)
  }

  /// - Throws: `SQLiteError`, naming the row, with nothing of the reply in it.
  init(_ row: SQLiteRow) throws(SQLiteError) {
    let number = try row.required(row.integer("number"), "number")
    do {
      try self.init(row, number: number)
    } catch {
      throw error.atRow(number)
    }
  }

  private init(_ row: SQLiteRow, number: Int64) throws(SQLiteError) {
    self.number = number
    func text(_ column: String) throws(SQLiteError) -> String { try row.required(row.text(column), column) }
    func real(_ column: String) throws(SQLiteError) -> Double { try row.required(row.real(column), column) }
    let kind = try text("outcome")
    let value = try row.real("confidence")
    let source = try row.text("confidence_source")
    let (input, output) = (try row.integer("input_tokens"), try row.integer("output_tokens"))
    let (seconds, time) = (try real("seconds"), try real("time"))
    let probabilities: [String: Double] = try Self.decoded(row, "probabilities") ?? [:]
    if let fault = Annotation.fault(
      confidence: value, probabilities: probabilities, input: input.map(Int.init), output: output.map(Int.init),
      seconds: seconds, time: time)
    {
      throw SQLiteError(row: fault)
    }
    guard let outcome = TeacherReply.Outcome(kind: kind, label: try row.text("label"), reason: try row.text("reason"))
    else { throw SQLiteError(row: "expected a known outcome, with its label or reason") }
    annotation = Annotation(
      key: try text("key"), item: try text("item"), teacher: try text("teacher"), model: try text("model"),
      promptVersion: try text("prompt"),
      reply: TeacherReply(
        outcome: outcome, rationale: try text("rationale"),
        confidence: value.map { Confidence($0, source: source.flatMap(Confidence.Source.init) ?? .recorded) },
        raw: try text("raw"),
        usage: input.map { .init(inputTokens: Int($0), outputTokens: Int(output ?? 0)) },
        seconds: seconds),
      time: time, question: try Self.question(row))
    annotation.reply.isRationaleCut = try row.integer("rationale_cut") == 1
    annotation.reply.probabilities = probabilities
  }

  /// Nil in rows that older versions wrote.
  private static func question(_ row: SQLiteRow) throws(SQLiteError) -> Annotation.Question? {
    guard let prompt = try row.text("question") else { return nil }
    var images: [Annotation.Question.Image] = []
    if let image = try row.text("image") { images = [.init(path: image, digest: try row.text("image_sha256"))] }
    if let others: [Annotation.Question.Image] = try decoded(row, "images") { images = others }
    guard Prompt.arePlaces(images.map(\.place), in: prompt) else {
      throw SQLiteError(row: "expected images within the question")
    }
    return .init(
      prompt: prompt, images: images, parameters: try row.text("parameters") ?? "",
      labels: try decoded(row, "labels"))
  }

  /// What a column has as JSON; nil for nothing.
  private static func decoded<Part: Decodable>(_ row: SQLiteRow, _ column: String) throws(SQLiteError) -> Part? {
    guard let text = try row.text(column) else { return nil }
    guard let found = try? JSONDecoder().decode(Part.self, from: Data(text.utf8)) else {
      throw SQLiteError(row: "expected \(column) as JSON in the column '\(column)'")
    }
    return found
  }
}
