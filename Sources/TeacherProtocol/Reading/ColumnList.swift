/// One or several columns whose values together name something: usually an item's id.
///
/// In a configuration it is a text or a list: `id: id`, or `id: [image_id, article_id]` where neither column is unique
/// alone; the values are then joined by ":". An empty list stands for the row's own number, counted from 1.
public struct ColumnList: Sendable, Equatable, Codable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
  /// The columns in the order in which their values are joined.
  public var columns: [String]

  /// The columns in their order.
  public init(_ columns: [String]) { self.columns = columns }

  /// A single column.
  public init(stringLiteral value: String) { columns = [value] }

  /// The columns in their order.
  public init(arrayLiteral elements: String...) { columns = elements }

  /// Reads a text or a list of texts.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let one = try? container.decode(String.self) {
      columns = [one]
    } else {
      columns = try container.decode([String].self)
    }
  }

  /// Writes a text where there is one column, and a list otherwise.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if columns.count == 1 { try container.encode(columns[0]) } else { try container.encode(columns) }
  }
}
