internal import JSON
import ContentDigest
import Foundation
import TeacherProtocol

/// What the items of rows without an id are called: by what was asked, so that one question is one item in every file and of
/// every teacher, and two questions are two.
struct QuestionName {
  /// Folder to which the paths of images are relative.
  let folder: URL

  /// Members of a row that belong to what is asked, whatever its shape.
  private static let otherMembers = ["system", "history", "tools", "videos", "audios"]

  /// A name such as `q-4355a46b19d348dc`: a digest of everything that was asked. Nil where nothing was.
  ///
  /// - Parameters:
  ///   - asked: a text or messages, without the answer.
  ///   - row: the row, for its images.
  func name(asked: JSONValue?, _ row: JSONValue) -> String? {
    let images = Self.members(of: row["images"] ?? row["image"]) + (asked.map(Conversation.images) ?? [])
    var turns = asked.map(Conversation.turns) ?? []
    // Where a tool writes a mark for each image before the text, others write none.
    if !images.isEmpty, !turns.isEmpty { turns[0].text = Self.withoutMarks(turns[0].text) }
    turns = turns.map { ($0.role, Self.plain($0.text)) }.filter { !$0.text.isEmpty }
    guard !images.isEmpty || !turns.isEmpty else { return nil }
    // A question alone is the same as a text and as a message.
    let isAlone = turns.count == 1 && ["", "user"].contains(turns[0].role)
    let others = Self.otherMembers.compactMap { name in
      row[name].flatMap { [.null, .string(""), .array([])].contains($0) ? nil : [name, $0.text] }
    }
    return Self.name([
      isAlone ? [turns[0].text] : turns.flatMap { [$0.role, $0.text] }, images.map(key), others.flatMap(\.self),
    ])
  }

  /// The name of a task of Label Studio by its data. Nil where it has none.
  func name(ofTask data: JSONValue) -> String? {
    guard case .object(let members) = data, !members.isEmpty else { return nil }
    // As in rows of other tools where there is nothing else to know.
    if members.allSatisfy({ ["text", "image", "images"].contains($0.name) }) {
      return name(asked: data["text"], data)
    }
    return Self.name([members.sorted { $0.name < $1.name }.flatMap { [$0.name, $0.value.text] }])
  }

  private static func name(_ parts: [[String]]) -> String {
    // The counts keep the parts apart.
    "q-" + ContentDigest.of(fields: parts.flatMap { ["\($0.count)"] + $0 }).prefix(16)
  }

  /// What an image is told by: its bytes where the file can be read, else how it is named.
  private func key(_ image: JSONValue) -> String {
    guard let name = image.string ?? image["path"]?.string else { return image.text }
    if let file = try? ImageReference(contentsOf: ImageReference.url(of: name, in: folder)) { return file.digest }
    let path = ImageReference.url(of: name, in: URL(fileURLWithPath: "/")).standardizedFileURL.path
    return ImageReference.isAbsolute(name) ? path : String(path.dropFirst())
  }

  private static func members(of value: JSONValue?) -> [JSONValue] {
    guard let value, value != .null, value != .string("") else { return [] }
    return value.elements ?? [value]
  }

  private static func withoutMarks(_ text: String) -> String {
    var text = text.drop(while: \.isWhitespace)
    while text.hasPrefix("<image>") { text = text.dropFirst("<image>".count).drop(while: \.isWhitespace) }
    return String(text)
  }

  /// The text with one space for white space of any kind.
  static func plain(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
