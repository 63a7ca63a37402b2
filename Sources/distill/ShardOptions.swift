#if Run
  import ArgumentParser
  import Foundation
  import TeacherProtocol

  /// Which part of the items is meant.
  struct ShardOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "Take one of n parts alone, 1/n to n/n, by a hash of each item's group. (default: in an array of jobs the part of "
          + "SLURM_ARRAY_TASK_ID, or of JOB_COMPLETION_INDEX and JOB_COMPLETIONS; else everything)", valueName: "i/n"))
    var shard: String?

    func validate() throws {
      guard let shard, Shard(shard) == nil else { return }
      throw ValidationError(
        "--shard is i/n with i from 1 to n and n at most \(Shard.most), such as 3/8, not '\(shard)'.")
    }

    /// The part that is wanted; one that the environment tells is said.
    func chosen() throws -> Shard {
      if let shard { return Shard(shard) ?? .whole }
      do {
        guard let named = try Shard.named(in: ProcessInfo.processInfo.environment) else { return .whole }
        Output.error("shard \(named.shard), from \(named.variables); --shard 1/1 takes everything")
        return named.shard
      } catch {
        throw ValidationError("\(error); give --shard i/n, or --shard 1/1 for everything.")
      }
    }
  }
#endif
