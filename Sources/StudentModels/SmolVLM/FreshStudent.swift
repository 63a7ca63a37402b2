public import Tensor

/// Students with random weights, for training from nothing and for measurements.
///
/// ```swift
/// var generator = Tensor.Generator(seed: 1)
/// let student = try FreshStudent.smolVLM(hiddenSize: 96, textsForTokenizer: captions, using: &generator)
/// ```
public enum FreshStudent {
  /// A small SmolVLM whose tokenizer is trained on `texts`; photos are 64 x 64 pixels.
  ///
  /// - Parameters:
  ///   - hiddenSize: the decoder's width, a multiple of 8. The default is 128.
  ///   - intermediateSize: the decoder's inner width. The default is 256.
  ///   - vocabularySize: the most tokens, special ones and bytes included. The default is 1024.
  ///   - texts: what the tokenizer is trained on.
  /// - Throws: ``StudentError`` or the tokenizer's error, where the sizes fit no model.
  public static func smolVLM(
    hiddenSize: Int = 128, intermediateSize: Int = 256, vocabularySize: Int = 1024,
    textsForTokenizer texts: [String], using generator: inout Tensor.Generator
  ) throws -> any PretrainedStudent {
    var sizes = SmolVLM.FreshSizes()
    sizes.hiddenSize = hiddenSize
    sizes.intermediateSize = intermediateSize
    sizes.vocabularySize = vocabularySize
    return try SmolVLM(sizes, textsForTokenizer: texts, using: &generator)
  }
}
