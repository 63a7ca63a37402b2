package import Tensor

/// Turns images and texts into vectors of one space, in which the members of a pair are near each other.
package protocol PairEncoder: Sendable {
  /// One vector of length 1 an image, [images, width]. Differentiable.
  func imageVectors(_ images: [PromptImage]) -> Tensor
  /// One vector of length 1 a text, given as tokens, [texts, width]. Differentiable.
  func textVectors(_ texts: [[Int]]) -> Tensor
}
