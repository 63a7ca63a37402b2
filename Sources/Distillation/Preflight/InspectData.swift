internal import Foundation
internal import ImageDecoding
internal import Layers
internal import StudentModels
internal import TeacherProtocol
internal import DistillationConfiguration
internal import Wording

/// What the look at the data found, for the inspections after it.
struct InspectedData {
  /// The items as the run has them.
  var items: RunData
  /// The sizes of the images, by the names that items give.
  var sizes: [String: ImageHeader]

  /// The scored items that teachers are asked about.
  var scored: [Item]

  /// The items that teachers are asked about, each once.
  var asked: [Item] { Self.once(items.train + scored) }

  /// The items that the student sees but for those of dev, each once.
  var seen: [Item] { Self.once(items.train + items.labelled) }

  private static func once(_ items: [Item]) -> [Item] {
    var seen: Set<String> = []
    return items.filter { seen.insert($0.id).inserted }
  }
}

extension RunCheck {
  /// Looks at slots of prompts: each must be a field of the data, and without images one must tell items apart.
  static func inspectPrompts(_ run: RunConfiguration, into findings: inout [CheckFinding]) {
    let prompts = run.prompts
    var isClean = true
    for (key, text) in prompts {
      do {
        try PromptTemplate(text).check(run.data.mapping)
      } catch {
        isClean = false
        findings.fail(key, "\(error)")
      }
    }
    if isClean {
      let slots = Set(prompts.flatMap { (try? PromptTemplate($0.1).slots) ?? [] }).sorted()
      findings.ok("prompt", slots.isEmpty ? "no slots" : "slots " + slots.map { "{\($0)}" }.joined(separator: ", "))
      for field in run.unaskedFields { findings.warn(field.key, field.text) }
    }
  }

  /// Shows how the first training item is asked about, with its slots filled.
  static func inspectQuestion(_ run: RunConfiguration, _ data: InspectedData, into findings: inout [CheckFinding]) {
    guard let item = data.items.train.first, let labels = try? run.labelSet(),
      let text = try? PromptTemplate(run.prompt).prompt(for: item, labels: labels).text
    else { return }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { $0.excerpt() }
    findings.ok("prompt", "about item \(item.id) it asks", details: .firstLines(lines, atMost: 12))
  }

  /// Reads the data files as the run will: columns, rows, splits, labels, images.
  static func inspectData(_ run: RunConfiguration, into findings: inout [CheckFinding]) -> InspectedData? {
    let files = run.data.filesByKey
    var columnsFit = true
    for (key, path) in files {
      do {
        let table = try RowFile(contentsOf: URL(filePath: path))
        // Without a row nothing can be said of columns.
        guard !table.rows.isEmpty else {
          throw TeacherProtocolError.noRows(file: table.file, problems: table.problems)
        }
        let missing = missingColumns(of: table, run.data)
        let hasImages = run.data.fields.image != nil
        for column in missing {
          findings.fail(column.key, column.text(in: path, known: table.columns, hasImages: hasImages))
        }
        columnsFit = columnsFit && missing.isEmpty
        if missing.isEmpty {
          findings.ok(key, "\(path): \(NumberText.counted(table.rows.count, "row")), every mapped column is there")
        }
      } catch {
        columnsFit = false
        findings.fail(key, "\(error)")
      }
    }
    guard columnsFit else { return nil }
    var items: RunData
    do {
      items = try RunData(run, labels: run.labelSet(), files: DataFiles(run), rows: .ofFile)
    } catch {
      // What the run would stop at: groups in two splits, an empty split, with `strict` the first bad row.
      findings.fail("data", FaultText.sentence(for: error))
      return nil
    }
    reportSetAside(items.setAside, into: &findings)
    var ofImages: [CheckFinding] = []
    let sizes = inspectImages(run, &items, into: &ofImages)
    if let renaming = items.renaming { findings.ok("data.files", renaming) }
    reportLabels(run, items, into: &findings)
    reportSplits(run, items, into: &findings)
    findings += ofImages
    return InspectedData(items: items, sizes: sizes, scored: items.scoredByTeachers(run.evaluation))
  }

  private struct MissingColumn {
    var key: String
    var column: String

