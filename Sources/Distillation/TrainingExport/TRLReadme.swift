internal import DistillationConfiguration
internal import Layers

extension TRLScript {
  /// The folder's README.
  func readme(first: Int, second: Int?) -> String {
    let rows = isConversation ? "conversations" : "plain texts"
    let (one, two) = (configuration.stage1.training, configuration.stage2.training)
    let lora = configuration.student.lora
    let reference =
      switch configuration.stage2.reference {
      case .stage1Adapter: "the student as stage1 left it: the adapter in `stage1/adapter`, frozen (`stage1_adapter`)"
      case .base: "the base model without an adapter (`base`)"
      case .adapter: "the base model with the adapter in `reference/`, frozen"
      case .some(.none), nil: "none: its log-probabilities count as 0"
      }
    func training(_ t: TrainingConfiguration) -> String {
      "\(t.epochs) epochs of \(t.batch) items an update, AdamW (\(t.betas[0]), \(t.betas[1]), epsilon \(t.epsilon), decay "
        + "\(t.weightDecay)) at \(t.learningRate), \(t.schedule.rawValue) after \(t.warmup) of all updates, gradients to the norm "
        + "\(t.clip)"
    }
    let stage2 =
      second.map {
        """
        - **stage2**: \($0) items. \(training(two)). Loss \(configuration.stage2.loss.parts.map { "\($0.weight) x \($0.name.rawValue)" }.joined(separator: " + ")) with beta \
        \(configuration.stage2.beta), plus \(configuration.stage2.sftWeight) x the loss of stage1 on the chosen answers. The reference is
          \(reference). It goes on from `stage1/adapter`.
        """
      }
      ?? "- **stage2** is not written: the human labels are not there yet. Write the folder again with them; what is trained stays."
    return """
      # Training of a student by TRL \(Self.version)

      Written by `distill export-training`. The student is an adapter on `\(configuration.student.model ?? "")`.

          pip install trl==\(Self.version) peft pillow
          python train.py stage1
          python train.py stage2

      or `accelerate launch train.py stage1` on several GPUs; `python train.py --help` has the options (`--model` says where the base
      model lies there, `--dtype bfloat16` is what GPUs are fast in).

      ## What is trained

      - The adapter begins as the one in `start/` (rank \(lora.rank), alpha \(lora.alpha), dropout \(lora.dropout)), which the run would \
      begin with too.
      - **stage1**: \(first) items, of each the answers of the agreeing teachers. \(training(one)). The loss is the mean
        over all answer tokens of an update; prompts carry none.
      \(stage2)
      - No row has more than \(configuration.student.maximumTokens) tokens; none is cut.

      `STAGE/rows.jsonl` has \(rows) with TRL's columns (`prompt` and `completion`, or `prompt`, `chosen` and `rejected`, and \
      `images` where there are some, files of this folder); `item`, `example` and the numbers of tokens are for `train.py`, which \
      stops where TRL makes other tokens of a row than the run. `order.json` has the items of each epoch in the run's order.

      ## How to come back

      Copy `stage1/adapter` and `stage2/adapter` to where the run is, and name them in its configuration:

      ```yaml
      stage1: {adapter: training/stage1/adapter}
      stage2: {adapter: training/stage2/adapter}
      ```

      Then `distill run` takes them in place of training, and goes on with evaluation and report. It refuses an adapter of another base,
      rank, scale or set of layers. `evaluation.results: [teachers, majority, stage1, two_stage]` leaves out the results for which a
      student would be trained there.

      """
  }
}
