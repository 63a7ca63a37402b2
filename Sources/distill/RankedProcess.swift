#if Run
  import ArgumentParser
  import Distillation
  import Foundation
  import Layers
  import Synchronization
  #if MPI
    import CMPI
  #endif

  /// This process as one of several that `mpirun` or `srun` started to carry a run out together.
  enum RankedProcess {
    private struct State {
      var ranks: (any Ranks)?
      /// A copy of the run's folder.
      var copy: URL?
    }

    private static let state = Mutex(State())

    private static var joined: (any Ranks)? { state.withLock(\.ranks) }

    /// Whether another process says what this one would.
    static var isSilent: Bool { joined?.isFirst == false }

    /// Joins the other ranks; a process that was started by itself is the only one.
    ///
    /// - Throws: `ValidationError` where there are others and this program was built without MPI.
    static func begin() throws -> any Ranks {
      if let joined { return joined }
      guard let started else { return OneRank() }
      #if MPI
        guard sd_ranks_begin() else { throw RanksError.broken("\(started) is set, and MPI can't be begun") }
        let ranks: any Ranks = MPIRanks()
        state.withLock { $0.ranks = ranks }
        try ranks.agree([("the version", Distill.configuration.version)], "the beginning")
        return ranks
      #else
        throw ValidationError(
          "\(started) is set, so that this is one of several processes, and distill was built without the trait MPI: build "
            + "it with --traits default,MPI, or start it without mpirun.")
      #endif
    }

    /// The variable by which a launcher says that there are several processes; nil without one.
    private static var started: String? {
      let environment = ProcessInfo.processInfo.environment
      let counts = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS"]
      return counts.first { environment[$0].flatMap(Int.init).map { $0 > 1 } ?? false }
    }

    /// Where this rank carries a run out.
    static func place(of folder: URL, _ ranks: any Ranks) throws -> URL {
      let own = try RankFolder.place(of: folder, ranks)
      if own != folder { state.withLock { $0.copy = own } }
      return own
    }

    /// What messages between ranks cost, measured where there are several; nil without MPI.
    static func finding(_ update: RanksCost?) throws -> CheckFinding? {
      #if MPI
        let ranks = try begin()
        guard let update else { return nil }
        return update.finding(
          ranks: ranks.count, over: ranks.count > 1 ? try .init(between: ranks, bytes: update.bytes) : nil)
      #else
        return nil
      #endif
    }

    /// Waits until all ranks have come to their end.
    static func end() throws {
      guard let joined else { return }
      _ = try joined.gathered([], "the end")
      removeCopy()
      #if MPI
        sd_ranks_end()
      #endif
    }

    /// Ends all ranks after an error of this one, which rank 0 says. Returns where there are no others.
    static func fail(_ words: String, status: Int32) {
      guard let joined, joined.count > 1 else { return }
      removeCopy()
      #if MPI
        if !joined.isFirst { sd_ranks_fail(words, 600) }
        Output.error(joined.isFirst ? "distill: \(words)" : "distill: rank \(joined.own): \(words)", fromAnyRank: true)
        sd_ranks_abort(status)
      #endif
    }

    private static func removeCopy() {
      if let copy = state.withLock(\.copy) { try? FileManager.default.removeItem(at: copy) }
    }
  }

  #if MPI
    /// Ranks over MPI.
    private struct MPIRanks: Ranks {
      let own = Int(sd_ranks_own())
      let count = Int(sd_ranks_count())

      func exchange(_ bytes: [[UInt8]], _ name: String) throws -> [[UInt8]] {
        var from = [UnsafeMutableRawPointer?](repeating: nil, count: count)
        var sizes = [Int](repeating: 0, count: count)
        // In memory that the arrays own: nothing is copied on its way out.
        let outcome = withExtendedLifetime(bytes) {
          sd_ranks_exchange(
            name, bytes.map { $0.withUnsafeBytes(\.baseAddress) }, bytes.map(\.count), &from, &sizes)
        }
        guard outcome == SD_RANKS_GOOD else { throw Self.fault(outcome, name) }
        return (0..<count).map { rank in
          guard rank != own else { return bytes[rank] }
          defer { free(from[rank]) }
          return [UInt8](UnsafeRawBufferPointer(start: from[rank], count: sizes[rank]))
        }
      }

      private static func fault(_ outcome: sd_ranks_outcome, _ name: String) -> RanksError {
        let (rank, words) = (Int(sd_ranks_failed_rank()), String(cString: sd_ranks_failure()))
        return switch outcome {
        case SD_RANKS_FAILED: .failed(rank: rank, words)
        case SD_RANKS_OUT_OF_STEP: .outOfStep(rank: rank, name: name, other: words)
        default: .broken(words)
        }
      }
    }
  #endif
#endif
