import Foundation
import Tensor
import Testing

/// An address space that is too small, as `ulimit -v` makes it, ends a process with 1 and says what was asked for.
@Suite struct MemoryLimitTests {
  /// 8 GiB are more than a test process takes.
  private static func limitAddressSpace(to bytes: UInt = 8 << 30) {
    var limit = rlimit(rlim_cur: bytes, rlim_max: bytes)
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
  }

  private func expectWords(_ result: ExitTest.Result?, _ words: [String]) {
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    for word in words { #expect(said.contains(word), "\(said)") }
    #expect(said.contains("of at most 8192 MiB of address space are taken (ulimit -v)"), "\(said)")
  }

  @Test func `a tensor that does not fit`() async {
    let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
      Self.limitAddressSpace()
      _ = Tensor.zeros([1 << 32])
    }
    expectWords(result, ["not enough memory: 16384 MiB more were asked for beside"])
  }

  @Test func `what is kept for later is given back before`() async {
    await #expect(processExitsWith: .success) {
      // The threads of the machine's cores are there before what they take is measured.
      _ = Tensor.zeros([1 << 20])
      let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).prefix { $0 != " " }
      Self.limitAddressSpace(to: UInt(pages).map { $0 * UInt(getpagesize()) + (1280 << 20) } ?? 0)
      // Blocks of 960 MiB, which are all kept, and then one of 512 MiB that fits only without them.
      for size in 1...5 { _ = Tensor.zeros([size << 24]) }
      let large = Tensor.zeros([1 << 27])
      guard large.shape == [1 << 27] else { exit(3) }
    }
  }

  @Test func `an array that does not fit`() async {
    let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
      Tensor.Compute.endsWithoutMemory()
      Self.limitAddressSpace()
      let array = [Float](repeating: Float(CommandLine.arguments.count), count: 1 << 32)
      exit(array[1] == 0 ? 3 : 4)
    }
    expectWords(result, ["not enough memory: the line above says what was asked for", "17179869"])
  }

  @Test func `a file of weights that does not fit is an error`() async {
    await #expect(processExitsWith: .success) {
      let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
      defer { try? FileManager.default.removeItem(at: file) }
      guard FileManager.default.createFile(atPath: file.path, contents: nil), truncate(file.path, 16 << 30) == 0 else {
        exit(3)
      }
      Self.limitAddressSpace()
      do {
        _ = try Tensor.SafetensorsFile(contentsOf: file)
        exit(4)
      } catch let error as Tensor.SafetensorsError {
        guard case .outOfMemory(_, 17_179_869_184, let left) = error, left.contains("8192 MiB") else { exit(5) }
      }
    }
  }
}
