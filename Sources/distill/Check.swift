#if Run
  import ArgumentParser
  import Distillation
  import Foundation
  import HTTPTeacher

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Look at everything before anything is spent.",
      discussion: """
        Reads the configuration, all data files, recorded replies and model folders as the run will, and lists what \
        is ok, what is doubtful and what would stop the run: unknown keys, missing columns, bad rows, missing images, \
        groups in two splits, unknown labels, slots that nothing fills, the longest row in tokens, keys of services, \
        label budget, memory and expected time; under mpirun, what messages between the ranks take. Nothing is written, no teacher is asked, no label is spent. Where a \
        teacher's base_url is a list, each address is asked for its list of models.

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

    func run() async throws {
      var check = RunCheck(
        contentsOf: URL(filePath: config), dataFolder: data.map { URL(filePath: $0) }, setting: try set.settings())
      for (subject, service) in check.services {
        for finding in await service.findings(subject) { check.add(finding) }
      }
      if let finding = try RankedProcess.finding(check.update) { check.add(finding) }
      try Output.write(json ? check.json() : check.text(from: quiet ? .warning : .ok))
      if !check.isUsable { throw ExitCode(ExitStatus.mistake.rawValue) }
    }
  }

  extension OpenAITeacherConfiguration {
    /// Which of its addresses answer, and with the model.
    fileprivate func findings(_ subject: String) async -> [CheckFinding] {
      // Whether there is a key was looked at before.
      let key = try? key()
      let kind = service
      let heard = await withTaskGroup(of: (Int, ServiceModels?).self) { group in
        for (number, address) in addresses.all.enumerated() {
          group.addTask {
            guard let base = URL(string: address) else { return (number, nil) }
            return (number, await ServiceModels(at: base, kind, key: key, seconds: min(timeout, 10)))
          }
        }
        return await group.reduce(into: [Int: ServiceModels]()) { $0[$1.0] = $1.1 }
      }
      var works = 0
      let details = addresses.all.enumerated().map { number, address in
        switch heard[number] {
        case .listed(let names) where !names.contains(model):
          return "\(address) has no model '\(model)', but \(names.map { "'\($0)'" }.joined(separator: ", "))"
        case .keyRefused(let status): return "\(address) refuses the key with status \(status)"
        case .fault(let reason): return "\(address) does not answer: \(reason)"
        case .listed: works += 1
        case .unlisted(let status):
          works += 1
          return "\(address) answers, and lists no models (status \(status))"
        case nil: return "\(address) is no address"
        }
        return "\(address) answers and has the model"
      }
      let all = addresses.all.count
      return [
        CheckFinding(
          works == all ? .ok : works == 0 ? .error : .warning, subject,
          "\(works) of its \(all) addresses \(works == 1 ? "answers" : "answer")"
            + (works == 0 || works == all ? "" : "; the others get no question until they do"), details: details)
      ]
    }
  }
#endif
