import Foundation
import HTTPTeacher
import TeacherProtocol
import Testing

@Suite struct RetryAfterTests {
  @Test(arguments: [429, 503]) func `a server is left alone for as long as it asks, up to ten minutes`(status: Int)
    async throws
  {
    let told = Locked([String]())
    for wait in [121.0, 600] {
      let server = ScriptedServer(
        ScriptedServer.failure(status, headers: ["Retry-After": "\(wait)"]), ScriptedServer.answer("No"))
      var question = try request()
      question.meter = Told(told)
      #expect(try await server.teacher().reply(to: question).label == "pristine")
      #expect(server.clock.now == wait)
      let words = try #require(told.withLock { $0.popLast() })
      #expect(words.contains("left alone for \(Int(wait)) s") && words.contains("status \(status)"), "\(words)")
    }
    // A day's quota: asking on is of no use, and waiting would look like hanging.
    for wait in ["601", "86400", "2678400"] {
      let server = ScriptedServer(ScriptedServer.failure(status, headers: ["Retry-After": wait]))
      let teacher = try server.teacher()
      let error = await #expect(throws: TeacherUnavailable.self) { try await teacher.reply(to: try request()) }
      #expect(
        error?.reason.contains("left alone for \(wait) s; start again after 2") == true, "\(String(describing: error))")
      #expect(server.clock.slept.isEmpty && server.bodies.count == 1)
    }
  }

  /// Takes what people are told.
  private final class Told: RequestMeter {
    private let words: Locked<[String]>
    init(_ words: Locked<[String]>) { self.words = words }
    func countRequest() {}
    func countLostReply() {}
    func tell(_ news: String) { words.withLock { $0.append(news) } }
  }
}
