import Foundation

/// libFuzzer's main, which leaves to us what is tried.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// `fuzz FORMAT [option or corpus of libFuzzer]...`
@main struct Fuzz {
  private static let formats: [String: @Sendable (inout Choices) -> Void] = [
    "template": TemplateGrammar.run, "pattern": PatternGrammar.run, "tokenizer": TokenizerGrammar.run,
    "configuration": ConfigurationGrammar.run, "reply": ReplyGrammar.run, "store": StoreGrammar.run,
  ]
  /// The format of this process.
  nonisolated(unsafe) private static var run: @Sendable (inout Choices) -> Void = { _ in }

  static func main() {
    var arguments = CommandLine.arguments
    guard arguments.count > 1, let chosen = formats[arguments[1]] else {
      FileHandle.standardError.write(
        Data("usage: fuzz \(formats.keys.sorted().joined(separator: "|")) [OPTION]...\n".utf8))
      exit(2)
    }
    run = chosen
    arguments.remove(at: 1)
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var count = Int32(arguments.count)
    exit(
      pointers.withUnsafeMutableBufferPointer { buffer in
        guard var start = buffer.baseAddress else { return 2 }
        return runFuzzer(&count, &start) { bytes, size in
          var choices = Choices(UnsafeBufferPointer(start: bytes, count: size))
          Fuzz.run(&choices)
          return 0
        }
      })
  }
}
