package import ConfigurationFiles
package import TeacherProtocol

extension ColumnList: ConfigurationValue {
  package static var configurationForm: String { "a column's name, or a list of them" }

  /// Takes a text, or a list of texts.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: ColumnList?, with reader: inout ConfigurationReader
  ) -> ColumnList? {
    switch node.content {
    case .text(let name): return ColumnList([name])
    case .list: return [String].fromConfiguration(node, over: nil, with: &reader).map { ColumnList($0) }
    case .null, .boolean, .number, .map:
      reader.reject(node, expected: configurationForm)
      return nil
    }
  }

  /// The name where there is one column, and a list otherwise.
  package var configurationNode: ConfigurationNode? {
    columns.count == 1 ? columns[0].configurationNode : columns.configurationNode
  }
}

extension ConfigurationRange<ColumnList> {
  /// Columns that have names.
  package static var namedColumns: ConfigurationRange {
    ConfigurationRange("not empty") {
      !$0.columns.isEmpty && $0.columns.allSatisfy(ConfigurationRange<String>.nonBlank.contains)
    }
  }
}
