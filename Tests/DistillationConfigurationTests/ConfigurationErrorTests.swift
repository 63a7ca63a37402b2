import ConfigurationFiles
import DistillationConfiguration
import Foundation
import Testing

@Suite struct ConfigurationErrorTests {
  private typealias Fixture = ConfigurationFixture

  /// The minimal configuration with more keys in a section, or at the top where `section` is nil.
  private func json(_ keys: String, in section: String? = nil) -> String {
    let open = section.map { "\"\($0)\": {" } ?? "{"
    guard let range = Fixture.minimalJSON.firstRange(of: open) else {
      return Fixture.minimalJSON.replacing("\"stage2\"", with: "\"\(section ?? "")\": {\(keys)}, \"stage2\"")
    }
    return Fixture.minimalJSON.replacingCharacters(in: range, with: open + keys + ", ")
  }

  /// Of a file that is something else altogether each value is a problem.
  @Test func `a hundred problems are told, and that there may be more`() throws {
    let keys = (0..<20_000).map { "\"\(String(repeating: "x", count: 40))\($0)\": 1" }.joined(separator: ", ")
    let problems = Fixture.problems(json(keys))
    #expect(problems.count == 101)
    #expect(problems.last?.hasSuffix("these are 100 problems; mend them to see whether there are more") == true)
    #expect(Fixture.problems(json("\"\(String(repeating: "x", count: 500_000))\": 1")).count == 1)
    let labels = Array(repeating: "1", count: 90_000).joined(separator: ", ")
    #expect(Fixture.problems("{\"teachers\": [\(labels)]}").count == 101)
  }

  @Test func `the shortest configuration is read`() throws {
    #expect(Fixture.problems(Fixture.minimalJSON).isEmpty)
  }

  @Test(arguments: [
    (nil, "lables", "unknown key 'lables' (line 1); did you mean 'labels'?"),
    ("data", "feilds", "unknown key 'feilds' in data (line 2); did you mean 'fields'?"),
    ("student", "max-tokens", "unknown key 'max-tokens' in student (line 7); did you mean 'max_tokens'?"),
    ("stage1", "lerning_rate", "unknown key 'lerning_rate' in stage1 (line 8); did you mean 'learning_rate'?"),
    ("stage2", "refrence", "unknown key 'refrence' in stage2 (line 8); did you mean 'reference'?"),
    ("agreement", "rul", "unknown key 'rul' in agreement (line 8); did you mean 'rule'?"),
    ("review", "bugdet", "unknown key 'bugdet' in review (line 8); did you mean 'budget'?"),
    ("evaluation", "bootstraps", "unknown key 'bootstraps' in evaluation (line 8); did you mean 'bootstrap'?"),
    ("report", "xyz", "unknown key 'xyz' in report (line 8); known keys: gallery, title"),
  ])
  func `an unknown key is named with its place and the nearest known one`(
    section: String?, key: String, message: String
  ) {
    #expect(Fixture.problems(json("\"\(key)\": 1", in: section)) == [message])
  }

  @Test(arguments: [
    (["data", "fields"], "txet", "text"), (["data", "splits"], "tran", "train"), (["data", "limit"], "tset", "test"),
    (["student", "lora"], "rnak", "rank"), (["student", "fresh"], "vocabsize", "vocab_size"),
    (["student", "fresh", "text_config"], "hiden_size", "hidden_size"),
    (["student", "fresh", "vision_config"], "patchsize", "patch_size"),
    (["pretrain", "fields"], "imgae", "image"),
  ])
  func `unknown keys of inner sections are found too`(path: [String], key: String, nearest: String) {
    let text = path.reversed().reduce("{\"\(key)\": 1}") { "{\"\($1)\": \($0)}" }
    let message = "unknown key '\(key)' in \(path.joined(separator: ".")) (line 1); did you mean '\(nearest)'?"
    #expect(Fixture.problems(text).contains(message))
  }

