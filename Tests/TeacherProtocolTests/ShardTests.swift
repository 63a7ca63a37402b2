import TeacherProtocol
import Testing

@Suite struct ShardTests {
  /// Python 3.11: int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") % n + 1 for n = 8.
  @Test(arguments: [("", 5), ("a", 3), ("i1", 1), ("g7", 6), ("grün", 3), ("日本", 4)])
  func `a group's part is the one that everybody can compute`(group: String, part: Int) {
    for index in 1...8 { #expect(Shard(index: index, of: 8).contains(group) == (index == part)) }
  }

  @Test func `each group is in one part, parts are about alike, and one part is everything`() {
    for count in [1, 2, 3, 7] {
      var sizes = [Int](repeating: 0, count: count)
      for number in 0..<3000 {
        let parts = (1...count).filter { Shard(index: $0, of: count).contains("group \(number)") }
        #expect(parts.count == 1)
        for part in parts { sizes[part - 1] += 1 }
      }
      let even = Double(3000) / Double(count)
      #expect(sizes.allSatisfy { abs(Double($0) - even) < 5 * even.squareRoot() + 1 }, "\(sizes)")
    }
    #expect(Shard.whole.contains("x") && Shard.whole.isWhole)
  }

  @Test func `what is written is read, and nothing else`() {
    #expect(Shard("3/8") == Shard(index: 3, of: 8))
    #expect(Shard("1/1") == .whole && Shard("1/1000000")?.count == 1_000_000)
    #expect(Shard("3/8")?.description == "3/8")
    for text in [
      "", "3", "0/8", "9/8", "-1/8", "3/0", "3/8/1", " 3/8", "3/ 8", "a/b", "1/1000001", "+1/2", "٣/8",
      "1/99999999999999999999",
    ] {
      #expect(Shard(text) == nil, "\(text)")
    }
  }

  @Test func `an array of Slurm's is n parts wherever its numbers begin and however far apart they are`() throws {
    func shard(_ id: Int, count: Int, least: Int, greatest: Int, step: Int = 1) throws -> Shard? {
      try Shard.named(in: [
        "SLURM_ARRAY_TASK_ID": "\(id)", "SLURM_ARRAY_TASK_COUNT": "\(count)", "SLURM_ARRAY_TASK_MIN": "\(least)",
        "SLURM_ARRAY_TASK_MAX": "\(greatest)", "SLURM_ARRAY_TASK_STEP": "\(step)",
      ])?.shard
    }
    #expect(try (0...7).map { try shard($0, count: 8, least: 0, greatest: 7)?.index } == Array(1...8))
    #expect(try (5...12).map { try shard($0, count: 8, least: 5, greatest: 12)?.index } == Array(1...8))
    #expect(
      try stride(from: 1, through: 13, by: 4).map { try shard($0, count: 4, least: 1, greatest: 13, step: 4)?.index }
        == Array(1...4))
    // --array=0,1,3
    for id in [0, 1, 3] {
      #expect(throws: Shard.Unclear.self) { try shard(id, count: 3, least: 0, greatest: 3) }
    }
    #expect(throws: Shard.Unclear.self) { try Shard.named(in: ["SLURM_ARRAY_TASK_ID": "1"]) }
    #expect(throws: Shard.Unclear.self) { try shard(0, count: 0, least: 0, greatest: 0) }
    let told = try Shard.named(in: ["SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "4"])
    #expect(told?.shard == Shard(index: 3, of: 4) && told?.variables == "SLURM_ARRAY_TASK_ID=2")
  }

  @Test func `an indexed job of Kubernetes needs to be told of how many`() throws {
    #expect(try Shard.named(in: [:]) == nil)
    #expect(try Shard.named(in: ["SLURM_ARRAY_TASK_ID": ""]) == nil)
    let named = try Shard.named(in: ["JOB_COMPLETION_INDEX": "0", "JOB_COMPLETIONS": "5"])
    #expect(named?.shard == Shard(index: 1, of: 5))
    #expect(throws: Shard.Unclear.self) { try Shard.named(in: ["JOB_COMPLETION_INDEX": "0"]) }
    #expect(throws: Shard.Unclear.self) {
      try Shard.named(in: ["JOB_COMPLETION_INDEX": "5", "JOB_COMPLETIONS": "5"])
    }
    #expect(throws: Shard.Unclear.self) { try Shard.named(in: ["JOB_COMPLETION_INDEX": "x", "JOB_COMPLETIONS": "5"]) }
  }
}
