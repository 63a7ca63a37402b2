import Foundation
import TeacherProtocol
import Testing

@Suite struct LabelSetTests {
  @Test func `values in data files become labels`() {
    let labels = LabelSet.outOfContext
    for value in ["1", " Falsified ", "TRUE", "fake"] { #expect(labels.label(value)?.name == "falsified") }
    for value in ["0", "pristine"] { #expect(labels.label(value)?.name == "pristine") }
    for value in ["", "  ", "2", "Yes"] { #expect(labels.label(value) == nil) }
    #expect(labels.index(of: "falsified") == 1)
    #expect(labels.positive == "falsified")
  }

  @Test func `sets that contradict themselves are refused`() {
    typealias Label = LabelSet.Label
    let a = Label(name: "a")
    for bad in [
      [a], [a, Label(name: "A")], [a, Label(name: "b", aliases: ["a"])], [a, Label(name: "b", answer: "A")],
      [a, Label(name: " ")], [a, Label(name: "b", answer: "")],
    ] {
      guard case .badLabelSet? = failure({ _ = try LabelSet(bad) }) else {
        Issue.record("\(bad) passed")
        continue
      }
    }
    guard case .badLabelSet? = failure({ _ = try LabelSet([a, Label(name: "b")], positive: "c") }) else {
      Issue.record("a positive label that is not there passed")
      return
    }
  }

  @Test func `a set is read from a configuration`() throws {
    let json = #"{"positive": "b", "labels": [{"name": "a"}, {"name": "b", "answer": "Bee", "aliases": ["1"]}]}"#
    let labels = try JSONDecoder().decode(LabelSet.self, from: Data(json.utf8))
    #expect(labels["a"]?.answer == "a")
    #expect(labels.label("1")?.answer == "Bee")
    #expect(try JSONDecoder().decode(LabelSet.self, from: JSONEncoder().encode(labels)) == labels)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(LabelSet.self, from: Data(json.replacingOccurrences(of: "positive", with: "pos").utf8))
    }
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(LabelSet.self, from: Data(json.replacingOccurrences(of: "answer", with: "anwser").utf8))
    }
  }
}

@Suite struct PromptTemplateTests {
  let item = Item(id: "1", fields: ["text": "A {dog}", "entities": "dog", "web": ""])

  @Test func `slots are filled and empty sections dropped`() throws {
    let template = try PromptTemplate("[[Seen: {entities}\n]][[Web: {web}\n]]Caption: {text} {{x}}\n{labels}")
    #expect(
      try template.prompt(for: item, labels: .outOfContext).text
        == """
        Seen: dog
        Caption: A {dog} {x}
        No: the photo shows what the caption says
        Yes: the photo does not show what the caption says
        """)
    #expect(template.slots == ["entities", "web", "text", "labels"])
  }

