internal import Foundation
internal import Tensor

/// The speed of the machine, as far as an estimate needs it.
package struct MachineSpeed: Sendable, Equatable {
  /// Floating-point operations a second in matrix products, all threads together.
  package var matrixRate: Double
  /// Bytes of memory that are free for the run; nil where the system does not say.
  package var availableBytes: Int?
  /// Bytes of memory that there are in all, swap included; nil where the system does not say.
  package var totalBytes: Int?

  package init(matrixRate: Double, availableBytes: Int?, totalBytes: Int? = nil) {
    self.matrixRate = matrixRate
    self.availableBytes = availableBytes
    self.totalBytes = totalBytes
  }

  /// This machine, measured on products of a size that small students have, for about a quarter of a second.
  package static func measured() -> MachineSpeed {
    let (rows, side) = (512, 384)
    var generator = Tensor.Generator(seed: 0)
    let a = Tensor.normal([rows, side], using: &generator)
    let b = Tensor.normal([side, side], using: &generator)
    _ = a.matmul(b)  // kernels are chosen and threads made at the first product
    let clock = ContinuousClock()
    // The best of several spells: whatever else the machine does can only slow a spell down.
    var best = 0.0
    for _ in 0..<5 {
      let begin = clock.now
      var products = 0
      repeat {
        _ = a.matmul(b)
        products += 1
      } while clock.now - begin < .milliseconds(50)
      let seconds = (clock.now - begin) / .seconds(1)
      best = max(best, 2 * Double(rows * side * side * products) / seconds)
    }
    return MachineSpeed(matrixRate: best, availableBytes: availableMemory(), totalBytes: totalMemory())
  }

  /// The speed with no more than so many threads; nil leaves it as it is.
  func held(to threads: Int?) -> MachineSpeed {
    guard let threads else { return self }
    var held = self
    held.matrixRate *= min(1, Double(threads) / Double(Tensor.Compute.threads))
    return held
  }

  /// What the system calls available, or the limit of the container if that is lower.
  static func availableMemory() -> Int? {
    let used = number("/sys/fs/cgroup/memory.current") ?? 0
    return [meminfo("MemAvailable"), containerLimit.map { max(0, $0 - used) }].compactMap(\.self).min()
  }

  /// Memory and swap, or the limit of the container if that is lower.
  private static func totalMemory() -> Int? {
    let system = meminfo("MemTotal").map { $0 + (meminfo("SwapTotal") ?? 0) }
    return [system, containerLimit].compactMap(\.self).min()
  }

  private static var containerLimit: Int? {
    number("/sys/fs/cgroup/memory.max") ?? number("/sys/fs/cgroup/memory/memory.limit_in_bytes")
  }

  private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

  private static func number(_ path: String) -> Int? {
    text(path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  /// An entry of the system's, in bytes.
  private static func meminfo(_ name: String) -> Int? {
    let line = text("/proc/meminfo")?.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
  }
}
