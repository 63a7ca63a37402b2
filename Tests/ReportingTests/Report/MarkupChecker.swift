/// Reads a page tag by tag: what is opened is closed in order, and which elements and addresses there are.
struct MarkupChecker {
  private(set) var elements: Set<String> = []
  private(set) var problems: [String] = []
  private(set) var addresses: [String] = []
  private(set) var eventHandlers: [String] = []
  private(set) var duplicateIDs: [String] = []

  private static let void: Set<String> = ["meta", "img", "input", "br", "!doctype"]
  private static let selfClosing: Set<String> = ["line", "circle", "rect", "path"]

  init(_ page: String) {
    var stack: [String] = []
    var ids: Set<String> = []
    for part in page.split(separator: "<", omittingEmptySubsequences: false).dropFirst() {
      guard let end = Self.end(of: part) else {
        problems.append("a tag without end: \(part.prefix(40))")
        continue
      }
      let tag = part[..<end]
      let name = tag.drop { $0 == "/" }.prefix { !$0.isWhitespace && $0 != "/" }.lowercased()
      elements.insert(name)
      if tag.hasPrefix("/") {
        if stack.popLast() != name { problems.append("</\(name)> does not close what is open") }
      } else if !tag.hasSuffix("/"), !Self.void.contains(name) {
        stack.append(name)
      } else if tag.hasSuffix("/"), !Self.selfClosing.contains(name) {
        problems.append("<\(name)/> may not close itself")
      }
      for (attribute, value) in Self.attributes(tag) {
        if ["src", "href", "xlink:href", "action"].contains(attribute) { addresses.append(value) }
        if attribute.hasPrefix("on") { eventHandlers.append(attribute) }
        if attribute == "id", !ids.insert(value).inserted { duplicateIDs.append(value) }
      }
    }
    if !stack.isEmpty { problems.append("still open: \(stack)") }
  }

  /// The place of the `>` that ends a tag, outside quotes.
  private static func end(of part: Substring) -> Substring.Index? {
    var isQuoted = false
    for index in part.indices {
      if part[index] == "\"" { isQuoted.toggle() }
      if part[index] == ">", !isQuoted { return index }
    }
    return nil
  }

  private static func attributes(_ tag: Substring) -> [(String, String)] {
    tag.matches(of: /([a-zA-Z:-]+)="([^"]*)"/).map { (String($0.1).lowercased(), String($0.2)) }
  }
}