  @Test func `a section with any empty slot is dropped whole`() throws {
    #expect(try PromptTemplate("a[[ {entities} {web}]] b").prompt(for: item, labels: .outOfContext).text == "a b")
    #expect(
      try PromptTemplate("{entities}[[ kept]] {web}b ]]").prompt(for: item, labels: .outOfContext).text
        == "dog kept b ]]")
  }

  @Test func `an unknown slot is an error that lists the known ones`() throws {
    let template = try PromptTemplate("{text} {title}")
    let known = ["entities", "text", "web", "labels"]
    #expect(
      failure { _ = try template.prompt(for: item, labels: .outOfContext) }
        == .unknownSlot("title", template: "{text} {title}", known: known))
    #expect(
      failure { try template.check(FieldMapping(evidence: ["entities": "e"])) }
        == .unknownSlot("title", template: "{text} {title}", known: ["text", "entities", "labels"]))
  }

  @Test func `a template that asks the same about every item is an error where items have no image`() throws {
    let mapping = FieldMapping(evidence: ["entities": "e"])
    for text in ["Is this urgent?", "Is {{text}} urgent? {labels}"] {
      #expect(
        failure { try PromptTemplate(text).check(mapping) }
          == .asksNothing(template: text, known: ["text", "entities"]))
      try PromptTemplate(text).check(FieldMapping(image: "photo"))
    }
    for text in ["{text}?", "Is it urgent?[[ Seen: {entities}]]"] { try PromptTemplate(text).check(mapping) }
    let fault = TeacherProtocolError.asksNothing(template: "Is it?", known: ["text", "entities"])
    #expect(fault.description.hasSuffix("Put a slot into it: {text}, {entities}."))
  }

  @Test(arguments: [("{text", 0), ("a }", 2), ("[[a", 3), ("[[a [[b]]", 4), ("{}", 1), ("{my slot}", 1), ("{1}", 1)])
  func `a template that is not well formed names the place`(_ text: String, offset: Int) {
    guard case .badTemplate(_, offset, _)? = failure({ _ = try PromptTemplate(text) }) else {
      Issue.record("\(text): \(String(describing: failure { _ = try PromptTemplate(text) }))")
      return
    }
  }

  @Test func `slots that are filled in code are known`() throws {
    let template = try PromptTemplate("{demonstrations}{text}")
    #expect(failure { try template.check(FieldMapping()) } != nil)
    #expect(failure { try template.check(FieldMapping(), filledInCode: ["demonstrations"]) } == nil)
  }

  @Test func `the version is the text's digest`() throws {
    let template = try PromptTemplate("{text}")
    #expect(try PromptTemplate("{text}").version == template.version)
    #expect(try PromptTemplate("{text} ").version != template.version)
    #expect(try JSONDecoder().decode([PromptTemplate].self, from: JSONEncoder().encode([template])) == [template])
  }
}

@Suite struct AnswerTests {
  let reader = AnswerReader(labels: .outOfContext)

