internal import JSON
import TeacherProtocol

/// Members of a request that ask for nothing: those that change no answer, and those whose value is what happens anyway.
///
/// Clients fill in whole forms: OpenAI's own and those of vLLM, llama.cpp and their kin, most of it with the value that means
/// "as usual". Such a member is passed over; the same member with another value is refused by its name.
enum RestingFields {
  /// Whatever the value: notes to the service that leave the answer as it is.
  private static let notes: Set<String> = [
    "user", "store", "metadata", "service_tier", "parallel_tool_calls", "safety_identifier", "prompt_cache_key",
    "prompt_cache_retention", "cache_prompt", "cache_salt", "request_id", "keep_alive", "include_reasoning",
  ]
  /// Asked for nothing where empty.
  private static let lists: Set<String> = [
    "tools", "functions", "documents", "stop_token_ids", "bad_words", "allowed_token_ids", "logits_processors",
    "mm_processor_kwargs", "vllm_xargs", "extra_body",
  ]
  private static let usual: [String: JSONValue] = [
    "reasoning_effort": .string("none"), "verbosity": .string("medium"), "modalities": .array([.string("text")]),
    "repetition_penalty": .number(1), "repeat_penalty": .number(1), "length_penalty": .number(1),
    "typical_p": .number(1), "tfs_z": .number(1), "best_of": .number(1), "min_p": .number(0), "top_a": .number(0),
    "min_tokens": .number(0), "no_repeat_ngram_size": .number(0), "mirostat": .number(0), "dry_multiplier": .number(0),
    "xtc_probability": .number(0), "n_probs": .number(0), "priority": .number(0), "id_slot": .number(-1),
    "use_beam_search": .bool(false), "echo": .bool(false), "ignore_eos": .bool(false),
    "include_stop_str_in_output": .bool(false), "return_token_ids": .bool(false),
    "return_tokens_as_token_ids": .bool(false), "continue_final_message": .bool(false),
    "add_special_tokens": .bool(false), "safe_prompt": .bool(false), "skip_special_tokens": .bool(true),
    "spaces_between_special_tokens": .bool(true), "add_generation_prompt": .bool(true), "suffix": .string(""),
    "grammar": .string(""),
  ]

  /// Whether a member asks for nothing that this server does not do.
  static func has(_ member: JSONValue.Member, in fields: RequestFields) -> Bool {
    let (name, value) = (member.name, member.value)
    if value == .null || notes.contains(name) { return true }
    if lists.contains(name), value.isEmpty { return true }
    if let usual = usual[name] {
      // 1 and 1.0 are one number.
      return usual == value || usual.double != nil && usual.double == value.double
    }
    switch name {
    // Tools that are not to be called, and a choice among none.
    case "tools": return fields["tool_choice"]?.string == "none"
    case "functions": return fields["function_call"]?.string == "none"
    case "tool_choice", "function_call": return ["none", "auto"].contains(value.string)
    case "logit_bias":
      guard case .object(let biases) = value else { return value.isEmpty }
      return biases.allSatisfy { $0.value.double == 0 }
    default: return false
    }
  }

  /// Members of a turn that would ask for something: calls of tools, and a spoken answer that is elsewhere.
  ///
  /// - Parameter place: of the turn, such as `messages[1]`.
  static func check(turn: JSONValue, at place: String) throws(ChatError) {
    for name in ["tool_calls", "function_call", "audio"] {
      guard let value = turn[name], value != .null, !value.isEmpty else { continue }
      throw .unsupported("\(place).\(name)", "\(name) is not supported; leave it out.")
    }
  }
}

extension JSONValue {
  /// Whether it is a list or an object with nothing in it.
  fileprivate var isEmpty: Bool { self == .array([]) || self == .object([]) }
}
