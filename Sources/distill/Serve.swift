#if Run
  import ArgumentParser
  import Distillation
  import Foundation
  import StudentModels
  import StudentServer
  import Tensor

  struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Serve a model on this machine as OpenAI's chat completions.",
      discussion: """
        POST /v1/chat/completions takes texts and images (data URLs), temperature, top_p, max_tokens, stop, n, seed, \
        logprobs, stream, and response_format with a JSON schema, to which answers are held token by token. What is not \
        supported is refused. GET /v1/models names the model. Only this machine can reach it, and no page of another \
        origin. Requests are answered one after the other. A tokenizer in the adapter's folder takes the place of the model's.

        Examples:

          distill serve --model models/smolvlm --adapter runs/news/stage2
          curl localhost:8000/v1/chat/completions -d '{"model": "smolvlm", "messages": [{"role": "user", "content": "Hi"}]}'

        A run can have it as a teacher: kind openai, base_url http://127.0.0.1:8000/v1.
        """)

    @Option(help: ArgumentHelp("The model's folder.", valueName: "folder"), completion: .directory)
    var model: String

    @Option(
      help: ArgumentHelp("The folder of a PEFT adapter; several are added up.", valueName: "folder"),
      completion: .directory)
    var adapter: [String] = []

    @Option(help: ArgumentHelp("The port; 0 for any that is free.", valueName: "n"))
    var port = 8000

    @Option(help: ArgumentHelp("The model's name in requests. (default: the model folder's)", valueName: "name"))
    var name: String?

    @Option(
      name: .customLong("max-tokens"),
      help: ArgumentHelp("Most tokens of an answer where a request names no number.", valueName: "n"))
    var maximumTokens = 512

    @Option(help: ArgumentHelp("Threads of arithmetic. (default: every core)", valueName: "n"))
    var threads: Int?

    func validate() throws {
      guard (0...65535).contains(port) else { throw ValidationError("--port must be 0 to 65535, not \(port).") }
      guard maximumTokens > 0 else { throw ValidationError("--max-tokens must be at least 1, not \(maximumTokens).") }
      guard threads ?? 1 > 0 else { throw ValidationError("--threads must be at least 1, not \(threads ?? 0).") }
    }

    func run() async throws {
      if let threads { Tensor.Compute.threads = threads }
      let folder = URL(filePath: model)
      let student = try adapted(StudentFamily.student(contentsOf: folder))
      var options = StudentServer.Options()
      options.maximumTokens = maximumTokens
      let name = name ?? folder.resolvingSymlinksInPath().lastPathComponent
      try await StudentServer(student, name: name, options: options).run(port: port) { port in
        Output.error("\(name) at http://127.0.0.1:\(port)/v1 (control-C ends it)")
      }
    }

    private func adapted<Model: PretrainedStudent>(_ student: Model) throws -> any PretrainedStudent {
      var student = student
      let folders = adapter.map { URL(filePath: $0) }
      try student.loadAdapters(from: folders)
      for folder in folders {
        student.promptBeginning = try DistillationRun.promptBeginning(ofAdapter: folder) ?? student.promptBeginning
      }
      return student
    }
  }
#endif
