package import TeacherProtocol

/// An example in a prompt: a text, its gold label, and why it is labelled so.
public struct Demonstration: Sendable, Equatable, Codable {
  /// The labelled item it comes from; an item is never its own example.
  public var item: String
  /// The text.
  public var text: String
  /// The longer text, which is shown where the item's own is; empty where there is none.
  package var detail: String
  /// The gold label's name; for spans the ``TaskAnswer/key``.
  public var label: String
  /// The explanation of the label; empty where there is none.
  public var reason: String

  package init(item: String, text: String, detail: String = "", label: String, reason: String = "") {
    self.item = item
    self.text = text
    self.detail = detail
    self.label = label
    self.reason = reason
  }
}

extension Demonstration {
  /// The example of an item.
  init(_ item: Item, label: String, reason: String) {
    self.init(item: item.id, text: item.text, detail: item.longerText, label: label, reason: reason)
  }

  /// What it is compared by.
  var wholeText: String { Item.wholeText(text, detail) }
}

extension Item {
  /// The field `detail`; empty where the item has none.
  package var longerText: String { fields["detail"] ?? "" }

  /// All that is known of the item: what it is compared with others by.
  package var wholeText: String { Self.wholeText(text, longerText) }

  /// Text and longer text, the text once: longer texts often begin with it.
  static func wholeText(_ text: String, _ longer: String) -> String {
    longer.isEmpty ? text : longer.hasPrefix(text) ? longer : text + " " + longer
  }
}

/// How demonstrations stand in a prompt.
public struct DemonstrationFormat: Sendable, Equatable {
  /// Longest text of a demonstration in characters; longer ones are cut at a word and end in "…". The default is 400.
  package var maximumCharacters: Int = 400
  /// Whether longer texts are shown too. The default is false.
  package var showsDetail = false

  /// A format with the default answers.
  package init(maximumCharacters: Int = 400) { self.maximumCharacters = maximumCharacters }

  /// The demonstrations as one text, in their order, with an empty line between two; those whose answer the task does not
  /// have are left out.
  ///
  /// - Throws: `TeacherProtocolError.unknownLabel`.
  package func text(_ demonstrations: [Demonstration], task: LabellingTask) throws(TeacherProtocolError) -> String {
    var blocks: [String] = []
    for demonstration in demonstrations {
      guard let answer = task.answer(key: demonstration.label) else { continue }
      let written = try task.written(answer, about: demonstration.text, reason: demonstration.reason)
      // Spans of words that were cut away would teach to invent them.
      let text = task.kind == .spans ? demonstration.text : cut(demonstration.text)
      let longer =
        showsDetail && !demonstration.detail.isEmpty
        ? "\nDetail: \(cut(demonstration.detail).onOneLine)" : ""
      blocks.append("Text: \(text.onOneLine)\(longer)\nAnswer: \(written.onOneLine)")
    }
    return blocks.joined(separator: "\n\n")
  }

  private func cut(_ text: String) -> String {
    guard text.count > maximumCharacters else { return text }
    let start = text.prefix(maximumCharacters)
    let end = start.lastIndex(where: \.isWhitespace).map { start[..<$0] } ?? start
    return end + "…"
  }
}
