internal import ConfigurationFiles
internal import DistillationConfiguration
internal import Foundation
internal import StudentModels
internal import TeacherProtocol

/// Models of a run that compare a text with a photo in place of writing.
extension RunConfiguration {
  /// Those that the run reads from folders, with the keys that name them.
  private var matchers: [(key: String, folder: URL, isStudent: Bool)] {
    var named: [(key: String, path: String, isStudent: Bool)] = []
    if let path = student.model { named.append(("student.model", path, true)) }
    for teacher in teachers {
      switch teacher.source {
      case .model(let model): named.append(("teachers.\(teacher.name).model", model.model, false))
      case .trained(let trained):
        if let base = trained.base { named.append(("teachers.\(teacher.name).base", base, false)) }
      case .recorded, .openAI, .decision: break
      }
    }
    return named.map { ($0.key, URL(filePath: $0.path), $0.isStudent) }.filter { ImageTextMatcher.isFolder($0.folder) }
  }

  /// Whether the student compares, or a teacher does: each item then has one photo.
  var comparesPhotos: Bool { student.fresh?.matcher != nil || !matchers.isEmpty }

  /// Refuses, before anything is asked or made, what does not suit a model that compares and is read from a folder (settings of
  /// a student that writes, and labels whose answers are not the two that the model has), and settings of pre-training that teach
  /// nothing.
  ///
  /// - Throws: `ConfigurationError` with all of it.
  func refuseUnsuitedSettings() throws(ConfigurationError) {
    var problems: [ConfigurationProblem] = []
    func require(_ holds: Bool, _ key: String, _: String, _ expected: String, _ found: String) {
      guard !holds else { return }
      problems.append(
        ConfigurationProblem(key: key, reason: .unexpectedValue(expected: expected, found: found, nearest: nil)))
    }
    demandsOfPretraining(require)
    for (key, folder, isStudent) in matchers {
      demands(ofMatcherAt: key, require)
      if isStudent { demands(ofComparingStudentAt: key, require) }
      // What is wrong with the file itself is said where the folder is read.
      guard labels.count == 2, let answers = try? ImageTextMatcherConfiguration(contentsOf: folder).answers else {
        continue
      }
      let own = (try? labelSet().labels.map(\.answer)) ?? labels.map(\.answer)
      require(
        Set(own.map { answers.number(of: $0) }) == [0, 1], "labels", key,
        "the answers that \(folder.path) (\(key)) has, \"\(answers.match)\" for a text that belongs to its photo and "
          + "\"\(answers.mismatch)\" for one that does not (labels: - {name: ..., answer: \"\(answers.match)\"})",
        own.map { "\"\($0)\"" }.joined(separator: " and "))
    }
    guard problems.isEmpty else { throw ConfigurationError(file: nil, problems: problems) }
  }
}
