internal import JSON
import TeacherProtocol

/// The shapes of rows that replies are read from, told by their members.
///
/// Those of TRL 1.16 in the order of its page "Dataset formats and types", standard and conversational alike; those of
/// ShareGPT, Alpaca and LLaMA-Factory; tasks of Label Studio, whole and as JSON_MIN or CSV.
package enum RowShape: String, Sendable, CaseIterable {
  /// A reply as a store keeps it, alone or in the metadata of a row that `AnnotationExport` wrote.
  case kept
  /// `{"messages": [{"role", "content"}]}`: the last message is the answer.
  case messages
  /// `{"prompt", "completion"}`, each a text or messages.
  case promptCompletion = "prompt and completion"
  /// `{"chosen", "rejected"}`, with or without `prompt`.
  case preference
  /// `{"prompt", "completion", "label": true}`: an answer that is wanted or not.
  case unpairedPreference = "unpaired preference"
  /// `{"conversations": [{"from", "value"}]}`, of ShareGPT.
  case conversations
  /// `{"instruction", "input", "output"}`, of Alpaca.
  case alpaca
  /// `{"data", "annotations"}`, a task of Label Studio.
  case labelStudio = "Label Studio task"
  /// `{"state", "questions", "answers"}`, a request in System One's form with its answer.
  case decision = "decision row"
  /// A task of Label Studio with its annotation in one flat object: JSON_MIN, CSV and TSV.
  case labelStudioFlat = "Label Studio JSON_MIN"

  /// What it is called in messages.
  package var name: String { rawValue }

  /// The form of files that holds such rows.
  var format: AnnotationFormat {
    switch self {
    case .kept: .jsonLines
    case .messages, .promptCompletion, .unpairedPreference, .conversations, .alpaca: .conversational
    case .preference: .preference
    case .decision: .decisions
    case .labelStudio, .labelStudioFlat: .labelStudio
    }
  }

  /// - Throws: ``RowFault`` for a row that holds no answer, by the name of what it is.
  init(of row: JSONValue) throws(RowFault) {
    func has(_ names: String...) -> Bool { names.allSatisfy { row[$0].map { $0 != .null } ?? false } }
    if has("key", "item", "teacher", "outcome") {
      self = .kept
    } else if has("state", "questions", "answers") {
      self = .decision
    } else if has("annotation_id"), has("annotator") || has("lead_time") {
      self = .labelStudioFlat
    } else if let old = row["completions"]?.elements, !has("annotations"),
      has("data") || old.contains(where: { $0["result"] != nil })
    {
      throw RowFault(
        field: "completions", expected: "annotations",
        found: "a task of Label Studio before 1.0, which called them completions; rename the member, or export it anew")
    } else if has("annotations") || has("data", "predictions") || row["meta"]?["annotations"] != nil {
      self = .labelStudio
    } else if has("chosen", "rejected") || has("messages", "rejected_response") || has("messages", "rejected_messages")
    {
      self = .preference
    } else if has("completions") {
      throw RowFault(
        field: "completions", expected: "one answer a row",
        found: "stepwise supervision, whose steps carry no label of their own")
    } else if has("completion"), row["label"] != nil || row["kto_tag"] != nil {
      self = .unpairedPreference
    } else if has("completion") {
      self = .promptCompletion
    } else if has("messages") {
      self = .messages
    } else if has("conversations") {
      self = .conversations
    } else if has("output") && (has("instruction") || has("input")) {
      self = .alpaca
    } else if has("file_name") {
      throw RowFault(
        field: "file_name", expected: "an answer",
        found: "an image folder's metadata, which is data: name it in data.file, file_name as id and image")
    } else if has("prompt") || has("instruction") {
      throw RowFault(
        field: has("prompt") ? "prompt" : "instruction", expected: "a prompt and its answer", found: "a prompt alone")
    } else if has("text") {
      throw RowFault(
        field: "text", expected: "a prompt and its answer",
        found: "one text (language modeling), in which the answer can't be told from the question")
    } else {
      let names = if case .object(let members) = row { members.map(\.name) } else { [String]() }
      throw RowFault(
        expected:
          "a row with messages, prompt and completion, chosen and rejected, conversations, instruction and output, "
          + "state, questions and answers, a Label Studio task, or a reply as a store keeps it",
        found: names.isEmpty ? "an empty row" : "the members \(names.prefix(8).joined(separator: ", "))")
    }
  }
}
