internal import Annotations
internal import Foundation
internal import Layers
internal import StudentModels
internal import TeacherProtocol
internal import DistillationConfiguration
internal import Wording

/// What recorded teachers are known to say before anything is asked.
struct InspectedVotes {
  /// Recorded replies by the teacher's name in the run, with the name in the file.
  var recorded: [String: (replies: RecordedReplies, name: String)] = [:]
  /// Training items on which the teachers conflict; nil where some teacher has yet to be asked.
  var conflicts: Int?

  /// The labels that training items are agreed to have, and nil for conflicts that Stage 1 learns too; empty where some teacher
  /// has yet to be asked.
  var learnt: [String: String?] = [:]

  /// The conflicts among so many training items that `review.budget` pays labels for; as many as it pays for where it is not
  /// known how many there are.
  func paid(by run: RunConfiguration, items: Int) -> Int {
    let budget = run.review.labels(ofItems: items) / run.review.opinionsOfItem
    return min(budget, conflicts ?? budget)
  }

  /// The recorded replies of which the stages make answers to a training item: of those that agree where they do, else all.
  func answered(_ item: String, _ run: RunConfiguration) -> [TeacherReply] {
    let agreed = learnt[item] ?? nil
    let only: String? = if case .teacher(let name) = run.stage1.answers { name } else { nil }
    return recorded.sorted { $0.key < $1.key }.compactMap { teacher, source in
      guard let reply = source.replies.reply(of: source.name, on: item), let label = reply.label else { return nil }
      guard let agreed else { return reply }
      return label == agreed && (only == nil || only == teacher) ? reply : nil
    }
  }
}

extension RunCheck {
  /// Looks at the teachers one by one. None is asked.
  static func inspectTeachers(
    _ run: RunConfiguration, data: InspectedData?, environment: [String: String], into findings: inout [CheckFinding]
  ) -> InspectedVotes {
    var votes = InspectedVotes()
    var files: [String: RecordedReplies] = [:]
    for teacher in run.teachers {
      let subject = "teachers.\(teacher.name)"
      switch teacher.source {
      case .recorded(let recorded):
        do {
          let name = recorded.recordedName ?? teacher.name
          var replies = try recorded.replies(of: teacher.name, labels: run.labelSet(), from: &files)
          try recorded.namingColumns(of: teacher.name) { try replies.checkLabels(of: name) }
          replies.otherNames = data?.items.plainIDs ?? [:]
          try data?.items.check(replies)
          if inspect(
            replies, of: name, subject, of: run.evaluation.split, data, labels: try run.labelSet(), into: &findings)
          {
            votes.recorded[teacher.name] = (replies, name)
          }
        } catch {
          findings.fail(subject, FaultText.sentence(for: error))
        }
      case .model(let model):
        inspectComputed(model, subject, into: &findings)
      case .trained(let trained):
        let count = data.map { NumberText.counted($0.items.teaching.count, "labelled item") } ?? "labelled items"
        if let base = trained.base {
          inspectComputed(ModelTeacherConfiguration(model: base), subject, into: &findings)
        }
        findings.ok(subject, "is made in the run from \(count), counted as teacher_labels")
      case .openAI(let service):
        inspectService(service, subject, items: data?.asked.count, environment, into: &findings)
      case .decision(let decider):
        inspectService(
          decider.service, subject, items: data?.asked.count, environment, sent: sent(to: decider, run), into: &findings
        )
      }
    }
    if let data, votes.recorded.count == run.teachers.count {
      inspectAgreement(run, data, &votes, into: &findings)
    }
    return votes
  }

  /// Looks at a model in this process, which writes or compares.
  private static func inspectComputed(
    _ model: ModelTeacherConfiguration, _ subject: String, into findings: inout [CheckFinding]
  ) {
    if ImageTextMatcher.isFolder(URL(filePath: model.model)) {
      inspectMatcher(model.model, subject, into: &findings)
    } else {
      inspectTeacher(model, subject, into: &findings)
    }
  }

