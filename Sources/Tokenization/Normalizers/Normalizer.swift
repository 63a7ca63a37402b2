/// A step that changes the text before it is divided.
protocol Normalizer: TextStep {
  /// Changes the text.
  func normalize(_ text: inout NormalizedText)
}

/// Several steps, one after the other.
struct NormalizerSequence: Normalizer, TextStepSequence {
  var steps: [any Normalizer]

  func normalize(_ text: inout NormalizedText) {
    for step in steps { step.normalize(&text) }
  }
}
