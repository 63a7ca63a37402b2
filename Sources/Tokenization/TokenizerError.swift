/// Faults of a tokenizer file, a chat template, or the values given to one.
///
/// Every case says where, what was expected and what came; ``description`` adds what to do. Caller bugs (an id that is
/// negative, say) trap instead.
public enum TokenizerError: Error, Sendable, Equatable {
  /// A file could not be read or written.
  case fileFailure(file: String, reason: String)
  /// A folder has no tokenizer.json, and its older files are of a kind that is not read without it.
  case onlyOlderFiles(folder: String, reason: String)
  /// The tokenizer of a Japanese BERT, whose words MeCab divides, can't be had: the program was built without the trait
  /// `MeCab`, the dictionary is missing, or the folder asks for words of another kind.
  case japaneseWords(folder: String, reason: String)
  /// A file isn't JSON (RFC 8259) at this byte.
  case invalidJSON(file: String, byte: Int, expected: String)
  /// A component type that this package does not know.
  case unknownComponent(file: String, kind: String, name: String)
  /// A field is absent or has another type or value than it must have.
  case invalidField(file: String, field: String, expected: String, found: String)
  /// A pattern that the regular expression reader does not understand.
  case invalidPattern(pattern: String, position: Int, reason: String)
  /// A chat template that uses something outside the supported part of Jinja.
  case unsupportedTemplate(line: Int, construct: String)
  /// A chat template that is not well formed.
  case invalidTemplate(line: Int, expected: String, found: String)
  /// A chat template that failed while rendering, for instance an operation on values of the wrong type.
  case templateFailure(line: Int, reason: String)
  /// A chat template called `raise_exception` with this message.
  case templateRaised(message: String)
  /// A chat template that passed a limit of `ChatTemplate/Limits`.
  case templateLimit(line: Int, limit: String)
  /// A vocabulary can't be trained as asked.
  case training(reason: String)
}

extension TokenizerError: CustomStringConvertible {
  /// The error in one sentence, with what to do about it.
  public var description: String {
    switch self {
    case .fileFailure(let file, let reason):
      return "\(file): \(open(reason)). Check that the path is right and may be read or written."
    case .onlyOlderFiles(let folder, let reason):
      return
        "\(folder): has no tokenizer.json, and \(open(reason)). Write one: python -c \"from transformers import "
        + "AutoTokenizer as T; T.from_pretrained('\(folder)').save_pretrained('\(folder)')\"."
    case .japaneseWords(let folder, let reason):
      return
        "\(folder): \(open(reason)). No tokenizer.json can say what it does; python -c \"from transformers import "
        + "AutoTokenizer as T; print(T.from_pretrained('\(folder)')('TEXT').input_ids)\" shows its ids."
    case .invalidJSON(let file, let byte, let expected):
      return
        "\(file): not JSON at byte \(byte), where \(expected) was expected. The file is damaged or cut off; fetch it anew."
    case .unknownComponent(let file, let kind, let name):
      return
        "\(file): the \(kind) \"\(name)\" is not known here. Tokenizing without it would give other ids than the model was "
        + "trained with; use a tokenizer of a supported kind."
    case .invalidField(let file, let field, let expected, let found):
      return "\(file): field \(field) must be \(expected), found \(open(found))."
    case .invalidPattern(let pattern, let position, let reason):
      return "pattern \(pattern.debugDescription) at character \(position): \(open(reason))."
    case .unsupportedTemplate(let line, let construct):
      return "chat template, line \(line): \(construct) is not supported. Give the template without it."
    case .invalidTemplate(let line, let expected, let found):
      return "chat template, line \(line): expected \(expected), found \(open(found))."
    case .templateFailure(let line, let reason):
      return "chat template, line \(line): \(open(reason))."
    case .templateRaised(let message):
      return "the chat template refuses this conversation: \(message)"
    case .templateLimit(let line, let limit):
      return "chat template, line \(line): more than \(limit). Raise the limit if the template is trusted."
    case .training(let reason):
      return "the vocabulary can't be trained: \(open(reason))."
    }
  }
}

/// A sentence without the full stop at its end, to stand within another one.
private func open(_ sentence: String) -> Substring {
  var rest = sentence[...]
  while rest.last == "." { rest.removeLast() }
  return rest
}
