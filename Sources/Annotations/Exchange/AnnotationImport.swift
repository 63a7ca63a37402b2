import ContentDigest
public import Foundation
public import TeacherProtocol

/// Reads replies out of the files that ``AnnotationExport`` writes, and out of those of other tools.
///
/// ```swift
/// let found = try AnnotationImport(.conversational, labels: .outOfContext, teacher: "gpt").annotations(in: file)
/// try await store.append(found.annotations)
/// ```
///
/// A row with our metadata comes back as it was. Of another row the texts are read as answers of the teacher that is named
/// here, under a key of their own: they are kept and exported again, and no question is ever answered from them. Completed
/// tasks of Label Studio become replies of "person N", N being who completed them.
public struct AnnotationImport: Sendable {
  /// The form of the file.
  public var format: AnnotationFormat
  /// The labels that other tools' answers are read with; nil sets rows without our metadata aside.
  public var labels: LabelSet?
  /// The teacher of other tools' answers. The default is `imported`.
  public var teacher: String

  /// An import.
  public init(_ format: AnnotationFormat, labels: LabelSet? = nil, teacher: String = "imported") {
    self.format = format
    self.labels = labels
    self.teacher = teacher
  }

  /// The replies in a file, and the rows that can't be used.
  ///
  /// - Throws: `TeacherProtocolError` where the file can't be read.
  public func annotations(in url: URL) throws -> (annotations: [Annotation], setAside: [RowProblem]) {
    var limits = ReadLimits()
    // Replies of ten megabytes have been seen.
    limits.fieldBytes = 64 << 20
    let table = try RowFile(contentsOf: url, limits: limits)
    var (found, setAside) = ([Annotation](), table.problems)
    var seen: Set<String> = []
    for (number, row) in table.rows.enumerated() {
      do throws(RowFault) {
        for annotation in try annotations(in: row.value, number: number) where seen.insert(annotation.key).inserted {
          found.append(annotation)
        }
      } catch {
        setAside.append(
          RowProblem(file: url.relativePath, line: row.line, expected: error.expected, found: error.found))
      }
    }
    return (found, setAside)
  }

  private struct RowFault: Error {
    let expected: String
    let found: String
  }

  private func annotations(in row: JSONValue, number: Int) throws(RowFault) -> [Annotation] {
    switch format {
    case .jsonLines: return [try kept(row)]
    case .conversational:
      if let own = row["metadata"]?["annotation"] { return [try kept(own)] }
      let messages = row["messages"]?.elements ?? []
      guard let user = messages.last(where: { $0["role"]?.string == "user" }),
        let answer = messages.last(where: { $0["role"]?.string == "assistant" })
      else { throw RowFault(expected: "messages of user and assistant", found: row["messages"]?.kind ?? "nothing") }
      return [try read(Self.text(answer), prompt: Self.text(user), row: row, number: number, teacher: teacher)]
    case .preference:
      if let chosen = row["metadata"]?["chosen"], let rejected = row["metadata"]?["rejected"] {
        return [try kept(chosen), try kept(rejected)]
      }
      guard let chosen = row["chosen"], let rejected = row["rejected"] else {
        throw RowFault(expected: "chosen and rejected", found: row.kind)
      }
      let prompt = row["prompt"].map(Self.text) ?? ""
      return [
        try read(Self.text(chosen), prompt: prompt, row: row, number: number, teacher: teacher + " (chosen)"),
        try read(Self.text(rejected), prompt: prompt, row: row, number: number, teacher: teacher + " (rejected)"),
      ]
    case .labelStudio: return try annotations(inTask: row, number: number)
    }
  }

  private func kept(_ value: JSONValue) throws(RowFault) -> Annotation {
    do {
      return try JSONDecoder().decode(Annotation.self, from: Data(value.text.utf8))
    } catch {
      throw RowFault(expected: "an annotation with key, item, teacher and outcome", found: value.kind)
    }
  }

  /// The text of a message, of a list of messages or parts, or of a plain string.
  private static func text(_ value: JSONValue) -> String {
    if let text = value.string { return text }
    if let content = value["content"] { return text(content) }
    if let text = value["text"]?.string { return text }
    return value.elements?.map(text).filter { !$0.isEmpty }.joined(separator: "\n") ?? ""
  }

  private func read(
    _ raw: String, prompt: String, row: JSONValue, number: Int, teacher: String
  ) throws(RowFault) -> Annotation {
    guard let labels else {
      throw RowFault(expected: "a row with metadata of this package, or labels to read others with", found: "neither")
    }
    let item = (row["id"]?.cell ?? row["metadata"]?["request_id"]?.cell).map(LabelSpelling.plain) ?? "\(number + 1)"
    let images = (row["images"]?.elements ?? [row["image"] ?? .null]).compactMap(\.string)
    return made(
      item, teacher, TeacherReply(reading: raw, with: AnswerReader(labels: labels)),
      question: .init(prompt: prompt, images: images.map { .init(path: $0) }, parameters: ""))
  }

  private func annotations(inTask row: JSONValue, number: Int) throws(RowFault) -> [Annotation] {
    var found: [Annotation] = []
    for own in row["meta"]?["annotations"]?.elements ?? [] { found.append(try kept(own)) }
    let item = (row["data"]?["item"]?.cell ?? row["id"]?.cell).map(LabelSpelling.plain) ?? "\(number + 1)"
    for completed in row["annotations"]?.elements ?? [] where completed["was_cancelled"] != .bool(true) {
      let results = completed["result"]?.elements ?? []
      func value(_ type: String, _ key: String) -> String? {
        results.first { $0["type"]?.string == type }?["value"]?[key]?.elements?.first?.string
      }
      guard let label = value("choices", "choices") else { continue }
      let person = completed["completed_by"]?["id"]?.cell ?? completed["completed_by"]?.cell ?? "?"
      let name = labels.map { $0.label(label)?.name } ?? label
      found.append(
        made(
          item, "person \(person)",
          TeacherReply(
            outcome: name.map { .answered($0) } ?? .unknownLabel(label), rationale: value("textarea", "text") ?? "",
            raw: label),
          question: row["data"]?["text"]?.string.map {
            let images = row["data"]?["images"]?.elements ?? [row["data"]?["image"] ?? .null]
            return .init(prompt: $0, images: images.compactMap(\.string).map { .init(path: $0) }, parameters: "")
          }))
    }
    guard !found.isEmpty else {
      throw RowFault(expected: "meta.annotations, or completed annotations", found: "neither")
    }
    return found
  }

  private func made(
    _ item: String, _ teacher: String, _ reply: TeacherReply, question: Annotation.Question?
  ) -> Annotation {
    let fields =
      ["imported", teacher, item, question?.prompt ?? ""]
      + (question.map(\.images) ?? []).map(\.path) + (question?.images.isEmpty == false ? [] : [""]) + [reply.raw]
    return Annotation(
      key: ContentDigest.of(fields: fields), item: item, teacher: teacher, model: "imported", promptVersion: "",
      reply: reply, time: 0, question: question)
  }
}
