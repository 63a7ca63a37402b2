#if Run
  import ArgumentParser
  import Foundation
  import StudentModels
  import TeacherProtocol

  struct Embed: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a unit vector for each line.",
      discussion: """
        Reads standard input and prints one JSON array of numbers a line, of length 1: the product of two says how alike \
        their texts are. The folder is one of sentence-transformers, such as all-MiniLM-L6-v2 or Qwen3-Embedding-0.6B, or \
        that of an encoder, whose tokens are then averaged. A text beyond the model's limit is cut there. A folder's \
        default prompt is put before each line, as sentence-transformers does. A GGUF file of a BERT stands in place of a \
        folder. Lines that are empty or \
        not UTF-8 have a vector too, so that lines and vectors stay beside each other, and are named on standard error.

        Example:

          distill embed --model models/all-MiniLM-L6-v2 < captions.txt > vectors.jsonl
          distill embed --model models/e5 --prompt-name query < questions.txt > vectors.jsonl

        With --shard i/n only lines of one part have vectors, in the order of the input; a line is its own group.
        """)

    @Option(help: ArgumentHelp("The model's folder or GGUF file.", valueName: "path"), completion: .file())
    var model: String

    @Option(help: ArgumentHelp("Which of the folder's prompts to put before each line.", valueName: "name"))
    var promptName: String?

    @Option(help: ArgumentHelp("What to put before each line; \"\" for nothing.", valueName: "text"))
    var prompt: String?

    @OptionGroup var shard: ShardOptions

    func validate() throws {
      guard prompt == nil || promptName == nil else {
        throw ValidationError("--prompt says what --prompt-name would look up: leave one of them out")
      }
    }

    func run() throws {
      let part = try shard.chosen()
      var embedder = try SentenceEmbedder(contentsOf: URL(filePath: model))
      if let promptName {
        guard let text = embedder.prompts[promptName] else {
          throw ValidationError(
            "--prompt-name: expected one of the folder's prompts ("
              + embedder.prompts.keys.sorted().joined(separator: ", ") + "), found \"\(promptName)\"")
        }
        embedder.prompt = text
      }
      if let prompt { embedder.prompt = prompt }
      var doubtful: [String] = []
      try InputLines.forEachBlock { all, first in
        let lines = part.isWhole ? all : all.filter(part.contains)
        for (offset, line) in all.enumerated() where part.contains(line) {
          if !line.contains(where: { !$0.isWhitespace }) {
            doubtful.append("line \(first + offset) is empty")
          } else if line.unicodeScalars.contains("\u{FFFD}") {
            doubtful.append("line \(first + offset) has bytes that are not UTF-8, read as U+FFFD")
          }
        }
        guard !lines.isEmpty else { return }
        let rows = try embedder.vectors(for: lines).map { vector in
          "[" + vector.map { "\($0)" }.joined(separator: ",") + "]\n"
        }
        try Output.write(Data(rows.joined().utf8))
      }
      guard !doubtful.isEmpty else { return }
      Output.error(listing: doubtful, as: "\(doubtful.count) doubtful lines")
    }
  }
#endif
