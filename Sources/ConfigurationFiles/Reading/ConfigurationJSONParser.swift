internal import JSON

/// Reads JSON with the place of every value, and keeps keys that are given twice, so that both can be reported.
struct ConfigurationJSONParser {
  private var json: JSONParser
  private var places: JSONPlaces

  static func parse(_ text: String) throws(ConfigurationProblem) -> ConfigurationNode {
    var text = text
    return try text.withUTF8 { bytes in
      Result { () throws(ConfigurationProblem) in
        // Half a character in a person's own file is a slip: it is shown, not mended.
        var options = JSONParser.Options()
        options.loneSurrogates = .refused
        var parser = ConfigurationJSONParser(json: JSONParser(bytes, options), places: JSONPlaces(bytes))
        do throws(JSONSyntaxError) {
          return try parser.document()
        } catch {
          var places = JSONPlaces(bytes)
          throw ConfigurationProblem(
            position: position(places.place(of: error.offset)),
            reason: .unreadable("this is not JSON: expected \(error.expected), found \(error.found)"))
        }
      }
    }.get()
  }

  private static func position(_ place: JSONPlace) -> ConfigurationNode.Position {
    ConfigurationNode.Position(line: place.line, column: place.column)
  }

  private mutating func position(of offset: Int) -> ConfigurationNode.Position {
    Self.position(places.place(of: offset))
  }

  private mutating func document() throws(JSONSyntaxError) -> ConfigurationNode {
    if json.next == nil { return ConfigurationNode(.map([]), at: position(of: json.at)) }
    let node = try node()
    try json.end()
    return node
  }

  private mutating func node() throws(JSONSyntaxError) -> ConfigurationNode {
    let mark = json.next
    let before = json
    let start = position(of: json.at)
    switch mark {
    case UInt8(ascii: "{"):
      var entries: [ConfigurationNode.Entry] = []
      var object = try json.beginObject()
      while let key = try json.nextName(in: &object) {
        let place = position(of: object.nameOffset)
        entries.append(ConfigurationNode.Entry(key, try node(), at: place))
      }
      return ConfigurationNode(.map(entries), at: start)
    case UInt8(ascii: "["):
      var elements: [ConfigurationNode] = []
      var array = try json.beginArray()
      while try json.nextElement(in: &array) { elements.append(try node()) }
      return ConfigurationNode(.list(elements), at: start)
    case UInt8(ascii: "\""): return ConfigurationNode(.text(try json.string()), at: start)
    default:
      switch try? json.value() {
      case .null: return ConfigurationNode(.null, at: start)
      case .bool(let value): return ConfigurationNode(.boolean(value), at: start)
      case .number(let spelling): return ConfigurationNode(.number(spelling), at: start)
      default: throw before.fault("a value (a text stands in double quotes)")
      }
    }
  }
}
