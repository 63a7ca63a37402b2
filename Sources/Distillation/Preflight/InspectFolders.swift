internal import Foundation
internal import ConfigurationFiles
internal import DistillationConfiguration
internal import Wording

extension RunCheck {
  /// Looks whether the folders that the run writes can be written, and for other files that it reads.
  static func inspectFolders(_ run: RunConfiguration, runFolder: URL, into findings: inout [CheckFinding]) {
    inspectWritable("out", runFolder, into: &findings)
    inspectStore(run.store, into: &findings)
    inspectWritable("cache", URL(filePath: run.cache), into: &findings)
    do { try RunFolder.refuseForeign(runFolder, for: run.method) } catch { findings.fail("out", error.description) }
  }

  /// A store on a server is asked what it has; nothing is made there.
  static func inspectStore(_ store: String, into findings: inout [CheckFinding]) {
    guard ConfigurationPath.isServer(store) else {
      return inspectWritable("store", URL(filePath: store), into: &findings)
    }
    do {
      findings.ok("store", try lookAtServer(store))
    } catch {
      findings.fail("store", FaultText.sentence(for: error))
    }
  }

  /// Below this much free disk a run is likely to stop in the middle.
  private static let littleSpace = 1_000_000_000

  private static func inspectWritable(_ key: String, _ url: URL, into findings: inout [CheckFinding]) {
    // The folder may not be there yet: then it is made in the nearest one that is.
    var place = url.standardizedFileURL
    var isFolder: ObjCBool = false
    while !FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder), place.path != "/" {
      place = place.deletingLastPathComponent()
    }
    guard isFolder.boolValue else {
      findings.fail(key, "\(place.path) is a file, and a folder is needed there")
      return
    }
    guard FileManager.default.isWritableFile(atPath: place.path) else {
      findings.fail(
        key, "\(url.path) can't be written: \(place.path) does not allow it; give a place in which you may write")
      return
    }
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: place.path)
    let free = (attributes?[.systemFreeSize] as? NSNumber)?.intValue
    // Such as /proc, whose permissions say nothing.
    guard free != 0 else {
      findings.fail(
        key, "\(url.path) can't be written: nothing is free in \(place.path); give a folder on a disk with room")
      return
    }
    let text = "\(url.path)" + (free.map { ", \(ByteText.bytes($0)) free" } ?? "")
    if let free, free < littleSpace {
      findings.warn(key, "\(text): that may not be enough for checkpoints and caches")
    } else {
      findings.ok(key, text)
    }
  }
}
