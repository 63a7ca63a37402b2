internal import JSON
internal import Annotations
internal import Foundation
internal import TeacherProtocol

/// What the page is told, for one reviewer.
struct ReviewPayload {
  let server: ReviewServer
  /// All decisions that stand.
  let entries: [ReviewEntry]
  /// Who has what before them.
  let claims: [ReviewClaim]
  let reviewer: String

  private var own: [String: ReviewEntry] {
    Dictionary(entries.filter { $0.reviewer == reviewer }.map { ($0.item, $0) }, uniquingKeysWith: { $1 })
  }

  /// Labels, progress, what is decided and what others have before them, and how far people and teachers agree.
  ///
  /// - Parameter at: the item that the person has before them.
  func state(token: String, at: Int?) -> JSONValue {
    let own = own
    let decisions = server.questions.map { question -> JSONValue in
      guard let entry = own[question.item.id] else { return .null }
      return .object([
        .init("label", entry.label.map { .string($0) } ?? .null), .init("note", .string(entry.note)),
      ])
    }
    let opinions = server.options.opinions
    let progress = ReviewProgress(
      items: server.questions.map(\.item.id), opinions: opinions, entries: entries, claims: claims)
    let wanted = server.questions.count * opinions
    return .object([
      .init("token", .string(token)), .init("reviewer", .string(reviewer)),
      .init("showsNames", .bool(server.options.showsNames)),
      .init(
        "labels",
        .array(
          server.labels.labels.map { label in
            .object([
              .init("name", .string(label.name)), .init("answer", .string(label.answer)),
              .init("meaning", .string(label.meaning)),
            ])
          })), .init("decisions", .array(decisions)), .init("at", at.map { .number($0) } ?? .null),
      .init("labelled", .number(progress.labels)), .init("open", .number(progress.open)),
      .init("budget", .number(min(server.options.budget ?? wanted, wanted))), .init("opinions", .number(opinions)),
      .init(
        "waiting",
        .array(
          progress.others(than: reviewer).map {
            .object([.init("name", .string($0.reviewer)), .init("items", .number($0.items))])
          })), .init("agreement", progress.agreement.map(agreement) ?? .null),
      .init("reviewers", .array(agreements(with: reviewers))), .init("teachers", .array(agreements(with: teachers))),
    ])
  }

  /// One conflict; who said what only where it is decided already, or names are shown anyway.
  func question(_ index: Int) -> JSONValue {
    let question = server.questions[index]
    let isOpen = server.options.showsNames || own[question.item.id] != nil
    let answers = server.options.showsNames ? question.answers : question.answersInBlindOrder
    let fields = question.item.fields.filter { $0.key != "text" && !$0.value.isEmpty }.sorted { $0.key < $1.key }
    return .object([
      .init("index", .number(index)), .init("item", .string(question.item.id)),
      .init("caption", .string(question.item.text)),
      .init("photos", .array(photos(question.item, index))),
      .init(
        "fields",
        .array(fields.map { .object([.init("name", .string($0.key)), .init("text", .string($0.value))]) })),
      .init(
        "answers",
        .array(
          answers.map { answer in
            .object([
              .init("teacher", isOpen ? .string(answer.teacher) : .null),
              .init("label", answer.label.map { .string($0) } ?? .null),
              .init("confidence", answer.confidence.map { .number($0) } ?? .null),
              .init(
                "rationale",
                .array(
                  question.marked(answer).map {
                    .object([.init("text", .string($0.text)), .init("differs", .bool($0.differs))])
                  })),
            ])
          })),
    ])
  }

  /// Where the images of an item are, and what they are called where its data has several columns of them.
  private func photos(_ item: Item, _ index: Int) -> [JSONValue] {
    item.imageNames.enumerated().map { number, name in
      .object([
        .init("url", .string("/photo?index=\(index)" + (number > 0 ? "&image=\(number)" : ""))),
        .init("name", item.imageSlots.count > 1 ? .string(name) : .null),
      ])
    }
  }

  private var reviewers: [(name: String, labels: [String: String])] {
    let others = Dictionary(grouping: entries.filter { $0.reviewer != reviewer }, by: \.reviewer)
    return others.sorted { $0.key < $1.key }.map { name, entries in
      (name, Dictionary(entries.compactMap { e in e.label.map { (e.item, $0) } }, uniquingKeysWith: { $1 }))
    }
  }

  private var teachers: [(name: String, labels: [String: String])] {
    var names: [String] = []
    var labels: [String: [String: String]] = [:]
    for question in server.questions {
      for answer in question.answers {
        if !names.contains(answer.teacher) { names.append(answer.teacher) }
        labels[answer.teacher, default: [:]][question.item.id] = answer.label
      }
    }
    return names.map { ($0, labels[$0] ?? [:]) }
  }

  private func agreement(_ all: ReviewerAgreement) -> JSONValue {
    .object([
      .init("items", .number(all.items)), .init("share", .number(all.share)),
      .init("alpha", all.alpha.map { .number($0) } ?? .null),
    ])
  }

  /// How often the reviewer and others gave one label, where both gave one.
  private func agreements(with others: [(name: String, labels: [String: String])]) -> [JSONValue] {
    let mine = own.compactMapValues(\.label)
    let items = server.questions.map(\.item.id)
    return others.map { other in
      let table = VoteTable(
        teachers: ["me", "other"], items: items, votes: items.map { [mine[$0], other.labels[$0]] })
      let pair = AgreementReport(table).pairs[0]
      return .object([
        .init("name", .string(other.name)), .init("both", .number(pair.bothVoted)),
        .init("same", .number(pair.bothVoted - pair.conflicts)),
        .init("kappa", pair.kappa.map { .number($0) } ?? .null),
      ])
    }
  }
}
