package import ConfigurationFiles

/// The configuration of a run of any method: the keys that all methods have.
package protocol MethodConfiguration: ConfigurationSection {
  var seed: Int { get set }
  var threads: Int? { get set }
  var out: String? { get set }
  var storeIsDurable: Bool { get set }
}

extension MethodConfiguration {
  static var seed: ConfigurationKey<Self> {
    ConfigurationKey(
      "seed", \.seed, "Seed of everything random: same seed, same bytes.", range: .from(0, through: .max))
  }

  static var threads: ConfigurationKey<Self> {
    ConfigurationKey(
      "threads", \.threads, "Threads of arithmetic; without it every core that the process may use.",
      range: .ifGiven(.from(1, through: 1024)),
      sample: "2")
  }

  static var out: ConfigurationKey<Self> {
    ConfigurationKey(
      "out", \.out, "The run's folder; --out wins; without both runs/NAME of this file.", range: .ifGiven(.nonBlank),
      relativeTo: .configuration, sample: "runs/first")
  }

  static var storeIsDurable: ConfigurationKey<Self> {
    ConfigurationKey("store_durable", \.storeIsDurable, "Wait for the disk with every reply, against power cuts.")
  }
}
