internal import JSON
import Foundation
import TeacherProtocol

/// Which controls of a Label Studio project hold the label and the rationale, and what its tasks say by them.
///
/// A project has as many controls as its labelling interface names: what is chosen in "difficulty" is no label, and what is
/// written under "notes" no rationale. Which is which is decided once for a file, over all of its tasks, so that a task
/// without an answer does not lend another control's.
///
/// The shapes are those of label-studio-sdk 2.1.2. A task has results with `from_name`, `type` and `value`; in JSON_MIN and
/// CSV a control is a member: a text where one thing was chosen or written, `{"choices": [...]}` or `{"text": [...]}` where
/// there are several, a list where there are several regions.
struct LabelStudioControls {
  /// The control of the label, or why there is none.
  private let label: Result<String, RowFault>
  /// The control of the rationale; nil where no text is one.
  private let rationale: String?
  private let labels: LabelSet?

  /// Members of a flat task that no control writes.
  private static let ownMembers: Set<String> = [
    "id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement",
  ]
  private static let rationaleNames = ["rationale", "reason", "explanation", "reasoning"]

  /// Looks at all rows of a file.
  ///
  /// - Parameter name: the control of the label where the caller knows it.
  init(_ rows: [JSONValue], labels: LabelSet?, named name: String?) {
    self.labels = labels
    var (choices, texts, others) = ([String: Set<String>](), Set<String>(), Set<String>())
    // Of a flat task it can't be told which members are controls.
    var isFlat = false
    for row in rows {
      for completed in row["annotations"]?.elements ?? [] {
        for result in completed["result"]?.elements ?? [] {
          switch result["type"]?.string?.lowercased() {
          case "choices": choices[Self.control(result), default: []].formUnion(Self.values(result["value"]))
          case "textarea": texts.insert(Self.control(result))
          case let type?: others.insert(type)
          case nil: break
          }
        }
      }
      guard (try? RowShape(of: row)) == .labelStudioFlat, case .object(let members) = row else { continue }
      isFlat = true
      for member in members where !Self.ownMembers.contains(member.name) {
        let values = Self.values(member.value)
        if !values.isEmpty { choices[member.name, default: []].formUnion(values) }
        texts.insert(member.name)
      }
    }
    let fitting = choices.filter { _, values in
      values.allSatisfy { value in labels.map { $0.label(value) != nil } ?? true }
    }.keys.sorted()
    // A column of the data may be called label too, and in a flat task it looks like a control.
    let isLabelClear = choices["label"] != nil && (!isFlat || fitting.allSatisfy { $0 == "label" })
    label =
      if let name { .success(name) } else if isLabelClear { .success("label") } else if fitting.count == 1 {
        .success(fitting[0])
      } else if choices.count == 1, !isFlat, let only = choices.keys.first {
        // A choice that is no label is then told of by its row.
        .success(only)
      } else {
        .failure(
          RowFault(
            expected: "one control that holds the label: one named label, or the only one whose choices are labels",
            found: fitting.isEmpty
              ? Self.found(choices.keys.sorted(), others.sorted())
              : "\(fitting.joined(separator: " and ")); say which"))
      }
    rationale =
      Self.rationaleNames.first(where: texts.contains) ?? (texts.count == 1 && !isFlat ? texts.first : nil)
  }

  /// What stands in the place of a control with labels.
  private static func found(_ choices: [String], _ types: [String]) -> String {
    if !choices.isEmpty { return "choices of \(choices.joined(separator: ", "))" }
    return types.isEmpty ? "nothing chosen" : "no choices, but results of the type \(types.joined(separator: ", "))"
  }

  private static func control(_ result: JSONValue) -> String { result["from_name"]?.string ?? "" }

