package import JSON
package import Foundation

/// A chat template: the Jinja text that turns a conversation into the prompt that a model was trained with.
///
/// ```swift
/// let template = try ChatTemplate("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}")
/// try template.render([.user("Who?"), .assistant("Me.")])  // "user: Who?\nassistant: Me.\n"
/// ```
///
/// The part of Jinja that chat templates use is rendered as transformers renders it: with `trim_blocks` and
/// `lstrip_blocks`, without escaping, with `raise_exception`, `strftime_now` and a `tojson` that keeps characters as they
/// are. Statements, filters and tests beyond that part are refused when the template is read, unknown functions when they
/// are called, each with the line. Templates come with models and are not trusted: ``Limits`` end hostile ones.
///
/// The engine is the project's own because templates of strangers need limits of time and memory and a refusal when they
/// are read, because the bytes of a prompt must be transformers', and because the numbers side takes no package.
///
/// Reference: Jinja 3.1 and `apply_chat_template` of transformers 5.
package struct ChatTemplate: Sendable {
  /// Limits of the time and memory of a template.
  package struct Limits: Sendable, Equatable {
    /// The most steps: about one per value looked at and per 16 bytes written. The default is 2 million.
    package var work = 2_000_000
    /// The longest text, in bytes. The default is 16 MiB.
    package var outputBytes = 1 << 24
    /// How deep statements and expressions may nest. The default is 100.
    package var nesting = 100
    /// How deep evaluation may go, macros that call one another included, and how deep values may lie in one another:
    /// both take the stack.
    package var depth: Int { nesting * 4 }
    /// The longest template, in bytes: far above what models come with.
    package static let sourceBytes = 1 << 20

    package init() {}
  }

  /// The text of the template.
  package let source: String
  /// What it may use up.
  package let limits: Limits
  /// Variables that every rendering has, the texts of special tokens among them; those of a call come before these.
  package var variables: [JSONValue.Member] = []
  private let body: [TemplateStatement]

  /// Reads a template.
  ///
  /// - Throws: ``TokenizerError/invalidTemplate(line:expected:found:)`` or
  ///   ``TokenizerError/unsupportedTemplate(line:construct:)``.
  package init(_ source: String, limits: Limits = Limits()) throws {
    precondition(limits.work > 0 && limits.outputBytes > 0 && limits.nesting > 0, "limits must be above 0: \(limits)")
    self.source = source
    self.limits = limits
    guard source.utf8.count <= Limits.sourceBytes else {
      throw TokenizerError.templateLimit(line: 1, limit: "\(Limits.sourceBytes) bytes of template")
    }
    body = try TemplateParser.parse(source, limits: limits)
  }

  /// Reads a template that has the special tokens of a `tokenizer_config.json` as variables.
  ///
  /// - Throws: as ``init(_:limits:)``.
  package init(_ source: String, variablesOf configuration: JSONValue) throws {
    try self.init(source)
    variables = Self.specialTokens(of: configuration)
  }

  /// Reads the template of a model folder: `chat_template.jinja`, else `chat_template.json`, else the field of
  /// `tokenizer_config.json`, of whose named templates the one called "default".
  ///
  /// The special tokens that `tokenizer_config.json` names become variables, such as `bos_token`.
  ///
  /// - Returns: nil if the folder has no template.
  /// - Throws: ``TokenizerError``, naming the file or the line.
  package init?(contentsOf directory: URL, limits: Limits = Limits()) throws {
    func file(_ name: String) throws -> (bytes: [UInt8], path: String)? {
      let url = directory.appendingPathComponent(name)
      return FileManager.default.fileExists(atPath: url.path) ? (try readBytes(of: url), url.path) : nil
    }
    let configuration = try file("tokenizer_config.json").map { try tokenizerJSON($0.bytes, file: $0.path) }
    var source: String?
    if let (bytes, path) = try file("chat_template.jinja") {
      source = String(validating: bytes, as: UTF8.self)
      if source == nil { throw TokenizerError.fileFailure(file: path, reason: "the text is not UTF-8") }
    } else if let (bytes, path) = try file("chat_template.json") {
      source = Self.text(in: try tokenizerJSON(bytes, file: path)["chat_template"])
      guard source != nil else {
        throw TokenizerError.invalidField(file: path, field: "chat_template", expected: "a template", found: "none")
      }
    } else {
      source = Self.text(in: configuration?["chat_template"])
    }
    guard let source else { return nil }
    try self.init(source, limits: limits)
    variables = Self.specialTokens(of: configuration)
  }

  /// Reads another template of a model folder, which has the same variables as the folder's own.
  ///
  /// - Returns: nil if the folder has no file of this name.
  /// - Throws: as ``init(contentsOf:limits:)``.
  package init?(named name: String, of directory: URL, limits: Limits = Limits()) throws {
    let url = directory.appendingPathComponent(name)
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    guard let source = String(validating: try readBytes(of: url), as: UTF8.self) else {
      throw TokenizerError.fileFailure(file: url.path, reason: "the text is not UTF-8")
    }
    try self.init(source, limits: limits)
    let tokens = directory.appendingPathComponent("tokenizer_config.json")
    guard FileManager.default.fileExists(atPath: tokens.path) else { return }
    variables = Self.specialTokens(of: try tokenizerJSON(readBytes(of: tokens), file: tokens.path))
  }

  private static func specialTokens(of configuration: JSONValue?) -> [JSONValue.Member] {
    SpecialTokens.Role.allCases.compactMap { role in
      guard let value = configuration?[role.rawValue], let token = value.string ?? value["content"]?.string else {
        return nil
      }
      return JSONValue.Member(role.rawValue, .string(token))
    }
  }

  /// The names of variables that the template reads, and those that it gives values itself, somewhere.
  package var names: (read: Set<String>, given: Set<String>) {
    var names = TemplateNames()
    names.look(at: body)
    return (names.read, names.given)
  }

  /// A template that is written as it is or as a list of named ones.
  private static func text(in value: JSONValue?) -> String? {
    if let text = value?.string { return text }
    return value?.elements?.first { $0["name"]?.string == "default" }?["template"]?.string
  }

  /// The text for a conversation.
  ///
  /// - Parameters:
  ///   - messages: the turns, first to last.
  ///   - addingGenerationPrompt: whether the text ends with what opens the model's answer. The default is false.
  ///   - date: what `strftime_now` shows. The default is now.
  /// - Throws: ``TokenizerError``; ``TokenizerError/templateRaised(message:)`` where the template refuses the conversation.
  package func render(
    _ messages: [ChatMessage], addingGenerationPrompt: Bool = false, date: Date = Date()
  ) throws -> String {
    try render(messages, addingGenerationPrompt: addingGenerationPrompt, variables: [], date: date)
  }

  /// The text for a conversation, with further variables, such as `tools`, which win over ``variables``.
  package func render(
    _ messages: [ChatMessage], addingGenerationPrompt: Bool = false, variables: [JSONValue.Member],
    date: Date = Date()
  ) throws -> String {
    try render(
      variables: [
        JSONValue.Member("messages", .array(messages.map(\.json))), JSONValue.Member("tools", .null),
        JSONValue.Member("documents", .null), JSONValue.Member("add_generation_prompt", .bool(addingGenerationPrompt)),
      ] + variables, date: date)
  }

  /// The text for any variables.
  ///
  /// - Parameters:
  ///   - variables: what the template may name, besides ``variables``, over which these win.
  ///   - date: what `strftime_now` shows. The default is now.
  /// - Throws: as ``render(_:addingGenerationPrompt:date:)``.
  package func render(variables: [JSONValue.Member], date: Date = Date()) throws -> String {
    let seconds = Int(exactly: date.timeIntervalSince1970.rounded(.down)) ?? 0
    return try TemplateRenderer(variables: self.variables + variables, limits: limits, now: seconds).render(body)
  }
}
