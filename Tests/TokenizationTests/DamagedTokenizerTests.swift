import JSON
import Foundation
import TestSupport
import Testing
import Tokenization

/// Tokenizers and templates come with models from anywhere: whatever is in them, reading and using them ends.
@Suite struct DamagedTokenizerTests {
  private static let families = ["bert", "llama", "llama3", "qwen2", "roberta", "smolvlm", "xlm-roberta"]

  private static func tokenizers() throws -> [JSONValue] { try families.map { try golden("tokenizer-\($0)") } }

  private static let texts = [
    "A dog's naïve café, 12345 \u{1f469}\u{200d}\u{1f469} e\u{301}", "", "  \n\t<image></s> 日本語", "\u{0}\u{feff}",
  ]

  private static func use(_ json: Data) {
    guard let tokenizer = try? Tokenizer(json: json) else { return }
    for text in texts {
      let encoding = tokenizer.encoding(of: text, truncation: Truncation(maximumLength: 7, side: .right))
      _ = (tokenizer.decode(encoding.ids), tokenizer.decode(tokenizer.encode(text)))
    }
  }

  @Test func `no damaged tokenizer file crashes, hangs or takes memory`() throws {
    let files = try Self.tokenizers().map { Array($0.text(.python()).utf8) }
    let words = [
      #""type":"BPE""#, #""type":"Unigram""#, #""type":"WordPiece""#, #""vocab":{}"#, #""merges":[]"#, "null", "true",
      "{",
      "}", "[", "]", #""normalizer":null"#, #""Regex":"(a+)+$""#, #""Regex":"(?=(a*)*)""#, #""String":"""#, "\\u0000",
      #""pattern":{"Regex":"\\s+(?!\\S)|."}"#, #""id":16777215"#, #""content":"""#, "16777215",
    ]
    let faults = try Damage.tryAll("tokenizer", from: files, words: words, limit: 1 << 30) { bytes, _ in
      Self.use(Data(bytes))
    }
    #expect(faults.isEmpty, "\(faults)")
  }

  @Test func `no tokenizer file with a value in the wrong place crashes, hangs or takes memory`() throws {
    let files = try Self.tokenizers()
    let faults = try Damage.tryAll("tokenizer-values", from: [[0]], limit: 1 << 30) { _, damage in
      var file = files[damage.below(files.count)]
      for _ in 0...damage.below(3) {
        file = file.changed(&damage, donor: files[damage.below(files.count)])
      }
      Self.use(Data(file.text(.python()).utf8))
    }
    #expect(faults.isEmpty, "\(faults)")
  }

  @Test func `no damaged template crashes, hangs or takes memory`() throws {
    let file = try golden("templates")
    let variables = try #require(file["variables"]?.members)
    let sources = file.list("cases").compactMap { $0["template"]?.string }.map { Array($0.utf8) }
    let words = [
      "{%", "%}", "{{", "}}", "{#", "#}", "{%-", "-%}", "{% for m in messages %}", "{% endfor %}", "{% if x %}",
      "{% endif %}", "{% set ns = namespace(a=[]) %}", "{% set ns.a = ns.a + ns.a %}", "range(999999999)", "loop.index",
      "loop", "|tojson", "|join", "|map(attribute='v')", "|selectattr('k','equalto','a')", "* 999999999", "** 99", "~",
      "// 0", "% 0", "[::-1]", "[::0]", "[-9223372036854775808:]", "9223372036854775807 + 1", "'a' * 1000000000",
      "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}", "(", ")", "[", "]", "not ", "is defined", "((((((((", "'",
      "\"",
      "messages", "raise_exception(", "strftime_now('%Y')", "|upper", ".split('')", "|replace('a','aaaaaaaa')",
    ]
    let faults = try Damage.tryAll("template", from: sources, words: words, limit: 512 << 20) { bytes, _ in
      let template = try? ChatTemplate(String(decoding: bytes, as: UTF8.self))
      _ = try? template?.render(variables: variables)
    }
    #expect(faults.isEmpty, "\(faults)")
  }
}

extension JSONValue {
  /// A copy in which one value stands where another was, was taken away, or is something that does not belong there.
  fileprivate func changed(_ damage: inout Damage, donor: JSONValue) -> JSONValue {
    switch self {
    case .object(var members) where !members.isEmpty && damage.below(6) > 0:
      let at = damage.below(members.count)
      if damage.below(12) == 0 {
        members.remove(at: at)
      } else {
        members[at] = Member(members[at].name, members[at].value.changed(&damage, donor: donor))
      }
      return .object(members)
    case .array(var values) where !values.isEmpty && damage.below(6) > 0:
      let at = damage.below(min(values.count, 40))
      if damage.below(12) == 0 { values.remove(at: at) } else { values[at] = values[at].changed(&damage, donor: donor) }
      return .array(values)
    default: return Self.odd(&damage, donor: donor)
    }
  }

  private static func odd(_ damage: inout Damage, donor: JSONValue) -> JSONValue {
    let odd: [JSONValue] = [
      .null, true, false, 0, 1, -1, 16_777_215, 4_294_967_296, "", "a", "\u{0}", "▁", "[UNK]", [], [:], ["a"], [0],
      ["type": "ByteLevel"], ["Regex": "(a|a)*b"], ["Regex": "["], ["String": ""], ["type": "Sequence"],
    ]
    guard damage.below(2) == 0 else { return odd[damage.below(odd.count)] }
    var value = donor
    for _ in 0...damage.below(4) {
      switch value {
      case .object(let members) where !members.isEmpty: value = members[damage.below(members.count)].value
      case .array(let values) where !values.isEmpty: value = values[damage.below(values.count)]
      default: return value
      }
    }
    return value
  }
}
