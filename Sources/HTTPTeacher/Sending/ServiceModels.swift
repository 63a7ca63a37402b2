internal import JSON
package import Foundation

/// What a service says it serves: a request that costs nothing, by which one address of a teacher is tried.
package enum ServiceModels: Sendable, Equatable {
  /// It answers, and lists these models.
  case listed([String])
  /// It answers, and lists none.
  case unlisted(status: Int)
  /// It answers, and turns the key down.
  case keyRefused(status: Int)
  /// It does not answer, or says that it can't.
  case fault(String)

  /// Asks for the list at an address, `GET BASE/models`.
  ///
  /// - Parameters:
  ///   - base: the address up to and without `/models`.
  ///   - kind: how the service is spoken to.
  ///   - key: nil for servers that want none.
  ///   - seconds: longest wait.
  ///   - transport: the default is nil: as for a teacher's questions.
  package init(
    at base: URL, _ kind: BatchService.Kind, key: APIKey?, seconds: Double, transport: (any Transport)? = nil
  ) async {
    let wire: any WireFormat =
      switch kind {
      case .openAI: ChatCompletions()
      case .anthropic: AnthropicMessages()
      }
    var request = TransportRequest(
      url: base.appendingPathComponent("models"), headers: wire.headers(key: key), body: Data(), seconds: seconds)
    request.isGet = true
    request.headers["Accept"] = "application/json"
    do {
      let response = try await (transport ?? StandardTransport.make()).send(request)
      let names = (try? wire.parsed(response.body))?["data"]?.elements?.compactMap { $0["id"]?.string }
      self =
        switch (response.status, names) {
        case (200, let names?): .listed(names)
        case (401, _), (403, _): .keyRefused(status: response.status)
        case (500..., _): .fault("it answers with status \(response.status)")
        default: .unlisted(status: response.status)
        }
    } catch {
      self = .fault(key?.hidden(in: "\(error)") ?? "\(error)")
    }
  }
}
