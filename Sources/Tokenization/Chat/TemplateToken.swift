/// A part of an expression or a tag.
enum TemplateToken: Equatable {
  case name(String)
  case string(String)
  case integer(Int)
  case number(Double)
  case symbol(String)

  /// How it reads in an error message.
  var text: String {
    switch self {
    case .name(let name): name
    case .string(let value): value.debugDescription
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .symbol(let symbol): "\"\(symbol)\""
    }
  }
}

/// A token with its line, counted from 1.
struct PlacedToken {
  var token: TemplateToken
  var line: Int
}

/// A stretch of a template: text as it stands, `{{ ... }}` or `{% ... %}`.
enum TemplateSegment {
  case text(String)
  case output([PlacedToken], line: Int)
  case tag([PlacedToken], line: Int)
}
