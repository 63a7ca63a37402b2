import Foundation

/// The command as it was built beside the tests.
struct DistillBinary {
  /// What the command wrote and how it ended.
  struct Outcome {
    var code: Int32
    var output: String
    var errors: String
  }

  let url: URL

  /// The binary in the folder of the test bundle; nil where only the tests were built.
  static let found: DistillBinary? = {
    // The test program is run from its own folder or handed to a helper as an argument.
    let candidates =
      CommandLine.arguments.map { URL(filePath: $0) }
      + [Bundle.main.bundleURL, Bundle.main.executableURL]
      .compactMap { $0 }
    let folders = candidates.flatMap { [$0, $0.deletingLastPathComponent()] }
    return folders.map { $0.appending(path: "distill") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) && !$0.hasFolder }
      .map(DistillBinary.init)
  }()

  /// Runs the command in a folder and waits for its end.
  func run(_ arguments: String..., in folder: URL) throws -> Outcome { try run(arguments, in: folder) }

  /// Runs the command in a folder and waits for its end.
  func run(_ arguments: [String], in folder: URL) throws -> Outcome {
    let process = Process()
    process.executableURL = url
    process.arguments = arguments
    process.currentDirectoryURL = folder
    // Files and not pipes: a full pipe that nobody reads would hold the command for ever.
    let names = ["output-\(UUID().uuidString)", "errors-\(UUID().uuidString)"]
    let files = names.map { FileManager.default.temporaryDirectory.appending(path: $0) }
    defer { for file in files { try? FileManager.default.removeItem(at: file) } }
    for file in files { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let texts = try files.map { try String(contentsOf: $0, encoding: .utf8) }
    return Outcome(code: process.terminationStatus, output: texts[0], errors: texts[1])
  }
}

extension URL {
  fileprivate var hasFolder: Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
