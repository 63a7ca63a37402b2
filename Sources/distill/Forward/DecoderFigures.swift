#if Run
  import DPO
  import Foundation
  import ImageDecoding
  import LoRA
  import Layers
  import StudentModels
  import TeacherProtocol
  import Tensor

  /// Computes the figures of a decoder, with its images or without.
  struct DecoderFigures<Model: PretrainedStudent> {
    let student: Model
    /// What was loaded; nil for the model alone.
    let adapter: LoRAConfiguration?
    /// Where images lie that are named by relative paths.
    let root: URL
    let beta: Float
    let greedyTokens: Int

    /// Log-probabilities of a completion's tokens, [tokens], with the logits that they come from.
    private func scores(_ model: Model, _ sequence: Sequence) -> (values: Tensor, logits: Tensor) {
      let logits = model.logits(of: sequence.ids, images: sequence.images)
      let (rows, vocabulary) = (sequence.ids.count, logits.shape[1])
      let places = (sequence.start..<rows).map { ($0 - 1) * vocabulary + sequence.ids[$0] }
      let table = logits.logSoftmax().reshaped([rows * vocabulary, 1])
      return (table.gathered(places).reshaped([places.count]), logits)
    }

    private struct Sequence {
      var ids: [Int]
      var images: [PromptImage]
      /// The first token of the completion.
      var start: Int
    }

    func figures(of item: ForwardItem, number: Int) throws -> FiguresFile {
      let prompt = try ForwardItem.need(item.prompt, "prompt", item: number)
      let chosenText = try ForwardItem.need(item.chosen, "chosen", item: number)
      let rejectedText = try ForwardItem.need(item.rejected, "rejected", item: number)
      // Families that read text alone leave images out.
      let pictures = try student.tower == nil ? [] : (item.images ?? []).map(picture)
      let places = student.tower == nil ? [] : try prompt.places(of: pictures.count, item: number)
      let images = try pictures.map(student.image)
      func ids(_ answer: String?) throws -> [Int] {
        let messages = student.messages(question: prompt.text, imagesAt: places, answer: answer)
        return try student.ids(
          of: student.rendered(messages, addingGenerationPrompt: answer == nil), images: images)
      }
      let head = try ids(nil)
      let (chosenIDs, rejectedIDs) = (try ids(chosenText), try ids(rejectedText))
      let start = zip(head, chosenIDs).prefix { $0 == $1 }.count
      guard start > 0, start < min(chosenIDs.count, rejectedIDs.count) else {
        throw FolderProblem("item \(number + 1): nothing is left of an answer after the prompt's \(start) tokens")
      }
      let chosen = Sequence(ids: chosenIDs, images: images, start: start)
      let rejected = Sequence(ids: rejectedIDs, images: images, start: start)

      var file = FiguresFile()
      file.numbers = [
        "prompt_ids": .ids(head), "chosen_ids": .ids(chosenIDs), "rejected_ids": .ids(rejectedIDs),
        "completion_start": .whole(start),
      ]
      file.tensors = try student.processorTensors(pictures)
      let base = student.withoutAdapters { base in
        (chosen: scores(base, chosen), rejected: scores(base, rejected).values)
      }
      file.tensors["base_logits"] = base.chosen.logits
      try file.demandNumbers("base_logits", of: student)
      try addTraining(&file, chosen, rejected, reference: (base.chosen.values, base.rejected))
      file.numbers["greedy"] = .ids(
        student.withoutAdapters { $0.greedyTokens(after: head, images: images, count: greedyTokens) })
      return file
    }

    /// Losses and their gradients.
    private func addTraining(
      _ file: inout FiguresFile, _ chosen: Sequence, _ rejected: Sequence, reference: (chosen: Tensor, rejected: Tensor)
    ) throws {
      let adapted = scores(student, chosen)
      if let adapter {
        file.tensors["adapter_logits"] = adapted.logits
        let gradients = student.valueAndGradients { -scores($0, chosen).values.mean() }.gradients
        file.add(gradients, of: adapter, prefix: "sft_grad.")
      }
      file.numbers["sft_loss"] = .number(Double(-adapted.values.mean().scalar))
      let pairs = { (model: Model) in
        PreferencePairs(
          chosen: scores(model, chosen).values.sum().reshaped([1]),
          rejected: scores(model, rejected).values.sum().reshaped([1]),
          referenceChosen: reference.chosen.sum().reshaped([1]),
          referenceRejected: reference.rejected.sum().reshaped([1]),
          chosenLengths: [chosen.ids.count - chosen.start], rejectedLengths: [rejected.ids.count - rejected.start])
      }
      let measured = pairs(student)
      file.numbers["logps"] = .table([
        "chosen": Double(measured.chosen.scalar), "rejected": Double(measured.rejected.scalar),
        "ref_chosen": Double(measured.referenceChosen.scalar),
        "ref_rejected": Double(measured.referenceRejected.scalar),
      ])
      let losses = StandardPreferenceLoss.named(beta: beta)
      file.numbers["dpo_losses"] = .table(losses.mapValues { Double($0(measured).scalar) })
      guard let adapter else { return }
      let gradients = student.valueAndGradients { StandardPreferenceLoss.sigmoid(beta: beta)(pairs($0)).sum() }
        .gradients
      file.add(gradients, of: adapter, prefix: "dpo_grad.")
    }

    private func picture(_ path: String) throws -> RGBImage {
      try ImageDecoder(options: .stored).decode(contentsOf: ImageReference.url(of: path, in: root).path)
    }
  }

  extension StandardPreferenceLoss {
    /// The losses of TRL by their names there, smoothing 0.1 where there is any.
    static func named(beta: Float) -> [String: StandardPreferenceLoss] {
      [
        "sigmoid": .sigmoid(beta: beta), "hinge": .hinge(beta: beta), "ipo": .ipo(beta: beta),
        "robust": .robust(beta: beta, smoothing: 0.1), "exo_pair": .exoPair(beta: beta, smoothing: 0.1),
        "nca_pair": .ncaPair(beta: beta), "bco_pair": .bcoPair(beta: beta), "sppo_hard": .sppoHard(beta: beta),
        "apo_zero": .apoZero(beta: beta), "apo_down": .apoDown(beta: beta), "sigmoid_norm": .sigmoidNorm(beta: beta),
        "cdpo": .conservative(beta: beta, smoothing: 0.1),
      ]
    }
  }
#endif