  @Test(arguments: [
    ("Yes. The photo shows a dog.", "falsified", "The photo shows a dog."), ("yes", "falsified", ""),
    ("**No** - it fits.", "pristine", "it fits."), ("Answer: No\n\nBecause.", "pristine", "Because."),
    ("\"Yes\", it does", "falsified", "it does"), ("Verdict: **Yes**: x", "falsified", "x"),
    ("No, although Yes is tempting", "pristine", "although Yes is tempting"),
    (#"{"label": "falsified", "rationale": "r"}"#, "falsified", "r"),
    ("Here it is:\n```json\n{\"answer\": \"No\", \"reason\": \"r\"}\n```", "pristine", "r"),
    (#"{"label": 1, "explanation": "r"}"#, "falsified", "r"),
    (#"Yes. The sign reads {"a": 1}"#, "falsified", #"The sign reads {"a": 1}"#),
  ])
  func `label and rationale are read`(_ text: String, label: String, rationale: String) {
    let answer = reader.read(text)
    #expect(answer.outcome == .answered(label))
    #expect(answer.rationale == rationale)
  }

  @Test(arguments: [
    "I don't know", "I don’t know.", "Unsure: both", "Not sure, no", #"{"label": null}"#, "Cannot tell",
  ])
  func `an answer that takes no side abstains`(_ text: String) { #expect(reader.read(text).outcome == .abstained) }

  @Test(arguments: [
    ("", TeacherReply.Outcome.empty), (" \n\t", .empty), (#"{"label": "maybe"}"#, .unknownLabel("maybe")),
    (#"{"label": 7, "rationale": "r"}"#, .unknownLabel("7")), ("Answer: Perhaps. Or not.", .unknownLabel("Perhaps")),
    ("**Label:** **mixed**", .unknownLabel("mixed")), ("I'm sorry, but I can't help with that.", .refused),
    ("I’m unable to assist with photos of people.", .refused), (#"{"label": "I cannot assist with this"}"#, .refused),
    ("{", .cutOff), (#"{"rationale": "The pho"#, .cutOff), ("```json\n{\"label\": \"N", .cutOff),
  ])
  func `what has no label is of its own kind`(_ text: String, outcome: TeacherReply.Outcome) {
    #expect(reader.read(text).outcome == outcome)
    #expect(outcome.fault != nil)
  }

  @Test(arguments: [
    ("Yes. A dog.\nConfidence: 85 %", "A dog.", 0.85), ("**No**\n\n**Confidence:** 0.4", "", 0.4),
    ("No. It fits.\nconfidence = 1.", "It fits.", 1),
  ])
  func `a last line may state the confidence`(_ text: String, rationale: String, value: Double) {
    #expect(reader.read(text).rationale == rationale)
    #expect(reader.read(text).confidence == Confidence(value, source: .verbalised))
    #expect(reader.read("Yes. Confidence is high.").rationale == "Confidence is high.")
  }

  @Test(arguments: [
    "Yes.", " **Yes** it", "Answer: Yes", #"{"rationale": "r", "label":  "Yes"}"#, "It’s: ```{\"answer\": \"yes\"}```",
    #"{"label": "falsified"}"#,
  ])
  func `the place of the label is known`(_ text: String) throws {
    let offset = try #require(reader.read(text).labelOffset)
    let there = String(decoding: Array(text.utf8.dropFirst(offset)), as: UTF8.self).lowercased()
    #expect(there.hasPrefix("yes") || there.hasPrefix("falsified"))
  }

  @Test func `a label may be asked for alone`() throws {
    var parameters = TeacherParameters()
    #expect(!parameters.canonical.contains("label"), "older replies are still found")
    parameters.answersByLabel = true
    let plain = TeacherParameters()
    #expect(parameters.canonical == plain.canonical + " label")
    let request = TeacherRequest(
      item: Item(id: "1", fields: [:]), prompt: "Is it?", promptVersion: "p", labels: .outOfContext,
      parameters: parameters)
    let form = AnswerForm(of: request)
    #expect(form.instruction == #"Answer with "No" or "Yes" and nothing else."#)
    #expect(form.repairQuestion == #"That can't be read. Answer with "No" or "Yes" and nothing else."#)
    // A limit of one token ends such an answer behind its label.
    let read = reader.read("Yes", endedAtLimit: true)
    #expect(read.outcome == .answered("falsified"))
    parameters.statesConfidence = true
    var sure = request
    sure.parameters = parameters
    #expect(AnswerForm(of: sure).instruction.hasPrefix(#"Answer with "No" or "Yes", then a line "Confidence:" and "#))
    #expect(reader.read("Yes\nConfidence: 0.8").confidence == Confidence(0.8, source: .verbalised))
    let json = try JSONEncoder().encode(parameters)
    #expect(try JSONDecoder().decode(TeacherParameters.self, from: json) == parameters)
  }

  @Test func `a form asks for what the reader reads`() throws {
    let form = AnswerForm(labels: .outOfContext, isJSON: true, statesConfidence: true)
    #expect(
      form.schema
        == #"{"type": "object", "properties": {"label": {"type": "string", "enum": ["No", "Yes"]}, "#
        + #""rationale": {"type": "string"}, "confidence": {"type": "number"}}, "#
        + #""required": ["label", "rationale", "confidence"], "additionalProperties": false}"#)
    for text in [form.instruction, form.repairQuestion] { #expect(text.contains(#""No" or "Yes""#)) }
    #expect(form.instruction.contains("confidence"))
    #expect(AnswerForm(labels: .outOfContext, isJSON: false).instruction.isEmpty)
    let words = AnswerForm(labels: .outOfContext, isJSON: false, statesConfidence: true)
    #expect(words.instruction.contains("Confidence:"))
    #expect(words.repairQuestion.contains("beginning with"))
    let read = reader.read(#"{"label": "No", "rationale": "It fits.", "confidence": 0.9}"#)
    #expect((read.outcome, read.rationale) == (.answered("pristine"), "It fits."))
    #expect(read.confidence == Confidence(0.9, source: .verbalised))
  }

  @Test func `parameters that came later do not change older keys`() throws {
    #expect(TeacherParameters().canonical == "temperature=0.0 maximumTokens=256 samples=1 seed=-")
    let all = TeacherParameters(answersInJSON: true, statesConfidence: true, isRepaired: true)
    #expect(all.canonical.hasSuffix(" json confidence repaired"))
    #expect(try JSONDecoder().decode(TeacherParameters.self, from: JSONEncoder().encode(all)) == all)
  }

  @Test(arguments: ["Note that", "The answer is either Yes or No", "Yesterday", "{\"x\": 1}"])
  func `anything else is unreadable`(_ text: String) {
    guard case .unreadable = reader.read(text).outcome else {
      Issue.record("\(text) was read as \(reader.read(text).outcome)")
      return
    }
  }

  @Test func `a stated confidence is read as a share or per cent`() {
    for (text, value) in [("0.85", 0.85), ("85", 0.85), ("\"85 %\"", 0.85), ("1", 1.0), ("\"0.5 %\"", 0.005)] {
      #expect(
        reader.read("{\"label\": \"Yes\", \"confidence\": \(text)}").confidence
          == Confidence(value, source: .verbalised))
    }
    for text in ["-1", "\"high\"", "1000", "null"] {
      let answer = reader.read("{\"label\": \"Yes\", \"probability\": \(text)}")
      #expect(answer.confidence == nil)
      #expect(answer.outcome == .answered("falsified"))
    }
  }

  @Test func `longer answers win over their beginnings`() throws {
    let labels = try LabelSet([.init(name: "no", answer: "No"), .init(name: "nei", answer: "No evidence")])
    #expect(AnswerReader(labels: labels).read("No evidence. x").outcome == .answered("nei"))
    #expect(AnswerReader(labels: labels).read("No. x").outcome == .answered("no"))
  }

  @Test func `a text of braces ends soon`() {
    guard case .unreadable = reader.read(String(repeating: "{", count: 200_000)).outcome else {
      Issue.record("braces were read")
      return
    }
  }

  @Test func `what is written is read back`() throws {
    let template = AnswerTemplate()
    for label in LabelSet.outOfContext.names {
      for rationale in ["", "The photo shows a dog.", "No dog: a \"cat\"."] {
        let answer = reader.read(try template.answer(label, rationale: rationale, labels: .outOfContext))
        #expect(answer.outcome == .answered(label))
        #expect(answer.rationale == rationale)
      }
    }
  }

  @Test func `a human label alone becomes an answer`() throws {
    let template = AnswerTemplate()
    #expect(
      try template.answer("falsified", labels: .outOfContext) == "Yes. The photo does not show what the caption says.")
    let bare = try LabelSet([.init(name: "a"), .init(name: "b")])
    #expect(try template.answer("a", labels: bare) == "a.")
    #expect(
      failure { _ = try template.answer("c", labels: bare) } == .unknownLabel("c", known: ["a", "b"]))
  }

  @Test func `an answer template begins with the answer and knows its slots`() throws {
    guard case .badTemplate? = failure({ _ = try AnswerTemplate("I say {answer}") }) else {
      Issue.record("an answer that begins otherwise passed")
      return
    }
    guard
      case .unknownSlot("rationale", _, _)? = failure({
        _ = try AnswerTemplate("{answer}", humanText: "{answer} {rationale}")
      })
    else {
      Issue.record("a human label has no rationale")
      return
    }
    let own = try AnswerTemplate("{answer}: {rationale}", humanText: "{answer} ({label})")
    #expect(try own.answer("pristine", rationale: "r", labels: .outOfContext) == "No: r")
    #expect(try JSONDecoder().decode(AnswerTemplate.self, from: JSONEncoder().encode(own)) == own)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(AnswerTemplate.self, from: Data(#"{"txt": "{answer}"}"#.utf8))
    }
  }
}
