import Foundation
import HTTPTeacher
import TeacherProtocol
import Testing

/// A server on loopback that reads one request and writes fixed bytes.
private final class OneShotServer: Sendable {
  let port: UInt16
  let got = Locked("")
  private let socketDescriptor: Int32

  init(_ response: String) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        bind(listener, raw, size) == 0 && listen(listener, 4) == 0 && getsockname(listener, raw, &size) == 0
      }
    }
    try #require(bound)
    socketDescriptor = listener
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [got] in
      let client = accept(listener, nil, nil)
      guard client >= 0 else { return }
      var bytes: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 4096)
      // The test's body ends in "END".
      while !String(decoding: bytes, as: UTF8.self).hasSuffix("END") {
        let count = read(client, &buffer, buffer.count)
        if count <= 0 { break }
        bytes += buffer[..<count]
      }
      got.withLock { $0 = String(decoding: bytes, as: UTF8.self) }
      _ = response.withCString { write(client, $0, strlen($0)) }
      close(client)
    }
  }

  deinit { close(socketDescriptor) }

  func request() throws -> TransportRequest {
    TransportRequest(
      url: try #require(URL(string: "http://127.0.0.1:\(port)/v1/x")), headers: ["Authorization": "Bearer k"],
      body: Data("bodyEND".utf8), seconds: 5)
  }
}

@Suite struct URLSessionTransportTests {
  @Test func aRequestGoesOverARealConnection() async throws {
    let server = try OneShotServer(
      "HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
    let response = try await URLSessionTransport().send(try server.request())
    #expect(response.status == 429)
    #expect(response.headers["retry-after"] == "3")
    #expect(String(decoding: response.body, as: UTF8.self) == "hello")
    let got = server.got.withLock { $0 }
    #expect(got.hasPrefix("POST /v1/x HTTP/1.1"))
    #expect(got.contains("Authorization: Bearer k"))
    #expect(got.hasSuffix("bodyEND"))
  }

  @Test func aRedirectIsNotFollowed() async throws {
    let elsewhere = try OneShotServer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    let server = try OneShotServer(
      "HTTP/1.1 307 Away\r\nLocation: http://127.0.0.1:\(elsewhere.port)/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    #expect(try await URLSessionTransport().send(try server.request()).status == 307)
    #expect(elsewhere.got.withLock { $0 }.isEmpty)
  }

  @Test func aServerThatIsNotThereOrBreaksOffIsAnErrorWithItsHost() async throws {
    let broken = try OneShotServer("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf")
    let nobody = TransportRequest(url: try #require(URL(string: "http://127.0.0.1:1/")), body: Data(), seconds: 5)
    for request in [try broken.request(), nobody] {
      do {
        _ = try await URLSessionTransport().send(request)
        Issue.record("no error")
      } catch {
        guard case .notReached(host: "127.0.0.1", _)? = error as? HTTPTeacherError else {
          Issue.record("\(error)")
          return
        }
      }
    }
  }
}
