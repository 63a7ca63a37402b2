package import Annotations
internal import Foundation
internal import ConfigurationFiles
package import TeacherProtocol
import DistillationConfiguration
internal import Wording

extension DistillationRun {
  /// An estimate of the questions to the teachers behind services and of their cost. No question is asked.
  ///
  /// - Parameter shard: the part that would be asked about. The default is everything.
  /// - Returns: training and test items together, one row for each such teacher.
  /// - Throws: ``RunError``, or what reading data, templates and keys throws.
  package func spendingEstimate(_ shard: Shard = .whole) async throws -> AnnotationEstimate {
    let services = try serviceQuestions(makingStore: false)
    return try await services.annotator.estimate(
      services.data, items: services.items.filter { shard.contains($0.group) })
  }

  /// Says how many questions services are about to be asked; nothing where they are asked none.
  ///
  /// - Throws: ``RunError/outsideImages(_:)``, or what making the questions throws.
  func sayBefore(asking annotator: Annotator, _ data: Dataset, _ items: [Item]) async throws {
    try await refuseOutsideImages(annotator, data, items)
    if let words = try await annotator.ofServices.estimate(data, items: items).announcement { reporter.message(words) }
  }

  /// Who would ask the teachers behind services, and about what: training and test items alike, as services are asked the
  /// same about both.
  ///
  /// - Parameter makingStore: whether a store and a book of what is spent are made that are not there.
  /// - Throws: ``RunError``, or what reading data, templates and keys throws.
  package func serviceQuestions(makingStore: Bool = true) throws -> (annotator: Annotator, data: Dataset, items: [Item])
  {
    let labels = try configuration.labelSet()
    let data = try readData(DataFiles(configuration), labels, remembers: false)
    var services = configuration
    services.teachers = configuration.teachers.filter { $0.service != nil }
    let teachers = try RunTeachers(services, labels: labels, plugins: plugins, folder: folder)
    let store: any AnnotationStore = makingStore || hasStore ? try openStore() : MemoryAnnotationStore()
    let annotator = try Annotator(
      store: store, labels: labels, assignments: teachers.assignments,
      ledger: makingStore ? ledger() : SpendingLedger())
    let items = data.train + data.scoredByTeachers(configuration.evaluation)
    return (annotator, data.dataset, items)
  }
}

extension DistillationRun {
  /// The budget for asking teachers, of which earlier starts of the run in this folder, or the store's runs, have spent.
  private func ledger() throws -> SpendingLedger {
    try configuration.spending.ledger(
      for: folder, store: configuration.store, teachers: configuration.teachers.map(\.name),
      isDurable: configuration.storeIsDurable, reporter)
  }

  /// The run's budget for these teachers; one without a limit or a book where none of them stands behind a service.
  func ledger(of assignments: [Annotator.Assignment]) throws -> SpendingLedger {
    assignments.allSatisfy { $0.teacher is any BatchTeacher } ? SpendingLedger() : try ledger()
  }
}

extension AnnotationEstimate {
  /// A line before anything is asked; nil where nothing is.
  var announcement: String? {
    let parts = teachers.filter { $0.questions > 0 }.map { row in
      "\(row.teacher) \(NumberText.counted(row.questions, "question"))"
        + (row.alreadyStored > 0 ? " (\(NumberText.grouped(row.alreadyStored)) in the store)" : "")
    }
    return spending.note.flatMap { parts.isEmpty ? nil : "about to ask \(parts.joined(separator: ", ")): about \($0)" }
  }

