internal import JSON
import ContentDigest
import Foundation
import TeacherProtocol

/// Reads the replies of one row whose shape is known.
struct ExchangeRowReader {
  let labels: LabelSet?
  let teacher: String
  let controls: LabelStudioControls
  let names: QuestionName

  /// The replies, and what could not be read beside them.
  func annotations(
    in row: JSONValue, shape: RowShape
  ) throws(RowFault) -> (annotations: [Annotation], faults: [RowFault]) {
    if let own = row["metadata"]?["annotation"] { return ([try Self.kept(own)], []) }
    if let chosen = row["metadata"]?["chosen"], let rejected = row["metadata"]?["rejected"] {
      return ([try Self.kept(chosen), try Self.kept(rejected)], [])
    }
    switch shape {
    case .kept: return ([try Self.kept(row)], [])
    case .messages:
      return (try read([(nil, row["messages"])], asked: row["messages"].map(Conversation.withoutAnswer), row), [])
    case .conversations:
      return (
        try read([(nil, row["conversations"])], asked: row["conversations"].map(Conversation.withoutAnswer), row), []
      )
    case .promptCompletion: return (try read([(nil, row["completion"])], asked: row["prompt"], row), [])
    case .alpaca: return (try read([(nil, row["output"])], asked: Self.instruction(row), row), [])
    case .unpairedPreference:
      let isWanted = try Self.flag(row)
      return (
        try read([(isWanted ? "chosen" : "rejected", row["completion"])], asked: row["prompt"], row), []
      )
    case .preference: return (try preference(row), [])
    case .decision: return ([try decision(row)], [])
    case .labelStudio: return try controls.annotations(inTask: row, names: names, made: made)
    case .labelStudioFlat: return ([try controls.annotation(inFlat: row, made: made)], [])
    }
  }

  private func preference(_ row: JSONValue) throws(RowFault) -> [Annotation] {
    var (chosen, rejected) = (row["chosen"], row["rejected"])
    var asked = row["prompt"] ?? row["conversations"] ?? Self.instruction(row)
    if chosen == nil {
      // The rows of ms-swift: a conversation, and what its last answer should not have been.
      (chosen, rejected) = (row["messages"], row["rejected_response"] ?? row["rejected_messages"])
      asked = row["messages"].map(Conversation.withoutAnswer)
    }
    if asked == nil, let whole = chosen?.string, let other = rejected?.string {
      guard let parts = Conversation.split(whole, other) else {
        throw RowFault(
          expected: "chosen and rejected that part where the answer begins",
          found: "texts in which it can't be told from the prompt; give the prompt a member of its own")
      }
      (chosen, rejected, asked) = (.string(parts.chosen), .string(parts.rejected), .string(parts.prompt))
    }
    return try read(
      [("chosen", chosen), ("rejected", rejected)], asked: asked ?? chosen.map(Conversation.withoutAnswer), row)
  }

  private func decision(_ row: JSONValue) throws(RowFault) -> Annotation {
    guard let labels else {
      throw RowFault(expected: "a row with metadata of this package, or labels to read others with", found: "neither")
    }
    guard let answer = RowFile.Row(line: 0, number: 0, value: row).decision?.answer(TypedQuestion.defaultName) else {
      throw RowFault(
        field: "answers", expected: "an answer to the only question, or to the one called label", found: "none")
    }
    let state = row["state"].map { $0.string ?? $0.text } ?? ""
    let images = (row["assets"]?.members ?? []).compactMap { $0.value["path"]?.string }
    let question = Annotation.Question(prompt: state, images: images.map { .init(path: $0) }, parameters: "")
    guard let item = Self.id(row["id"]) ?? names.name(asked: .string(state), row) else {
      throw RowFault(expected: "a question, or an id that names the item", found: "neither")
    }
    do throws(TypedQuestion.Fault) {
      let reply = try RecordedReplies.reply(answer, labels: labels)
      if let fault = reply.outcome.fault {
        throw TypedQuestion.Fault(
          expected: "an answer with one of \(labels.names.joined(separator: ", "))", found: fault)
      }
      return made(item, row["teacher"]?.string ?? teacher, reply, question: question)
    } catch {
      throw RowFault(field: "answers", expected: error.expected, found: error.found)
    }
  }

