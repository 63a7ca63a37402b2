#if PostgreSQL
  import Annotations
  import Foundation
  import TeacherProtocol
  import Testing

  /// One test after the other: some stop the server.
  @Suite(
    .serialized,
    .enabled(if: TestServer.address != nil, "DISTILLATION_POSTGRESQL names no server: run make test-postgresql"))
  enum PostgreSQLStoreTests {}

  extension Annotation {
    static func sample(_ key: String, item: String = "i", raw: String = "raw") -> Annotation {
      Annotation(
        key: key, item: item, teacher: "t", model: "m", promptVersion: "p",
        reply: TeacherReply(outcome: .answered("yes"), rationale: "", raw: raw, seconds: 0), time: 1)
    }
  }

  /// The server that `.ci/postgresql` starts.
  enum TestServer {
    /// The address of a data base; nil where no server was started for the tests.
    static let address = ProcessInfo.processInfo.environment["DISTILLATION_POSTGRESQL"]

    /// The address of a schema of its own in that data base, in which nothing stands.
    static func freshStore() throws -> String {
      let name = "s" + UUID().uuidString.replacing("-", with: "").lowercased()
      try sql("CREATE SCHEMA \(name)")
      return "\(address ?? "")&options=-csearch_path%3D\(name)"
    }

    /// Runs a statement by psql.
    @discardableResult
    static func sql(_ text: String, in place: String? = nil) throws -> String {
      let psql = Process()
      psql.executableURL = URL(filePath: "/usr/bin/env")
      psql.arguments = ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", text, place ?? address ?? ""]
      let out = Pipe()
      psql.standardOutput = out
      try psql.run()
      let found = out.fileHandleForReading.readDataToEndOfFile()
      psql.waitUntilExit()
      guard psql.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
      return String(decoding: found, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Stops the server and starts it again.
    static func restart(_ mode: String) throws {
      let server = Process()
      server.executableURL = URL(
        filePath: ProcessInfo.processInfo.environment["DISTILLATION_POSTGRESQL_SERVER"] ?? "/bin/false")
      server.arguments = [mode]
      try server.run()
      server.waitUntilExit()
    }
  }
#endif
