internal import Wording

#if Run
  import Annotations
  import ArgumentParser
  import Distillation
  import Foundation
  import SQLiteStore

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

        Where the file spending.txt stands beside a store (spending.over: store), what was spent is added to the target's.

        Example:

          distill replies merge store/annotations.*-of-8.sqlite --into store/annotations.sqlite
        """)

    @Argument(help: "The stores, or the folders that they are in.", completion: .file())
    var stores: [String]

    @Option(
      help: ArgumentHelp("The store that takes the replies; it is made if it is not there.", valueName: "store"),
      completion: .file())
    var into: String

    /// The file of a store that is named by it or by its folder, which has no ending.
    private func file(_ path: String) -> URL {
      let url = URL(filePath: NSString(string: path).expandingTildeInPath)
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
      try Output.write((lines + [try booked(sources, target)].compactMap(\.self)).joined(separator: "\n"))
    }

    /// What was spent stands beside no store on a server.
    private func mergeIntoServer() async throws {
      guard let target = try serverStore(into) else { return }
      try Output.write(try await merged(stores.map { try read(file($0)) }, into: target, into).joined(separator: "\n"))
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

    /// Puts together what was spent where that stands beside stores; nil where it does nowhere else.
    private func booked(_ sources: [URL], _ target: URL) throws -> String? {
      func book(_ store: URL) -> URL {
        store.resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "spending.txt")
      }
      let own = book(target)
      let books = Set(sources.map(book)).filter { $0 != own && FileManager.default.fileExists(atPath: $0.path) }
      guard !books.isEmpty else { return nil }
      let added = try SpendingBook.merge(books.sorted { $0.path < $1.path }, into: own)
      return "\(NumberText.counted(added, "line")) of what was spent added to \(own.path)"
    }
  }
#endif
