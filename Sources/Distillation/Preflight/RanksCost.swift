internal import DistillationConfiguration
internal import Foundation
package import Layers
internal import Wording

/// What ranks send each other for an update of Stage 1, and how long the update then takes: an estimate.
package struct RanksCost: Sendable, Equatable {
  /// What lies between two ranks.
  package struct Link: Sendable, Equatable {
    /// Seconds of an exchange of nothing.
    package var latency: Double
    package var bytesPerSecond: Double

    package init(latency: Double, bytesPerSecond: Double) {
      (self.latency, self.bytesPerSecond) = (latency, bytesPerSecond)
    }

    /// As the ranks measure it: medians of exchanges of nothing, and of so many bytes with each other rank.
    package init(between ranks: any Ranks, bytes: Int) throws {
      func median(_ bytes: [UInt8], _ times: Int) throws -> Double {
        let clock = ContinuousClock()
        let all = try (0..<times).map { _ in
          let taken = try clock.measure { _ = try ranks.gathered(bytes, "a measurement") }
          return Double(taken.components.seconds) + Double(taken.components.attoseconds) * 1e-18
        }
        return all.sorted()[times / 2]
      }
      _ = try median([], 20)
      latency = try median([], 101)
      let size = max(1 << 20, bytes / ranks.count)
      let taken = try median([UInt8](repeating: 1, count: size), 11)
      bytesPerSecond = Double(size * (ranks.count - 1)) / max(1e-9, taken - latency)
    }
  }

  /// Of the gradients.
  package var bytes: Int
  /// Parts of an update.
  package var parts: Int
  /// An update in one process.
  package var seconds: Double

  package init(bytes: Int, parts: Int, seconds: Double) {
    (self.bytes, self.parts, self.seconds) = (bytes, parts, seconds)
  }

  /// What each rank sends for an update: its parts' slices and its slice of the sum, each to all others.
  package func sent(ranks: Int) -> Double {
    let own = Double((parts + ranks - 1) / ranks)
    return Double(bytes) * (own + 1) * Double(ranks - 1) / Double(ranks)
  }

  /// An update on so many ranks: the parts of the busiest, and three exchanges.
  package func seconds(ranks: Int, over link: Link) -> Double {
    guard ranks > 1 else { return seconds }
    let own = Double((parts + ranks - 1) / ranks)
    return seconds * own / Double(parts) + 3 * link.latency + sent(ranks: ranks) / link.bytesPerSecond
  }

  /// As `distill check` says it.
  ///
  /// - Parameter link: what was measured between the ranks; nil where there is one.
  package func finding(ranks: Int, over link: Link?) -> CheckFinding {
    let size = ByteText.bytes(bytes)
    guard let link else {
      return CheckFinding(
        .ok, "ranks", "under mpirun a rank with one part of an update sends about twice \(size) for it",
        details: ["mpirun -n 2 distill check ... measures how long that takes"])
    }
    let taken = seconds(ranks: ranks, over: link)
    let text = String(
      format: "%d: an update of Stage 1 takes about %.3f s, of which messages %.4f; %.3f s on one", ranks, taken,
      taken - seconds * Double((parts + ranks - 1) / ranks) / Double(parts), seconds)
    let details = [
      String(
        format: "measured: %.0f us an exchange, %.2f GB/s; a rank sends %@ an update", link.latency * 1e6,
        link.bytesPerSecond / 1e9, ByteText.bytes(Int(sent(ranks: ranks))))
    ]
    return CheckFinding(taken < seconds ? .ok : .warning, "ranks", text, details: details)
  }
}

extension RunCheck {
  /// The cost of an update from that of all of Stage 1.
  ///
  /// - Parameter items: those of each of its trainings in a round.
  static func updateCost(
    _ run: RunConfiguration, estimate: CostEstimate, items: [Int], trainedParameters: Int?
  ) -> RanksCost? {
    guard let trainedParameters, let stage1 = estimate.parts.first(where: { $0.name == "stage1" }) else { return nil }
    let options = run.stage1.training.options
    let updates = run.rounds * items.map { options.totalSteps(examples: $0) }.reduce(0, +)
    return RanksCost(
      bytes: trainedParameters * MemoryLayout<Float>.size, parts: options.parts,
      seconds: stage1.seconds / Double(max(1, updates)))
  }
}