    func text(in file: String, known: [String], hasImages: Bool) -> String {
      let nearest = NearestName.nearest(to: column, among: known)
      let help =
        nearest.map { "did you mean '\($0)'?" }
        ?? "its columns: \(known.prefix(20).map { "'\($0)'" }.joined(separator: ", "))"
      let absent =
        switch key {
        case "data.fields.image" where nearest == nil: "; set it to null where items have no image"
        case "data.fields.text" where nearest == nil && hasImages: "; set it to null where items are images alone"
        default: ""
        }
      return "\(file) has no column '\(column)'; \(help)\(absent)"
    }
  }

  /// Every mapped column that no row of a file has; all of them, where the reader of the run stops at the first.
  private static func missingColumns(of table: RowFile, _ data: DataConfiguration) -> [MissingColumn] {
    let fields = data.fields
    let images = (fields.image?.columns ?? []).map { ("image", $0) }
    let texts = [fields.text].compactMap(\.self).map { ("text", $0) }
    var wanted = ([("id", fields.id)] + images + texts)
      .map { name, column in MissingColumn(key: "data.fields.\(name)", column: column) }
    // Without the column of the default name there are no labels; of several files some may have none.
    if let label = fields.label, label != FieldConfiguration.blank.label, data.file != nil {
      wanted.append(.init(key: "data.fields.label", column: label))
    }
    if let group = fields.group { wanted.append(.init(key: "data.fields.group", column: group)) }
    if let split = fields.split { wanted.append(.init(key: "data.fields.split", column: split)) }
    wanted += fields.evidence.sorted { $0.key < $1.key }
      .map { .init(key: "data.fields.evidence.\($0.key)", column: $0.value) }
    wanted += fields.slices.map { .init(key: "data.fields.slices", column: $0) }
    wanted += data.rowsWhere.keys.sorted().map { .init(key: "data.where", column: $0) }
    return wanted.filter { want in !table.rows.contains { $0.value(want.column) != nil } }
  }

  private static func reportSetAside(_ problems: [RowProblem], into findings: inout [CheckFinding]) {
    let isMissingImage = { (problem: RowProblem) in problem.expected == "an image file" }
    let rows = problems.filter { !isMissingImage($0) }
    if !rows.isEmpty {
      findings.warn(
        "data", "\(NumberText.counted(rows.count, "row")) can't be used and will be set aside",
        details: .firstLines(rows.map(\.description)))
    }
    let images = problems.filter(isMissingImage)
    if !images.isEmpty {
      findings.warn(
        "data.images", "\(NumberText.counted(images.count, "row")) without a usable image will be set aside",
        details: .firstLines(images.map(\.description)))
    }
  }

  /// Looks whether the label column holds labels. No label is shown or counted, so nothing of the budget is used.
  private static func reportLabels(_ run: RunConfiguration, _ items: RunData, into findings: inout [CheckFinding]) {
    guard let gold = items.gold else {
      return findings.ok("labels", "no item has a label: no figure can be given that needs one")
    }
    let problems = gold.setAside
    let names = run.labels.map(\.name).joined(separator: ", ")
    if problems.isEmpty {
      findings.ok("labels", "every row has one of \(names)")
    } else {
      findings.warn(
        "labels",
        "\(NumberText.counted(problems.count, "row")) without a known label (\(names)); add spellings as labels.aliases",
        details: .firstLines(problems.map(\.description)))
    }
  }

  private static func reportSplits(_ run: RunConfiguration, _ items: RunData, into findings: inout [CheckFinding]) {
    var parts = [("train", items.train), ("dev", items.dev)]
    if run.evaluation.split == .test { parts.append(("test", items.test)) }
    let counts = parts.map { name, items in
      let groups = Set(items.map(\.group)).count
      let apart = groups == items.count ? "" : " (\(NumberText.counted(groups, "group")))"
      return "\(name) \(NumberText.grouped(items.count))\(apart)"
    }
    let scored = run.evaluation.split == .test ? "" : "; \(run.evaluation.split.rawValue) is scored"
    findings.ok(
      "data.splits",
      counts.joined(separator: ", ")
        + "; no group\(run.data.fields.image == nil ? "" : " and no image") is in two splits\(scored)")
    if let nothing = items.nothingScored(run.evaluation.split.rawValue) {
      let isUndivided = run.data.files == nil && items.dataset.splits.allSatisfy(\.isEmpty)
      let remedy = "; data.splits: {train: 80%, test: 20%} keeps some apart, which are scored where they have a label"
      findings.warn("evaluation", nothing + (isUndivided ? remedy : ""))
    }
    if let unused = items.rowsInNoSplit(run.data) { findings.warn("data.splits", unused) }
  }

