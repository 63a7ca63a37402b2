internal import Foundation
internal import ImageDecoding
internal import Layers
internal import StudentModels
internal import Tokenization

/// A conversation as the student's tokens, and how many it may add.
struct ChatPrompt: Sendable {
  var ids: [Int]
  var images: [PromptImage]
  var maximumTokens: Int
  /// The choices by which an answer is one of some texts; nil where it is held to another form, or chosen token by token.
  private(set) var choices: WholeChoices?
  /// What an answer that is held to a form begins with before the form does: a space in some templates.
  var opening = ""

  /// Renders, decodes and counts; the images' features are computed.
  ///
  /// - Parameters:
  ///   - limit: the most tokens of an answer where the request names no number.
  ///   - trained: the question that the student was distilled on. The default is none.
  init(
    _ request: ChatRequest, student: any PretrainedStudent, limit: Int, trained: TrainedQuestion? = nil
  ) throws(ChatError) {
    // An item's images are read as its run reads them.
    let decoder = request.learned == nil ? nil : trained?.decoder
    let student = try Self.told(request, student)
    let readsImages = student.tower != nil
    var messages: [ChatMessage] = []
    images = []
    for (turn, message) in request.messages.enumerated() {
      var parts: [ChatMessage.Part] = []
      var places = message.imagePlaces?[...]
      for (number, part) in message.parts.enumerated() {
        let sent = if case .image = part { places?.popFirst() ?? number } else { number }
        let place = "messages[\(turn)].content[\(sent)]"
        switch part {
        case .text(let text):
          let ids = student.tokenizer.encode(text, addingSpecialTokens: false)
          if let reserved = ids.first(where: student.tokenizer.isSpecial) {
            // It would be read as that token: a caption that spells <image> as an image.
            let token = student.tokenizer.token(of: reserved) ?? "\(reserved)"
            throw .invalid(place, "The text holds \(token), which this model reads as a token of its own; remove it.")
          }
          parts.append(.text(text))
        case .image(let bytes):
          guard readsImages else { throw .unsupported(place, "This model reads text alone; leave images out.") }
          images.append(try Self.image(bytes, student: student, at: place, decoder: decoder ?? ImageDecoder()))
          parts.append(.image)
        }
      }
      let plain = parts.map { if case .text(let text) = $0 { text } else { "" } }.joined()
      messages.append(ChatMessage(role: message.role, content: readsImages ? .parts(parts) : .text(plain)))
    }
    do {
      var text = try student.prompt(messages)
      if request.form != .free {
        // Special tokens are none that a form lets through, so they are written before the answer begins.
        let head = Self.head(of: student.answerOpening, tokenizer: student.tokenizer)
        text += head
        opening = String(student.answerOpening.dropFirst(head.count))
      }
      ids = try student.ids(of: text, images: images)
    } catch {
      throw .invalid("messages", "The conversation can't be put into this model's format: \(error)")
    }
    let room = student.maximumTokens - ids.count
    guard !ids.isEmpty else { throw .invalid("messages", "The conversation has no text.") }
    guard room >= max(1, request.maximumTokens ?? 1) else {
      throw .invalid(
        "messages",
        "\(ids.count) tokens of the conversation and \(request.maximumTokens ?? 1) of the answer are more than the "
          + "\(student.maximumTokens) that this model takes.", code: "context_length_exceeded")
    }
    maximumTokens = request.maximumTokens ?? min(room, limit)
    guard case .choice(let texts) = request.form else { return }
    choices =
      if let turn = request.learned, let trained {
        try WholeChoices(trained, asking: turn, images: images, opening: opening, student: student)
      } else {
        WholeChoices(texts.strings, after: ids, images: images, opening: opening, student: student)
      }
  }

  /// The student with what the request tells its chat template.
  private static func told(
    _ request: ChatRequest, _ student: any PretrainedStudent
  ) throws(ChatError) -> any PretrainedStudent {
    guard !request.templateVariables.isEmpty, let templated = student as? any TemplatedStudent else { return student }
    do { return try templated.telling(request.templateVariables) } catch {
      throw .invalid(
        "chat_template_kwargs", "The conversation can't be put into this model's format with them: \(error)")
    }
  }

  /// A text up to the end of its last special token.
  private static func head(of text: String, tokenizer: Tokenizer) -> Substring {
    let special = tokenizer.encode(text, addingSpecialTokens: false).filter(tokenizer.isSpecial)
    let ends = special.compactMap { tokenizer.token(of: $0) }.compactMap { text.range(of: $0, options: .backwards) }
    return text[..<(ends.map(\.upperBound).max() ?? text.startIndex)]
  }

  /// An image file's features.
  static func image(
    _ bytes: Data, student: any PretrainedStudent, at place: String, decoder: ImageDecoder = ImageDecoder()
  ) throws(ChatError) -> PromptImage {
    do {
      return student.encoded(try student.image(decoder.decode(Array(bytes), name: place)))
    } catch {
      throw .invalid(place, "The image can't be used: \(error)", code: "invalid_image")
    }
  }
}
