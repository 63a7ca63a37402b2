// swift-tools-version: 6.1
import PackageDescription

// Fuzzers for what is read from strangers. The targets under test are compiled from the same sources by way of symbolic
// links: into this package, since only a package's own targets see what it declares `package`, and once more, since
// libFuzzer is led by counters that the compiler puts in. `make fuzz` runs it.

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
  // Configurations in YAML are read only with the trait of this name.
  .define("Run"),
  .unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"]),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

let package = Package(
  name: "swift-distillation-fuzzing",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: "https://github.com/jpsim/Yams", from: "6.0.0")],
  targets: [
    .systemLibrary(name: "CSQLite"),
    library("ContentDigest"),
    library("JSON"),
    library("Wording"),
    library("Tokenization", ["JSON"]),
    library("TeacherProtocol", ["ContentDigest", "JSON", "Wording"]),
    library("Annotations", ["TeacherProtocol", "JSON", "ContentDigest", "Wording"]),
    library("SQLiteStore", ["Annotations", "TeacherProtocol", "CSQLite"]),
    library("ConfigurationFiles", ["JSON", "Wording", .product(name: "Yams", package: "Yams")]),
    .executableTarget(
      name: "fuzz",
      dependencies: ["Tokenization", "TeacherProtocol", "Annotations", "SQLiteStore", "ConfigurationFiles", "JSON"],
      swiftSettings: swiftSettings,  // gold stops over the debug information that the counters leave.
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]),
  ]
)