  /// Answers as replies. A row of which none can be read as a label is a fault.
  private func read(
    _ answers: [(role: String?, value: JSONValue?)], asked: JSONValue?, _ row: JSONValue
  ) throws(RowFault) -> [Annotation] {
    guard let labels else {
      throw RowFault(expected: "a row with metadata of this package, or labels to read others with", found: "neither")
    }
    let reader = AnswerReader(labels: labels)
    let question = Annotation.Question(
      prompt: asked.flatMap(Conversation.question) ?? "", images: Self.images(row), parameters: "")
    let given = [row["id"], row["item"], row["metadata"]?["request_id"]].compactMap(Self.id).first
    guard let item = given ?? names.name(asked: asked, row) else {
      throw RowFault(expected: "a question, or an id that names the item", found: "neither")
    }
    var annotations: [Annotation] = []
    for (role, value) in answers {
      guard let raw = value.flatMap(Conversation.answer) else {
        throw RowFault(field: role, expected: "an answer of the assistant", found: value?.kind ?? "nothing")
      }
      annotations.append(
        made(
          item, role.map { "\(teacher) (\($0))" } ?? teacher, TeacherReply(reading: raw, with: reader),
          question: question))
    }
    let faults = annotations.compactMap(\.reply.outcome.fault)
    if faults.count == annotations.count {
      throw RowFault(expected: "an answer with one of \(labels.names.joined(separator: ", "))", found: faults[0])
    }
    return annotations
  }

  /// An id as a row has it; nil for none and for a blank one.
  static func id(_ value: JSONValue?) -> String? {
    value?.cell.map(LabelSpelling.plain).flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func instruction(_ row: JSONValue) -> JSONValue? {
    let parts = [row["instruction"], row["input"]].compactMap { $0?.cell }.filter { !$0.isEmpty }
    return parts.isEmpty ? nil : .string(parts.joined(separator: "\n"))
  }

  /// Whether an unpaired answer is wanted: true or false, also as tables write them.
  private static func flag(_ row: JSONValue) throws(RowFault) -> Bool {
    let name = row["kto_tag"] == nil ? "label" : "kto_tag"
    switch row[name]?.cell?.lowercased() {
    case "true": return true
    case "false": return false
    default:
      throw RowFault(
        field: name, expected: "true or false: whether the completion is wanted",
        found: row[name]?.cell.map { "'\($0)'" } ?? "nothing")
    }
  }

  /// The paths of `images` or `image`, also where they stand in objects as datasets writes them.
  static func images(_ row: JSONValue?) -> [Annotation.Question.Image] {
    let values = row?["images"]?.elements ?? [row?["images"] ?? row?["image"] ?? .null]
    return values.compactMap { $0.string ?? $0["path"]?.string }.map { .init(path: $0) }
  }

  static func kept(_ value: JSONValue) throws(RowFault) -> Annotation {
    do {
      return try JSONDecoder().decode(Annotation.self, from: Data(value.text.utf8))
    } catch {
      throw RowFault(expected: "an annotation with key, item, teacher and outcome", found: value.kind)
    }
  }

  func made(
    _ item: String, _ teacher: String, _ reply: TeacherReply, question: Annotation.Question?
  ) -> Annotation {
    let fields =
      ["imported", teacher, item, question?.prompt ?? ""]
      + (question.map(\.images) ?? []).map(\.path) + (question?.images.isEmpty == false ? [] : [""]) + [reply.raw]
    return Annotation(
      key: ContentDigest.of(fields: fields), item: item, teacher: teacher, model: Annotation.importedModel,
      promptVersion: "",
      reply: reply, time: 0, question: question)
  }
}
