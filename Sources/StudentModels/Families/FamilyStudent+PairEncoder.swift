internal import LanguageModel
package import Layers
package import Tensor

extension FamilyStudent: PairEncoder {
  /// The mean of each image's feature rows as the decoder gets them.
  package func imageVectors(_ images: [PromptImage]) -> Tensor {
    let width = decoder.hiddenSize
    let features = model.features(ofPixels: images).map { $0.levels(width: width)[0] }
    return unit(means(of: Tensor.concatenated(features), counts: features.map { $0.shape[0] }))
  }

  /// The mean of each text's hidden rows after the last norm; texts don't see one another.
  package func textVectors(_ texts: [[Int]]) -> Tensor {
    let packed = PackedTrees(texts.map { AnswerTree(prompt: $0, images: [], answers: []) })
    let hidden = model.text(
      model.embedded(packed.tokens, images: []), positions: packed.positions, layout: packed.layout)
    return unit(means(of: model.text.normalized(hidden), counts: texts.map(\.count)))
  }
}

/// Means of runs of rows: [sum of counts, width] to [counts, width].
private func means(of rows: Tensor, counts: [Int]) -> Tensor {
  let total = rows.shape[0]
  let selector = Tensor(shape: [counts.count, total]) { out in
    out.update(repeating: 0)
    var at = 0
    for (run, count) in counts.enumerated() {
      for i in at..<(at + count) { out[run * total + i] = 1 / Float(count) }
      at += count
    }
  }
  return selector.matmul(rows)
}

/// Rows scaled to length 1.
private func unit(_ rows: Tensor) -> Tensor {
  rows / ((rows * rows).sum(along: 1, keepingAxis: true) + 1e-12).squareRoot()
}
