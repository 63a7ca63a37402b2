import Foundation
import JSON
import Tokenization

/// Patterns of `tokenizer.json`.
enum PatternGrammar {
  static func run(_ choices: inout Choices) {
    let pattern = alternation(&choices, 5)
    let file: JSONValue = [
      "pre_tokenizer": [
        "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": false,
      ], "model": ["type": "BPE", "vocab": ["a": 0], "merges": []],
    ]
    guard let tokenizer = try? Tokenizer(json: Data(file.text.utf8)) else { return }
    _ = tokenizer.encode(choices.several(6) { $0.text() }.joined())
  }

  static func alternation(_ choices: inout Choices, _ depth: Int) -> String {
    (0...choices.below(3)).map { _ in choices.several(4) { quantified(&$0, depth) }.joined() }.joined(separator: "|")
  }

  private static func quantified(_ choices: inout Choices, _ depth: Int) -> String {
    let mark = choices.pick(["", "", "?", "*", "+", "{2}", "{0,3}", "{1000}", "{,5}", "{0}", "*?", "++", "??"])
    return atom(&choices, depth)
      + (choices.happens(oneIn: 20) ? String(repeating: mark, count: 1 + choices.below(300)) : mark)
  }

  private static func atom(_ choices: inout Choices, _ depth: Int) -> String {
    if depth > 0, choices.below(3) == 0 {
      let open = choices.pick(["(", "(?:", "(?i:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?m)", "(?<n>"])
      return open + alternation(&choices, depth - 1) + ")"
    }
    return choices.pick([
      "a", "é", ".", "\\s", "\\S", "\\p{L}", "\\p{N}", "\\w", "\\d", "[^a-z]", "[a[^b]&&[c-x]]", "[[:punct:]]", "^",
      "$", "\\b",
      "\\z", "\\x{1F469}", "\\u00e9", "[\\d-z]", "[]a]", "\\R", "\\", "[", "{", "}", ")", "(?",
    ])
  }
}

/// Whole files `tokenizer.json`.
enum TokenizerGrammar {
  static func run(_ choices: inout Choices) {
    var members: [JSONValue.Member] = [.init("model", model(&choices))]
    if choices.happens(oneIn: 2) { members.append(.init("normalizer", step(&choices, "normalizers", normalizer, 3))) }
    if choices.happens(oneIn: 2) {
      members.append(.init("pre_tokenizer", step(&choices, "pretokenizers", splitter, 3)))
    }
    if choices.happens(oneIn: 2) { members.append(.init("decoder", step(&choices, "decoders", decoder, 3))) }
    if choices.happens(oneIn: 3) { members.append(.init("post_processor", processor(&choices))) }
    if choices.happens(oneIn: 3) { members.append(.init("added_tokens", .array(choices.several(5, added)))) }
    if choices.happens(oneIn: 4) {
      members.append(.init("truncation", ["max_length": .number(choices.number()), "direction": "Left"]))
    }
    if choices.happens(oneIn: 4) {
      members.append(
        .init(
          "padding",
          [
            "pad_id": .number(choices.number()), "strategy": ["Fixed": .number(choices.number())],
            "pad_to_multiple_of": .number(choices.number()),
          ]))
    }
    guard let tokenizer = try? Tokenizer(json: Data(JSONValue.object(members).text.utf8)) else { return }
    for _ in 0..<3 {
      let text = choices.several(6) { $0.text() }.joined()
      let encoding = tokenizer.encoding(of: text, pair: "b", truncation: tokenizer.truncation)
      _ = (tokenizer.decode(encoding.ids), tokenizer.decode([-1, 0, .max]))
    }
  }

  private static func model(_ choices: inout Choices) -> JSONValue {
    let tokens = ["a", "b", "ab", "##a", "<unk>", "<0x61>", "é", "▁", "Ġ", choices.text()]
    switch choices.below(3) {
    case 0:
      return [
        "type": "BPE",
        "vocab": .object(
          tokens.enumerated().map { .init($1, .number(choices.happens(oneIn: 30) ? choices.number() : "\($0)")) }),
        "merges": choices.pick([["a b"], [], [["a", "b"]], ["a"]]), "unk_token": choices.pick(["<unk>", "none"]),
        "fuse_unk": .bool(choices.happens(oneIn: 2)), "byte_fallback": .bool(choices.happens(oneIn: 2)),
        "ignore_merges": .bool(choices.happens(oneIn: 2)), "continuing_subword_prefix": .string(choices.text()),
        "end_of_word_suffix": .string(choices.text()),
      ]
    case 1:
      return [
        "type": "WordPiece", "vocab": .object(tokens.enumerated().map { .init($1, .number($0)) }), "unk_token": "<unk>",
        "continuing_subword_prefix": .string(choices.text()), "max_input_chars_per_word": .number(choices.number()),
      ]
    default:
      return [
        "type": "Unigram", "vocab": .array(tokens.map { [.string($0), .number(choices.number())] }),
        "unk_id": .number(choices.number()), "byte_fallback": .bool(choices.happens(oneIn: 2)),
      ]
    }
  }

