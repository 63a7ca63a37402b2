import Foundation
import TeacherProtocol
import Testing

@Suite struct LabelSpellingTests {
  @Test(
    arguments: [
      ("D’accord", "D'accord"), ("d'ACCORD", "D’accord"), ("зв’язок", "зв'язок"), ("звʼязок", "ЗВ’ЯЗОК"),
      ("ＹＥＳ", "Yes"), ("１０", "10"), ("ﾊｲ", "ハイ"), ("“A”", "\"A\""), ("«Так»", "\"так\""), ("pro–contra", "pro-contra"),
      ("no \u{A0} evidence", "No evidence"), ("No\u{3000}evidence", "no evidence"), ("groß", "GROSS"), ("ΟΔΟΣ", "οδος"),
      ("1.0", "1"), ("-1.00", "-1"), (" 10.0 ", "10"), ("\u{FEFF}Yes\u{200B}", "yes"), ("é", "e\u{301}"),
      ("是、否", "是,否"),
    ])
  func `spellings of one label are one label`(_ a: String, _ b: String) {
    #expect(LabelSpelling.key(a) == LabelSpelling.key(b))
  }

  @Test(
    arguments: [
      ("1", "10"), ("1.5", "1"), ("1.", "1"), ("v1.0", "v1"), ("1.0.0", "1.0"), ("No", "No evidence"), ("C", "C++"),
      ("-1", "1"), ("née", "nee"), ("и", "й"), ("是", "不是"), (".0", ""),
    ])
  func `what is not one label stays apart`(_ a: String, _ b: String) {
    #expect(LabelSpelling.key(a) != LabelSpelling.key(b))
  }

  @Test func `a set finds a label by any spelling of its values`() throws {
    let labels = try LabelSet([
      .init(name: "agreed", answer: "D’accord", aliases: ["1"]),
      .init(name: "open", answer: "Pas d’accord", aliases: ["0"]),
    ])
    for value in ["1", "1.0", "AGREED", "ａｇｒｅｅｄ", " agreed\u{A0}"] { #expect(labels.label(value)?.name == "agreed") }
    #expect(labels.label("0.0")?.name == "open")
    #expect(labels.label("0.5") == nil)
  }

  @Test func `labels that can't be told apart are refused or named with the pair`() throws {
    for pair in [("1", "1.0"), ("D’accord", "d'accord"), ("Yes", "ＹＥＳ")] {
      guard
        case .badLabelSet(let reason)? = failure({
          _ = try LabelSet([.init(name: "a", answer: pair.0), .init(name: "b", answer: pair.1)])
        })
      else {
        Issue.record("\(pair) passed")
        continue
      }
      #expect(reason.contains(pair.0) && reason.contains(pair.1))
    }
    let marked = try LabelSet([.init(name: "a", answer: "Yes"), .init(name: "b", answer: "**Yes!**"), .init(name: "c")])
    #expect(
      marked.indistinguishable.map(\.description) == ["'Yes' of 'a' and '**Yes!**' of 'b' can't be told apart"])
    // The answer of one is the alias of the other.
    let crossed = try LabelSet([.init(name: "a", answer: "No", aliases: ["0"]), .init(name: "b", answer: "0")])
    #expect(crossed.indistinguishable.map(\.spelling) == ["0"])
    for sound in [["No", "No evidence"], ["1", "2", "10"], ["Yes", "Yes, partly"], ["C", "C++"], ["+", "-"]] {
      #expect(try LabelSet(sound.map { .init(name: $0) }).indistinguishable == [])
    }
    #expect(LabelSet.outOfContext.indistinguishable == [])
  }

  @Test func `1 and 1.0 are one label and one id, as pandas writes a column that has a gap`() throws {
    let scratch = try Scratch()
    // pandas 3.1: DataFrame([{"id": 1, "gold": 1}, {"id": 2, "gold": None}]).to_json(orient="records") gives "gold":1.0.
    let replies = try RecordedReplies(
      contentsOf: try scratch.file(
        "r.jsonl",
        """
        {"id": 1.0, "teachers": {"a": {"label": 1.0}, "b": {"label": 1}}}
        {"id": "2", "teachers": {"a": {"label": "D’accord"}, "b": {"label": "d'accord"}}}
        """), labels: nil)
    #expect(replies.items == ["1", "2"])
    for item in replies.items {
      #expect(replies.reply(of: "a", on: item)?.label == replies.reply(of: "b", on: item)?.label)
    }
    #expect(replies.reply(of: "a", on: "1")?.label == "1")
    let table = try scratch.file("d.csv", "id,text,gold\n1.0,a,1.0\n2.0,b,1\n3,c,\n")
    let mapping = FieldMapping(label: "gold")
    #expect(try Dataset(contentsOf: table, mapping: mapping).items.map(\.id) == ["1", "2", "3"])
    let gold = try GoldAnswers(contentsOf: table, mapping: mapping, labels: nil)
    #expect(gold.answers(of: ["1", "2"]) == ["1": "1", "2": "1"])
    #expect(
      try GoldAnswers(contentsOf: table, mapping: mapping, labels: .outOfContext).answer(of: "2") == "falsified")
  }
}
