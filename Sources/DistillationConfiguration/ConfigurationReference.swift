package import ConfigurationFiles

/// The reference of all keys of a method, made from the tables that the decoder reads by.
///
/// `distill init METHOD --reference` prints it, and `Documentation/Configuration.md` holds it for every method.
package enum ConfigurationReference {
  /// Every key of a method with its full path, sections before their keys: `("stage1.learning_rate", ...)`; elements of a
  /// list are written `teachers[].name`.
  package static func entries(for method: DistillationMethod) -> [(path: String, key: ConfigurationOutline)] {
    flattened(outline(of: method), under: "")
  }

  /// The reference of a method as Markdown: one table for the top and one for every section. Sections with the same keys
  /// and defaults share a table. The text ends with a line end.
  package static func markdown(for method: DistillationMethod) -> String {
    var sections: [(title: String, keys: [ConfigurationOutline])] = [("Top level", outline(of: method))]
    for (path, key) in entries(for: method) where !key.keys.isEmpty {
      let title = "`\(path)`" + conditionText(of: key)
      if let same = sections.firstIndex(where: { $0.keys == key.keys }) {
        sections[same].title += ", " + title
      } else {
        sections.append((title, key.keys))
      }
    }
    return sections.map { table(title: $0.title, $0.keys) }.joined(separator: "\n")
  }

  private static func outline(of method: DistillationMethod) -> [ConfigurationOutline] {
    switch method {
    case .multiTeacher: RunConfiguration.configurationOutline(of: nil)
    case .dualChecker: DualCheckerConfiguration.configurationOutline(of: nil)
    }
  }

  private static func flattened(
    _ keys: [ConfigurationOutline], under owner: String
  ) -> [(path: String, key: ConfigurationOutline)] {
    keys.flatMap { key in
      let path = owner + key.name + (key.isList ? "[]" : "")
      return [(path, key)] + flattened(key.keys, under: path + ".")
    }
  }

  private static func table(title: String, _ keys: [ConfigurationOutline]) -> String {
    let head = "### \(title)\n\n| key | value | default | meaning |\n|---|---|---|---|\n"
    return head + keys.map(row).joined()
  }

  private static func row(_ key: ConfigurationOutline) -> String {
    let cells = ["`\(key.name)`" + conditionText(of: key), key.form, defaultCell(of: key), key.meaning]
    return "| " + cells.map(escaped).joined(separator: " | ") + " |\n"
  }

  private static func conditionText(of key: ConfigurationOutline) -> String {
    key.condition.map { " (with `\($0)`)" } ?? ""
  }

  private static func defaultCell(of key: ConfigurationOutline) -> String {
    if key.requirement != nil { return "required" }
    guard let value = key.defaultValue else { return "none" }
    if !key.keys.isEmpty { return key.isList ? "see `distill init`" : "the defaults of its keys" }
    return "`\(ConfigurationYAMLWriter.inline(value))`"
  }

  private static func escaped(_ cell: String) -> String {
    cell.replacing("|", with: "\\|").replacing("\n", with: " ")
  }
}
