internal import Wording

#if Run
  import Annotations
  import ArgumentParser
  import Distillation
  import Foundation
  import SQLiteStore
  import TeacherProtocol

  /// Stores of parts, put together.
  struct MergeReplies: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "merge",
      abstract: "Put the replies of several stores into one.",
      discussion: """
        For stores that parts of the items were asked about into, by 'distill annotate --shard' or on machines without a \
        folder in common. They are read and left as they are. Of a question that was answered in several of them the \
        earliest answer is kept, and it is said how many there were; what the target has stays. Doing it again adds nothing.

        The target may be on a PostgreSQL server: --into postgresql://...

        Where the file spending.txt stands beside a store (spending.over: store), what was spent is added to the target's. One in a \
        run's folder (spending.over: run) is named by --spending, and the one that takes it by --spending-into.

        Examples:

          distill replies merge store/annotations.*-of-8.sqlite --into store/annotations.sqlite
          distill replies merge a/store b/store --into store --spending a/run/spending.txt b/run/spending.txt \\
            --spending-into run/spending.txt
        """)

    @Argument(help: "The stores, or the folders that they are in.", completion: .file())
    var stores: [String]

    @Option(
      help: ArgumentHelp("The store that takes the replies; it is made if it is not there.", valueName: "store"),
      completion: .file())
    var into: String

    @Option(
      parsing: .upToNextOption,
      help: ArgumentHelp("Files spending.txt elsewhere, whose lines are added too.", valueName: "file"),
      completion: .file(extensions: ["txt"]))
    var spending: [String] = []

    @Option(
      help: ArgumentHelp("The spending.txt that takes the lines. (default: beside --into)", valueName: "file"),
      completion: .file(extensions: ["txt"]))
    var spendingInto: String?

    func validate() throws {
      if (try? serverStore(into)) == nil { try Output.refuse(file(into).path, over: UsedFiles()) }
      for file in spending where !FileManager.default.fileExists(atPath: url(file).path) {
        throw ValidationError("--spending: there is no file '\(file)'.")
      }
    }

    private func url(_ path: String) -> URL { URL(filePath: NSString(string: path).expandingTildeInPath) }

    /// The file of a store that is named by it or by its folder, which has no ending.
    private func file(_ path: String) -> URL {
      let url = url(path)
      var isFolder: ObjCBool = false
      let isThere = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      return (isThere ? isFolder.boolValue : url.pathExtension.isEmpty)
        ? url.appending(path: "annotations.sqlite") : url
    }

    func run() async throws {
      guard try serverStore(into) == nil else { return try await mergeIntoServer() }
      let target = file(into)
      func identity(_ url: URL) -> String { url.resolvingSymlinksInPath().standardizedFileURL.path }
      var seen: Set<String> = []
      let sources = stores.map(file).filter { seen.insert(identity($0)).inserted }
      if seen.contains(identity(target)) {
        throw ValidationError(
          "\(target.relativePath) is to take the replies; leave it out of the stores that are read.")
      }
      let lines = try await merged(sources.map(read), into: Replies.open(target.path), target.relativePath)
      try Output.write(
        (lines + missingParts(of: sources) + [try booked(sources, target)].compactMap(\.self)).joined(separator: "\n"))
    }

    /// What was spent stands beside no store on a server.
    private func mergeIntoServer() async throws {
      guard let target = try serverStore(into) else { return }
      let sources = stores.map(file)
      let lines = try await merged(sources.map(read), into: target, into)
      try Output.write((lines + missingParts(of: sources)).joined(separator: "\n"))
    }

    private func read(_ source: URL) throws -> any AnnotationStore {
      guard FileManager.default.fileExists(atPath: source.path) else {
        throw CheckingError.noReplies(source.relativePath, reason: "there is no such store")
      }
      let isLines = ["jsonl", "ndjson"].contains(source.pathExtension.lowercased())
      return isLines
        ? JSONLinesAnnotationStore(try LineFile(source, isReadOnly: true))
        : try SQLiteAnnotationStore(source, isReadOnly: true, isSettled: true)
    }

    /// Puts stores' replies into another.
    ///
    /// - Returns: what there is to say.
    private func merged(
      _ sources: [any AnnotationStore], into target: any AnnotationStore, _ name: String
    ) async throws -> [String] {
      let merge = try await StoreMerge(of: sources)
      let (added, known, others) = try await merge.add(to: target)
      let from = "\(NumberText.grouped(merge.read)) replies from \(NumberText.counted(sources.count, "store"))"
      var lines = ["\(from): \(NumberText.grouped(added)) added, \(NumberText.grouped(known)) there already"]
      func answered(_ count: Int) -> String {
        "\(NumberText.counted(count, "question")) \(count == 1 ? "was" : "were") answered"
      }
      if merge.repeated > 0 {
        lines.append("\(answered(merge.repeated)) in several stores: the earliest answer is kept")
      }
      if others > 0 { lines.append("\(answered(others)) otherwise in \(name): what it has stays") }
      return lines
    }

    /// Parts that 'annotate --shard' names its stores by and that are not among these: a job of the array that has not ended,
    /// or failed.
    private func missingParts(of sources: [URL]) -> [String] {
      var found: [Int: Set<Int>] = [:]
      for source in sources {
        guard let match = source.lastPathComponent.wholeMatch(of: #/annotations\.(\d+)-of-(\d+)\..*/#),
          let shard = Shard("\(match.output.1)/\(match.output.2)")
        else { continue }
        found[shard.count, default: []].insert(shard.index)
      }
      return found.sorted { $0.key < $1.key }.compactMap { count, parts in
        let missing = (1...count).filter { !parts.contains($0) }
        guard !missing.isEmpty else { return nil }
        let shown = missing.prefix(8).map(String.init).joined(separator: ", ") + (missing.count > 8 ? ", ..." : "")
        return "of \(count) parts \(missing.count) \(missing.count == 1 ? "is" : "are") not among the stores: \(shown)"
      }
    }

    /// Puts together what was spent where that stands beside stores or is named; nil where it does nowhere else.
    private func booked(_ sources: [URL], _ target: URL) throws -> String? {
      func book(_ store: URL) -> URL {
        store.resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "spending.txt")
      }
      let own = (spendingInto.map(url) ?? book(target)).resolvingSymlinksInPath()
      let books = Set(sources.map(book) + spending.map { url($0).resolvingSymlinksInPath() }).filter {
        $0 != own && FileManager.default.fileExists(atPath: $0.path)
      }
      guard !books.isEmpty else { return nil }
      let added = try SpendingBook.merge(books.sorted { $0.path < $1.path }, into: own)
      return "\(NumberText.counted(added, "line")) of what was spent added to \(own.path)"
    }
  }
#endif
