internal import JSON

/// The keys of a `preprocessor_config.json` or of `image_processor` in a `processor_config.json`, read with errors that name the file and the key.
///
/// A key that is missing has its default. One that is `null` has none, as in transformers: a switch is off, and a value
/// may be `null` only where a switch makes it unnecessary. An unknown key is no error, since these files carry the keys of
/// every version of transformers that wrote them.
package struct ConfigurationFile {
  let name: String
  private let keys: JSONValue

  /// Most such files have under a kilobyte; a larger one than this is something else.
  private static let maximumBytes = 1 << 20

  init(contentsOf path: String) throws(ImageDecodingError) {
    try self.init(readFile(path, atMost: Self.maximumBytes), name: path)
  }

  init(_ bytes: [UInt8], name: String) throws(ImageDecodingError) {
    self.name = name
    guard let top = try? JSONParser.value(of: bytes, .modelFile), case .object = top else {
      throw .badConfiguration(file: name, key: "the file", expected: "a JSON object", found: "something else")
    }
    // A processor_config.json has the keys of the whole processor, those about images in an object of their own.
    if let images = top["image_processor"], case .object = images { keys = images } else { keys = top }
  }

  private func wrong(_ key: String, _ expected: String, _ found: JSONValue) -> ImageDecodingError {
    .badConfiguration(file: name, key: key, expected: expected, found: found.summary)
  }

  /// The value of a key, nil where it is missing or is `null` and not needed.
  private func value(_ key: String, isNeeded: Bool = true) -> JSONValue? {
    guard let value = keys[key], isNeeded || value != .null else { return nil }
    return value
  }

  func bool(_ key: String, default fallback: Bool) throws(ImageDecodingError) -> Bool {
    switch keys[key] {
    case nil: return fallback
    case .null: return false
    case .bool(let bool): return bool
    case .some(let value): throw wrong(key, "true or false", value)
    }
  }

  func number(_ key: String, default fallback: Double, isNeeded: Bool) throws(ImageDecodingError) -> Double {
    guard let value = value(key, isNeeded: isNeeded) else { return fallback }
    guard let number = value.double else { throw wrong(key, "a number", value) }
    return number
  }

  /// A whole number, nil where it is missing or `null`.
  func integer(_ key: String) throws(ImageDecodingError) -> Int? {
    guard let value = value(key, isNeeded: false) else { return nil }
    guard let integer = value.integer else { throw wrong(key, "a whole number", value) }
    return integer
  }

  /// Pairs of whole numbers, nil where they are missing.
  func pairs(_ key: String) throws(ImageDecodingError) -> [(Int, Int)]? {
    guard let value = value(key, isNeeded: false) else { return nil }
    guard case .array(let rows) = value, !rows.isEmpty, rows.count <= 1024 else {
      throw wrong(key, "pairs of whole numbers", value)
    }
    var pairs: [(Int, Int)] = []
    for row in rows {
      guard case .array(let both) = row, both.count == 2, let first = both[0].integer, let second = both[1].integer
      else {
        throw wrong(key, "pairs of whole numbers", row)
      }
      pairs.append((first, second))
    }
    return pairs
  }

  /// Three numbers, or one that stands for all three.
  func channels(_ key: String, default fallback: [Double], isNeeded: Bool) throws(ImageDecodingError) -> [Double] {
    guard let value = value(key, isNeeded: isNeeded) else { return fallback }
    if let number = value.double { return [number, number, number] }
    guard let values = value.elements, values.count == 3, case let numbers = values.compactMap(\.double),
      numbers.count == 3
    else { throw wrong(key, "three numbers", value) }
    return numbers
  }

  func filter(_ key: String, default fallback: ResamplingFilter) throws(ImageDecodingError) -> ResamplingFilter {
    guard let value = value(key) else { return fallback }
    guard let code = value.integer, let filter = ResamplingFilter(rawValue: code) else {
      throw wrong(key, "a code of Pillow, 0 to 5", value)
    }
    return filter
  }

  /// The whole numbers of an object such as `{"longest_edge": 512}`.
  ///
  /// - Parameter plain: The keys that a plain number stands for; a square by default.
  func sides(
    _ key: String, isNeeded: Bool = true, plain: [String] = ["height", "width"]
  ) throws(ImageDecodingError) -> [String: Int]? {
    guard let value = value(key, isNeeded: isNeeded) else { return nil }
    if let side = value.integer { return Dictionary(uniqueKeysWithValues: plain.map { ($0, side) }) }
    guard case .object(let members) = value else { throw wrong(key, "an object of sides in pixels", value) }
    var sides: [String: Int] = [:]
    for side in members where !side.value.isNull {
      guard let length = side.value.integer else {
        throw wrong("\(key).\(side.name)", "a whole number of pixels", side.value)
      }
      sides[side.name] = length
    }
    return sides
  }

  /// The error for an object that has other sides than those that are needed.
  func lacking(_ key: String, _ expected: String, _ sides: [String: Int]) -> ImageDecodingError {
    let found = sides.isEmpty ? "no side" : sides.keys.sorted().joined(separator: " and ")
    return .badConfiguration(file: name, key: key, expected: expected, found: found)
  }

  /// The class that wrote the file, without the suffixes that tell its variants apart; nil where the file does not say.
  func processorClass(among known: [String]) throws(ImageDecodingError) -> String? {
    let key = "image_processor_type"
    guard let value = value(key, isNeeded: false) else { return nil }
    let expected = known.joined(separator: " or ")
    guard case .string(let full) = value else { throw wrong(key, expected, value) }
    var name = full
    for suffix in ["Fast", "Pil"] where name.hasSuffix(suffix) { name.removeLast(suffix.count) }
    guard known.contains(name) else { throw wrong(key, expected, value) }
    return name
  }

  /// The keys that all processors share.
  func scaling(default fallback: PixelScaling = PixelScaling()) throws(ImageDecodingError) -> PixelScaling {
    var scaling = fallback
    let rescales = try bool("do_rescale", default: true)
    let factor = try number("rescale_factor", default: 1 / 255, isNeeded: rescales)
    scaling.factor = rescales ? factor : nil
    scaling.normalizes = try bool("do_normalize", default: true)
    scaling.mean = try channels("image_mean", default: fallback.mean, isNeeded: scaling.normalizes)
    scaling.deviation = try channels("image_std", default: fallback.deviation, isNeeded: scaling.normalizes)
    return scaling
  }
}
