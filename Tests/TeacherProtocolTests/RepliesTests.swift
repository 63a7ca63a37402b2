import Foundation
import TeacherProtocol
import TestSupport
import Testing

@Suite struct RepliesTests {
  @Test func `every reply of the corpus has its right reading`() throws {
    let corpus = try ReplyCorpus()
    #expect(corpus.replies.count >= 150)
    #expect(Set(corpus.replies.map(\.form)).count >= 40)
    for reply in corpus.replies {
      let read = try #require(corpus.read(reply.reply, of: reply))
      let found = read.described
      #expect(
        found.label == reply.label && found.outcome == (reply.outcome ?? "answered"),
        "\(reply.form): \(reply.reply) was read as \(read.outcome): \(reply.why)")
      if let rationale = reply.rationale { #expect(read.rationale == rationale, "\(reply.form): \(reply.reply)") }
    }
  }

  /// MANGLED_REPLIES of the environment says how many are tried.
  @Test func `a mangled reply has the same reading or none, and never another label`() throws {
    let corpus = try ReplyCorpus()
    let cases = ProcessInfo.processInfo.environment["MANGLED_REPLIES"].flatMap { Int($0) } ?? 3000
    var (unreadable, slowest) = (0, (seconds: 0.0, text: ""))
    for number in 0..<cases {
      let reply = corpus.replies[number % corpus.replies.count]
      let set = try #require(corpus.labels[reply.labels])
      var generator = SplitMix(state: UInt64(number) << 8)
      var place: Range<String.Index>?
      if let label = reply.label, let offset = corpus.read(reply.reply, of: reply)?.labelOffset {
        let start = reply.reply.utf8.index(reply.reply.startIndex, offsetBy: offset)
        place = reply.reply[start...].range(of: set[label]?.answer ?? label, options: [.anchored, .caseInsensitive])
      }
      let other = set.labels.first { $0.name != reply.label }?.answer ?? ""
      let mangled = MangledReply(reply.reply, label: place, other: other, using: &generator)
      let start = processorSeconds()
      let found = AnswerReader(labels: set).read(mangled.text).described.label
      let seconds = processorSeconds() - start
      if seconds > slowest.seconds { slowest = (seconds, mangled.text) }
      if found == nil, reply.label != nil { unreadable += 1 }
      #expect(
        found == nil || found == reply.label,
        "\(mangled.changes): \(mangled.text) was read as \(found ?? ""), \(reply.reply) gives \(reply.label ?? "no label")"
      )
    }
    #expect(unreadable * 50 <= cases, "at most 2 % of the replies may lose their label")
    if cases >= 100_000 {
      print(
        "\(cases) mangled replies: \(unreadable) unreadable, the slowest took \(slowest.seconds * 1000) ms: \(slowest.text)"
      )
    }
  }
}
