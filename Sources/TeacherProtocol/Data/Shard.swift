import ContentDigest

/// One of n parts into which items are dealt out by their groups, for as many processes that know nothing of each other.
///
/// ```swift
/// Shard("2/8")?.contains(item.group)
/// ```
///
/// The part of a group is told by its name alone, so it depends neither on the other rows nor on their order, and everybody
/// can compute it: the first 8 bytes of the SHA-256 of the name's UTF-8, the most significant first, modulo n, plus 1. In Python:
/// `int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") % n + 1`.
package struct Shard: Sendable, Equatable, CustomStringConvertible {
  /// Which part, from 1.
  package let index: Int
  /// How many parts there are.
  package let count: Int

  /// The most parts.
  package static let most = 1_000_000

  /// Everything.
  package static let whole = Shard(index: 1, of: 1)

  /// - Precondition: `1 <= index <= count <= most`.
  package init(index: Int, of count: Int) {
    precondition(1 <= index && index <= count && count <= Self.most, "Shard: \(index) of \(count)")
    (self.index, self.count) = (index, count)
  }

  /// `i/n` with i from 1 to n; nil for anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isASCIIDigit) }),
      let index = Int(parts[0]), let count = Int(parts[1]), 1 <= index, index <= count, count <= Self.most
    else { return nil }
    self.init(index: index, of: count)
  }

  /// Whether there is nothing but this part.
  package var isWhole: Bool { count == 1 }

  /// Whether a group belongs to the part.
  package func contains(_ group: String) -> Bool {
    guard count > 1 else { return true }
    return Int(Self.draw(group) % UInt64(count)) == index - 1
  }

  /// The number by which a group is dealt out: the first 8 bytes of the SHA-256 of its name.
  package static func draw(_ group: String) -> UInt64 {
    var digest = ContentDigest()
    digest.update(group)
    return digest.bytes().prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  }

  /// As it is written.
  package var description: String { "\(index)/\(count)" }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}

extension Shard {
  /// Why the environment of an array of jobs tells no part.
  package struct Unclear: Error, Equatable, CustomStringConvertible {
    package let description: String
  }

  /// The part of this job in an array of Slurm's or an indexed job of Kubernetes, and what told it; nil outside of both.
  ///
  /// - Slurm: `SLURM_ARRAY_TASK_ID` of `SLURM_ARRAY_TASK_COUNT`, counted from `SLURM_ARRAY_TASK_MIN` in steps of
  ///   `SLURM_ARRAY_TASK_STEP`, so `--array=0-7`, `5-12` and `0-14:2` are all eight parts.
  /// - Kubernetes: `JOB_COMPLETION_INDEX`, from 0. How many there are Kubernetes does not say: the variable `JOB_COMPLETIONS`
  ///   has to.
  ///
  /// - Throws: ``Unclear``.
  package static func named(
    in environment: [String: String]
  ) throws(Unclear) -> (shard: Shard, variables: String)? {
    func number(_ name: String) throws(Unclear) -> Int? {
      guard let text = environment[name], !text.isEmpty else { return nil }
      guard let number = Int(text), (0...Int(Int32.max)).contains(number) else {
        throw Unclear(description: "\(name) is '\(text)', which is no number of a job")
      }
      return number
    }
    if let id = try number("SLURM_ARRAY_TASK_ID") {
      let name = "SLURM_ARRAY_TASK_ID"
      guard let count = try number("SLURM_ARRAY_TASK_COUNT") else {
        throw Unclear(description: "\(name) is \(id), and SLURM_ARRAY_TASK_COUNT does not say of how many")
      }
      let (least, step) = try (number("SLURM_ARRAY_TASK_MIN") ?? 0, max(1, number("SLURM_ARRAY_TASK_STEP") ?? 1))
      let greatest = try number("SLURM_ARRAY_TASK_MAX") ?? least + step * (count - 1)
      guard count >= 1, count <= most, id >= least, (id - least) % step == 0, (id - least) / step < count,
        (greatest - least) / step == count - 1
      else {
        throw Unclear(
          description:
            "the \(count) jobs of the array, \(least) to \(greatest), are not numbered without gaps, so \(name)=\(id) is no part"
        )
      }
      return (Shard(index: (id - least) / step + 1, of: count), "SLURM_ARRAY_TASK_ID=\(id)")
    }
    guard let index = try number("JOB_COMPLETION_INDEX") else { return nil }
    guard let count = try number("JOB_COMPLETIONS") else {
      throw Unclear(
        description: "JOB_COMPLETION_INDEX is \(index), and JOB_COMPLETIONS, which has to say of how many, is not set")
    }
    guard index < count, count <= most else {
      throw Unclear(description: "JOB_COMPLETION_INDEX is \(index), which is not below JOB_COMPLETIONS=\(count)")
    }
    return (Shard(index: index + 1, of: count), "JOB_COMPLETION_INDEX=\(index)")
  }
}
