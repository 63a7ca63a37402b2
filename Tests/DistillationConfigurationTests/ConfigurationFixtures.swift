import ConfigurationFiles
import DistillationConfiguration

/// The shortest configurations that are valid, and shorthands to read variations of them.
enum ConfigurationFixture {
  static let minimal = """
    data:
      file: items.jsonl
      splits: {train: 0.8, dev: 0.1, test: 0.1}
    teachers:
      - {name: a, kind: recorded, file: replies.jsonl}
      - {name: b, kind: recorded, file: replies.jsonl}
    student:
      model: models/student
    stage2:
      reference: stage1_adapter
    """

  static let minimalJSON = """
    {
      "data": {"file": "items.jsonl", "splits": {"train": 0.8, "dev": 0.1, "test": 0.1}},
      "teachers": [
        {"name": "a", "kind": "recorded", "file": "replies.jsonl"},
        {"name": "b", "kind": "recorded", "file": "replies.jsonl"}
      ],
      "student": {"model": "models/student"},
      "stage2": {"reference": "stage1_adapter"}
    }
    """

  static var built: RunConfiguration {
    var data = DataConfiguration(file: "items.jsonl")
    data.splits = SplitConfiguration(train: 0.8, dev: 0.1, test: 0.1)
    let replies = TeacherConfiguration.Source.recorded(RecordedTeacherConfiguration(file: "replies.jsonl"))
    return RunConfiguration(
      data: data,
      teachers: [TeacherConfiguration(name: "a", source: replies), TeacherConfiguration(name: "b", source: replies)],
      student: StudentConfiguration(model: "models/student"), stage2: Stage2Configuration(reference: .stage1Adapter))
  }

  /// The problems of a text as sentences; empty where it can be read.
  static func problems(_ text: String, _ format: ConfigurationFormat = .json) -> [String] {
    problems(RunConfiguration.self, text, format)
  }

  static func problems<Section: ConfigurationSection>(
    _ section: Section.Type, _ text: String, _ format: ConfigurationFormat = .json
  ) -> [String] {
    do throws(ConfigurationError) {
      _ = try Section(text: text, format: format, file: "run.yaml")
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  /// The problems of a configuration that was changed in code.
  static func problems(change: (inout RunConfiguration) -> Void) -> [String] {
    var run = built
    change(&run)
    do throws(ConfigurationError) {
      try run.validate()
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }
}
