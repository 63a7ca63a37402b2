/// Faults of reading, writing and asking a student.
public enum StudentError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A file of a model folder that can't be used: its path, what was expected, what was found.
  case unusableFile(String, expected: String, found: String)
  /// A folder of a model family that is not read here.
  case unknownFamily(String, found: String, known: [String])
  /// A token that the model needs and the tokenizer lacks.
  case missingToken(String, folder: String)
  /// A question or answer without text.
  case empty(String)
  /// Text that spells one of the model's own tokens.
  case reservedToken(String)
  /// A token that a text has and the model's embedding table has no row for: its number, and the rows.
  case tokenWithoutRow(String, number: Int, rows: Int)
  /// An image for a model that reads text alone.
  case readsNoImages
  /// An image of a shape that the model can't take, and why.
  case unusableImage(String)
  /// A prompt that has a place for more or fewer images than there are.
  case imageCount(expected: Int, found: Int)
  /// Two labels whose answer words are the same tokens to the model.
  case labelsAlike(String, String)
  /// A class that a model does not have.
  case unknownLabel(String, known: [String])
  /// A prompt with its longest answer that is longer than the model takes. Nothing is ever cut.
  case tooLong(tokens: Int, limit: Int, imageTokens: Int)

  /// The fault, its place, and the remedy.
  public var description: String {
    switch self {
    case .unusableFile(let path, let expected, let found): "\(path): expected \(expected), found \(found)"
    case .unknownFamily(let path, ImageTextMatcherConfiguration.modelType, _):
      "\(path): compares photos with texts and writes nothing; predict, evaluate and serve of its run ask it, its sentence model "
        + "lies in sentence_model, and what needs a student that writes takes another"
    case .unknownFamily(let path, let found, let known):
      "\(path): the model type \"\(found)\" is not read here; known: \(known.joined(separator: ", "))"
    case .missingToken(let token, let folder):
      "\(folder): the tokenizer has no token \"\(token)\", which this model's prompts need"
    case .empty(let what): "the \(what) is empty: there would be nothing to train on or to ask"
    case .reservedToken(let token):
      "the text holds \(token), which this model reads as a token of its own; remove or rewrite it"
    case .tokenWithoutRow(let token, let number, let rows):
      "the text has the token \(token), number \(number) of the tokenizer, and the model's table has \(rows) rows; "
        + "remove or rewrite it, or take a model whose embeddings were resized for it"
    case .readsNoImages: "this model reads text alone and can't take an image; take one that does, or leave images out"
    case .unusableImage(let reason): reason
    case .imageCount(let expected, let found):
      "the prompt has \(found) places for \(expected) images; give each image one image token"
    case .labelsAlike(let first, let second):
      "the answers \"\(first)\" and \"\(second)\" are the same tokens to this model, which can't tell them apart; "
        + "word one of them otherwise"
    case .unknownLabel(let label, let known):
      "the model has no class \(label); it has \(known.joined(separator: ", "))"
    case .tooLong(let tokens, let limit, let imageTokens):
      "\(tokens) tokens (\(imageTokens) of them for images) are more than the \(limit) that the model takes; "
        + "shorten the text, use fewer or smaller images, or raise the limit"
    }
  }
}
