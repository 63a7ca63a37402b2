#if Run
  import ArgumentParser
  import Distillation
  import Foundation
  import Layers
  import StudentModels
  import StudentServer
  import TeacherProtocol
  import Tensor

  struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Serve a model on this machine as OpenAI's chat completions, and to clients that ask typed questions.",
      discussion: """
        POST /v1/chat/completions takes texts and images (data URLs), temperature, top_p, max_tokens, stop, n, seed, \
        logprobs, stream, and response_format with a JSON schema, to which answers are held token by token. What is not \
        supported is refused. POST /v1/systemone and POST /v1/decisions take a state and typed questions about it, and answer with a probability for every option. GET /v1/models names the model and the question that a run's student learned. Only this machine can reach it, and no page of another \
        origin. Answers to requests that come together are written side by side, each as it would be alone. A tokenizer in the adapter's folder takes the place of the model's.

        With --run the student of a run is served, with its adapter. A request whose one turn is a JSON object of an item's fields, its images beside it, becomes the run's own question, and the answer is one of the run's labels; with response_format text it is the student's own words. A typed question of the name that 'distill inspect RUN' gives is the \
        run's own, too: its state is an item's fields, and its probabilities are those of distill predict. The encoder of a run with 'method: dualchecker', and a \
        student that compares photos with texts, answer that question alone, and write no text.

        With a token each request must bear 'Authorization: Bearer TOKEN'. It is best given by --token-file or by DISTILL_SERVE_TOKEN in the environment: other users of this machine can read a command line.

        Examples:

          distill serve --run runs/news --token-file ~/.config/distill-token
          distill serve --model models/smolvlm --adapter runs/news/stage2
          curl localhost:8000/v1/chat/completions -d '{"model": "smolvlm", "messages": [{"role": "user", "content": "Hi"}]}'

        A run can have it as a teacher: kind openai, base_url http://127.0.0.1:8000/v1.
        """)

    @Option(
      help: ArgumentHelp("The model's folder or GGUF file. Give one of this and --run.", valueName: "path"),
      completion: .file()
    )
    var model: String?

    @Option(
      name: .customLong("run"),
      help: ArgumentHelp("The folder of a run whose student is served.", valueName: "folder"), completion: .directory)
    var runFolder: String?

    @Option(
      help: ArgumentHelp("The folder of a PEFT adapter; several are added up.", valueName: "folder"),
      completion: .directory)
    var adapter: [String] = []

    @Option(
      help: ArgumentHelp(
        "Form of the model's own weights: float32, bfloat16 or int8. (default: float32, or as the run has it)",
        valueName: "type"))
    var dtype: WeightFormat?

    @Option(help: ArgumentHelp("What each request must bear as a bearer token.", valueName: "text"))
    var token: String?

    @Option(
      help: ArgumentHelp("A file whose first line is the token.", valueName: "file"), completion: .file())
    var tokenFile: String?

    @OptionGroup var set: SetOptions

    @Option(help: ArgumentHelp("The port; 0 for any that is free.", valueName: "n"))
    var port = 8000

    @Option(
      help: ArgumentHelp(
        "The model's name in requests. (default: the name of the model's or the run's folder)", valueName: "name"))
    var name: String?

    @Option(
      name: .customLong("max-tokens"),
      help: ArgumentHelp("Most tokens of an answer where a request names no number.", valueName: "n"))
    var maximumTokens = StudentServer.Options().maximumTokens

    @Option(help: ArgumentHelp("Most answers that are written at one time; further requests wait.", valueName: "n"))
    var atOnce = StudentServer.Options().answersAtOnce

    @Option(
      help: ArgumentHelp(
        "Most MiB of keys and values of the answers that are written at one time; one always is.", valueName: "MiB"))
    var cache = StudentServer.Options().cacheBytes >> 20

    @Option(
      help: ArgumentHelp(
        "Most MiB of keys and values of what typed questions' prompts began with, kept for the next; 0 keeps none.",
        valueName: "MiB"))
    var keep = StudentServer.Options().keptBytes >> 20

    @Option(help: ArgumentHelp("Threads of arithmetic. (default: every core that the process may use)", valueName: "n"))
    var threads: Int?

    func validate() throws {
      guard (model == nil) != (runFolder == nil) else {
        throw ValidationError("Give one of --model with a model's folder and --run with a run's.")
      }
      guard runFolder == nil || adapter.isEmpty else {
        throw ValidationError("--adapter belongs to --model; a run has its own.")
      }
      guard runFolder != nil || set.texts.isEmpty else { throw ValidationError("--set belongs to --run.") }
      guard token == nil || tokenFile == nil else { throw ValidationError("Give one of --token and --token-file.") }
      guard (0...65535).contains(port) else { throw ValidationError("--port must be 0 to 65535, not \(port).") }
      guard maximumTokens > 0 else { throw ValidationError("--max-tokens must be at least 1, not \(maximumTokens).") }
      guard atOnce > 0 else { throw ValidationError("--at-once must be at least 1, not \(atOnce).") }
      guard (1...(1 << 30)).contains(cache) else {
        throw ValidationError("--cache must be 1 to \(1 << 30) MiB, not \(cache).")
      }
      guard (0...(1 << 30)).contains(keep) else {
        throw ValidationError("--keep must be 0 to \(1 << 30) MiB, not \(keep).")
      }
      guard threads ?? 1 > 0 else { throw ValidationError("--threads must be at least 1, not \(threads ?? 0).") }
    }

    func run() async throws {
      if let threads { Tensor.Compute.threads = threads }
      var options = StudentServer.Options()
      options.maximumTokens = maximumTokens
      options.answersAtOnce = atOnce
      options.cacheBytes = cache << 20
      options.keptBytes = keep << 20
      options.token = try bearer()
      let folder = URL(filePath: model ?? runFolder ?? "")
      var student: (any PretrainedStudent)?
      if runFolder != nil {
        let (learned, served): (LearnedQuestion, ServedStudent)
        if DistillationMethod.named(in: folder.appending(path: "config.yaml")) == .dualChecker {
          let run = try DualCheckerRun.opening(folder, setting: set.settings())
          (learned, served) = try (run.learnedQuestion(), run.servedStudent(in: dtype))
        } else {
          let run = try DistillationRun.opening(folder, setting: set.settings(), plugins: .command())
          (learned, served) = try (run.learnedQuestion(), run.servedStudent(in: dtype))
        }
        options.trained = TrainedQuestion(learned)
        switch served {
        case .model(let model): student = model
        case .classifier(let classifier):
          guard dtype == nil else {
            throw ValidationError("--dtype is for language models; this run's student is none, and stays in Float32.")
          }
          options.trained?.classifier = classifier
        }
        if student != nil {
          options.task = ServedTask(
            prompt: learned.prompt, labels: learned.labels, imageSlots: learned.mapping.imageSlots,
            columns: learned.mapping.textColumns, fixed: learned.fixed)
        }
      } else {
        options.decisions = try DecisionSettings(contentsOf: folder)
        let own = options.decisions.adapter.map { [$0] } ?? []
        let base = try StudentFamily.student(contentsOf: folder)
        try base.refuseNonFiniteWeights(of: folder)
        student = try adapted(
          base, with: adapter.isEmpty ? own : adapter.map { URL(filePath: $0) })
      }
      let name = name ?? folder.resolvingSymlinksInPath().lastPathComponent
      let server =
        student.map { StudentServer($0, name: name, options: options) }
        ?? StudentServer(classifierNamed: name, options: options)
      try await Ending.bySignal { [port, options] in
        try await server.run(port: port) { port in
          Output.error("\(name) at http://127.0.0.1:\(port)/v1 (control-C ends it)")
          if let task = options.task {
            let command = task.command(to: name, port: port, needsToken: options.token != nil)
            Output.error("it is asked so, with an item's own values: \(command)")
          } else if let trained = options.trained {
            let command = trained.command(to: name, port: port, needsToken: options.token != nil)
            Output.error("it is asked so, with an item's own values: \(command)")
          }
        }
      }
    }

    /// The token, from wherever it is given.
    private func bearer() throws -> String? {
      var given = token ?? ProcessInfo.processInfo.environment["DISTILL_SERVE_TOKEN"]
      if let tokenFile {
        // A pipe serves too: --token-file <(pass show distill).
        guard let bytes = try? FileHandle(forReadingFrom: URL(filePath: tokenFile)).read(upToCount: 4097),
          bytes.count <= 4096
        else { throw ValidationError("--token-file \(tokenFile) gives no token; expected one line with it.") }
        given =
          String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first.map {
            $0.trimmingCharacters(in: .whitespaces)
          } ?? ""
      }
      guard let given else { return nil }
      guard !given.isEmpty, given.utf8.allSatisfy({ (33...126).contains($0) }) else {
        throw ValidationError("The token must be of visible ASCII characters without spaces, at least one.")
      }
      return given
    }

    private func adapted<Model: PretrainedStudent>(
      _ student: Model, with folders: [URL]
    ) throws -> any PretrainedStudent {
      var student = student
      if let dtype {
        student.freeze()
        student.convertFrozenWeights(to: dtype)
      }
      try student.loadAdapters(from: folders)
      for folder in folders {
        student.promptBeginning = try DistillationRun.promptBeginning(ofAdapter: folder) ?? student.promptBeginning
        try student.setThinking(DistillationRun.thinking(ofAdapter: folder) ?? student.thinking)
      }
      return student
    }
  }
#endif