  @Test func `unknown keys in elements of lists name the element`() {
    let text = #"{"labels": [{"name": "a", "answer": "A"}, {"name": "b", "answer": "B", "meening": ""}]}"#
    #expect(
      Fixture.problems(text).contains("unknown key 'meening' in labels[1] (line 1); did you mean 'meaning'?"))
    let teachers = #"{"teachers": [{"name": "a", "kind": "recorded", "file": "f", "columns": {"lable": "x"}}]}"#
    #expect(
      Fixture.problems(teachers).contains(
        "unknown key 'lable' in teachers[0].columns (line 1); did you mean 'label'?"))
  }

  @Test(arguments: [
    ("Yes", "Yes!"), ("D\u{2019}accord", "D'accord"), ("\u{FF11}", "1"), ("1", "1.0"), ("NO", "no"),
  ])
  func `labels that a reply cannot be read apart by are named`(first: String, second: String) {
    let labels = #"[{"name": "a", "answer": "\#(first)"}, {"name": "b", "answer": "\#(second)"}]"#
    for keys in [#""labels": \#(labels), "positive": "a""#, #""positive": "a", "labels": \#(labels)"#] {
      let problems = Fixture.problems(json(keys))
      #expect(problems.count == 1)
      #expect(problems.first.map { $0.contains(first) && $0.contains(second) } == true, "\(problems)")
    }
    // Of which one begins with the other, they are told apart by what follows.
    let beginning = #"[{"name": "a", "answer": "No"}, {"name": "b", "answer": "No evidence"}]"#
    #expect(Fixture.problems(json(#""labels": \#(beginning), "positive": "a""#)).isEmpty)
  }

  @Test func `a key given twice is an error`() {
    #expect(
      Fixture.problems("{\n\"seed\": 1,\n\"seed\": 2\n}").contains(
        "key 'seed' is given twice (line 3), first in line 2; keep one"))
    let evidence = "{\"data\": {\"fields\": {\"evidence\": {\"a\": \"x\",\n\"a\": \"y\"}}}}"
    #expect(
      Fixture.problems(evidence).contains(
        "key 'data.fields.evidence.a' is given twice (line 2), first in line 1; keep one"))
  }

  @Test func `everything that is missing is named`() {
    let problems = Fixture.problems("{}")
    #expect(problems.count == 2)
    #expect(problems.contains("teachers is missing; expected a list of teachers, each with name and kind"))
    #expect(problems.contains("data.file is missing; expected the file with the items, or files with train"))
  }

  @Test(arguments: [
    "stage1.epochs", "stage1.batch", "stage2.epochs", "student.max_tokens", "student.max_new_tokens",
    "student.lora.rank",
    "stage1.checkpoint_every", "agreement.minimum_votes", "data.limit.train", "spending.max_requests",
    "evaluation.bootstrap", "rounds", "threads",
  ])
  func `a number that no run could count is refused with its range`(path: String) {
    let keys = path.split(separator: ".")
    let text = keys.reversed().reduce("4611686018427387904") { "{\"\($1)\": \($0)}" }
    let problems = Fixture.problems(text)
    #expect(
      problems.contains {
        $0.hasPrefix("\(path) (line 1): expected a whole number, from ")
          && $0.hasSuffix("found the number 4611686018427387904")
      }, "\(problems)")
  }

  @Test func `a timeout longer than a day is refused with its range`() {
    #expect(
      Fixture.problems(
        OpenAITeacherConfiguration.self, #"{"base_url": "http://a", "model": "m", "timeout": 1e308}"#
      ) == ["timeout (line 1): expected a number, above 0 and at most 86400, found the number 1.0e+308"])
  }

  @Test(arguments: [
    ("\"seed\": \"one\"", "seed (line 1): expected a whole number, found the text 'one'"),
    ("\"seed\": 1.0", "seed (line 1): expected a whole number, found the number 1.0"),
    ("\"seed\": -1", "seed (line 1): expected a whole number, from 0 to 9223372036854775807, found the number -1"),
    ("\"seed\": null", "seed (line 1): expected a whole number, found nothing"),
    ("\"seed\": 99999999999999999999", "seed (line 1): expected a whole number, found the number 99999999999999999999"),
    ("\"strict\": \"no\"", "strict (line 1): expected true or false, found the text 'no'"),
    ("\"strict\": 0", "strict (line 1): expected true or false, found the number 0"),
    ("\"positive\": 1", "positive (line 1): expected text (put it in quotes: \"1\"), found the number 1"),
    ("\"positive\": true", "positive (line 1): expected text (put it in quotes: \"true\"), found true"),
    ("\"prompt\": []", "prompt (line 1): expected text, found an empty list"),
    ("\"prompt\": \" \"", "prompt (line 1): expected text, not empty, found the text ' '"),
    ("\"labels\": {}", "labels (line 1): expected a list, each a map of keys, found a map of keys"),
    (
      "\"agreement\": 3",
      "agreement (line 1): expected a map of keys (rule, margin, lead, probability, minimum_votes, distance), found the number 3"
    ),
    (
      "\"method\": \"dualchecker\"",
      "method (line 1): expected multi-teacher, whose keys these are, found the text 'dualchecker'"
    ),
    ("\"rounds\": 0", "rounds (line 1): expected a whole number, from 1 to 1000, found the number 0"),
    (
      "\"budgets\": [0.1, 0]",
      "budgets[1] (line 1): expected a fraction above 0 and below 1, or a whole number of labels, found the number 0"
    ),
    (
      "\"budgets\": [1.5]",
      "budgets[0] (line 1): expected a fraction above 0 and below 1, or a whole number of labels, found the number 1.5"
    ),
    (
      "\"stage1\": {\"learning_rate\": 0}",
      "stage1.learning_rate (line 1): expected a number, above 0 and at most 100, found the number 0.0"
    ),
    (
      "\"stage1\": {\"learning_rate\": 1e999}",
      "stage1.learning_rate (line 1): expected a number, found the number 1e999"
    ),
    (
      "\"stage1\": {\"schedule\": \"cosin\"}",
      "stage1.schedule (line 1): expected one of cosine, linear, constant, found the text 'cosin'; did you mean 'cosine'?"
    ),
    (
      "\"stage1\": {\"schedule\": 1}",
      "stage1.schedule (line 1): expected one of cosine, linear, constant, found the number 1"
    ),
    (
      "\"stage1\": {\"betas\": [0.9]}",
      "stage1.betas (line 1): expected a list, each a number, two of them at least 0 and below 1, found a list"
    ),
    ("\"stage1\": {\"answers\": 1}", "stage1.answers (line 1): expected all or a teacher's name, found the number 1"),
    (
      "\"stage1\": {\"answers\": \"aa\"}",
      "stage1.answers (line 1): expected all or a teacher's name (a, b), found the text 'aa'; did you mean 'a'?"
    ),
    (
      "\"review\": {\"file\": \"x\"}",
      "review.file (line 1): this key belongs to source: file; remove it or change that"
    ),
    (
      "\"review\": {\"source\": \"file\"}",
      "review.file is missing (review begins in line 1); expected the review file, since review.source is file"
    ),
    (
      "\"review\": {\"source\": \"fiel\", \"file\": \"x\"}",
      "review.source (line 1): expected one of oracle, file, page, found the text 'fiel'; did you mean 'file'?"
    ),
    (
      "\"evaluation\": {\"results\": \"every\"}",
      "evaluation.results (line 1): expected all, or a list, each one of teachers, majority, agreement_plus_labels, stage1, stage1_sft, stage1_dpo, random_labels, two_stage, full_label, found the text 'every'"
    ),
    (
      "\"agreement\": {\"minimum_votes\": 3}",
      "agreement.minimum_votes (line 1): expected at most the number of teachers, 2, found the number 3"
    ),
    (
      "\"pretrain\": {\"captions\": \"c\"}",
      "pretrain (line 1): expected no pre-training, or student.fresh with the sizes of the base to pre-train, found student.model, which is trained already"
    ),
  ])
  func `a wrong value is answered with key, line, expectation and find`(keys: String, message: String) {
    #expect(Fixture.problems(json(keys)) == [message])
  }

  @Test func `all problems come together in the order of the file`() throws {
    let text = """
      {
        "sead": 1,
        "stage2": {"beta": 0, "reference": "stage1"},
        "teachers": [{"name": "a/b", "kind": "recorded", "file": "f"}, {"name": "x", "kind": "modle"}],
        "student": {"model": "m", "lora": {"rank": "16"}},
        "data": {"file": "f", "splits": {"train": 0.8, "dev": 0.1, "test": 0.1}}
      }
      """
    let error = try #require(throws: ConfigurationError.self) {
      try RunConfiguration(text: text, format: .json, file: "news.json")
    }
    #expect(
      error.problems.map(\.keyPath) == [
        "sead", "stage2.beta", "stage2.reference", "teachers[0].name", "teachers[1].kind", "student.lora.rank",
      ])
    #expect(error.problems.map { $0.position?.line } == [2, 3, 3, 4, 4, 5])
    #expect(
      error.description.hasPrefix("news.json has 6 problems:\n  - unknown key 'sead' (line 2); did you mean 'seed'?\n"))
    let single = ConfigurationError(file: nil, problems: [error.problems[0]])
    #expect(single.description == "the configuration: unknown key 'sead' (line 2); did you mean 'seed'?")
  }

  @Test func `text that cannot be parsed is one problem`() {
    #expect(
      Fixture.problems("{\"seed\": }") == [
        "line 1, column 10: this is not JSON: expected a value (a text stands in double quotes), found '}'"
      ])
  }

  @Test func `a root that is no map is refused`() {
    let problems = Fixture.problems("[1]")
    #expect(problems.count == 1)
    #expect(problems[0].hasPrefix("line 1: expected a map of keys (method, seed"))
  }
}
