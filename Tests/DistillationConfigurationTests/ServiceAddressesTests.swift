import ConfigurationFiles
import DistillationConfiguration
import Testing

@Suite struct ServiceAddressesTests {
  private func service(_ addresses: String) throws -> OpenAITeacherConfiguration {
    try .init(node: ConfigurationNode(text: #"{"base_url": \#(addresses), "model": "m"}"#, format: .json), file: nil)
  }

  private func problems(_ addresses: String) -> [String] {
    ConfigurationFixture.problems(OpenAITeacherConfiguration.self, #"{"base_url": \#(addresses), "model": "m"}"#)
  }

  @Test func `one address is a text, several are a list, and each is written as it was read`() throws {
    let one = try service(#""http://a/v1""#)
    #expect(one.addresses.all == ["http://a/v1"])
    #expect(one.json.contains(#""base_url":"http://a/v1""#), "\(one.json)")
    let two = try service(#"["http://a/v1", "https://b:81/v1"]"#)
    #expect(two.addresses.all == ["http://a/v1", "https://b:81/v1"])
    #expect(try service(#"["http://a/v1"]"#) == one)
    let again = try OpenAITeacherConfiguration(
      node: ConfigurationNode(text: two.json, format: .json), file: nil)
    #expect(again == two)
  }

  @Test(arguments: [
    ("[]", "nothing"), (#"["http://a", "http://a"]"#, "a list"), (#"["http://a", "b"]"#, "a list"),
    (#""b""#, "the text 'b'"),
  ])
  func `what is no address, or one twice, is refused`(addresses: String, found: String) {
    #expect(
      problems(addresses) == [
        "base_url (line 1): expected an address or a list of addresses, beginning with http:// or https://, each once, found \(found)"
      ])
  }

  @Test func `an element that is no text is named`() {
    #expect(problems(#"["http://a", 8]"#).first?.hasPrefix("base_url[1] (line 1): expected text") == true)
    #expect(
      problems("8") == ["base_url (line 1): expected an address or a list of addresses, found the number 8"])
  }

  @Test func `keys of steps know one address, as they did, and neither how many others there are nor which`() throws {
    let one = try service(#""http://a/v1""#)
    #expect(one.inKeys == one)
    let two = try service(#"["http://a/v1", "http://b/v1"]"#)
    #expect(try two.inKeys.json == service(#"["http://c/v1", "http://b/v1", "http://a/v1"]"#).inKeys.json)
    #expect(two.inKeys.json.contains(#""base_url":null"#))
    let teacher = TeacherConfiguration(name: "t", source: .openAI(two))
    #expect(teacher.inKeys.source == .openAI(two.inKeys))
  }
}
