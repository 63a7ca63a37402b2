package import ConfigurationFiles
package import Foundation
import DistillationConfiguration
internal import Wording

/// Looks at everything that a run depends on before anything is spent: no teacher is asked, no gold label is handed out,
/// nothing is written.
///
/// ```swift
/// let check = RunCheck(contentsOf: URL(filePath: "run.yaml"))
/// if !check.isUsable { print(check.text) }
/// ```
///
/// What it reads it reads as the run does: the same splits, the same rows set aside, the student's own tokenizer. Time and
/// memory are estimates (``CostEstimate``) and say so.
package struct RunCheck: Sendable {
  /// Everything that was looked at, in the order of the configuration.
  package private(set) var findings: [CheckFinding]
  /// Services of several servers, by what they are called in findings: whoever has a network can try each.
  package private(set) var services: [(subject: String, service: OpenAITeacherConfiguration)] = []
  /// What several ranks would send each other; nil where that is not known.
  package private(set) var update: RanksCost?
  /// The last step that the configuration has everything for; nil for all.
  private let reach: RunStep?

  /// Looks at a configuration file. Its own problems are findings too.
  ///
  /// - Parameters:
  ///   - file: YAML or JSON.
  ///   - dataFolder: the folder that data paths are relative to; nil for that of the file.
  ///   - setting: keys in place of what the file says.
  ///   - runFolder: where the run would go; nil for the configuration's choice.
  ///   - environment: where keys of services are looked for. The default is that of the process.
  ///   - speed: what the machine can do; nil measures it, in about a quarter of a second.
  package init(
    contentsOf file: URL, dataFolder: URL? = nil, setting: [ConfigurationSetting] = [], runFolder: URL? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment, speed: MachineSpeed? = nil
  ) {
    if DistillationMethod.named(in: file) == .dualChecker {
      self.init(
        Self.inspectChecked(
          file, dataFolder: dataFolder, setting: setting, environment: environment, speed: speed))
      if let run = try? DualCheckerConfiguration(contentsOf: file, dataFolder: dataFolder, setting: setting) {
        for (subject, teacher) in [("teacher", run.teacher), ("second", run.second)] {
          if let teacher, teacher.kind == .openAI { offer(teacher.service, subject) }
        }
      }
      return
    }
    do throws(ConfigurationError) {
      let configuration = try RunConfiguration(contentsOf: file, dataFolder: dataFolder, setting: setting)
      self.init(
        configuration, runFolder: runFolder ?? RunFolder.url(for: configuration, configurationFile: file),
        environment: environment, speed: speed)
    } catch {
      self.init(error.problems.map { CheckFinding(.error, "configuration", "\(file.relativePath): \($0)") })
    }
  }

  private init(_ findings: [CheckFinding], reach: RunStep? = nil) { (self.findings, self.reach) = (findings, reach) }

  /// Looks at a configuration with absolute paths.
  ///
  /// - Parameters:
  ///   - configuration: the run.
  ///   - runFolder: where it would go.
  ///   - environment: where keys of services are looked for. The default is that of the process.
  ///   - speed: what the machine can do; nil measures it, in about a quarter of a second.
  package init(
    _ configuration: RunConfiguration, runFolder: URL,
    environment: [String: String] = ProcessInfo.processInfo.environment, speed: MachineSpeed? = nil
  ) {
    var findings: [CheckFinding] = []
    do throws(ConfigurationError) {
      try configuration.validate()
      findings.ok("configuration", Self.summary(of: configuration))
    } catch {
      self.init(error.problems.map { CheckFinding(.error, "configuration", "\($0)") })
      return
    }
    let missing = configuration.missing()
    if let missing {
      findings.warn(
        missing.key.prefix { !$0.isWhitespace && $0 != "," }.description,
        "\(RunError.unset(missing.key, step: missing.step))")
    }
    do { try configuration.refuseUnsuitedSettings() } catch {
      self.init(error.problems.map { CheckFinding(.error, "configuration", "\($0)") })
      return
    }
    let configuration = configuration.sayingPixels(in: runFolder).sayingReplay(in: runFolder)
    Self.inspectPrompts(configuration, into: &findings)
    let data = Self.inspectData(configuration, into: &findings)
    if let data { Self.inspectQuestion(configuration, data, into: &findings) }
    let votes = Self.inspectTeachers(configuration, data: data, environment: environment, into: &findings)
    if let data {
      Self.inspectReview(configuration, data: data, votes: votes, into: &findings)
      Self.inspectCalibration(configuration, data: data, votes: votes, into: &findings)
      Self.inspectChoice(configuration, data: data, votes: votes, into: &findings)
    }
    let student = Self.inspectStudent(configuration, data, into: &findings)
    Self.inspectTakenAdapters(configuration, student: student, into: &findings)
    Self.inspectReference(configuration, student: student, into: &findings)
    let rows = Self.inspectRows(configuration, data: data, votes: votes, student: student, into: &findings)
    Self.inspectFolders(configuration, runFolder: runFolder, into: &findings)
    let update = Self.inspectCost(
      configuration, data: data, votes: votes, student: student, rows: rows, speed: speed, into: &findings)
    let isUnread = configuration.review.source == .oracle && data.map { $0.items.gold == nil } ?? false
    self.init(findings, reach: missing.flatMap { isUnread ? .agree : $0.step.before })
    self.update = update
    for teacher in configuration.teachers {
      if let service = teacher.service { offer(service, "teachers.\(teacher.name)") }
    }
  }

  private mutating func offer(_ service: OpenAITeacherConfiguration, _ subject: String) {
    if service.addresses.all.count > 1 { services.append((subject, service)) }
  }

  /// Takes what was found out elsewhere, behind what is known of the same subject.
  package mutating func add(_ finding: CheckFinding) {
    let place = findings.lastIndex { $0.subject == finding.subject }
    findings.insert(finding, at: place.map { $0 + 1 } ?? findings.endIndex)
  }

  /// The number of errors.
  package var errors: Int { findings.count { $0.level == .error } }

  /// The number of warnings.
  package var warnings: Int { findings.count { $0.level == .warning } }

  /// Whether the run can begin: no finding is an error.
  package var isUsable: Bool { errors == 0 }

  /// The findings as a list for a terminal, one or more lines each, and a last line that sums up.
  ///
  /// - Parameter least: findings below this level are left out. The default shows all.
  package func text(from least: CheckFinding.Level = .ok) -> String {
    let shown = findings.filter { $0.level >= least }
    let width = shown.map(\.subject.count).max() ?? 0
    let lines = shown.flatMap { finding -> [String] in
      let head = Self.padded(finding.level.rawValue, to: 7) + "  " + Self.padded(finding.subject, to: width) + "  "
      let indent = String(repeating: " ", count: head.count + 2)
      let texts = finding.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      return [head + texts[0]] + (texts.dropFirst() + finding.details).map { indent + $0 }
    }
    let verdict =
      switch (errors, warnings) {
      case (0, 0): "everything is ready"
      case (0, _):
        "ready\(reach.map { " for the steps up to \($0.rawValue)" } ?? ""), with \(NumberText.counted(warnings, "warning"))"
      case (_, 0): "not ready: \(NumberText.counted(errors, "error"))"
      default: "not ready: \(NumberText.counted(errors, "error")), \(NumberText.counted(warnings, "warning"))"
      }
    return (lines + (lines.isEmpty ? [] : [""]) + [verdict]).map { $0 + "\n" }.joined()
  }

  /// The findings as JSON: `{"usable":, "findings": [{"level":, "subject":, "text":, "details": []}]}`.
  package func json() throws -> String {
    struct File: Encodable {
      var usable: Bool
      var findings: [CheckFinding]
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(File(usable: isUsable, findings: findings)), as: UTF8.self)
  }

  private static func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func summary(of run: RunConfiguration) -> String {
    let student =
      run.student.model.map { "student \($0)" }
      ?? (run.student.fresh == nil ? "no student" : "a student made from nothing")
    let rounds = run.rounds > 1 ? ", \(run.rounds) rounds" : ""
    return "\(run.method.rawValue), \(NumberText.counted(run.teachers.count, "teacher")), "
      + "\(NumberText.counted(run.labels.count, "label")), \(student), seed \(run.seed)\(rounds)"
  }
}
