internal import JSON
internal import Foundation

/// One line of `metrics.jsonl`: the measures of one step of one stage, as one flat JSON object.
///
/// ```json
/// {"epoch":0.5,"learning_rate":0.0001,"loss":0.412,"stage":"stage1","step":120}
/// ```
///
/// A measure that is not finite is written as null and read as not-a-number, so that every line is valid JSON.
package struct MetricsRow: Sendable, Equatable {
  /// The training that the step belongs to, such as `stage1`.
  package var stage: String
  /// The step within the stage, counted from 1.
  package var step: Int
  /// The measures by name; see ``TrainingMetric``.
  package var values: [String: Double]

  /// A row; see the properties.
  ///
  /// - Precondition: no measure is named `stage` or `step`.
  package init(stage: String, step: Int, values: [String: Double]) {
    precondition(values["stage"] == nil && values["step"] == nil, "a measure may not be named stage or step")
    (self.stage, self.step, self.values) = (stage, step, values)
  }

  /// A row of the measures that TRL names too.
  package init(stage: String, step: Int, _ values: [TrainingMetric: Double]) {
    self.init(
      stage: stage, step: step, values: Dictionary(uniqueKeysWithValues: values.map { ($0.rawValue, $1) }))
  }

  /// The measure of a name.
  package subscript(metric: TrainingMetric) -> Double? { values[metric.rawValue] }

  /// The line without its line feed, keys sorted.
  package var json: String {
    var fields = values.map { JSONValue.Member($0, Int(exactly: $1).map { .number($0) } ?? .number($1)) }
    fields += [JSONValue.Member("stage", .string(stage)), JSONValue.Member("step", .number(step))]
    return JSONValue.object(fields).text(.canonical)
  }

  /// Reads one line; nil where it is not such an object.
  package init?(json: some StringProtocol) {
    guard let object = try? JSONDecoder().decode([String: Field].self, from: Data(json.utf8)),
      case .text(let stage) = object["stage"], case .number(let step) = object["step"], let step = Int(exactly: step)
    else { return nil }
    var values: [String: Double] = [:]
    for (name, field) in object where name != "stage" && name != "step" {
      guard case .number(let number) = field else { return nil }
      values[name] = number
    }
    self.init(stage: stage, step: step, values: values)
  }

  private enum Field: Decodable {
    case number(Double)
    case text(String)

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if value.decodeNil() {
        self = .number(.nan)
      } else if let number = try? value.decode(Double.self) {
        self = .number(number)
      } else {
        self = .text(try value.decode(String.self))
      }
    }
  }
}
