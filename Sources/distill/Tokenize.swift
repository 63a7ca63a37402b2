#if Run
  import ArgumentParser
  import Foundation
  import Layers
  import StudentModels
  import Tokenization

  struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the token ids of each line, or the text of each line of ids.",
      discussion: """
        Reads standard input and prints one JSON array a line, with the special tokens that the model's tokenizer sets \
        around a text. Nothing is cut or padded. A line ends at a line feed alone.

        Examples:

          distill tokenize --model models/SmolVLM-256M-Instruct < captions.txt
          echo "A dog runs." | distill tokenize --model models/minilm --offsets
              [[101,0,0],[1037,0,1],[3899,2,5],[3216,6,10],[1012,10,11],[102,0,0]]
              each token as [id, first, end], counted in Unicode code points of the line
          echo "[101,1037,3899,102]" | distill tokenize --model models/minilm --decode --no-special-tokens
              a dog
        """)

    @Option(
      help: ArgumentHelp(
        "The model's folder, with its tokenizer.json or an older file that is read exactly, or a GGUF file.",
        valueName: "path"),
      completion: .file())
    var model: String

    @Flag(help: "Print each token as [id, first, end] in place of its id.")
    var offsets = false

    @Flag(help: "Read arrays of ids and print their texts.")
    var decode = false

    @Flag(inversion: .prefixedNo, help: "Set special tokens around a text; with --decode, print them.")
    var specialTokens = true

    func validate() throws {
      if decode, offsets { throw ValidationError("--offsets belongs to tokens, and --decode prints texts.") }
    }

    func run() throws {
      let url = URL(filePath: model)
      guard !ImageTextMatcher.isFolder(url) else {
        let sentences = try ImageTextMatcher.sentenceModel(in: url).lastPathComponent
        throw FolderProblem(
          "\(model): compares photos with texts, which it reads by its sentence model: "
            + "distill tokenize --model \(model)/\(sentences)")
      }
      let tokenizer = try Tokenizer.ofModel(url)
      let options = Tokenizer.TokenLineOptions(specialTokens: specialTokens, offsets: offsets)
      try InputLines.forEachBlock { lines, first in
        if decode {
          let texts = try lines.enumerated().map { try tokenizer.textLine(for: $1, line: first + $0, options) }
          try Output.write(Data(texts.map { $0 + "\n" }.joined().utf8))
        } else {
          let each = 64
          let starts = Array(stride(from: 0, to: lines.count, by: each))
          let parts = mapInParallel(starts) { start -> [UInt8] in
            lines[start..<min(lines.count, start + each)].reduce(into: []) { bytes, line in
              bytes += tokenizer.tokenLine(for: line, options)
              bytes.append(UInt8(ascii: "\n"))
            }
          }
          try Output.write(Data(parts.joined()))
        }
      }
    }
  }
#endif