  /// How many images are decoded whole at least, and up to how many pixels in all further ones are: about two seconds.
  private static let (sampleSize, sampledPixels) = (16, 100_000_000)

  /// Places of images to decode whole, spread evenly.
  private static func sample(of images: [ImageHeader?]) -> Set<Int> {
    // Not in whole numbers: what heads say may be anything.
    let pixels = images.reduce(0.0) { $0 + ($1.map { Double($0.width) * Double($0.height) } ?? 0) }
    let share = min(1, Double(sampledPixels) / max(1, pixels))
    let count = min(images.count, max(sampleSize, Int(share * Double(images.count))))
    return Set((0..<count).map { $0 * images.count / count })
  }

  /// Reads the head of every image, and decodes some, spread evenly over the items, and all whose head is not an image's. Items
  /// of which an image can't be read are set aside, as the run does before it asks anybody.
  private static func inspectImages(
    _ run: RunConfiguration, _ items: inout RunData, into findings: inout [CheckFinding]
  ) -> [String: ImageHeader] {
    var seen: Set<String> = []
    let images = items.used.flatMap(\.images).filter { seen.insert($0).inserted }
      .map { (name: $0, url: items.dataset.imageURL($0)) }
    guard !images.isEmpty else { return [:] }
    let pixels = run.data.readPixels
    let decoder = pixels.decoder
    var sizes: [String: ImageHeader] = [:]
    for image in images { sizes[image.name] = ImageHeader(contentsOf: image.url.path) }
    let sample = sample(of: images.map { sizes[$0.name] })
    let chosen = images.indices.filter { sizes[images[$0].name] == nil || sample.contains($0) }
    let paths = chosen.map { images[$0].url.path }
    let sights = mapInParallel(paths) { ImageFiles.sight(of: $0, decoder) }
    let faults = Dictionary(zip(paths, sights)) { first, _ in first }.faults
    let looked = "\(NumberText.counted(images.count, "image")), the heads of all read and \(sample.count) decoded"
    if faults.isEmpty {
      findings.ok("data.images", "\(looked), all sound")
    } else {
      findings.append(
        CheckFinding(
          run.strict ? .error : .warning, "data.images",
          "\(looked), \(NumberText.grouped(faults.count)) that can't be read"
            + (run.strict ? "" : "; their rows will be set aside"),
          details: .firstLines(faults.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })))
      if !run.strict {
        do { try items.setAside(faults, strict: false) } catch {
          findings.fail("data", FaultText.sentence(for: error))
        }
      }
    }
    let outside = run.outsideImages(of: items.used, in: items.dataset)
    if !outside.isEmpty {
      let isSent = run.data.outsideImages == true
      let asksServices = run.teachers.contains { $0.service != nil }
      findings.append(
        CheckFinding(
          asksServices && !isSent ? .error : .warning, "data.images",
          "\(NumberText.counted(outside.count, "item")) with an image outside of the folder of the data's images: what items name is "
            + (isSent
              ? "read, and sent to the services that are asked; see that nothing else is meant"
              : "read, and sent to services only with data.outside_images: true"),
          details: .firstLines(outside.map { "item \($0.item.id): \($0.image)" })))
    }
    let scans = images.filter { sizes[$0.name]?.isSixteenBitGrey == true }
    if pixels.sixteenBits == .clipped, !scans.isEmpty {
      findings.warn(
        "data.pixels.sixteen_bits",
        "\(NumberText.counted(scans.count, "image")) of 16-bit grey, of which the student sees all above 255 as white, as in "
          + "transformers; with scaled it sees what people and services are shown",
        details: .firstLines(scans.map(\.name)))
    }
    return sizes
  }
}

extension DataConfiguration {
  /// The data files with the keys that name them.
  var filesByKey: [(key: String, path: String)] {
    if let file { return [("data.file", file)] }
    guard let files else { return [] }
    return [("data.files.train", files.train), ("data.files.dev", files.dev), ("data.files.test", files.test)]
      .compactMap { key, path in path.map { (key, $0) } }
  }
}