  /// A table for people.
  ///
  /// - Parameter limit: what may be spent, to say whether this fits.
  package func text(limit: SpendingLimit) -> String {
    guard !teachers.isEmpty else { return "No teacher stands behind a service: nothing is spent.\n" }
    let isPriced = teachers.contains(where: \.hasPrice)
    var rows = [["", "requests", "stored", "tokens in", "tokens out"] + (isPriced ? ["cost"] : [])]
    func cells(_ name: String, _ stored: Int, _ spending: Spending, cost: String) -> [String] {
      let counts = [spending.requests, stored, spending.inputTokens, spending.outputTokens].map(NumberText.grouped)
      return [name] + counts + (isPriced ? [cost] : [])
    }
    for row in teachers {
      let cost = row.hasPrice ? NumberText.fixed(row.spending.cost, digits: 2) : row.isFree ? "0" : "unknown"
      rows.append(cells(row.teacher, row.alreadyStored, row.spending, cost: cost))
    }
    let all = spending
    if teachers.count > 1 {
      let stored = teachers.reduce(0) { $0 + $1.alreadyStored }
      rows.append(cells("all", stored, all, cost: NumberText.fixed(all.cost, digits: 2)))
    }
    var text = AlignedText.rows(rows)
    let shared = teachers.map(\.shared).max() ?? 0
    if shared > 0 {
      text += "\(NumberText.counted(shared, "item")) \(shared == 1 ? "shares" : "share") the question of another\n"
    }
    let unfit = teachers.map(\.unfit).max() ?? 0
    if unfit > 0 { text += "\(NumberText.counted(unfit, "item")) can't be asked about\n" }
    text +=
      "An estimate: four bytes a token, 1,000 tokens an image, answers half as long as allowed; nothing was asked.\n"
    func line(_ name: String, _ most: Double, _ wanted: Double, _ words: String) {
      let share = NumberText.fixed(100 * wanted / max(most, .leastNormalMagnitude), digits: 1)
      text +=
        wanted <= most
        ? "spending.\(name): \(words), of which this is \(share) %\n"
        : "spending.\(name): \(words) will not suffice; asking would stop there\n"
    }
    if let most = limit.requests { line("max_requests", Double(most), Double(all.requests), NumberText.grouped(most)) }
    if let most = limit.tokens {
      line("max_tokens", Double(most), Double(all.tokens), NumberText.grouped(most))
    }
    if let most = limit.cost { line("max_cost", most, all.cost, NumberText.fixed(most, digits: 2)) }
    return text
  }
}

extension SpendingConfiguration {
  /// The budget of a run in a folder, which goes on with what `spending.txt` there, or in the store, says was spent; with that of
  /// all workers where the store is on a server.
  ///
  /// - Parameter reporter: hears what people should know of services while they are asked.
  func ledger(
    for folder: URL, store: String, teachers: [String], isDurable: Bool, _ reporter: ProgressReporter
  ) throws -> SpendingLedger {
    let isShared = over == .store
    func told(_ ledger: SpendingLedger) -> SpendingLedger {
      ledger.tell.withLock { $0 = { reporter.warn($0) } }
      return ledger
    }
    if isShared, let budget = try serverBudget(store, of: Set(teachers), isDurable: isDurable) {
      return told(SpendingLedger(limit: asLimit, shared: budget))
    }
    if !isShared, ConfigurationPath.isServer(store), asLimit != SpendingLimit() {
      reporter.warn(
        "the limits of spending count this folder's run alone; those of all workers together: spending.over: store")
    }
    let place = isShared ? URL(filePath: NSString(string: store).expandingTildeInPath) : folder
    let book = try SpendingBook(
      place.appending(path: "spending.txt"), of: isShared ? Set(teachers) : nil, isDurable: isDurable)
    return told(SpendingLedger(limit: asLimit, book: book))
  }

  /// As the annotator's limit.
  package var asLimit: SpendingLimit { SpendingLimit(requests: requests, tokens: tokens, cost: cost) }
}

extension SpendingLedger {
  /// What was spent on teachers behind services, now and before; nil where nothing was.
  var closing: String? {
    let before = spentBefore.note.map { "\($0) by earlier starts" }
    let parts = [spent.note.map { before == nil ? $0 : "\($0) by this start" }, before].compactMap(\.self)
    return parts.isEmpty ? nil : "teachers behind services: \(parts.joined(separator: "; "))"
  }
}

extension Spending {
  /// A few words behind a line of progress; nil where nothing was spent.
  var note: String? {
    guard requests > 0 else { return nil }
    let tokens = "\(NumberText.grouped(requests)) requests, \(NumberText.grouped(tokens)) tokens"
    return cost > 0 ? "\(tokens), cost \(NumberText.fixed(cost, digits: 2))" : tokens
  }
}
