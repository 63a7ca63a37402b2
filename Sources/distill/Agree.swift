#if Run
  import Annotations
  import ArgumentParser
  import Distillation
  import Foundation
  import TeacherProtocol

  struct Agree: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Step 2: find where teachers agree and conflict; or the figures of any file of replies.",
      discussion: """
        For every teacher, every pair and all together: votes, agreement, Cohen's and Fleiss' kappa, Krippendorff's \
        alpha, conflicts, and where true labels are known accuracy alone, where they agree, by majority, and if people \
        label the conflicts. Without true labels each teacher's accuracy and confusions, and the error of labels made \
        from the votes, are estimated by Dawid and Skene's model; it takes them for better than they are where teachers \
        err together, and --anchors mends that with labels that people gave to a random sample. Of labels that are \
        levels (--order, or 'ordered: true' in a configuration) also Cohen's kappa with linear and quadratic weights and \
        Krippendorff's ordinal alpha.

        Examples:

          distill agree news.yaml                        the step of a run
          distill agree --annotations replies.jsonl      any file of replies
          distill agree --annotations runs/news --json   a run's figures again
          distill agree --annotations replies.jsonl --anchors sample.csv
          distill agree --annotations replies.jsonl --order low,middle,high

        A file of replies is JSON Lines, JSON or CSV with one row per item and an object 'teachers', or one row per \
        item and teacher. Also read are a run's folder (its training items, without accuracies, since their labels are \
        for people to give) and a store (annotations.sqlite, or a server's address).
        """)

    @Argument(
      help: "The configuration of a run. Give either this or --annotations.",
      completion: .file(extensions: ["yaml", "yml", "json"]))
    var config: String?

    @Option(help: ArgumentHelp("A file of replies, a run's folder, or a store.", valueName: "file"))
    var annotations: String?

    @Option(
      help: ArgumentHelp(
        "With --annotations: column that names an item, or several with commas. (default: id or item, or else the row)",
        valueName: "column"))
    var id: String?

    @Option(
      help: ArgumentHelp(
        "With --annotations: column of the true label. (default: gold, if it is there)", valueName: "column"))
    var gold: String?

    @Option(
      help: ArgumentHelp(
        "With --annotations and a file: labels of a random sample, a file with the columns item and label.",
        valueName: "file"), completion: .file())
    var anchors: String?

    @Option(
      help: ArgumentHelp(
        "With --annotations and a file or store: the labels, where they are levels, from the lowest to the highest.",
        valueName: "labels"))
    var order: String?

    @Flag(help: "Print the figures as JSON.")
    var json = false

    @Option(help: ArgumentHelp("With <config>: folder of the data paths.", valueName: "folder"))
    var data: String?

    @OptionGroup var step: StepOptions

    func validate() throws {
      if (config == nil) == (annotations == nil) {
        throw ValidationError("Give either the configuration of a run or --annotations with a file of replies.")
      }
      if config == nil, !step.set.texts.isEmpty || step.estimate.dryRun {
        throw ValidationError("--set and --dry-run belong to <config>.")
      }
      if config != nil, id != nil || gold != nil || anchors != nil || order != nil {
        throw ValidationError(
          "--id, --gold, --anchors and --order belong to --annotations; a configuration says 'ordered: true'.")
      }
    }

    func run() async throws {
      var source = URL(filePath: annotations ?? "")
      if let config {
        let request = step.request(config, data: data)
        guard !step.estimate.dryRun else { return try await request.showEstimate() }
        source = try await request.run(through: .agree).folder
      }
      func names(_ list: String?) -> [String]? {
        list.map { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
      }
      let known = anchors.map { URL(filePath: $0) }
      let figures =
        if let annotations, let store = try serverStore(annotations) {
          try await AgreementSource.report(of: store, annotations, anchors: known, levels: names(order))
        } else {
          try await AgreementSource.report(
            of: source, idColumns: names(id), goldColumn: gold, anchors: known, levels: names(order))
        }
      if let listed = figures.setAside.listed { Output.error(listed) }
      try Output.write(json ? figures.report.json() : figures.report.text)
    }
  }
#endif
