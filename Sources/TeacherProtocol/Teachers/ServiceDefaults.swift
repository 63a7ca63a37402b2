/// The defaults of a teacher behind a service, for the library's options and for configurations alike.
///
/// Time-out and attempts are those of OpenAI's and Anthropic's own Python clients (openai 1.x and anthropic 0.x:
/// `DEFAULT_TIMEOUT` 600 s, `DEFAULT_MAX_RETRIES` 2).
package enum ServiceDefaults {
  /// Most seconds for one attempt: a reasoning model, or a queue before a server of one's own, takes minutes.
  package static let seconds = 600.0
  /// Most attempts at a question that meets faults, the first included.
  package static let attempts = 3
  /// Most requests under way at once: what a server of one's own on one card serves together; more is for the caller to say.
  package static let inFlight = 8
}
