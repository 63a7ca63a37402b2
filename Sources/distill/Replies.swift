internal import Wording

#if Run
  import Annotations
  import ArgumentParser
  import Distillation
  import Foundation
  import SQLiteStore
  import TeacherProtocol

  /// Replies on their way to other tools and back.
  struct Replies: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take replies out of a store, or into one.",
      discussion: """
        The store is the file annotations.sqlite in the folder that 'store' of a configuration names, the address of a \
        PostgreSQL server (postgresql://...), or any file of JSON Lines.

        Example:  distill replies export ~/.cache/swift-distillation/store/annotations.sqlite --format preference
        """,
      subcommands: [Export.self, Import.self, Calibrate.self, MergeReplies.self])

    /// A store that is there.
    ///
    /// - Throws: `CheckingError.noReplies` where it is not: opening it would make an empty one.
    static func existing(_ path: String) throws -> any AnnotationStore {
      if let store = try serverStore(path) { return store }
      guard FileManager.default.fileExists(atPath: NSString(string: path).expandingTildeInPath) else {
        throw CheckingError.noReplies(path, reason: "there is no such store")
      }
      return try open(path)
    }

    static func open(_ path: String) throws -> any AnnotationStore {
      if let store = try serverStore(path) { return store }
      let url = URL(filePath: NSString(string: path).expandingTildeInPath)
      let isLines = ["jsonl", "ndjson"].contains(url.pathExtension.lowercased())
      return isLines ? try JSONLinesAnnotationStore(url) : try SQLiteAnnotationStore(url)
    }

    /// What is right by `--truth`, spelled as the replies spell it; nothing without it. Rows that can't be used are named.
    static func truths(
      _ path: String?, of annotations: [Annotation], labels: LabelSet?
    ) async throws -> [String: String] {
      guard let path else { return [:] }
      let known = try await HumanTruth.labels(in: URL(filePath: path), of: annotations, labels: labels)
      if let listed = known.setAside.listed { Output.error(listed) }
      return known.labels
    }

    struct Export: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        abstract: "Write a store's replies for other tools.",
        discussion: """
          Formats: jsonl (all of them, flat), conversational and preference (TRL's rows), decisions (states, questions and \
          answers, of replies with the probability of every label), label-studio (tasks with predictions; the labelling \
          interface for them is printed by --interface).

          A pair for preferences is a right and a wrong reply on one item. What is right --truth says, or else most of \
          the replies; an item without a pair is left out. What is left out is counted, with the reasons.

          Examples:

            distill replies export annotations.sqlite --out replies.jsonl
            distill replies export annotations.sqlite --format preference --truth runs/news --out dpo.jsonl
          """)

      @Argument(help: "The store.", completion: .file())
      var store: String

      @Option(help: "The form of the file.")
      var format: AnnotationFormat = .jsonLines

      @Option(help: ArgumentHelp("The file to write. (default: standard output)", valueName: "file"))
      var out: String?

      @Option(
        help: ArgumentHelp(
          "What is right, for preferences: a run's folder, for the labels that people gave there, or a file with columns item and "
            + "label.", valueName: "place"), completion: .file())
      var truth: String?

      @Option(
        help: ArgumentHelp(
          "A run's configuration: answers are written anew with its labels, 'Yes. Because ...'.", valueName: "config"),
        completion: .file())
      var config: String?

      @OptionGroup var set: SetOptions

      @Flag(help: "With --config: print Label Studio's labelling interface instead.")
      var interface = false

      func validate() throws {
        if interface, config == nil { throw ValidationError("--interface needs --config, which has the labels.") }
        if truth != nil, format != .preference { throw ValidationError("--truth belongs to --format preference.") }
        var used = UsedFiles([truth])
        used.add(store: store)
        if let config { used.add(configuration: URL(filePath: config), setting: (try? set.settings()) ?? []) }
        try Output.refuse(out, over: used)
      }

      func run() async throws {
        let labels = try config.map {
          try RunConfiguration(contentsOf: URL(filePath: $0), setting: set.settings()).labelSet()
        }
        let annotations = try await Replies.existing(store).all()
        if interface, let labels {
          let images = annotations.map { $0.question?.images.count ?? 0 }.max() ?? 0
          return try Output.write(AnnotationExport.labelStudioInterface(labels: labels, images: images))
        }
        guard !annotations.isEmpty else { throw CheckingError.noReplies(store, reason: "the store is empty") }
        let truths = try await Replies.truths(truth, of: annotations, labels: labels)
        let export = AnnotationExport(format, answers: labels.map { ($0, AnswerTemplate()) }, truth: truths)
        let written = try export.written(annotations)
        guard written.rows > 0 else {
          throw CheckingError.nothingToWrite(store, form: format.rawValue, leftOut: written.leftOut)
        }
        try Output.write(Data(written.text.utf8), to: out)
        if out != nil {
          let unit = format == .labelStudio ? "task" : "row"
          Output.error(
            "\(NumberText.counted(written.rows, unit)) written, of \(NumberText.replies(annotations.count)) read from \(store)"
          )
        }
        if !written.leftOut.isEmpty { Output.error(listing: written.leftOut, as: "left out") }
      }
    }

    struct Import: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        abstract: "Put replies from a file into a store.",
        discussion: """
          What 'distill replies export' wrote comes back as it was. Rows of other tools are read with the labels of \
          --config, as answers of --teacher: TRL's (messages; prompt and completion; chosen and rejected with or without \
          prompt; completion with a label true or false), ShareGPT's conversations, Alpaca's, decision rows. Completed tasks \
          of Label Studio, as JSON, JSON_MIN, CSV or TSV, become replies of "person N".

          What was read of the first rows is shown, one of each shape. A row of which no answer can be read is named and \
          left out.

          Examples:

            distill replies import tasks.json --config news.yaml --dry-run
            distill replies import tasks.json --config news.yaml --store annotations.sqlite
          """)

      @Argument(help: "The file.", completion: .file())
      var file: String

      @Option(help: "Take rows of this form alone. (default: each row by its members)")
      var format: AnnotationFormat?

      @Option(
        help: ArgumentHelp("The store; it is made if it is not there. Not needed with --dry-run.", valueName: "store"))
      var store: String?

      @Option(help: ArgumentHelp("A run's configuration, for its labels.", valueName: "config"), completion: .file())
      var config: String?

      @OptionGroup var set: SetOptions

      @Option(help: "Whose answers other tools' rows are.")
      var teacher = "imported"

      @Option(
        help: ArgumentHelp(
          "Label Studio's control that holds the label. (default: the one named label, or the only one with labels)",
          valueName: "name"))
      var control: String?

      @Flag(help: "Show what would be read, and keep nothing.")
      var dryRun = false

      func validate() throws {
        if store == nil, !dryRun { throw ValidationError("Give --store, or --dry-run to look at what would be read.") }
      }

      func run() async throws {
        let labels = try config.map {
          try RunConfiguration(contentsOf: URL(filePath: $0), setting: set.settings()).labelSet()
        }
        let url = URL(filePath: file)
        let found = try AnnotationImport(format, labels: labels, teacher: teacher, control: control).replies(in: url)
        if let listed = found.setAside.allListed { Output.error(listed) }
        guard !found.annotations.isEmpty else {
          throw TeacherProtocolError.noRows(file: file, problems: found.setAside)
        }
        // A look makes no store.
        let target = try store.flatMap { store in
          dryRun && !store.contains("://") && !FileManager.default.fileExists(atPath: store)
            ? nil : try Replies.open(store)
        }
        let others = found.otherQuestions(
          than: try await target?.annotations(forItems: Array(Set(found.annotations.map(\.item)))) ?? [])
        if let told = others.told { Output.error(told) }
        guard !dryRun, let target else { return try Output.write(found.preview) }
        Output.error(found.preview)
        let known = try await target.annotations(forKeys: found.annotations.map(\.key)).count
        try await target.append(found.annotations)
        let added = NumberText.replies(found.annotations.count - known)
        try Output.write("\(added) added, \(known) \(known == 1 ? "was" : "were") there already")
      }
    }
  }

  extension NumberText {
    fileprivate static func replies(_ count: Int) -> String { count == 1 ? "1 reply" : "\(count) replies" }
  }
#endif
