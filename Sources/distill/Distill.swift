#if Run
  import ArgumentParser
  import Distillation

  /// The root of the command.
  struct Distill: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "distill",
      abstract: "Many teachers, one small student, few human labels.",
      discussion: """
        Several teachers label your items. Where they agree, their answers train a small student; where they conflict, \
        a few human labels are read and the student learns which answer was right.

        From nothing to a student:

          distill init --images --out news.yaml      (--text for items of text alone)
              write a configuration of fifteen lines; edit it
          distill check news.yaml
              look at everything before anything is spent
          distill run news.yaml --out runs/news
              annotate, agree, review, train, evaluate, report
          distill predict --run runs/news --data new.jsonl
              let the student judge new items

        A run is a folder. Its steps (annotate, agree, review, stage1, stage2, evaluate, report) are skipped while what \
        they depend on is unchanged, and a run that was stopped goes on where it was, so the same command is always \
        the right one to repeat.

        Exit codes: 0 done, 1 a fault of the program, the machine or a service, 2 a mistake in the command line, the \
        configuration or the data, 3 people are to label conflicts first, 4 the budget of 'spending' is used up, 130 and 143 \
        stopped by control-C or SIGTERM.
        """,
      version: PackageVersion.current,
      subcommands: [],
      groupedSubcommands: [
        CommandGroup(name: "Preparing", subcommands: [Init.self, Check.self]),
        CommandGroup(
          name: "Running",
          subcommands: [
            Run.self, Annotate.self, Agree.self, Review.self, Stage1.self, Stage2.self, Evaluate.self, Report.self,
            ExportTraining.self,
          ]),
        CommandGroup(name: "Using", subcommands: [Predict.self, Threshold.self, Serve.self, Replies.self, Batch.self]),
        CommandGroup(
          name: "Looking into models",
          subcommands: [Inspect.self, Tokenize.self, Embed.self, Forward.self, Export.self, Bench.self]),
      ])
  }
#endif
