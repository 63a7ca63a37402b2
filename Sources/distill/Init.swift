#if Run
  import ArgumentParser
  import Distillation
  import Foundation

  struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a configuration with every key, its default and what it does.",
      discussion: """
        The file can be checked and run once its paths are yours. Keys that you don't need may be deleted.

        Examples:

          distill init multi-teacher --out news.yaml
          distill init dualchecker --reference    every key as a Markdown table, on standard output
        """)

    @Argument(help: "The method: \(DistillationMethod.allCases.map(\.rawValue).joined(separator: ", ")).")
    var method: DistillationMethod

    @Option(name: .shortAndLong, help: "The file to write, - for standard output. (default: METHOD.yaml)")
    var out: String?

    @Flag(name: .shortAndLong, help: "Replace a file that is there.")
    var force = false

    @Flag(help: "Print the reference of all keys as Markdown, and write no file.")
    var reference = false

    func validate() throws {
      if reference, out != nil || force {
        throw ValidationError("--reference writes no file: leave out --out and --force.")
      }
    }

    func run() throws {
      if reference { return Output.write(ConfigurationReference.markdown(for: method)) }
      let path = out ?? "\(method.rawValue).yaml"
      if path == "-" { return Output.write(ConfigurationTemplate.text(for: method)) }
      try ConfigurationDraft.write(method, to: URL(filePath: path), replacing: force)
      Output.error("\(path) is written; set its paths, then: distill check \(path)")
    }
  }

#endif
