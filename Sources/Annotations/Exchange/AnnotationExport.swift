internal import JSON
import Foundation
package import TeacherProtocol

/// Writes replies for other tools.
///
/// ```swift
/// let export = AnnotationExport(.preference, truth: ["7": "falsified"])
/// try Data(export.text(of: try await store.all()).utf8).write(to: file)
/// ```
package struct AnnotationExport: Sendable {
  /// The form of the file.
  package var format: AnnotationFormat
  /// Writes answers anew by a template, "Yes. Because ...", where it is given; else answers stand as the teachers wrote them.
  package var answers: (labels: LabelSet, template: AnswerTemplate)?
  /// For preferences: the true label by item. An item that is not in it has the label of most of its replies.
  package var truth: [String: String]

  package init(
    _ format: AnnotationFormat, answers: (labels: LabelSet, template: AnswerTemplate)? = nil,
    truth: [String: String] = [:]
  ) {
    self.format = format
    self.answers = answers
    self.truth = truth
  }

  /// A file's text, and what is not in it.
  package struct Written: Sendable, Equatable {
    package var text: String
    /// How many rows the text has, or tasks.
    package var rows: Int
    /// What the form has no place for, and why; in the order in which it came up.
    package var leftOut: [String]
  }

  /// The file's text.
  ///
  /// - Throws: `TeacherProtocolError.unknownLabel` where a reply has a label that the template's set has not.
  package func text(of annotations: [Annotation]) throws -> String { try written(annotations).text }

  /// The file's text, with the number of its rows and with what it leaves out.
  ///
  /// - Throws: as ``text(of:)``.
  package func written(_ annotations: [Annotation]) throws -> Written {
    var left = LeftOut()
    let rows: [JSONValue] =
      switch format {
      case .jsonLines: try annotations.map { try Self.flat($0) }
      case .conversational: try annotations.filter { left.keeps($0, isLearnable) }.map(conversation)
      case .preference: try preferences(annotations, &left)
      case .decisions: try annotations.filter { left.keeps($0, isDecided) }.map(decision)
      case .labelStudio: try tasks(annotations)
      }
    let text =
      format == .labelStudio ? JSONValue.array(rows).text + "\n" : rows.map { $0.text + "\n" }.joined()
    return Written(text: text, rows: rows.count, leftOut: left.lines)
  }

  /// Whether there is an answer to learn: a label, and no text that was cut. A template writes the label of that alone.
  private func isLearnable(_ annotation: Annotation) -> LeftOut.Reason? {
    if annotation.reply.label == nil { return .noLabel }
    return answers == nil && annotation.reply.isRationaleCut ? .cut : nil
  }

  private func isDecided(_ annotation: Annotation) -> LeftOut.Reason? {
    if annotation.reply.label == nil { return .noLabel }
    return annotation.reply.probabilities.isEmpty ? .noProbabilities : nil
  }

  static func flat(_ annotation: Annotation) throws -> JSONValue {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(annotation)
    return try data.withUnsafeBytes { raw throws -> JSONValue in
      try JSONParser.value(of: raw.bindMemory(to: UInt8.self))
    }
  }

  // MARK: TRL

  private func conversation(_ annotation: Annotation) throws -> JSONValue {
    .object(
      [.init("messages", .array([user(annotation), try assistant(annotation)]))] + images(annotation) + [
        .init(
          "metadata", .object([.init("source", "swift-distillation"), .init("annotation", try Self.flat(annotation))]))
      ])
  }

  private func preferences(_ annotations: [Annotation], _ left: inout LeftOut) throws -> [JSONValue] {
    try byItem(annotations).flatMap { item, annotations -> [JSONValue] in
      let answered = annotations.filter { $0.reply.label != nil }
      guard Set(answered.map(\.reply.label)).count > 1 else { return left.drop(answered.isEmpty ? .unread : .oneLabel) }
      guard let right = truth[item] ?? Self.majority(answered) else { return left.drop(.tie) }
      let learnable = answered.filter { isLearnable($0) == nil }
      let chosen = learnable.filter { $0.reply.label == right }
      let rejected = learnable.filter { $0.reply.label != right }
      if chosen.isEmpty || rejected.isEmpty {
        return left.drop(answered.contains { $0.reply.label == right } ? .cutOfPair : .noneRight)
      }
      return try chosen.flatMap { good in
        try rejected.map { bad in
          .object(
            [
              .init("prompt", .array([user(good)])), .init("chosen", .array([try assistant(good)])),
              .init("rejected", .array([try assistant(bad)])),
            ] + images(good) + [
              .init(
                "metadata",
                .object([
                  .init("source", "swift-distillation"), .init("chosen", try Self.flat(good)),
                  .init("rejected", try Self.flat(bad)),
                ]))
            ])
        }
      }
    }
  }

  private static func majority(_ annotations: [Annotation]) -> String? {
    var votes: [String: Int] = [:]
    for label in annotations.compactMap(\.reply.label) { votes[label, default: 0] += 1 }
    guard let most = votes.max(by: { $0.value < $1.value }) else { return nil }
    return 2 * most.value > annotations.count ? most.key : nil
  }

  private func user(_ annotation: Annotation) -> JSONValue {
    let question = annotation.question
    let parts = PromptPart.parts(of: question?.prompt ?? "", imagesAt: question?.images.map(\.place) ?? [])
    return message("user", parts, annotation)
  }

  private func assistant(_ annotation: Annotation) throws -> JSONValue {
    var text = annotation.reply.raw
    if let answers, let label = annotation.reply.label {
      text = try answers.template.answer(label, rationale: annotation.reply.wholeRationale, labels: answers.labels)
    }
    return message("assistant", [.text(text)], annotation)
  }

  /// Plain texts without images, parts with: TRL wants one form throughout a conversation.
  private func message(_ role: String, _ parts: [PromptPart], _ annotation: Annotation) -> JSONValue {
    let content = parts.map { part -> (plain: String, part: JSONValue) in
      switch part {
      case .text(let text): (text, .object([.init("type", "text"), .init("text", .string(text))]))
      case .image: ("", .object([.init("type", "image")]))
      }
    }
    let hasImages = annotation.question?.images.isEmpty == false
    return .object([
      .init("role", .string(role)),
      .init("content", hasImages ? .array(content.map(\.part)) : .string(content.map(\.plain).joined())),
    ])
  }

  private func images(_ annotation: Annotation) -> [JSONValue.Member] {
    let paths = annotation.question?.images.map { JSONValue.string($0.path) } ?? []
    return paths.isEmpty ? [] : [.init("images", .array(paths))]
  }

  // MARK: Decisions

  /// The filled prompt as the state, with the labels that the reply was asked for as the question.
  private func decision(_ annotation: Annotation) throws -> JSONValue {
    let kept = try annotation.question?.labels.map { try LabelSet($0.map { .init(name: $0.name, answer: $0.answer) }) }
    guard let labels = answers?.labels ?? kept else {
      throw TeacherProtocolError.badLabelSet(
        reason: "the reply of \(annotation.teacher) on item '\(annotation.item)' was kept without them; give --config")
    }
    let question = TypedQuestion(instructions: "", labels: labels)
    let images = annotation.question?.images ?? []
    let prompt = annotation.question?.prompt ?? ""
    let marks = Item(id: "", fields: [:]).marks(images.count, notIn: [prompt] + labels.rawTexts)
    let state = PromptPart.parts(of: prompt, imagesAt: images.map(\.place)).map { part in
      switch part {
      case .text(let text): text
      case .image(let number): marks[number]
      }
    }
    let assets = zip(marks, images).map { mark, image in
      JSONValue.Member(mark, .object([.init("type", "image"), .init("path", .string(image.path))]))
    }
    return .object(
      [
        .init("id", .string(annotation.item)), .init("teacher", .string(annotation.teacher)),
        .init("state", .string(state.joined())),
        .init("questions", .object([.init(question.name, question.asked(.systemOne))])),
      ] + (assets.isEmpty ? [] : [.init("assets", .object(assets))]) + [
        .init("answers", .object([.init(question.name, question.answer(annotation.reply.probabilities))])),
        .init(
          "metadata", .object([.init("source", "swift-distillation"), .init("annotation", try Self.flat(annotation))])),
      ])
  }

  // MARK: Label Studio

  private func tasks(_ annotations: [Annotation]) throws -> [JSONValue] {
    // A project shows either one image or a list of them, in all of its tasks.
    let hasSeveral = annotations.contains { $0.question?.images.count ?? 0 > 1 }
    return try byItem(annotations).map { item, annotations in
      var data: [JSONValue.Member] = [.init("item", .string(item))]
      if let question = annotations.lazy.compactMap(\.question).first {
        data.append(.init("text", .string(question.prompt)))
        if let image = question.images.first { data.append(.init("image", .string(image.path))) }
        if hasSeveral {
          data.append(.init("images", .array(question.images.map { .string($0.path) })))
        }
      }
      return .object([
        .init("data", .object(data)),
        .init("predictions", .array(annotations.filter { $0.reply.label != nil }.map(prediction))),
        .init("meta", .object([.init("annotations", .array(try annotations.map { try Self.flat($0) }))])),
      ])
    }
  }

  private func prediction(_ annotation: Annotation) -> JSONValue {
    func result(_ name: String, _ type: String, _ value: String, _ texts: [String]) -> JSONValue {
      .object([
        .init("from_name", .string(name)), .init("to_name", "item"), .init("type", .string(type)),
        .init("value", .object([.init(value, .array(texts.map { .string($0) }))])),
      ])
    }
    var results = [result("label", "choices", "choices", [annotation.reply.label ?? ""])]
    if !annotation.reply.rationale.isEmpty {
      results.append(result("rationale", "textarea", "text", [annotation.reply.rationale]))
    }
    var members: [JSONValue.Member] = [.init("model_version", .string(annotation.teacher))]
    if let confidence = annotation.reply.confidence { members.append(.init("score", .number(confidence.value))) }
    return .object(members + [.init("result", .array(results))])
  }

  /// The labelling interface that the tasks are made for, to be pasted into Label Studio's settings.
  ///
  /// - Parameter images: the most images that an item has. Several are shown as the pages of one.
  package static func labelStudioInterface(labels: LabelSet, images: Int) -> String {
    func escaped(_ text: String) -> String {
      text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
        .replacingOccurrences(of: "\"", with: "&quot;")
    }
    let choices = labels.labels.map { label in
      let hint = label.meaning.isEmpty ? "" : " hint=\"\(escaped(label.meaning))\""
      return "    <Choice value=\"\(escaped(label.name))\"\(hint)/>\n"
    }
    let image = images > 1 ? "valueList=\"$images\"" : "value=\"$image\""
    return "<View>\n" + (images > 0 ? "  <Image name=\"photo\" \(image)/>\n" : "")
      + "  <Text name=\"item\" value=\"$text\"/>\n"
      + "  <Choices name=\"label\" toName=\"item\" choice=\"single\" required=\"true\">\n" + choices.joined()
      + "  </Choices>\n  <TextArea name=\"rationale\" toName=\"item\"/>\n</View>\n"
  }

  /// In the order in which items first occur.
  private func byItem(_ annotations: [Annotation]) -> [(String, [Annotation])] {
    var (order, groups) = ([String](), [String: [Annotation]]())
    for annotation in annotations {
      if groups[annotation.item] == nil { order.append(annotation.item) }
      groups[annotation.item, default: []].append(annotation)
    }
    return order.map { ($0, groups[$0] ?? []) }
  }
}
