import Distillation
import Foundation
import TestSupport
import Testing

@Suite struct FileDigestsTests {
  /// Digests of `bytes(i * 31 % 256 for i in range(count))` by hashlib of Python 3.11.
  @Test(arguments: [
    (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (5, "28aa56c727b3999910cff5ec38aba45294c48a45c678d8bf70be09dce933f224"),
    (1 << 20, "1c15b634397059fc8b634d6723502f0e5433e6c9f8d60e40d9128451a9f80c0f"),
    (2 << 20 + 3, "c4a426a3ff3049c5515c4786243e881315d0aee865e812da2e704312437719cf"),
  ])
  func `a file is read in parts, and its digest is that of its bytes`(count: Int, right: String) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "weights")
      try Data((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }).write(to: file)
      let remembered = FileDigests(cache: folder.appending(path: "cache"))
      #expect(try FileDigests(cache: nil).digest(of: file) == right)
      #expect(try remembered.digest(of: file) == right && remembered.digest(of: file) == right)
    }
  }
}
