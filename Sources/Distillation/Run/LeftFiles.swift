internal import DistillationConfiguration
package import Foundation

/// Files that a process was writing when it was killed: copies beside the files whose place they would have taken. With a large
/// model each is a whole checkpoint, so the next start deletes them.
///
/// They are known by their names alone, as the writers here make them: `.NAME.PROCESS-NUMBER.partial`, and Foundation's
/// `.dat.nosyncPROCESS.XXXXXX` with the process in hexadecimal digits. Earlier versions wrote `NAME.PROCESS-NUMBER.partial` and
/// `.UUID`.
package enum LeftFiles {
  /// Who may be writing in a folder.
  package enum Reach {
    /// Nobody but the holder of the folder's lock.
    case locked
    /// Any process of any machine.
    case shared
  }

  /// Who was writing a file.
  package enum Writer: Equatable {
    /// The process of this number.
    case process(Int32)
    /// Some process.
    case unknown
  }

  /// Deletes them in a folder and in those below it. What can't be looked at or deleted stays.
  ///
  /// - Parameter leavingOut: names of folders in it that are not looked into. The default is none.
  /// - Returns: how many were deleted.
  @discardableResult
  package static func delete(in folder: URL, _ reach: Reach, leavingOut: Set<String> = [], now: Date = Date()) -> Int {
    var deleted = 0
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    where !leavingOut.contains(name) {
      let path = folder.appending(path: name).path
      var facts = stat()
      // Not through links: what they lead to is not the folder's own.
      guard lstat(path, &facts) == 0 else { continue }
      switch facts.st_mode & S_IFMT {
      case S_IFDIR: deleted += delete(in: folder.appending(path: name), reach, now: now)
      case S_IFREG:
        let age = now.timeIntervalSince1970 - Double(facts.modified.tv_sec)
        if let writer = writer(of: name), isLeft(by: writer, age: age, reach), unlink(path) == 0 { deleted += 1 }
      default: break
      }
    }
    return deleted
  }

  /// Who was writing the file of this name; nil for a file of another kind.
  package static func writer(of name: String) -> Writer? {
    if name.hasSuffix(".partial") {
      let parts = name.dropLast(".partial".count).split(separator: ".", omittingEmptySubsequences: false)
      let numbers = parts.last?.split(separator: "-", omittingEmptySubsequences: false) ?? []
      guard parts.count > 1, numbers.count == 2, Int32(numbers[1]) != nil, let process = Int32(numbers[0]), process > 0
      else { return nil }
      return .process(process)
    }
    let mark = ".dat.nosync"
    if name.hasPrefix(mark) {
      let parts = name.dropFirst(mark.count).split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 2, parts[1].count == 6, let process = Int32(parts[0], radix: 16), process > 0 else {
        return nil
      }
      return .process(process)
    }
    return name.hasPrefix(".") && UUID(uuidString: String(name.dropFirst())) != nil ? .unknown : nil
  }

  private static let (hour, day) = (3_600.0, 86_400.0)

  /// Whether nobody is writing a file that its writer touched so many seconds ago.
  ///
  /// A number of a process says little: another machine or container has its own, and one is given anew. So in a shared folder
  /// none counts as dead that wrote within the hour, and whatever was not touched for a day is left.
  package static func isLeft(by writer: Writer, age: Double, _ reach: Reach) -> Bool {
    if age > day { return true }
    guard case .process(let process) = writer else { return reach == .locked && age > hour }
    // In a container a process often has the number of the one before it.
    guard process != getpid() else { return reach == .locked }
    let isAlive = kill(process, 0) == 0 || errno != ESRCH
    return !isAlive && (reach == .locked || age > hour)
  }
}

extension RunConfiguration {
  /// Deletes what starts that were killed left in the run's folder, whose lock is held, and in the cache.
  func deleteLeftFiles(in folder: URL) {
    // Parts that are asked about at the same time have locks of their own.
    LeftFiles.delete(in: folder, .locked, leavingOut: ["shards"])
    if let cacheFolder { LeftFiles.delete(in: cacheFolder, .shared) }
  }
}
