package import JSON

/// A student whose prompts a chat template of its folder writes.
package protocol TemplatedStudent: PretrainedStudent {
  /// The student whose template has these variables besides those of its folder, such as `enable_thinking`.
  ///
  /// - Parameter variables: those that the template reads nowhere change nothing, as in transformers.
  /// - Throws: `TokenizerError` where the template refuses them; ``StudentError/unusableFile(_:expected:found:)`` where it does not
  ///   let answers follow its prompts then.
  func telling(_ variables: [JSONValue.Member]) throws -> Self
}
