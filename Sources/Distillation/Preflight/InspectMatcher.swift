internal import DistillationConfiguration
internal import Foundation
internal import Layers
internal import StudentModels
internal import TeacherProtocol
internal import Wording

extension RunCheck {
  /// Reads a folder whose model compares photos with texts.
  @discardableResult
  static func inspectMatcher(
    _ path: String, _ subject: String, into findings: inout [CheckFinding]
  ) -> ImageTextMatcher? {
    do {
      let matcher = try ImageTextMatcher(contentsOf: URL(filePath: path))
      let parameters = ByteText.count(matcher.parameterCount())
      findings.ok(subject, "\(path): compares photos with texts, \(parameters) parameters; it writes no rationales")
      return matcher
    } catch {
      findings.fail(subject, FaultText.sentence(for: error))
      return nil
    }
  }

  /// Counts the tokens of every text that a model which compares is put, by its sentence model's tokenizer: those of the rows,
  /// and of the captions that it is pre-trained on.
  static func inspectTexts(
    _ run: RunConfiguration, _ data: InspectedData?, by matcher: ImageTextMatcher, into findings: inout [CheckFinding]
  ) {
    guard let labels = try? run.labelSet(), let prompt = try? PromptTemplate(run.prompt) else { return }
    var limited = matcher
    limited.maximumTokens = min(matcher.maximumTokens, run.student.maximumTokens)
    let items = data.map { $0.seen + (run.readsDev ? $0.items.dev : []) } ?? []
    let refusals = mapInParallel(items) { [limited] in refusal(of: $0, prompt, labels, by: limited) }
    let bad = zip(items, refusals).compactMap { item, fault in
      fault.map { (item: item.id, reason: FaultText.sentence(for: $0)) }
    }
    if bad.isEmpty, !items.isEmpty {
      findings.ok(
        "student.max_tokens",
        "no row has more than the \(NumberText.grouped(limited.maximumTokens)) tokens that are taken")
    }
    reportSetAside(bad, run, into: &findings)
    inspectCaptions(run, prompt, labels, by: matcher, into: &findings)
  }

  /// Why an item's question can't be put to a model that compares; nil where it can.
  private static func refusal(
    of item: Item, _ prompt: PromptTemplate, _ labels: LabelSet, by matcher: ImageTextMatcher
  ) -> (any Error)? {
    do {
      _ = try matcher.tokens(of: prompt.prompt(for: item, labels: labels).text)
      return nil
    } catch {
      return error
    }
  }

  /// Says which captions are set aside before pre-training.
  private static func inspectCaptions(
    _ run: RunConfiguration, _ prompt: PromptTemplate, _ labels: LabelSet, by matcher: ImageTextMatcher,
    into findings: inout [CheckFinding]
  ) {
    // A file that can't be read is told where its rows are counted.
    guard let pretrain = run.pretrain, let rows = try? CaptionFile(pretrain, strict: false).rows else { return }
    let bad = mapInParallel(rows) { row in
      row.captions.compactMap { caption in
        refusal(of: run.captionItem(caption, of: row), prompt, labels, by: matcher)
          .map { RowProblem(refusing: caption, of: row, pretrain, for: $0) }
      }
    }.flatMap(\.self)
    guard !bad.isEmpty else { return }
    findings.append(
      CheckFinding(
        run.strict ? .error : .warning, "pretrain.captions",
        "\(NumberText.counted(bad.count, "caption")) can't be used and will be set aside",
        details: .firstLines(bad.map(\.description))))
  }
}
