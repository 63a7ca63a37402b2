#if Run
  import ArgumentParser
  import Foundation
  import LoRA
  import StudentModels

  struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what a model's folder or GGUF file, an adapter's folder or a run's holds.",
      discussion: """
        Of a base that compares photos with texts: its tower, its sentence model and what it decides by. Of another model: its family and sizes, the number and types of its weights, its files, what its tokenizer is made of, \
        its chat template and image processor; the tokens of a photo, about what memory an update takes, and what can be trained. \
        Of an adapter: rank, scale, targets, and what else it trains. Of a run: its student, and the \
        question that the student learned, which clients of distill serve ask by its name, with options and fields. Names and \
        shapes of a model's weights are compared with its config.json, and what speaks against its tokenizer being its own is \
        said. What this package cannot use is named, and the exit code is then 2.

        Example:

          distill inspect models/smolvlm
          distill inspect models/smollm2.Q4_K_M.gguf
          distill inspect runs/news/stage2
          distill inspect runs/news
        """)

    @Argument(help: ArgumentHelp("The folder, or a .gguf file.", valueName: "path"), completion: .file())
    var folder: String

    func run() throws {
      let url = URL(filePath: folder)
      func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: url.appending(path: name).path) }
      let facts: [Fact]
      if GGUFModel.isFile(url) {
        facts = try ModelFacts.facts(ofFile: url)
      } else if has("adapter_config.json") {
        facts = try AdapterFacts.facts(of: url)
      } else if ImageTextMatcher.isFolder(url) {
        facts = try MatcherFacts.facts(of: url)
      } else if has("config.json") {
        facts = try ModelFacts.facts(of: url)
      } else if has("modules.json") {
        facts = try ModelFacts.sentence(url)
      } else if has("config.yaml") {
        facts = try RunFacts.facts(of: url)
      } else {
        // An adapter's folder lies in it, or its weights alone.
        let lack = AdapterFolder.lacks(url).first {
          if case .isInside = $0 { true } else { $0 == .pickled }
        }
        if let lack { throw FolderProblem("\(folder): \(lack)") }
        throw FolderProblem(
          "\(folder): expected a folder with config.json (a model), adapter_config.json (an adapter) or config.yaml (a run), "
            + "or a .gguf file"
        )
      }
      let width = facts.map(\.name.count).max() ?? 0
      try Output.write(
        facts.map { $0.name + String(repeating: " ", count: width - $0.name.count + 2) + $0.value }
          .joined(separator: "\n"))
      if facts.contains(where: { $0.name == Fact.fault }) { throw ExitCode(ExitStatus.mistake.rawValue) }
    }
  }

  /// One line of what is said of a folder.
  struct Fact {
    var name: String
    var value: String

    init(_ name: String, _ value: String) {
      (self.name, self.value) = (name, value)
    }

    /// What a model can't be read for.
    static let fault = "can't be used"

    /// A number with its thousands apart.
    static func number(_ number: Int) -> String {
      var digits = String(number)
      for place in stride(from: digits.count - 3, to: 0, by: -3) {
        digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
      }
      return digits
    }

    /// Bytes in words.
    static func size(_ bytes: Int) -> String {
      let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
      var (value, unit) = (Double(bytes), 0)
      while value >= 1024, unit + 1 < units.count { (value, unit) = (value / 1024, unit + 1) }
      return unit == 0 ? "\(bytes) bytes" : String(format: "%.1f %@", value, units[unit])
    }
  }
#endif
