/// Why a model stopped, as services and the servers between them and us say it.
enum FinishReason {
  /// The answer is whole.
  case complete
  /// It ended at a limit of length.
  case cutOff
  /// A filter held it back, or the model declined.
  case refused
  /// Something broke while it was written; what was written is no answer.
  case fault

  /// The meaning of `finish_reason` or `stop_reason`; an unknown one, and none at all, is taken for the end.
  ///
  /// Gemini's reasons come in capitals through servers that pass them on.
  init(_ reason: String?) {
    switch reason?.lowercased() {
    case "length", "max_tokens", "model_length", "max_length", "max_output_tokens", "model_context_window_exceeded",
      "context_length_exceeded", "pause_turn", "incomplete":
      self = .cutOff
    case "content_filter", "content_filtered", "refusal", "sensitive", "safety", "recitation", "blocklist",
      "prohibited_content", "spii", "image_safety", "model_armor", "guardrail_intervened", "error_toxic":
      self = .refused
    // OpenRouter; Zhipu; DeepSeek; vLLM and SGLang; Together; Gemini; what gateways write.
    case "error", "network_error", "insufficient_system_resource", "abort", "aborted", "cancelled", "canceled",
      "failed",
      "malformed_function_call", "malformed_response", "malformed_tool_call", "unexpected_tool_call", "server_error",
      "internal_error", "internal_server_error", "model_error", "provider_error", "upstream_error", "timeout",
      "overloaded", "engine_overloaded", "service_unavailable", "resource_exhausted", "rate_limit_exceeded",
      "finish_reason_unspecified":
      self = .fault
    default: self = .complete
    }
  }
}
