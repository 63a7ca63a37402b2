package import JSON

extension Item {
  /// The item of one object of fields, read as a row of a data file would be.
  ///
  /// - Parameters:
  ///   - row: the object.
  ///   - mapping: which member means what; its id, group, split, label and slices are not looked for.
  /// - Throws: `RowProblem`, with the member that can't be used.
  package init(row: JSONValue, mapping: FieldMapping) throws(RowProblem) {
    var mapping = mapping
    mapping.id = ColumnList([])
    (mapping.group, mapping.split, mapping.label, mapping.slices) = (nil, nil, nil, [:])
    var reader = ItemReader(file: "state", mapping: mapping)
    reader.read(RowFile.Row(line: 1, number: 1, value: row))
    if let problem = reader.problems.first { throw problem }
    self = reader.items[0]
  }
}
