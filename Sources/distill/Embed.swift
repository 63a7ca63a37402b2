#if Run
  import ArgumentParser
  import Foundation
  import Student

  struct Embed: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a unit vector for each line.",
      discussion: """
        Reads standard input and prints one JSON array of numbers a line, of length 1: the product of two says how alike \
        their texts are. The folder is one of sentence-transformers, such as all-MiniLM-L6-v2, or any model of the BERT, \
        RoBERTa or XLM-R family, whose tokens are then averaged. A text beyond the model's limit is cut there.

        Example:

          distill embed --model models/all-MiniLM-L6-v2 < captions.txt > vectors.jsonl
        """)

    @Option(help: ArgumentHelp("The model's folder.", valueName: "folder"), completion: .directory)
    var model: String

    func run() throws {
      let embedder = try SentenceEmbedder(contentsOf: URL(filePath: model))
      try InputLines.forEachBlock { lines, _ in
        let rows = embedder.vectors(for: lines).map { vector in
          "[" + vector.map { "\($0)" }.joined(separator: ",") + "]\n"
        }
        FileHandle.standardOutput.write(Data(rows.joined().utf8))
      }
    }
  }
#endif
