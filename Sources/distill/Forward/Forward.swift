#if Run
  import ArgumentParser
  import Foundation

  struct Forward: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write what a model computes for some items: tokens, pixels, logits, losses, gradients.",
      discussion: """
        For each item of a decoder a file NUMBER.json (token ids, where the answer begins, losses, a greedy continuation) \
        and a file NUMBER.safetensors (pixel inputs, logits with and without the adapter, gradients at the adapter's \
        parameters under PEFT's names). An encoder's files are called sequence-NUMBER and token-NUMBER, those of a folder of \
        sentence-transformers sentence-NUMBER, with the unit vector of the text after the folder's prompt "query". All in \
        Float32. \
        Images are read as they are stored, without orientation and alpha; those of typed questions are upright. \
        What comes out can be held against any other implementation of the same model.

        A line of the items, for a decoder and for an encoder:

          {"images": ["a.jpg"], "prompt": "Is it so?", "chosen": "No.", "rejected": "Yes."}
          {"text": "It is not so.", "label": 1}

        A line may be a request of typed questions in System One's form instead, whose assets are paths of images: then \
        NUMBER.json has the prompts' token ids and the answers, NUMBER.safetensors the logits of the labels.

          {"state": "It rains.", "questions": {"wet": {"type": "noul", "instructions": "Is it wet?"}}}

        A prompt may be a list of parts, which says where images stand: [{"type": "text", "text": "Is "}, {"type": \
        "image"}, {"type": "text", "text": " this?"}].

        Example:

          distill forward --model models/smolvlm --adapter runs/news/stage2 --items items.jsonl --out figures
        """)

    @Option(help: ArgumentHelp("The model's folder or GGUF file.", valueName: "path"), completion: .file())
    var model: String

    @Option(
      help: ArgumentHelp("The folder of a PEFT adapter. (default: the model alone)", valueName: "folder"),
      completion: .directory)
    var adapter: String?

    @Option(help: ArgumentHelp("The items: JSON Lines.", valueName: "file"), completion: .file())
    var items: String

    @Option(name: .shortAndLong, help: ArgumentHelp("Where to write.", valueName: "folder"), completion: .directory)
    var out: String

    @Option(help: ArgumentHelp("How strongly preference losses hold on to the model alone.", valueName: "number"))
    var beta: Float = 0.1

    @Option(
      help: ArgumentHelp(
        "What the chat template is told as enable_thinking: on or off. (default: nothing)", valueName: "switch"))
    var thinking: ThinkingSwitch?

    @Option(help: ArgumentHelp("Tokens of the greedy continuation.", valueName: "number"))
    var greedy = 16

    func validate() throws {
      guard beta > 0, beta <= 1_000_000 else {
        throw ValidationError("--beta must be above 0 and at most 1000000, not \(beta).")
      }
      guard (0...1_048_576).contains(greedy) else {
        throw ValidationError("--greedy must be 0 to 1048576, not \(greedy).")
      }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: out)) ?? []
      for name in ["0.json"] + names where name.contains(/^(sequence-|token-|sentence-)?\d+\.(json|safetensors)$/) {
        try Output.refuse(URL(filePath: out).appending(path: name).relativePath, over: items)
      }
    }

    func run() throws {
      let run = ForwardRun(
        model: URL(filePath: model), adapter: adapter.map { URL(filePath: $0) }, items: URL(filePath: items),
        out: URL(filePath: out), beta: beta, greedyTokens: greedy, thinking: thinking?.isOn)
      let count = try run.write()
      Output.error("\(count) items -> \(out)")
    }
  }
#endif
