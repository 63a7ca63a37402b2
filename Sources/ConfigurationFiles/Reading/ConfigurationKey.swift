/// One row of a section's table: the key, the property it sets, what it means, and what it may be.
///
/// ```swift
/// ConfigurationKey<Smoothing>("width", \.width, "Steps that are averaged.", range: .from(1, through: 99))
/// ```
package struct ConfigurationKey<Section: ConfigurationSection>: Sendable {
  /// The setting of another key under which a key exists.
  package struct Condition: Sendable {
    /// The setting as it is written: `kind: openai`.
    package var setting: String
    /// Whether a section has it.
    package var holds: @Sendable (Section) -> Bool

    /// A setting as it is written, with the test for it.
    package init(_ setting: String, holds: @escaping @Sendable (Section) -> Bool) {
      (self.setting, self.holds) = (setting, holds)
    }
  }

  /// The key as it is written.
  package let name: String
  /// The setting under which the key exists; nil for always.
  package let condition: Condition?

  let requirement: String?
  let decides: Bool
  let isSection: Bool
  let read: @Sendable (ConfigurationNode, inout Section, inout ConfigurationReader) -> Void
  let write: @Sendable (Section) -> ConfigurationNode?
  package let check: @Sendable (Section, inout ConfigurationReader) -> Void
  let mapPaths: @Sendable (inout Section, (String, ConfigurationPathRoot) -> String) -> Void
  let outline: @Sendable (Section) -> ConfigurationOutline
  let template: @Sendable (Section) -> [String]?

  /// A row of a section's table.
  ///
  /// - Parameters:
  ///   - name: The key as it is written.
  ///   - property: What it sets. The property's default is the key's default.
  ///   - meaning: One line for the reference and the template.
  ///   - range: Which values of the kind are taken; nil for all, but for numbers: what comes from outside is bounded where it
  ///     is read.
  ///   - root: For a path: what it is relative to; nil for text that is no path.
  ///   - requirement: For a key without a default: what must be given, as the end of "expected ...".
  ///   - condition: The setting under which the key exists; nil for always.
  ///   - decides: Whether conditions of other keys look at this one; where it can't be read, they are left alone.
  ///   - sample: For a key whose default is nothing: what the template shows.
  package init<Value: ConfigurationValue>(
    _ name: String, _ property: any WritableKeyPath<Section, Value> & Sendable, _ meaning: String,
    range: ConfigurationRange<Value>? = nil, relativeTo root: ConfigurationPathRoot? = nil,
    requirement: String? = nil, when condition: Condition? = nil, decides: Bool = false, sample: String? = nil
  ) {
    precondition(
      range != nil || !(Value.self is any ConfigurationNumbers.Type),
      "ConfigurationKey: the number \(name) has no range")
    let form = [Value.configurationForm, range?.form].compactMap(\.self).joined(separator: ", ")
    (self.name, self.condition, self.requirement, self.decides) = (name, condition, requirement, decides)
    isSection = Value.self is any ConfigurationSection.Type
    read = { node, section, reader in
      if let value = Value.fromConfiguration(node, over: section[keyPath: property], with: &reader) {
        section[keyPath: property] = value
      } else {
        reader.markUnread()
      }
    }
    write = { $0[keyPath: property].configurationNode }
    check = { section, reader in
      let value = section[keyPath: property]
      if let range, !range.contains(value) {
        let found = value.configurationNode?.found ?? "nothing"
        reader.report(.unexpectedValue(expected: form, found: found, nearest: nil))
      } else {
        value.checkConfiguration(with: &reader)
      }
    }
    mapPaths = { section, replace in
      section[keyPath: property] = section[keyPath: property].mappingConfigurationPaths(root, replace)
    }
    outline = { section in
      let value = section[keyPath: property]
      let node = value.configurationNode
      let keys = Value.configurationOutline(of: value)
      var isList = false
      if case .list = node?.content { isList = !keys.isEmpty }
      return ConfigurationOutline(
        name: name, meaning: meaning, form: form, defaultValue: requirement == nil ? node : nil,
        requirement: requirement, condition: condition?.setting, sample: sample,
        isPath: root != nil, isList: isList, keys: keys)
    }
    template = { ConfigurationTemplate.lines(inside: $0[keyPath: property]) }
  }

  /// The row as a row of an outer section, in which the inner one has no name of its own.
  ///
  /// - Parameters:
  ///   - path: Where the outer section keeps the inner one.
  ///   - condition: The setting of the outer section under which its keys exist; nil for always.
  package func lifted<Outer: ConfigurationSection>(
    to path: any WritableKeyPath<Outer, Section> & Sendable, when condition: ConfigurationKey<Outer>.Condition? = nil
  ) -> ConfigurationKey<Outer> {
    ConfigurationKey<Outer>(
      name: name, condition: condition, requirement: requirement, decides: decides, isSection: isSection,
      read: { [read] node, outer, reader in read(node, &outer[keyPath: path], &reader) },
      write: { [write] outer in write(outer[keyPath: path]) },
      check: { [check] outer, reader in check(outer[keyPath: path], &reader) },
      mapPaths: { [mapPaths] outer, replace in mapPaths(&outer[keyPath: path], replace) },
      outline: { [outline] outer in
        var row = outline(outer[keyPath: path])
        row.condition = condition?.setting
        return row
      }, template: { [template] outer in template(outer[keyPath: path]) })
  }

  init(
    name: String, condition: Condition?, requirement: String?, decides: Bool, isSection: Bool,
    read: @escaping @Sendable (ConfigurationNode, inout Section, inout ConfigurationReader) -> Void,
    write: @escaping @Sendable (Section) -> ConfigurationNode?,
    check: @escaping @Sendable (Section, inout ConfigurationReader) -> Void,
    mapPaths: @escaping @Sendable (inout Section, (String, ConfigurationPathRoot) -> String) -> Void,
    outline: @escaping @Sendable (Section) -> ConfigurationOutline,
    template: @escaping @Sendable (Section) -> [String]?
  ) {
    (self.name, self.condition, self.requirement, self.decides) = (name, condition, requirement, decides)
    (self.isSection, self.read, self.write, self.check) = (isSection, read, write, check)
    (self.mapPaths, self.outline, self.template) = (mapPaths, outline, template)
  }
}
