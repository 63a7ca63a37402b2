import Foundation
import TeacherProtocol
import Testing

@Suite struct FieldMappingTests {
  func mapping(_ json: String) throws -> FieldMapping {
    try JSONDecoder().decode(FieldMapping.self, from: Data(json.utf8))
  }

  @Test func `a missing key has its default and null turns the text off`() throws {
    #expect(try mapping("{}") == FieldMapping())
    #expect(try mapping(#"{"text": null, "image": "p"}"#) == FieldMapping(image: "p", text: nil))
    #expect(try mapping(#"{"id": ["a", "b"]}"#).id == ["a", "b"])
  }

  @Test func `a mapping reads back as it was written`() throws {
    let full = FieldMapping(
      id: ["a", "b"], image: "i", text: nil, label: "l", group: "g", split: "s", evidence: ["e": "x"],
      slices: ["k": "y"])
    for mapping in [full, FieldMapping()] {
      #expect(try JSONDecoder().decode(FieldMapping.self, from: JSONEncoder().encode(mapping)) == mapping)
    }
  }

  @Test func `an unknown key is refused by name`() {
    do {
      _ = try mapping(#"{"grup": "pair"}"#)
      Issue.record("no error")
    } catch {
      #expect("\(error)".contains("unknown key 'grup'"))
    }
  }

  @Test func `contradictions are refused`() {
    for bad in [
      FieldMapping(text: nil), FieldMapping(evidence: ["text": "x"]), FieldMapping(evidence: ["labels": "x"]),
      FieldMapping(evidence: ["my slot": "x"]), FieldMapping(label: "gold", evidence: ["hint": "gold"]),
      FieldMapping(label: "gold", slices: ["hint": "gold"]),
    ] {
      guard case .badMapping? = failure({ try bad.check() }) else {
        Issue.record("\(bad) passed")
        continue
      }
    }
    #expect(failure { try FieldMapping(label: "gold", evidence: ["hint": "web"]).check() } == nil)
  }
}
