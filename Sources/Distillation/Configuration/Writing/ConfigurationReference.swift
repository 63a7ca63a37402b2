/// The reference of all keys, made from the tables that the decoder reads by.
public enum ConfigurationReference {
  /// Every key with its full path, sections before their keys: `("stage1.learning_rate", ...)`; elements of a list are
  /// written `teachers[].name`.
  public static var entries: [(path: String, key: ConfigurationOutline)] {
    flattened(RunConfiguration.configurationOutline(of: nil), under: "")
  }

  /// The reference as Markdown: one table for the top and one for every section.
  public static var markdown: String {
    let top = RunConfiguration.configurationOutline(of: nil)
    let sections = entries.filter { !$0.key.keys.isEmpty }
    return ([table(title: "Top level", top)] + sections.map { table(title: "`\($0.path)`", $0.key.keys) })
      .joined(separator: "\n")
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
    let condition = key.condition.map { " (with `\($0)`)" } ?? ""
    let cells = ["`\(key.name)`\(condition)", key.form, defaultCell(of: key), key.meaning]
    return "| " + cells.map(escaped).joined(separator: " | ") + " |\n"
  }

  private static func defaultCell(of key: ConfigurationOutline) -> String {
    if key.requirement != nil { return "required" }
    guard let value = key.defaultValue else { return "none" }
    if !key.keys.isEmpty { return key.isList ? "see `distill init`" : "its keys'" }
    return "`\(ConfigurationYAMLWriter.inline(value))`"
  }

  private static func escaped(_ cell: String) -> String {
    cell.replacing("|", with: "\\|").replacing("\n", with: " ")
  }
}
