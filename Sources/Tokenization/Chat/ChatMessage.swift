package import JSON

/// One turn of a conversation, as chat templates see it.
public struct ChatMessage: Sendable, Equatable {
  /// A part of a turn.
  package enum Part: Sendable, Equatable {
    /// Some text.
    case text(String)
    /// The place of an image.
    case image

    var json: JSONValue {
      switch self {
      case .text(let text): ["type": "text", "text": .string(text)]
      case .image: ["type": "image"]
      }
    }
  }

  /// The content of a turn.
  package enum Content: Sendable, Equatable {
    /// A plain text.
    case text(String)
    /// Texts and images in order, the form that vision-language templates expect.
    case parts([Part])
  }

  /// Who speaks: "system", "user" or "assistant".
  package var role: String
  /// What is said.
  package var content: Content

  package init(role: String, content: Content) {
    self.role = role
    self.content = content
  }

  /// A turn of the user in plain text.
  package static func user(_ text: String) -> ChatMessage { ChatMessage(role: "user", content: .text(text)) }
  /// A turn of the user in parts.
  package static func user(_ parts: [Part]) -> ChatMessage { ChatMessage(role: "user", content: .parts(parts)) }
  /// A turn of the assistant in plain text.
  package static func assistant(_ text: String) -> ChatMessage { ChatMessage(role: "assistant", content: .text(text)) }
  /// A turn of the assistant in parts.
  package static func assistant(_ parts: [Part]) -> ChatMessage {
    ChatMessage(role: "assistant", content: .parts(parts))
  }
  /// The system's instructions in plain text.
  package static func system(_ text: String) -> ChatMessage { ChatMessage(role: "system", content: .text(text)) }
  /// The system's instructions in parts.
  package static func system(_ parts: [Part]) -> ChatMessage { ChatMessage(role: "system", content: .parts(parts)) }

  /// The turn as the variable that templates see.
  package var json: JSONValue {
    switch content {
    case .text(let text): ["role": .string(role), "content": .string(text)]
    case .parts(let parts): ["role": .string(role), "content": .array(parts.map(\.json))]
    }
  }
}
