#if Run
  import ArgumentParser
  import Distillation
  import Foundation

  struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a configuration to begin with.",
      discussion: """
        About fifteen lines with what a first run needs, for items of text (--text) or with photos (--images, the default); \
        the file can be checked and run once its paths are yours. --all writes every key with its default, its values and \
        what it does.

        Examples:

          distill init --text --out spam.yaml
          distill init --images --out news.yaml
          distill init dualchecker --reference    every key as a Markdown table, on standard output
        """)

    @Argument(help: "The method: \(DistillationMethod.allCases.map(\.rawValue).joined(separator: ", ")).")
    var method = DistillationMethod.multiTeacher

    @Flag(help: "For items of text alone.")
    var text = false

    @Flag(help: "For items with photos.")
    var images = false

    @Flag(help: "Every key.")
    var all = false

    @Option(name: .shortAndLong, help: "The file to write, - for standard output. (default: METHOD.yaml)")
    var out: String?

    @Flag(name: .shortAndLong, help: "Replace a file that is there.")
    var force = false

    @Flag(help: "Print the reference of all keys as Markdown, and write no file.")
    var reference = false

    func validate() throws {
      guard [text, images, all, reference].count(where: \.self) <= 1 else {
        throw ValidationError("Give one of --text, --images, --all and --reference.")
      }
      if images, method == .dualChecker { throw ValidationError("--images: dualchecker is for texts; leave it out.") }
      if reference, out != nil || force {
        throw ValidationError("--reference writes no file: leave out --out and --force.")
      }
      // A run's record of what it was begun with is no draft, whether --force is given or not.
      try Output.refuse(out, over: UsedFiles(), isConfiguration: true)
    }

    private var beginning: ConfigurationTemplate.Beginning { all ? .all : text ? .texts : .images }

    func run() throws {
      if reference { return try Output.write(ConfigurationReference.markdown(for: method)) }
      let path = out ?? "\(method.rawValue).yaml"
      if path == "-" { return try Output.write(ConfigurationTemplate.text(for: method, beginning)) }
      try ConfigurationDraft.write(method, beginning, to: URL(filePath: path), replacing: force)
      Output.error("\(path) is written; set its paths, then: distill check \(path)")
    }
  }

#endif
