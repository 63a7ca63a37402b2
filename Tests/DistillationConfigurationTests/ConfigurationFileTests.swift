import ConfigurationFiles
import DistillationConfiguration
import Foundation
import Testing

@Suite struct ConfigurationFileTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("configuration-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// Runs a test in the folder and removes it.
  private func inFolder(_ work: () throws -> Void) rethrows {
    defer { try? FileManager.default.removeItem(at: folder) }
    try work()
  }

  private func write(_ text: String, to name: String) throws -> URL {
    let file = folder.appendingPathComponent(name)
    try Data(text.utf8).write(to: file)
    return file
  }

  private func problem(_ file: URL) throws -> String {
    let error = try #require(throws: ConfigurationError.self) { try RunConfiguration(contentsOf: file) }
    #expect(error.file == file.path)
    return error.problems.map(\.description).joined(separator: "\n")
  }

  @Test func `paths are relative to the file and data paths to the data folder`() throws {
    try inFolder {
      let text = ConfigurationFixture.minimalJSON
        .replacing("\"stage1_adapter\"", with: "{\"adapter\": \"../old\"}")
        .replacing(
          "\"data\": {", with: "\"out\": \"./runs/x\", \"store\": \"/var/store\", \"data\": {\"images\": \"photos\", ")
      let file = try write(text, to: "run.json")
      let run = try RunConfiguration(contentsOf: file, dataFolder: URL(fileURLWithPath: "/data/set", isDirectory: true))
      #expect(run.data.file == "/data/set/items.jsonl")
      #expect(run.data.images == "/data/set/photos")
      #expect(run.student.model == folder.path + "/models/student")
      #expect(run.stage2.reference == .adapter(folder.deletingLastPathComponent().path + "/old"))
      #expect(run.out == folder.path + "/runs/x")
      #expect(run.store == "/var/store")
      #expect(run.cache == NSHomeDirectory() + "/.cache/swift-distillation/cache")
      guard case .recorded(let teacher) = run.teachers[0].source else {
        Issue.record("the first teacher is not recorded")
        return
      }
      #expect(teacher.file == "/data/set/replies.jsonl")
      // What is no path stays: columns, names, the labels' answers.
      #expect(teacher.columns == RecordedTeacherConfiguration.Columns())
      #expect(run.labels == LabelConfiguration.outOfContext)
      #expect(run.teachers.map(\.name) == ["a", "b"])

      let beside = try RunConfiguration(contentsOf: file)
      #expect(beside.data.file == folder.path + "/items.jsonl")
    }
  }

  @Test func `steps upwards are taken out of a path, but for those behind a symbolic link`() throws {
    try inFolder {
      let root = URL(fileURLWithPath: "/", isDirectory: true)
      #expect(ConfigurationPath.absolute("a/./b/../../c//d", in: root) == "/c/d")
      #expect(ConfigurationPath.absolute("../../c", in: root) == "/c")
      let link = folder.appendingPathComponent("link")
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: URL(fileURLWithPath: "/usr/share"))
      #expect(ConfigurationPath.absolute("link/../bin", in: folder) == folder.path + "/link/../bin")
      #expect(ConfigurationPath.absolute("link/x/../bin", in: folder) == folder.path + "/link/bin")
    }
  }

  @Test func `resolved paths stay as they are`() throws {
    let root = URL(fileURLWithPath: "/", isDirectory: true)
    let once = ConfigurationFixture.built.resolvingPaths(configurationFolder: root)
    #expect(once.student.model == "/models/student")
    #expect(once.resolvingPaths(configurationFolder: URL(fileURLWithPath: "/other", isDirectory: true)) == once)
    var review = ConfigurationFixture.built
    review.review.source = .file
    review.review.file = "~"
    #expect(review.resolvingPaths(configurationFolder: root).review.file == NSHomeDirectory())
  }

  @Test func `the address of a server is no path`() {
    var run = ConfigurationFixture.built
    for address in ["postgresql://anna@db/replies", "postgres:///replies?host=%2Ftmp"] {
      run.store = address
      #expect(run.resolvingPaths(configurationFolder: URL(fileURLWithPath: "/c")).store == address)
    }
    run.store = "postgresql"
    #expect(run.resolvingPaths(configurationFolder: URL(fileURLWithPath: "/c")).store == "/c/postgresql")
  }

  @Test func `every path of the reference is resolved`() throws {
    #if Run
      let run = try RunConfiguration(text: EveryKey.text, format: .yaml)
        .resolvingPaths(configurationFolder: URL(fileURLWithPath: "/c"), dataFolder: URL(fileURLWithPath: "/d"))
      #expect(run.data.files == SplitFiles(train: "/d/tr.csv", dev: "/d/de.csv", test: "/d/te.csv"))
      #expect(run.pretrain?.captions == "/d/captions.jsonl")
      #expect(run.pretrain?.images == "/d/pre")
      #expect(run.review.file == "/c/review.csv")
      #expect(run.stage2.reference == .adapter("/c/old/adapter"))
      guard case .model(let model) = run.teachers[1].source else { return }
      #expect(model.model == "/c/models/m")
      #expect(model.adapter == "/c/ad")
      #expect(model.prompt == "P {text}")
      guard case .openAI(let service) = run.teachers[2].source else { return }
      #expect(service.model == "large")
    #endif
  }

  @Test func `the language is known by ending, then by content`() {
    #expect(ConfigurationFormat(of: "a.json", text: "a: 1") == .json)
    #expect(ConfigurationFormat(of: "a.YML", text: "{}") == .yaml)
    #expect(ConfigurationFormat(of: "a.yaml", text: "{}") == .yaml)
    #expect(ConfigurationFormat(of: "config", text: "\n {}") == .json)
    #expect(ConfigurationFormat(of: "config", text: "a: 1") == .yaml)
    #expect(ConfigurationFormat(of: "config", text: "") == .yaml)
  }

  @Test func `files that cannot be read say why`() throws {
    try inFolder {
      #expect(try problem(folder.appendingPathComponent("none.yaml")).hasPrefix("there is no such file; "))
      #expect(try problem(folder) == "this is a folder; give the YAML or JSON file in it")
      let large = try write(String(repeating: " ", count: RunConfiguration.fileSizeLimit + 1), to: "large.json")
      #expect(try problem(large) == "the file is larger than 1048576 bytes, which no configuration is")
      let latin = folder.appendingPathComponent("latin.json")
      try Data([0x7B, 0xE9, 0x7D]).write(to: latin)
      #expect(try problem(latin) == "the file is not UTF-8 text; save it as UTF-8")
    }
  }

  @Test func `a byte order mark is no part of the text`() throws {
    try inFolder {
      let file = try write("\u{FEFF}" + ConfigurationFixture.minimalJSON, to: "marked.json")
      #expect(try RunConfiguration(contentsOf: file).seed == 1)
    }
  }

  #if !Run
    @Test func `YAML is refused with advice without the trait`() {
      let error = #expect(throws: ConfigurationError.self) { try RunConfiguration(text: "seed: 1", format: .yaml) }
      #expect(error?.description.contains("build with the package trait Run") == true)
    }
  #endif
}
