#if Run
  import ArgumentParser
  import Distillation
  import Foundation

  struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a configuration with every key, its default and what it does.",
      discussion: """
        The file can be checked and run once its paths are yours. Keys that you don't need may be deleted.

        Example:

          distill init multi-teacher --out news.yaml
        """)

    @Argument(help: "The method: \(DistillationMethod.allCases.map(\.rawValue).joined(separator: ", ")).")
    var method: DistillationMethod

    @Option(name: .shortAndLong, help: "The file to write, - for standard output. (default: METHOD.yaml)")
    var out: String?

    @Flag(name: .shortAndLong, help: "Replace a file that is there.")
    var force = false

    func run() throws {
      let path = out ?? "\(method.rawValue).yaml"
      if path == "-" { return Output.write(ConfigurationTemplate.text(for: method)) }
      try ConfigurationDraft.write(method, to: URL(filePath: path), replacing: force)
      Output.complain("\(path) is written; set its paths, then: distill check \(path)")
    }
  }

#endif