  private static func step(
    _ choices: inout Choices, _ list: String, _ part: (inout Choices) -> JSONValue, _ depth: Int
  ) -> JSONValue {
    guard depth > 0, choices.below(2) == 1 else { return part(&choices) }
    let steps = choices.several(9) { step(&$0, list, part, depth - 1) }
    return .object([.init("type", "Sequence"), .init(list, .array(steps))])
  }

  private static func pattern(_ choices: inout Choices) -> JSONValue {
    choices.below(2) == 0
      ? ["String": .string(choices.text())] : ["Regex": .string(PatternGrammar.alternation(&choices, 2))]
  }

  private static func normalizer(_ choices: inout Choices) -> JSONValue {
    switch choices.below(8) {
    case 0: ["type": .string(choices.pick(["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "ByteLevel"]))]
    case 1: ["type": "Prepend", "prepend": .string(choices.text())]
    case 2: ["type": "Strip", "strip_left": true, "strip_right": true]
    case 3: ["type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "lowercase": true]
    case 4:
      [
        "type": "Precompiled",
        "precompiled_charsmap": .string(choices.several(40) { $0.pick(["A", "B", "/", "Q", "g", "8", "="]) }.joined()),
      ]
    default: ["type": "Replace", "pattern": pattern(&choices), "content": .string(choices.text())]
    }
  }

  private static func splitter(_ choices: inout Choices) -> JSONValue {
    switch choices.below(6) {
    case 0: ["type": .string(choices.pick(["Whitespace", "WhitespaceSplit", "BertPreTokenizer", "Punctuation"]))]
    case 1:
      [
        "type": "ByteLevel", "add_prefix_space": .bool(choices.happens(oneIn: 2)),
        "use_regex": .bool(choices.happens(oneIn: 2)),
      ]
    case 2: ["type": "Digits", "individual_digits": .bool(choices.happens(oneIn: 2))]
    case 3:
      ["type": "Metaspace", "replacement": "▁", "prepend_scheme": .string(choices.pick(["always", "first", "never"]))]
    default:
      [
        "type": "Split", "pattern": pattern(&choices), "invert": .bool(choices.happens(oneIn: 2)),
        "behavior": .string(
          choices.pick(["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"])),
      ]
    }
  }

  private static func decoder(_ choices: inout Choices) -> JSONValue {
    switch choices.below(6) {
    case 0: ["type": .string(choices.pick(["ByteLevel", "ByteFallback", "Fuse"]))]
    case 1: ["type": "WordPiece", "prefix": .string(choices.text()), "cleanup": true]
    case 2: ["type": "Strip", "content": "a", "start": .number(choices.number()), "stop": .number(choices.number())]
    case 3: ["type": "BPEDecoder", "suffix": .string(choices.text())]
    case 4: ["type": "Metaspace", "replacement": "▁"]
    default: ["type": "Replace", "pattern": pattern(&choices), "content": .string(choices.text())]
    }
  }

  private static func processor(_ choices: inout Choices) -> JSONValue {
    let special: JSONValue = ["<s>", .number(choices.number())]
    switch choices.below(3) {
    case 0:
      return ["type": .string(choices.pick(["BertProcessing", "RobertaProcessing"])), "cls": special, "sep": special]
    case 1: return ["type": "ByteLevel", "trim_offsets": true, "add_prefix_space": true]
    default:
      return [
        "type": "TemplateProcessing",
        "single": .array(
          choices.several(5) {
            $0.below(2) == 0
              ? ["Sequence": ["id": "A", "type_id": .number($0.number())]] : ["SpecialToken": ["id": "<s>"]]
          }),
        "special_tokens": ["<s>": ["ids": .array(choices.several(4) { .number($0.number()) })]],
      ]
    }
  }

  private static func added(_ choices: inout Choices) -> JSONValue {
    [
      "id": 0, "content": .string(choices.text()), "single_word": .bool(choices.happens(oneIn: 2)),
      "lstrip": .bool(choices.happens(oneIn: 2)), "rstrip": .bool(choices.happens(oneIn: 2)),
      "normalized": .bool(choices.happens(oneIn: 2)), "special": .bool(choices.happens(oneIn: 2)),
    ]
  }
}