  /// What was chosen or written, in whichever of its shapes; CSV holds objects as their JSON.
  private static func values(_ value: JSONValue?) -> [String] {
    switch value {
    case .string(let text)?:
      if text.hasPrefix("{") || text.hasPrefix("["), let inner = try? JSONParser.value(of: text) {
        return values(inner)
      }
      return text.contains { !$0.isWhitespace } ? [text] : []
    case .array(let elements)?: return elements.flatMap { values($0) }
    case .object?: return values(value?["choices"] ?? value?["text"])
    case .number(let text)?: return [text]
    case .bool(let flag)?: return [flag ? "true" : "false"]
    case .null?, nil: return []
    }
  }

  typealias Made = (String, String, TeacherReply, Annotation.Question?) -> Annotation

  /// The replies of a task: our own, and one for each completed annotation.
  func annotations(
    inTask row: JSONValue, names: QuestionName, made: Made
  ) throws(RowFault) -> (annotations: [Annotation], faults: [RowFault]) {
    var (found, faults) = ([Annotation](), [RowFault]())
    for own in row["meta"]?["annotations"]?.elements ?? [] { found.append(try ExchangeRowReader.kept(own)) }
    let data = row["data"]
    let given = [data?["item"], data?["id"]].compactMap(ExchangeRowReader.id).first
    let completed = row["annotations"]?.elements ?? []
    for annotation in completed where annotation["was_cancelled"] != .bool(true) {
      let results = annotation["result"]?.elements ?? []
      func values(_ type: String, _ control: String) -> [String] {
        results.filter { $0["type"]?.string?.lowercased() == type && Self.control($0) == control }
          .flatMap { Self.values($0["value"]) }
      }
      do throws(RowFault) {
        let control = try label.get()
        let reply = try reply(
          control, choices: values("choices", control), texts: rationale.map { values("textarea", $0) } ?? [])
        guard let item = given ?? data.flatMap(names.name(ofTask:)) ?? Self.task(row) else { throw Self.nameless }
        let person = annotation["completed_by"]?["id"]?.cell ?? annotation["completed_by"]?.cell ?? "?"
        found.append(made(item, "person \(person)", reply, Self.question(data)))
      } catch {
        faults.append(error)
      }
    }
    if found.isEmpty, faults.isEmpty {
      throw RowFault(
        expected: "meta.annotations, or completed annotations",
        found: completed.isEmpty ? "neither" : "a task that was skipped")
    }
    return (found, faults)
  }

  /// The reply in a task of JSON_MIN, or of a row of CSV or TSV.
  func annotation(inFlat row: JSONValue, made: Made) throws(RowFault) -> Annotation {
    let control = try label.get()
    let reply = try reply(
      control, choices: Self.values(row[control]), texts: rationale.map { Self.values(row[$0]) } ?? [])
    guard let item = ExchangeRowReader.id(row["item"]) ?? Self.task(row) else { throw Self.nameless }
    return made(item, "person \(row["annotator"]?.cell ?? "?")", reply, Self.question(row))
  }

  /// A task by its number, which counts within one Label Studio and is no id of the data.
  private static func task(_ row: JSONValue) -> String? { ExchangeRowReader.id(row["id"]).map { "task \($0)" } }

  private static var nameless: RowFault { RowFault(expected: "data, or an id that names the item", found: "neither") }

  private func reply(_ control: String, choices: [String], texts: [String]) throws(RowFault) -> TeacherReply {
    let chosen = Set(choices)
    guard chosen.count == 1, let choice = chosen.first else {
      throw RowFault(
        field: control, expected: "one choice",
        found: chosen.isEmpty ? "none" : chosen.sorted().map { "'\($0)'" }.joined(separator: " and "))
    }
    let known = labels.map { $0.label(choice)?.name } ?? choice
    guard let known else {
      throw RowFault(
        field: control, expected: "one of \(labels?.names.joined(separator: ", ") ?? "")", found: "'\(choice)'")
    }
    return TeacherReply(outcome: .answered(known), rationale: texts.joined(separator: "\n"), raw: choice)
  }

  private static func question(_ data: JSONValue?) -> Annotation.Question? {
    data?["text"]?.string.map { .init(prompt: $0, images: ExchangeRowReader.images(data), parameters: "") }
  }
}
