import Annotations
import ConfigurationFiles
import Foundation
import SQLiteStore
import TeacherProtocol

/// Configurations: lines of YAML, or JSON, with anchors, tags and brackets in and out of place.
enum ConfigurationGrammar {
  static func run(_ choices: inout Choices) {
    let isJSON = choices.happens(oneIn: 4)
    let text = isJSON ? json(&choices, 6) : choices.several(30, line).joined(separator: "\n")
    let node = try? ConfigurationNode(text: text, format: isJSON ? .json : .yaml)
    _ = (node?["a"]?.found, node?["teachers"]?.found)
  }

  private static func line(_ choices: inout Choices) -> String {
    String(repeating: " ", count: choices.below(8))
      + choices.several(5, part).joined(separator: choices.pick([" ", ""]))
  }

  private static func part(_ choices: inout Choices) -> String {
    let part = choices.pick([
      "a:", "seed:", "teachers:", "-", "?", ":", "[", "]", "{", "}", ",", "&x", "*x", "&y", "*y", "'", "\"", "#", "|",
      ">-", "---",
      "...", "%TAG ! x", "!!int", "!odd", "~", "true", "\"\\ud800\"", "\"\\x41\"", "\t", "\u{FEFF}", "\u{85}", "<<:",
      choices.number(), choices.text(),
    ])
    return choices.happens(oneIn: 20) ? String(repeating: part + " ", count: choices.pick([3, 120, 1500])) : part
  }

  private static func json(_ choices: inout Choices, _ depth: Int) -> String {
    switch depth == 0 ? choices.below(2) : choices.below(5) {
    case 0: choices.number()
    case 1: "\"" + choices.pick(["a", "\\u00e9", "\\ud800", "\\", "\n"]) + "\""
    case 2: "[" + choices.several(4) { json(&$0, depth - 1) }.joined(separator: choices.pick([",", "", ",,"])) + "]"
    default:
      "{" + choices.several(4) { "\"a\": " + json(&$0, depth - 1) }.joined(separator: ", ") + choices.pick(["}", ""])
    }
  }
}

/// Replies of teachers: labels, objects, thoughts and markup.
enum ReplyGrammar {
  private static let labels = try? LabelSet([
    .init(name: "urgent", answer: "Yes", aliases: ["now"]), .init(name: "routine", answer: "No"), .init(name: "3"),
  ])

  static func run(_ choices: inout Choices) {
    guard let labels else { return }
    let text = choices.several(40) { choices in
      let part = choices.pick([
        "Yes", "No", "no", "urgent", "not", "n't", "3", "Label:", "Answer:", "**", "`", "```json\n", "```", "{", "}",
        "\"label\":",
        "\"rationale\":", ":", ",", "\"", "\\", "\\u0059es", "<think>", "</think>", "[", "]", "Confidence: ", "\n", " ",
        ". ", "|---|",
        "# ", "either", "or", "<|channel|>", "final", "I was wrong", choices.number(), choices.text(),
      ])
      return choices.happens(oneIn: 30) ? String(repeating: part, count: choices.pick([10, 200, 3000])) : part
    }.joined(separator: choices.pick([" ", ""]))
    _ = AnswerReader(labels: labels).read(text)
  }
}

/// Stores of replies with bytes changed.
enum StoreGrammar {
  private static let file = FileManager.default.temporaryDirectory.appending(path: "fuzz-\(getpid()).sqlite")

  /// The bytes of a store with a few replies.
  private static let sound: [UInt8] = {
    do {
      let made = try SQLiteAnnotationStore(file)
      let kept = (0..<12).map { i in
        Annotation(
          key: "k\(i)", item: "i\(i % 3)", teacher: "t", model: "m", promptVersion: "p",
          reply: TeacherReply(
            outcome: .answered("urgent"), rationale: "r", raw: String(repeating: "raw", count: 40 * i),
            usage: .init(inputTokens: i, outputTokens: 1), seconds: 0.5), time: 1,
          question: .init(prompt: "Q?", images: [.init(path: "a.png", digest: "0f")], parameters: ""))
      }
      wait { try await made.append(kept) }
    } catch { fatalError("no store can be made in \(file.path): \(error)") }
    return (try? [UInt8](Data(contentsOf: file))) ?? []
  }()

  private static func wait(_ body: @escaping @Sendable () async throws -> Void) {
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      try? await body()
      done.signal()
    }
    done.wait()
  }

  static func run(_ choices: inout Choices) {
    var bytes = sound
    for _ in 0...choices.below(6) {
      let at = choices.below(256) * 256 + choices.below(256)
      bytes[at % bytes.count] =
        choices.happens(oneIn: 3) ? UInt8(choices.below(256)) : bytes[at % bytes.count] ^ 1 << UInt8(choices.below(8))
    }
    for end in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file.path + end) }
    guard (try? Data(bytes).write(to: file)) != nil, let store = try? SQLiteAnnotationStore(file, patience: 0.1) else {
      return
    }
    wait {
      _ = try await store.annotations(forItems: nil)
      _ = try await store.annotations(forKeys: ["k3"])
    }
  }
}
