#if Run
  import ArgumentParser
  import Foundation
  import Layers
  import Tensor

  extension BenchJob: ExpressibleByArgument {}

  struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Time one step of training, scoring or generating on a model folder.",
      discussion: """
        Prints one JSON line: the median and the minimum of the counted steps in seconds, with everything kept that a \
        second epoch finds (image features, reference scores) and, as cold_seconds_median, with nothing kept; the time to \
        load and to the end of the first step; the largest resident memory; and the share of the machine's measured peak \
        that the needed arithmetic reaches. Tokens and pixels are random: arithmetic does not depend on them.

        Jobs:
          vision    one image through the vision tower
          sft       Stage 1: one prompt with an image and one answer a teacher, LoRA of rank 16 on the language model
          dpo       Stage 2: one prompt with a chosen and a rejected answer
          generate  a prompt and as many greedy tokens as an answer has
          score     how probable a few answers are after each of several prompts of text
          encoder   a batch of texts through a text classifier or a token tagger, LoRA or the whole model

        Encoders meet texts of many lengths: --lengths takes a list. Benchmarks/side_by_side.py has two of 32, the middles of \
        32 equal shares of real ones: sentences of reports (17 to 329 tokens) and patent abstracts (55 to 332).

        Examples:

          distill bench --model models/SmolVLM-256M-Instruct --job sft --dtype bfloat16
          distill bench --model models/SmolVLM-256M-Instruct --job score --shared 1024 --prompt 64 --answer 2
          distill bench --model models/minilm --job encoder --full --lengths 17,36,53,76,110,329
        """)

    @Option(help: ArgumentHelp("The model's folder or GGUF file.", valueName: "path"), completion: .file())
    var model: String

    @Option(help: "What is timed: \(BenchJob.allCases.map(\.rawValue).joined(separator: ", ")).")
    var job: BenchJob

    @Option(help: "How frozen matrices are kept and multiplied: float32, bfloat16 or int8.")
    var dtype = WeightFormat.float32

    @Option(help: "Tiles of the image. SmolVLM folders alone take more than one.")
    var tiles = 1

    @Option(help: "Text tokens of a prompt, or of an encoder's text.")
    var prompt = 128

    @Option(help: "Tokens of an answer.")
    var answer = 64

    @Option(help: "Answers to a prompt in Stage 1 and in scoring.")
    var teachers = 3

    @Option(help: "Texts of an encoder's step; prompts of a step of scoring.")
    var batch = 32

    @Option(help: "Tokens with which all prompts of a step of scoring begin, before --prompt of their own.")
    var shared = 0

    @Flag(help: "Train an encoder as a whole and not by LoRA.")
    var full = false

    @Option(
      help: ArgumentHelp("Tokens of an encoder's texts in turn, in place of --prompt.", valueName: "n,n,..."),
      transform: { text in
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
          guard let count = Int(part), (1...100_000).contains(count) else {
            throw ValidationError("--lengths: expected numbers from 1 to 100000 between commas, found \"\(part)\".")
          }
          return count
        }
      })
    var lengths: [Int] = []

    @Flag(help: "Train an encoder to tag tokens and not to classify texts.")
    var tagger = false

    @Flag(help: "Generate and score without an adapter, as after merging it.")
    var merged = false

    @Flag(help: "Compute activations again for the gradient in place of keeping them (gradient checkpointing).")
    var checkpointing = false

    @Option(help: "Steps that count, after one that does not; 0 counts that one, in which nothing is kept, alone.")
    var steps = 3

    @Option(help: ArgumentHelp("Threads of arithmetic. (default: the number of cores)", valueName: "n"))
    var threads: Int?

    @Option(
      help: ArgumentHelp(
        "Write what each task of one more step takes, on one thread, for Benchmarks/many_cores.py.", valueName: "file"),
      completion: .file())
    var taskTimes: String?

    func validate() throws {
      for (name, value) in [
        ("tiles", tiles), ("prompt", prompt), ("answer", answer), ("teachers", teachers), ("batch", batch),
        ("threads", threads ?? 1),
      ] where !(1...100_000).contains(value) {
        throw ValidationError("--\(name) \(value): expected 1 to 100000.")
      }
      guard (0...100_000).contains(shared), shared == 0 || job == .score else {
        throw ValidationError("--shared \(shared): expected 0 to 100000, and 0 in every job but score.")
      }
      guard job == .encoder || lengths.isEmpty && !tagger else {
        throw ValidationError("--lengths and --tagger: for the job encoder; leave them out in \(job.rawValue).")
      }
      let fewest = job == .encoder ? 1 : 0
      guard (fewest...100_000).contains(steps) else {
        throw ValidationError("--steps \(steps): expected \(fewest) to 100000.")
      }
      guard !merged || [.generate, .score, .vision].contains(job) else {
        throw ValidationError("--merged: \(job.rawValue) trains an adapter; leave the flag out.")
      }
      guard job != .generate || answer > 1 else {
        throw ValidationError("--answer 1: generating needs 2 tokens or more.")
      }
    }

    func run() throws {
      if let threads { Tensor.Compute.threads = threads }
      var sizes = BenchSizes()
      (sizes.tiles, sizes.prompt, sizes.answer, sizes.teachers) = (tiles, prompt, answer, teachers)
      (sizes.batch, sizes.shared, sizes.full, sizes.steps) = (batch, shared, full, steps)
      (sizes.lengths, sizes.tags) = (lengths, tagger)
      (sizes.checkpointing, sizes.adapter, sizes.taskTimes) = (checkpointing, !merged, taskTimes)
      let bench = BenchRun(
        model: URL(filePath: model), job: job, precision: dtype, sizes: sizes)
      try Output.write(bench.measure().line())
    }
  }
#endif
