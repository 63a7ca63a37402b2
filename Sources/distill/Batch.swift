internal import Wording

#if Run
  import Annotations
  import ArgumentParser
  import Distillation
  import Foundation
  import HTTPTeacher
  import TeacherProtocol

  /// Questions to a service that answers by the batch.
  struct Batch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write questions for a batch service, and read its results.",
      discussion: """
        OpenAI and Anthropic answer files of questions within a day at half the price. 'write' writes the questions of \
        one teacher that the store has no reply to; upload the files as the service says, and give what comes back to \
        'read', files of errors too. What expired or failed stays open for the next time, or for 'distill run'.

        Example:

          distill batch write news.yaml --teacher large --batch questions.jsonl
          distill batch read news.yaml --teacher large output.jsonl errors.jsonl
        """,
      subcommands: [Write.self, Read.self])

    struct Options: ParsableArguments {
      @OptionGroup var run: RunOptions

      @Option(help: "The teacher's name, one of kind openai.")
      var teacher: String

      /// The run's questions, and the teacher's service.
      ///
      /// - Parameter sending: whether what is asked is to be sent, so that what must not be is refused.
      func opened(sending: Bool) async throws -> (
        annotator: Annotator, data: Dataset, items: [Item], service: BatchService
      ) {
        let (run, _) = try run.request.prepared()
        let entry = run.configuration.teachers.first { $0.name == teacher }
        guard case .openAI(let settings)? = entry?.source else {
          let names = run.configuration.teachers.filter { $0.kind == .openAI }.map(\.name)
          throw ValidationError(
            "--teacher \(teacher) is none of kind openai; known: \(names.isEmpty ? "none" : names.joined(separator: ", "))."
          )
        }
        let questions = try run.serviceQuestions()
        if sending { try await run.refuseOutsideImages(questions.annotator, questions.data, questions.items) }
        let images = RunPlugins.encodings(cache: run.configuration.cache)
        return (questions.annotator, questions.data, questions.items, BatchService(settings.service, images: images))
      }
    }

    struct Write: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        abstract: "Write the questions that have no reply yet.",
        discussion: """
          A file holds no more than the service takes; further ones get -2, -3 and so on to their names. No file that is \
          there is replaced: its questions count as sent. For Anthropic \
          the lines are the list 'requests': jq -s '{requests: .}' questions.jsonl

          Questions that 'spending' has no room for are not written, and the exit code is 4. What is written is booked at \
          its greatest cost, and at what it did cost when the result is read. Until then no further batch takes it along, \
          unless --again says that the one before was lost.

          Example:  distill batch write news.yaml --teacher large --batch questions.jsonl
          """)

      @OptionGroup var options: Options

      @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
      var batch: String?

      @Flag(help: "Write questions too that an earlier batch took along and of which no result was read.")
      var again = false

      @OptionGroup var estimate: EstimateOptions

      func validate() throws {
        guard batch != nil || estimate.dryRun else {
          throw ValidationError("Give --batch with the file to write, or --dry-run.")
        }
        guard batch != nil else { return }
        var used = UsedFiles()
        used.add(
          configuration: URL(filePath: options.run.config), dataFolder: options.run.data.map { URL(filePath: $0) },
          setting: (try? options.run.set.settings()) ?? [])
        // How many there will be is not known before the questions are.
        for part in 1...99 {
          try Output.refuse(name(part).relativePath, over: used)
          if !estimate.dryRun { try Output.refuseReplacing(name(part).relativePath) }
        }
      }

      func run() async throws {
        if estimate.dryRun {
          let run = try options.run.request.prepared().run
          var found = try await run.spendingEstimate()
          found.teachers.removeAll { $0.teacher != options.teacher }
          return try Output.write(found.text(limit: run.configuration.spending.asLimit))
        }
        let (annotator, data, items, service) = try await options.opened(sending: true)
        let (open, unfit) = try await annotator.openQuestions(to: options.teacher, data, items: items)
        var failures = unfit
        var (part, lines, bytes) = (1, 0, 0)
        var (written, underWay) = (0, 0)
        var exhausted: BudgetExhausted?
        var handle: FileHandle?
        var files: [String] = []
        for question in open {
          let line: Data
          do {
            line = Data((try await service.line(id: question.key, request: question.request) + "\n").utf8)
          } catch {
            failures.append(.init(item: question.request.item.id, teacher: options.teacher, reason: "\(error)"))
            continue
          }
          do {
            guard try annotator.send(question, to: options.teacher, again: again) else {
              underWay += 1
              continue
            }
          } catch let error as BudgetExhausted {
            exhausted = error
            break
          }
          if handle == nil || lines + 1 > service.maximumLines || bytes + line.count > service.maximumBytes {
            try handle?.close()
            let url = name(part)
            try Output.refuseReplacing(url.relativePath)
            try Data().write(to: url)
            handle = try FileHandle(forWritingTo: url)
            files.append(url.relativePath)
            (part, lines, bytes) = (part + 1, 0, 0)
          }
          do { try handle?.write(contentsOf: line) } catch {
            throw CheckingError.unwritable(
              files.last ?? "", reason: FaultText.reason(of: error, advising: true))
          }
          written += 1
          lines += 1
          bytes += line.count
        }
        try handle?.close()
        for failure in failures.prefix(5) { Output.error("not asked: \(failure)") }
        if failures.count > 5 { Output.error("and \(failures.count - 5) more that can't be asked about") }
        if underWay > 0 {
          Output.error(
            "\(underWay) questions went with a batch of which no result was read. Read its results; if it was never sent, or is "
              + "lost, give --again")
        }
        let place =
          files.isEmpty
          ? "\(open.isEmpty ? "nothing is open, " : "")no file was written" : files.joined(separator: ", ")
        try Output.write("\(written) questions: \(place)")
        if let exhausted { throw exhausted }
      }

      private func name(_ part: Int) -> URL {
        let url = URL(filePath: batch ?? "")
        guard part > 1 else { return url }
        let (stem, ending) = (url.deletingPathExtension().lastPathComponent, url.pathExtension)
        return url.deletingLastPathComponent().appending(path: "\(stem)-\(part)\(ending.isEmpty ? "" : ".\(ending)")")
      }
    }

    struct Read: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        abstract: "Keep the replies in a service's result files.",
        discussion: """
          Files of answers and of errors, whole or partial, in any order and as often as you like: what is kept already \
          is not kept again.

          Example:  distill batch read news.yaml --teacher large output.jsonl errors.jsonl
          """)

      @OptionGroup var options: Options

      @Argument(help: "Files of results.", completion: .file())
      var results: [String]

      func run() async throws {
        let (annotator, data, items, service) = try await options.opened(sending: false)
        let (questions, _) = try await annotator.openQuestions(to: options.teacher, data, items: items)
        let open = Dictionary(questions.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        var replies: [String: (OpenQuestion, TeacherReply)] = [:]
        var (failures, unknown, failed) = ([String: Int](), 0, Set<String>())
        for file in results {
          let found = try service.results(in: URL(filePath: file))
          for problem in found.unreadable.prefix(5) { Output.error("\(file), \(problem)") }
          if let lack = service.lackOfTokens(in: found.results) {
            Output.error("\(file), teacher \(options.teacher): \(lack)")
          }
          for result in found.results {
            guard let question = open[result.id] else {
              unknown += 1
              continue
            }
            if let reply = result.reply(to: question.request) { replies[result.id] = (question, reply) }
            if let failure = result.failure {
              failures[failure, default: 0] += 1
              failed.insert(result.id)
            }
          }
        }
        let kept = questions.compactMap { replies[$0.key] }
        let unanswered = questions.filter { failed.contains($0.key) && replies[$0.key] == nil }
        try await annotator.keep(kept, of: options.teacher, unanswered: unanswered)
        for (failure, count) in failures.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }).prefix(5) {
          Output.error("\(count) not answered: \(failure)")
        }
        if unknown > 0 {
          Output.error("\(unknown) results are of questions that are not open: kept before, or changed")
        }
        try Output.write("\(kept.count) replies kept, \(questions.count - kept.count) questions still open")
      }
    }
  }
#endif
