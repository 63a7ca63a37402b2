internal import Wording

#if Run
  import Annotations
  import ArgumentParser
  import Distillation
  import Foundation
  import ReviewServer
  import TeacherProtocol

  struct Review: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Step 3: get human labels for conflicts, within the budget.",
      discussion: """
        With 'review.source: oracle' the data's label column answers, and every look is counted. With 'page' people do: \
        --run serves a page on this machine that shows one conflict at a time, photo, caption and the teachers' answers \
        side by side, their names hidden until it is decided. Keys are enough (1, 2, ... for the labels, S skip, U undo, \
        N note), each answer is on the disk before it is confirmed, and several people may answer under their names. \
        An item that one person has before them is shown to nobody else, unless 'review.opinions' or --opinions wants \
        several to decide it. Where the run's store is on a PostgreSQL server, decisions are kept there, and people on \
        several machines share them. \
        With 'file' the conflicts stand in the run's folder; fill in the column 'label', save the file under the name \
        that 'review.file' says. In every case run again afterwards.

        Examples:

          distill review news.yaml                          the step of a run
          distill review --run runs/news                    the page of a run with 'review.source: page'
          distill review --run runs/news --terminal         the same without a browser
          distill review --queue queue.jsonl --images photos --answers answers.jsonl

        A queue is JSON Lines with item, image, fields and teachers, as a run writes review-queue.jsonl.
        """)

    @Argument(
      help: "The configuration of a run. Give one of this, --run and --queue.",
      completion: .file(extensions: ["yaml", "yml", "json"]))
    var config: String?

    @Option(
      name: .customLong("run"),
      help: ArgumentHelp("The folder of a run whose conflicts people decide.", valueName: "run"),
      completion: .directory)
    var runFolder: String?

    @Option(help: ArgumentHelp("Any file of conflicts.", valueName: "file"), completion: .file())
    var queue: String?

    @Option(
      help: ArgumentHelp("With --queue: folder of the images. (default: the queue's own)", valueName: "folder"),
      completion: .directory)
    var images: String?

    @Option(
      help: ArgumentHelp(
        "With --queue: file to which answers are added. (default: review-answers.jsonl beside it)", valueName: "file"))
    var answers: String?

    @Option(
      help: ArgumentHelp(
        "With --queue: how many people decide each item; a run says it as review.opinions. (default: 1)", valueName: "n"
      ))
    var opinions: Int?

    @Flag(help: "Ask in the terminal in place of a page.")
    var terminal = false

    @Option(help: ArgumentHelp("The page's port; 0 for any that is free.", valueName: "n"))
    var port = 8765

    @Option(
      help: ArgumentHelp(
        "Who answers, until another name is given on the page. (default: your login)", valueName: "name"))
    var reviewer: String?

    @Flag(help: "Show the teachers' names before an item is decided.")
    var showNames = false

    @Option(help: ArgumentHelp("With <config>: folder of the data paths.", valueName: "folder"))
    var data: String?

    @OptionGroup var step: StepOptions

    func validate() throws {
      guard [config, runFolder, queue].count(where: { $0 != nil }) == 1 else {
        throw ValidationError("Give one of: the configuration of a run, --run with its folder, --queue with a file.")
      }
      if queue == nil, images != nil || answers != nil || opinions != nil {
        throw ValidationError("--images, --answers and --opinions belong to --queue.")
      }
      if let opinions, !(1...100).contains(opinions) {
        throw ValidationError("--opinions must be 1 to 100, not \(opinions).")
      }
      if config == nil, data != nil || step.seed != nil || step.out != nil || step.estimate.dryRun {
        throw ValidationError("--data, --seed, --out and --dry-run belong to <config>.")
      }
      if let reviewer, !(1...60).contains(reviewer.trimmingCharacters(in: .whitespacesAndNewlines).count) {
        throw ValidationError("--reviewer must be a name of 1 to 60 characters, not '\(reviewer)'.")
      }
      if queue != nil, !step.set.texts.isEmpty { throw ValidationError("--set belongs to <config> and --run.") }
      guard (0...65535).contains(port) else { throw ValidationError("--port must be 0 to 65535, not \(port).") }
    }

    func run() async throws {
      if let config {
        let request = step.request(config, data: data)
        guard !step.estimate.dryRun else { return try await request.showEstimate() }
        let folder = try await request.run(through: .review).folder
        if !step.progress.quiet { Output.error("in \(folder.path)") }
        return
      }
      let desk = try await desk()
      guard !desk.questions.isEmpty else {
        Output.error("there is no conflict to decide")
        return
      }
      // A damaged log is an error before anybody decides anything.
      let strange = try await desk.log.entries().compactMap(\.label).filter { desk.labels[$0] == nil }
      if let first = strange.first {
        throw FolderProblem(
          "\(desk.place): \(NumberText.counted(strange.count, "decision")) \(strange.count == 1 ? "is" : "are") for labels that there are "
            + "not, such as '\(first)'; expected \(desk.labels.names.joined(separator: ", ")). Rename them there, or give the "
            + "configuration the label back")
      }
      let person = reviewer ?? ProcessInfo.processInfo.environment["USER"] ?? "me"
      if terminal {
        try await TerminalReview(
          questions: desk.questions, labels: desk.labels, log: desk.log, opinions: desk.opinions, reviewer: person,
          showsNames: showNames, images: desk.images
        ).run(read: { readLine() }, write: { try? Output.write($0) })
        return
      }
      var options = ReviewServer.Options()
      options.reviewer = person
      options.showsNames = showNames
      options.opinions = desk.opinions
      // A run has read what its items name; a queue from elsewhere may name anything of this machine.
      options.showsAbsolutePaths = runFolder != nil
      let server = ReviewServer(
        questions: desk.questions, labels: desk.labels, images: desk.images, log: desk.log, options: options,
        prepare: { try RunPlugins.plain($0, longestEdge: nil) })
      try await Ending.bySignal { [port] in
        try await server.run(port: port) { port in
          Output.error(
            "\(NumberText.counted(desk.questions.count, "conflict")) at http://127.0.0.1:\(port)/ -> \(desk.place) "
              + "(control-C ends it)")
        }
      }
    }

    private func desk() async throws -> RunReview {
      if let runFolder {
        let run = try DistillationRun.opening(
          URL(filePath: runFolder), setting: step.set.settings(), reporter: step.progress.reporter, plugins: .command())
        return try await run.review()
      }
      let file = URL(filePath: queue ?? "")
      let folder = file.deletingLastPathComponent()
      let questions = try ReviewQuestion.reading(file)
      let names = Set(questions.flatMap { $0.answers.compactMap(\.label) }).sorted()
      let journal = answers.map { URL(filePath: $0) } ?? folder.appending(path: "review-answers.jsonl")
      return RunReview(
        questions: questions, labels: try LabelSet(names.map { LabelSet.Label(name: $0) }), opinions: opinions ?? 1,
        images: images.map { URL(filePath: $0) } ?? folder, log: try ReviewJournal(journal), place: journal.relativePath
      )
    }
  }
#endif
