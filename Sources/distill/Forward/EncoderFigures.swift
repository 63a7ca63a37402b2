#if Run
  import Foundation
  import LoRA
  import Layers
  import StudentModels
  import Tensor
  import Tokenization

  /// Computes the figures of an encoder's heads and of a folder's vectors.
  enum EncoderFigures {
    /// A classifier's: logits with and without the adapter, the loss and its gradients.
    static func figures(
      of item: ForwardItem, number: Int, classifier: TextClassifier, adapter: LoRAConfiguration?
    ) throws -> FiguresFile {
      let text = try ForwardItem.need(item.text, "text", item: number)
      let label = try ForwardItem.need(item.label, "label", item: number)
      guard classifier.labels.indices.contains(label) else {
        throw FolderProblem(
          "item \(number + 1): the label \(label) is none of the model's classes 0 to \(classifier.labels.count - 1)")
      }
      let encoding = try classifier.encoding(of: text)
      var file = FiguresFile()
      file.numbers = ["input_ids": .ids(encoding.ids), "offsets": .ranges(encoding.offsets)]
      file.tensors["logits"] = classifier.logits([encoding])
      file.tensors["base_logits"] = classifier.withoutAdapters { $0.logits([encoding]) }
      try file.demandNumbers("base_logits", of: classifier)
      guard let adapter else {
        file.numbers["loss"] = .number(Double(classifier.loss([encoding], classes: [label]).scalar))
        return file
      }
      let (loss, gradients) = classifier.valueAndGradients { $0.loss([encoding], classes: [label]) }
      file.numbers["loss"] = .number(Double(loss.scalar))
      file.add(gradients, of: adapter, prefix: "grad.")
      return file
    }

    /// The unit vector of a text.
    static func figures(of item: ForwardItem, number: Int, embedder: SentenceEmbedder) throws -> FiguresFile {
      let text = try ForwardItem.need(item.text, "text", item: number)
      var file = FiguresFile()
      file.numbers = ["input_ids": .ids(try embedder.encoding(of: text).ids)]
      let vector = try embedder.vectors(for: [text])[0]
      file.tensors["embedding.logits"] = Tensor(vector, shape: [vector.count])
      return file
    }

    /// A tagger's logits, [1, tokens, classes].
    static func figures(of item: ForwardItem, number: Int, tagger: TokenTagger) throws -> FiguresFile {
      let encoding = try tagger.encoding(of: try ForwardItem.need(item.text, "text", item: number))
      var file = FiguresFile()
      file.numbers = ["input_ids": .ids(encoding.ids), "offsets": .ranges(encoding.offsets)]
      let logits = tagger.logits([encoding])
      file.tensors["logits"] = logits.reshaped([1] + logits.shape)
      return file
    }
  }
#endif
