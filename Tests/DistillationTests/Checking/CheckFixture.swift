import Distillation
import Foundation
import ImageDecoding
import StudentModels
import Tensor
import TestSupport

/// A folder with everything that a small run needs: items with photos, recorded replies, a student, a configuration.
///
/// Twelve captions in pairs (one group each): 8 groups to train, 2 for dev, 2 to test. The teachers agree on every item
/// but those of three training groups.
struct CheckFixture {
  let folder: URL

  init(_ folder: URL) throws {
    self.folder = folder
    try writeImages()
    try write(items.joined(separator: "\n"), to: "items.jsonl")
    try write(replies.joined(separator: "\n"), to: "replies.jsonl")
    try Self.student.save(to: folder.appending(path: "student"))
    try write(Self.configuration, to: "run.yaml")
  }

  static let configuration = """
    data:
      file: items.jsonl
      images: photos
      fields: {text: caption, group: group, split: split}
    prompt: "Caption: {text} Does it fit?"
    teachers:
      - {name: a, kind: recorded, file: replies.jsonl}
      - {name: b, kind: recorded, file: replies.jsonl}
    student: {model: student}
    stage2: {reference: stage1_adapter, choose: as_configured, replay: 0}
    review: {budget: 4}
    out: run
    store: store
    cache: cache
    """

  private static let student: SmolVLM = {
    var sizes = SmolVLM.FreshSizes()
    sizes.hiddenSize = 32
    sizes.intermediateSize = 64
    sizes.layers = 2
    sizes.visionHiddenSize = 32
    sizes.visionIntermediateSize = 64
    sizes.visionLayers = 1
    sizes.imageSize = 32
    sizes.patchSize = 8
    sizes.vocabularySize = 400
    sizes.maxPositions = 256
    var generator = Tensor.Generator(seed: 1)
    do {
      return try SmolVLM(sizes, textsForTokenizer: ["Caption: a red ball Does it fit?"], using: &generator)
    } catch {
      preconditionFailure("\(error)")
    }
  }()

  /// Lines of the data file.
  var items: [String] {
    (0..<12).flatMap { group in
      let split = group < 8 ? "train" : group < 10 ? "dev" : "test"
      return ["pristine", "falsified"].map { label in
        """
        {"id": "\(group)\(label.prefix(1))", "image": "\(group).png", "caption": "ball number \(group)", \
        "label": "\(label)", "group": "g\(group)", "split": "\(split)"}
        """
      }
    }
  }

  /// Lines of the replies: teacher b is wrong on groups 0 to 2.
  var replies: [String] {
    (0..<12).flatMap { group in
      ["pristine", "falsified"].map { label in
        let other = group < 3 ? (label == "pristine" ? "falsified" : "pristine") : label
        return """
          {"id": "\(group)\(label.prefix(1))", "teachers": {"a": {"label": "\(label)", "rationale": "I see a ball."}, \
          "b": {"label": "\(other)", "rationale": "A ball it is."}}}
          """
      }
    }
  }

  func write(_ text: String, to name: String) throws {
    try Data((text + "\n").utf8).write(to: folder.appending(path: name))
  }

  /// What a file of the folder holds.
  func text(_ name: String) throws -> String { try String(contentsOf: folder.appending(path: name), encoding: .utf8) }

  /// Replaces text in a file of the folder.
  func edit(_ name: String, _ old: String, _ new: String) throws {
    let url = folder.appending(path: name)
    let text = try String(contentsOf: url, encoding: .utf8)
    precondition(text.contains(old), "\(name) has no '\(old)'")
    try Data(text.replacing(old, with: new).utf8).write(to: url)
  }

  /// The check of the configuration, with a machine of fixed speed.
  func check(environment: [String: String] = [:]) -> RunCheck {
    RunCheck(
      contentsOf: folder.appending(path: "run.yaml"), environment: environment,
      speed: MachineSpeed(matrixRate: 1e10, availableBytes: 8_000_000_000))
  }

  private func writeImages() throws {
    let photos = folder.appending(path: "photos")
    try FileManager.default.createDirectory(at: photos, withIntermediateDirectories: true)
    for group in 0..<12 {
      let image = RGBImage(
        width: 40, height: 32, pixels: [UInt8](repeating: UInt8(20 * group), count: 40 * 32 * 3))
      try Data(image.pngData()).write(to: photos.appending(path: "\(group).png"))
    }
  }
}

/// Runs the body on a fresh fixture that is removed afterwards.
func withCheckFixture(_ body: (CheckFixture) throws -> Void) throws {
  try withTemporaryFolder { try body(CheckFixture($0)) }
}

extension RunCheck {
  /// The findings about a subject at a level.
  func texts(_ level: CheckFinding.Level, _ subject: String) -> [String] {
    findings.filter { $0.level == level && $0.subject == subject }.map {
      ([$0.text] + $0.details).joined(separator: "\n")
    }
  }
}

extension RunConfiguration {
  /// The shortest configuration that is valid, built in code.
  static var shortest: RunConfiguration {
    var data = DataConfiguration(file: "items.jsonl")
    data.splits = SplitConfiguration(train: 0.8, dev: 0.1, test: 0.1)
    let replies = TeacherConfiguration.Source.recorded(RecordedTeacherConfiguration(file: "replies.jsonl"))
    return RunConfiguration(
      data: data, teachers: ["a", "b"].map { TeacherConfiguration(name: $0, source: replies) },
      student: StudentConfiguration(model: "models/student"),
      stage2: Stage2Configuration(reference: .stage1Adapter))
  }
}
