#if Run
  import ArgumentParser
  import Distillation
  import Foundation

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Look at everything before anything is spent.",
      discussion: """
        Reads the configuration, all data files, recorded replies and model folders as the run will, and lists what \
        is ok, what is doubtful and what would stop the run: unknown keys, missing columns, bad rows, missing images, \
        groups in two splits, unknown labels, slots that nothing fills, the longest row in tokens, keys of services, \
        label budget, memory and expected time. Nothing is written, no teacher is asked, no label is spent.

        Example:

          distill check news.yaml --data ~/news

        The exit code is 2 where anything is an error.
        """)

    @Argument(help: "The configuration, YAML or JSON.", completion: .file(extensions: ["yaml", "yml", "json"]))
    var config: String

    @Option(
      help: ArgumentHelp(
        "Folder that the configuration's data paths are relative to. (default: the configuration's own)",
        valueName: "folder"), completion: .directory)
    var data: String?

    @OptionGroup var set: SetOptions

    @Flag(name: .shortAndLong, help: "Print warnings and errors alone.")
    var quiet = false

    @Flag(help: "Print the findings as JSON.")
    var json = false

    func run() throws {
      let check = RunCheck(
        contentsOf: URL(filePath: config), dataFolder: data.map { URL(filePath: $0) }, setting: try set.settings())
      try Output.write(json ? check.json() : check.text(from: quiet ? .warning : .ok))
      if !check.isUsable { throw ExitCode(ExitStatus.mistake.rawValue) }
    }
  }
#endif