  /// Whether the file has the teacher, and what it says about the items.
  private static func inspect(
    _ replies: RecordedReplies, of name: String, _ subject: String, of scored: EvaluationConfiguration.Split,
    _ data: InspectedData?, labels: LabelSet, into findings: inout [CheckFinding]
  ) -> Bool {
    guard replies.teachers.contains(name) else {
      let help =
        NearestName.nearest(to: name, among: replies.teachers).map { "did you mean '\($0)'?" }
        ?? "it has \(replies.teachers.map { "'\($0)'" }.joined(separator: ", "))"
      findings.fail(subject, "\(replies.file) has no teacher '\(name)'; \(help) Set recorded_name.")
      return false
    }
    if !replies.setAside.isEmpty {
      findings.warn(
        subject, "\(NumberText.counted(replies.setAside.count, "row")) of \(replies.file) can't be used",
        details: .firstLines(replies.setAside.map(\.description)))
    }
    guard let data else {
      findings.ok(subject, "recorded in \(replies.file)")
      return true
    }
    func replied(_ items: [Item]) -> [TeacherReply] { items.compactMap { replies.reply(of: name, on: $0.id) } }
    let known = replied(data.asked)
    // The run asks about each of these by itself, and stops where a teacher answers nothing.
    var parts = [(name: "training item", items: data.items.train)]
    if scored != .train, !data.scored.isEmpty { parts.append(("\(scored.rawValue) item", data.scored)) }
    let counts = parts.map { replied($0.items).count }
    let found = zip(parts, counts).map { part, count in
      "\(NumberText.grouped(count)) of \(NumberText.counted(part.items.count, part.name))"
    }.joined(separator: " and ")
    let reasons =
      known.contains { !$0.rationale.isEmpty }
      ? "" : "; none has a rationale, whose column is named by columns.rationale"
    if known.isEmpty {
      findings.fail(subject, "\(replies.file) has no reply on any item; do both files use the same ids?")
    } else if counts[0] == 0 {
      findings.fail(
        subject,
        "recorded replies on \(found): the run stops where a teacher answers none; do both files use the same ids?")
    } else if counts.contains(0) {
      findings.warn(subject, "recorded replies on \(found): its result is left out")
    } else if known.count == data.asked.count {
      findings.ok(
        subject,
        "recorded replies on \(NumberText.grouped(known.count)) of \(NumberText.counted(known.count, "item"))\(reasons)"
      )
    } else {
      findings.warn(subject, "recorded replies on \(found); on the others it has no vote\(reasons)")
    }
    let unreadable = known.filter { $0.outcome.fault != nil }
    if !unreadable.isEmpty {
      var seen: Set<String> = []
      func line(_ reply: TeacherReply) -> String? {
        guard let fault = reply.outcome.fault, seen.insert(fault).inserted else { return nil }
        guard case .unreadable = reply.outcome else { return fault.excerpt() }
        return "'\(reply.raw.excerpt(80))': \(fault.excerpt())"
      }
      findings.warn(
        subject,
        "replies that can't be read as a label count as no vote: \(NumberText.grouped(unreadable.count))"
          + remedy(for: known, labels),
        details: .firstLines(unreadable.compactMap(line)))
    }
    return true
  }

  /// What to do about labels that are none: whole replies in their column are read as such, and others are spellings.
  private static func remedy(for replies: [TeacherReply], _ labels: LabelSet) -> String {
    let unknown = replies.compactMap { reply -> String? in
      if case .unknownLabel(let text) = reply.outcome { text } else { nil }
    }
    guard !unknown.isEmpty else { return "" }
    let (reader, some) = (AnswerReader(labels: labels), unknown.prefix(100))
    return 2 * some.count { TeacherReply(reading: $0, with: reader).label != nil } > some.count
      ? "; they are whole replies: name their column by columns.reply in place of columns.label"
      : "; add spellings as labels.aliases"
  }

