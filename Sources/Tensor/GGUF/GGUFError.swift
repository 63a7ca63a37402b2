extension Tensor {
  /// Faults of a GGUF file.
  ///
  /// Each case names the file and the field: a key, a tensor, or a part of the header.
  public enum GGUFError: Error, Sendable, Equatable {
    /// The file ends inside of a field.
    case truncated(file: String, field: String, expectedBytes: Int, foundBytes: Int)
    /// A field that cannot be, or is missing.
    case invalid(file: String, field: String, expected: String, found: String)
    /// A field that is sound and asks for what is not read or computed here.
    case unsupported(file: String, field: String, expected: String, found: String)
  }
}

extension Tensor.GGUFError: CustomStringConvertible {
  /// A message for the person who has the file.
  public var description: String {
    switch self {
    case .truncated(let file, let field, let expected, let found):
      "\(file): \(field): expected \(expected) bytes, found \(found) before the end. Copy or download the file again."
    case .invalid(let file, let field, let expected, let found):
      "\(file): \(field): expected \(expected), found \(found). The file is damaged or not a GGUF model: download it again."
    case .unsupported(let file, let field, let expected, let found):
      "\(file): \(field): expected \(expected), found \(found). Take the model in another form."
    }
  }
}
