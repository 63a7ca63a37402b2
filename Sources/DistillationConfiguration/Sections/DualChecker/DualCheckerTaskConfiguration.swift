package import ConfigurationFiles
package import DualChecker
package import TeacherProtocol

/// The labelling task of a DualChecker run.
package struct DualCheckerTaskConfiguration: DefaultedSection {
  package var kind = LabellingTask.Kind.binary
  package var labels = [
    LabelConfiguration(
      name: "green", answer: "Yes",
      meaning: "The invention lowers the use of energy, waste, emissions or harm to nature.",
      aliases: ["1"]),
    LabelConfiguration(
      name: "other", answer: "No", meaning: "The invention makes something faster, cheaper or more pleasant.",
      aliases: ["0"]),
  ]
  /// The class that a binary task looks for; nil for none. The default is `green`, which is none where no label has the name.
  package var positive: String? = "green"
  /// Whether the classes are levels, the lowest first. The default is none: they have no order.
  package var ordered: Bool?
  package var overlap = SpanOverlap.longest
  /// What the teacher is told, line by line. The default asks for a green innovation.
  package var instructions = ["Is the invention in the text a green innovation?"]

  package init() {}

  /// The keys under `task`.
  package static let keys: [ConfigurationKey<DualCheckerTaskConfiguration>] = [
    ConfigurationKey("kind", \.kind, "Two classes, many, or spans."),
    ConfigurationKey("labels", \.labels, "The classes, or the span types.", range: .nonEmpty()),
    ConfigurationKey(
      "positive", \.positive, "The class that a binary task looks for; no label need be it.",
      range: .ifGiven(.nonBlank)),
    ConfigurationKey(
      "ordered", \.ordered, "Whether the classes are levels, the lowest first: near ones count as nearly right.",
      sample: "true"),
    ConfigurationKey("overlap", \.overlap, "Which of two overlapping spans counts."),
    ConfigurationKey(
      "instructions", \.instructions, "The instructions to the teacher, line by line.", range: .each(.nonBlank)),
  ]

  /// Labels that make a task.
  package func checkRelations(with reader: inout ConfigurationReader) {
    guard kind != .binary || labels.count == 2 else {
      return reader.require(
        false, "labels", "kind", expected: "two labels, as task.kind is binary; for more set it to multiclass or spans",
        found: "\(labels.count)")
    }
    reader.require(
      ordered != true || kind == .multiclass, "ordered", "kind",
      expected: "false, or classes that are levels, by task.kind: multiclass", found: "true")
    do throws(TeacherProtocolError) {
      let labels = try task().labels.labels
      if let clash = LabelSet.clash(of: labels) {
        reader.require(false, "labels", expected: "labels that a reply can be read apart by", found: clash)
      }
    } catch {
      reader.require(
        false, "labels", "kind", expected: "labels that make a task of this kind", found: error.description)
    }
  }

  package func task() throws(TeacherProtocolError) -> LabellingTask {
    func open(_ text: String) -> String { text.hasSuffix(".") && text.count > 1 ? String(text.dropLast()) : text }
    let labels = labels.map {
      LabelSet.Label(name: $0.name, answer: open($0.answer), meaning: open($0.meaning), aliases: $0.aliases)
    }
    switch kind {
    case .binary:
      let isDefault = positive == Self.blank.positive && !labels.contains { $0.name == positive }
      return try LabellingTask(binary: LabelSet(labels, positive: isDefault ? nil : positive))
    case .multiclass: return LabellingTask(classes: try LabelSet(labels, ordered: ordered ?? false))
    case .spans: return try LabellingTask(spanTypes: labels, overlap: overlap)
    }
  }
}