  /// A service is not asked, so that looking costs nothing; only what can be known here is looked at.
  private static func inspectService(
    _ teacher: OpenAITeacherConfiguration, _ subject: String, items: Int?, _ environment: [String: String],
    sent: String? = nil, into findings: inout [CheckFinding]
  ) {
    let hosts = teacher.addresses.all.map { URL(string: $0)?.host() ?? "" }
    for (address, host) in zip(teacher.addresses.all, hosts) where host.isEmpty {
      findings.fail(subject, "base_url '\(address)' is no address; give one such as https://api.openai.com/v1")
    }
    guard hosts.allSatisfy({ !$0.isEmpty }) else { return }
    let servers = hosts.count == 1 ? hosts[0] : "\(hosts.count) addresses"
    if let variable = teacher.keyVariable, environment[variable]?.contains(where: { !$0.isWhitespace }) != true {
      findings.fail(subject, "the environment variable \(variable) is not set: export \(variable)=... with the key")
    }
    if let file = teacher.keyFile,
      !FileManager.default.isReadableFile(atPath: NSString(string: file).expandingTildeInPath)
    {
      findings.fail(subject, "key_file \(file) can't be read; it holds the key on one line")
    }
    let requests = items.map { "at most \(NumberText.counted($0, "request"))" } ?? "one request an item"
    findings.ok(
      subject, "\(requests) to \(servers) for \(teacher.model); replies in the store are not asked for again",
      details: sent.map { [$0] } ?? [])
  }

  /// What a decision service is sent with each question.
  private static func sent(to teacher: DecisionTeacherConfiguration, _ run: RunConfiguration) -> String {
    let fields = run.data.mapping.slots
    let images = run.data.fields.image == nil ? "" : fields.isEmpty ? "its images" : " and its images"
    let state =
      switch teacher.state {
      case .fields:
        "the item's \(fields.joined(separator: ", "))\(images) as the state, the template as the instructions"
      case .prompt: "the filled prompt\(images.isEmpty ? "" : " with its images") as the state"
      }
    let type = (try? run.labelSet())?.yesAndNo == nil ? "a choice among the labels' answers" : "a yes/no question"
    return "each sends \(state), and \(type) with the labels' meanings"
  }

  private static func inspectAgreement(
    _ run: RunConfiguration, _ data: InspectedData, _ votes: inout InspectedVotes, into findings: inout [CheckFinding]
  ) {
    let recorded = votes.recorded
    let cast = data.items.train.map { item in
      run.teachers.compactMap { teacher -> Vote? in
        guard let (replies, name) = recorded[teacher.name], let reply = replies.reply(of: name, on: item.id)
        else { return nil }
        return reply.label.map { Vote(teacher: teacher.name, label: $0, confidence: reply.confidence) }
      }
    }
    let rule = run.agreement.rule(
      over: VoteTable(teachers: run.teachers.map(\.name), items: data.items.train.map(\.id), cast), levels: run.levels,
      prior: .right)
    let options = run.twoStageOptions
    let judged = cast.map { ($0, rule.verdict(on: $0)) }
    for (item, (cast, verdict)) in zip(data.items.train, judged) {
      let labels = Set(options.learned(verdict, of: cast).map(\.label))
      if let first = labels.first { votes.learnt[item.id] = .some(labels.count == 1 ? first : nil) }
    }
    let supply = Stage1Supply(options, teachers: run.teachers.map(\.name), judged)
    if supply.isEmpty, run.stage1.adapter == nil {
      findings.fail("agreement", "\(supply.facts): Stage 1 has nothing to learn; \(supply.remedy)")
    } else if supply.conflicts == 0 {
      findings.warn("agreement", "\(supply.facts): Stage 2 has nothing to learn")
    } else {
      findings.ok("agreement", supply.facts)
    }
    votes.conflicts = supply.conflicts
  }
}
