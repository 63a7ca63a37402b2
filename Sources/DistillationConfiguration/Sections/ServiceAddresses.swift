package import ConfigurationFiles

/// Where a service is: one address, or those of several servers with the same model, which are asked by turns.
package struct ServiceAddresses: ConfigurationValue {
  package var all: [String]

  package init(_ all: [String]) { self.all = all }

  /// Addresses that no key of a step tells apart. One alone stands in keys as it did when there could be no more.
  var inKeys: ServiceAddresses { all.count > 1 ? ServiceAddresses([]) : self }

  /// All of them, for people.
  package var words: String { all.joined(separator: ", ") }

  /// It does not begin with the word text, or `--set` would take a list for one.
  package static var configurationForm: String { "an address or a list of addresses" }

  /// What is written: http or https, each address once.
  static let range = ConfigurationRange<ServiceAddresses>("beginning with http:// or https://, each once") {
    addresses in
    let all = addresses.all
    return (1...1024).contains(all.count) && Set(all).count == all.count
      && all.allSatisfy { $0.hasPrefix("http://") || $0.hasPrefix("https://") }
  }

  /// Takes a text or a list of texts.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: Self?, with reader: inout ConfigurationReader
  ) -> Self? {
    if case .text(let text) = node.content { return Self([text]) }
    guard case .list = node.content else {
      reader.reject(node, expected: configurationForm)
      return nil
    }
    return [String].fromConfiguration(node, over: nil, with: &reader).map { Self($0) }
  }

  /// The one address, or the list; nothing where there is none.
  package var configurationNode: ConfigurationNode? {
    switch all.count {
    case 0: nil
    case 1: .text(all[0])
    default: all.configurationNode
    }
  }
}

extension OpenAITeacherConfiguration {
  /// The service as far as keys of steps depend on it: not on which of several addresses there are.
  package var inKeys: Self {
    var copy = self
    copy.addresses = addresses.inKeys
    return copy
  }
}

extension TeacherConfiguration {
  /// The teacher as far as keys of steps depend on it.
  package var inKeys: Self {
    switch source {
    case .recorded, .model, .trained: return self
    case .openAI(let service): return TeacherConfiguration(name: name, source: .openAI(service.inKeys))
    case .decision(var teacher):
      teacher.service = teacher.service.inKeys
      return TeacherConfiguration(name: name, source: .decision(teacher))
    }
  }
}

extension DualCheckerTeacherConfiguration {
  /// The teacher as far as keys of steps depend on it.
  package var inKeys: Self {
    var copy = self
    copy.service = service.inKeys
    return copy
  }
}
