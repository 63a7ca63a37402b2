import Foundation
import TestSupport
import Testing

/// A store on a PostgreSQL server, by the command.
@Suite(
  .serialized,
  .enabled(if: DistillBinary.found != nil, "skipped: no distill beside the tests; build it with swift build"))
struct ServerStoreCommandTests {
  #if !PostgreSQL
    @Test func `a store on a server is refused where the command was built without its client`() throws {
      let distill = try #require(DistillBinary.found)
      try withCheckFixture { fixture in
        let store = "store=postgresql://anna:secret@127.0.0.1:1/replies"
        for arguments in [["annotate", "run.yaml"], ["run", "run.yaml"], ["check", "run.yaml"]] {
          let outcome = try distill.run(arguments + ["--set", store], in: fixture.folder)
          #expect(outcome.code == 2)
          let words = outcome.output + outcome.errors
          #expect(words.contains("--traits default,PostgreSQL"), "\(words)")
          #expect(!words.contains("secret"))
        }
        let outcome = try distill.run("replies", "export", "postgresql://127.0.0.1:1/replies", in: fixture.folder)
        #expect(outcome.code == 2 && outcome.errors.contains("apt-get install libpq-dev"))
        // What a run is configured by is kept with it.
        let folder = fixture.folder.appending(path: "runs/run/config.yaml")
        #expect(!FileManager.default.fileExists(atPath: folder.path))
      }
    }
  #endif
}
