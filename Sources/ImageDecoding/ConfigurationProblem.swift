/// A value of a configuration that can't be used: an error where it was read from a file, a trap where a program set it.
struct ConfigurationProblem: CustomStringConvertible {
  let key: String
  let expected: String
  let found: String

  var description: String { "\(key): expected \(expected), found \(found)" }

  func error(in file: String) -> ImageDecodingError {
    .badConfiguration(file: file, key: key, expected: expected, found: found)
  }

  /// The problem of a side in pixels, if it has one. The bound guards the memory that an image will take.
  static func side(_ key: String, _ side: Int, upTo most: Int = 4096) -> ConfigurationProblem? {
    (1...most).contains(side) ? nil : ConfigurationProblem(key: key, expected: "1 to \(most) pixels", found: "\(side)")
  }
}

extension PixelScaling {
  /// The first value that can't be used.
  var problem: ConfigurationProblem? {
    for (key, values) in [("image_mean", mean), ("image_std", deviation)] where values.count != 3 {
      return ConfigurationProblem(key: key, expected: "three numbers", found: "\(values.count)")
    }
    if normalizes && deviation.contains(where: { Float($0) == 0 }) {
      return ConfigurationProblem(key: "image_std", expected: "numbers other than 0", found: "0")
    }
    for (key, values) in [("image_mean", mean), ("image_std", deviation), ("rescale_factor", [factor ?? 1])] {
      for value in values where !Float(value).isFinite {
        return ConfigurationProblem(key: key, expected: "numbers in Float32's range", found: "\(value)")
      }
    }
    return nil
  }
}
