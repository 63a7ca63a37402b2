internal import Wording

#if Run
  import ArgumentParser
  import Distillation
  import Foundation
  import TeacherProtocol
  import Tensor

  /// The command: parses, runs, and turns every error into one message and an exit code.
  @main
  enum Program {
    static func main() async {
      do {
        var command = try Distill.parseAsRoot()
        try Output.check()
        Tensor.Compute.endsWithoutMemory()
        // Data, replies and reports are their owner's alone; models and configurations are made to be handed on.
        if !(command is Export), !(command is Init) { umask(0o077) }
        if var asynchronous = command as? any AsyncParsableCommand {
          try await asynchronous.run()
        } else {
          try command.run()
        }
        try RankedProcess.end()
      } catch {
        end(with: error)
      }
    }

    private static func end(with error: any Error) -> Never {
      if error is ExitCode || Distill.exitCode(for: error) == .success { Distill.exit(withError: error) }
      if Distill.exitCode(for: error) == .validationFailure {
        RankedProcess.fail(Distill.message(for: error), status: ExitStatus.mistake.rawValue)
        Output.error(Distill.fullMessage(for: error))
        exit(ExitStatus.mistake.rawValue)
      }
      RankedProcess.fail(FaultText.sentence(for: error), status: ExitStatus(of: error).rawValue)
      Output.error("distill: " + FaultText.sentence(for: error))
      exit(ExitStatus(of: error).rawValue)
    }
  }
#else
  import Foundation

  /// What is left of the command where its packages were turned off.
  @main
  enum Program {
    static func main() {
      FileHandle.standardError.write(
        Data("distill was built without the trait Run. Build it with: swift build --product distill\n".utf8))
      exit(1)
    }
  }
#endif
