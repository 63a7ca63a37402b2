// swift-tools-version: 6.1
import PackageDescription

// Read from top to bottom: the C ground first, the command last. A target imports only what stands above it.
// `Documentation/Architecture.md` has the picture; `.ci/check-layers` holds this table against the sources.

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: dependencies + [.target(name: "TestSupport")], exclude: exclude,
    swiftSettings: swiftSettings)
}

/// Packages that come only with the trait `Run`.
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Run"]))
/// The store of runs. A client without `Run` needs no header of SQLite's for them, and may still use the product.
let sqliteStore = Target.Dependency.target(name: "SQLiteStore", condition: .when(traits: ["Run"]))
let yams = Target.Dependency.product(name: "Yams", package: "Yams", condition: .when(traits: ["Run"]))
/// The HTTP server's parser, GNU libmicrohttpd.
let microHTTPD = Target.Dependency.target(name: "CMicroHTTPD", condition: .when(traits: ["Run"]))
/// Requests over libcurl, with the trait `Run`.
let curl = Target.Dependency.target(name: "CCurl", condition: .when(traits: ["Run"]))
/// The store on a PostgreSQL server, and libpq, its client library, with the trait `PostgreSQL`.
let postgreSQLStore = Target.Dependency.target(name: "PostgreSQLStore", condition: .when(traits: ["PostgreSQL"]))
let libpq = Target.Dependency.target(name: "CPostgreSQL", condition: .when(traits: ["PostgreSQL"]))
/// Products of bfloat16 numbers, with the trait `OneDNN`.
let oneDNN = Target.Dependency.target(name: "COneDNN", condition: .when(traits: ["OneDNN"]))
/// Messages between the ranks of a run, with the trait `MPI`.
let mpi = Target.Dependency.target(name: "CMPI", condition: .when(traits: ["MPI"]))
/// The words of Japanese text, with the trait `MeCab`.
let mecab = Target.Dependency.target(name: "CMeCab", condition: .when(traits: ["MeCab"]))

/// The targets that are products. What the rest declares is for the package, or comes with importing Distillation.
let libraries = [
  "Tensor", "TeacherProtocol", "Tokenization", "Layers", "ImageDecoding", "VisionEncoder", "LanguageModel", "LoRA",
  "DPO",
  "StudentModels", "HTTPTeacher", "DualChecker", "Annotations", "SQLiteStore", "PostgreSQLStore", "ReviewServer",
  "StudentServer", "Training", "Evaluation", "TwoStage", "TextStudents", "Distillation",
]

let package = Package(
  name: "swift-distillation",
  platforms: [.macOS(.v15)],
  products: libraries.map { .library(name: $0, targets: [$0]) } + [.executable(name: "distill", targets: ["distill"])],
  traits: [
    .trait(
      name: "Run",
      description: "The distill command, its servers, YAML and runs' SQLite store (ArgumentParser, Yams).",
      enabledTraits: ["MoreImages"]),
    .trait(
      name: "MoreImages",
      description: "WebP and GIF are read, too (needs libwebp-dev and libgif-dev); on with Run."),
    .trait(
      name: "OneDNN",
      description: "bfloat16 products by oneDNN on CPUs with AMX (needs libdnnl-dev); off by default."),
    .trait(
      name: "PostgreSQL",
      description: "Replies in a PostgreSQL data base, for many machines (needs libpq-dev); off by default."),
    .trait(
      name: "MPI",
      description: "distill run on several ranks under mpirun (needs libopenmpi-dev); off by default."),
    .trait(
      name: "MeCab",
      description: "Tokenizers of Japanese BERTs, whose words MeCab divides (needs libmecab-dev); off by default."),
    .default(enabledTraits: ["Run"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
  ],
  targets: [
    // C
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .target(name: "CKernels", linkerSettings: [.linkedLibrary("m"), .linkedLibrary("pthread"), .linkedLibrary("dl")]),
    .target(
      name: "COneDNN", cSettings: [.define("SD_ONEDNN", .when(traits: ["OneDNN"]))],
      linkerSettings: [.linkedLibrary("dnnl", .when(traits: ["OneDNN"]))]),
    .target(
      name: "CMPI", cSettings: [.define("SD_MPI", .when(traits: ["MPI"]))],
      linkerSettings: [.linkedLibrary("mpi", .when(traits: ["MPI"]))]),
    .target(
      name: "CMeCab", cSettings: [.define("SD_MECAB", .when(traits: ["MeCab"]))],
      linkerSettings: [.linkedLibrary("mecab", .when(traits: ["MeCab"]))]),
    .target(
      name: "CImageCodecs", cSettings: [.define("SD_MORE_IMAGES", .when(traits: ["MoreImages"]))],
      linkerSettings: [.linkedLibrary("png"), .linkedLibrary("z"), .linkedLibrary("jpeg")]
        + ["webp", "webpdemux", "gif"].map { .linkedLibrary($0, .when(traits: ["MoreImages"])) }),

    .target(
      name: "CCurl", cSettings: [.define("SD_CURL", .when(traits: ["Run"]))],
      linkerSettings: ["curl", "z"].map { .linkedLibrary($0, .when(traits: ["Run"])) }),
    .target(
      name: "CMicroHTTPD", cSettings: [.define("SD_RUN", .when(traits: ["Run"]))],
      linkerSettings: [.linkedLibrary("microhttpd", .when(traits: ["Run"]))]),

    // Without pkgConfig: clients that use no SQLite would be told that it is missing. Its header stands where all are.
    .systemLibrary(name: "CSQLite"),
    .systemLibrary(name: "CPostgreSQL"),

    // Ground
    library("ContentDigest"),
    library("JSON"),
    library("LoopbackServer", [microHTTPD]),
    library("Tensor", ["ContentDigest", "JSON", "COpenBLAS", "CKernels", oneDNN]),
    library("Wording"),
    library("TeacherProtocol", ["ContentDigest", "JSON", "Wording"]),
    library("Tokenization", ["JSON", mecab]),

    // Middle
    library("Layers", ["Tensor", "CKernels", "Wording"]),
    library("ImageDecoding", ["Tensor", "JSON", "CImageCodecs"]),

    // Methods and models: siblings, none imports another
    library("VisionEncoder", ["Layers", "Tensor", "ContentDigest"]),
    library("LanguageModel", ["Layers", "Tensor"]),
    library("LoRA", ["Layers", "Tensor", "JSON", "Wording"]),
    library("DPO", ["Layers", "Tensor"]),
    library("HTTPTeacher", ["TeacherProtocol", "JSON", "ContentDigest", curl]),
    library("DualChecker", ["TeacherProtocol", "JSON", "ContentDigest", "Wording"]),
    library("Annotations", ["TeacherProtocol", "JSON", "ContentDigest", "Wording"]),
    library("SQLiteStore", ["Annotations", "TeacherProtocol", "CSQLite"]),
    library("PostgreSQLStore", ["Annotations", "TeacherProtocol", libpq]),

    library("ReviewServer", ["Annotations", "TeacherProtocol", "JSON", "LoopbackServer"]),

    // Student
    library(
      "StudentModels", ["VisionEncoder", "LanguageModel", "Tokenization", "ImageDecoding", "Layers", "Tensor", "JSON"]),

    // Loop
    library("Training", ["LoRA", "DPO", "Layers", "Tensor", "Wording"]),
    library("Evaluation", ["TeacherProtocol", "JSON", "Wording"]),
    library(
      "TwoStage",
      [
        "Training", "Evaluation", "StudentModels", "LanguageModel", "LoRA", "DPO", "Layers", "Tensor", "ImageDecoding",
        "Annotations", "TeacherProtocol", "Wording",
      ]),
    library(
      "TextStudents",
      [
        "Training", "DualChecker", "StudentModels", "LanguageModel", "LoRA", "DPO", "Layers", "Tensor", "Tokenization",
        "TeacherProtocol",
      ]),

    // Run
    // Apart from the sections that it reads: its generic code is then compiled once and not anew for every section.
    library("ConfigurationFiles", ["JSON", "Wording", yams]),
    library(
      "DistillationConfiguration",
      [
        "ConfigurationFiles", "TwoStage", "TextStudents", "Training", "DualChecker", "DPO", "Layers", "LoRA",
        "ImageDecoding", "TeacherProtocol", "Wording",
      ]),
    library("Reporting", ["Evaluation", "JSON", "Wording"]),
    library(
      "Distillation",
      [
        "DistillationConfiguration", "ConfigurationFiles", "Reporting", "TwoStage", "TextStudents", "Training",
        "Evaluation", "StudentModels", "VisionEncoder", "LanguageModel", "LoRA", "DPO", "Layers", "Tensor",
        "Tokenization",
        "ImageDecoding", "Annotations", sqliteStore, postgreSQLStore, "DualChecker", "TeacherProtocol", "JSON",
        "ContentDigest",
        "Wording",
      ]),

    library(
      "StudentServer",
      [
        "TwoStage", "StudentModels", "LanguageModel", "Layers", "Tensor", "Tokenization", "ImageDecoding",
        "TeacherProtocol", "JSON", "LoopbackServer",
      ]
    ),

    // Programs
    .executableTarget(
      name: "distill",
      dependencies: [
        "Distillation", "StudentModels", "VisionEncoder", "LanguageModel", "LoRA", "DPO", "Layers", "Tensor",
        "Tokenization",
        "ImageDecoding",
        "Annotations", "SQLiteStore", postgreSQLStore, "TeacherProtocol", "HTTPTeacher", "ContentDigest",
        "LoopbackServer",
        "ReviewServer", "StudentServer", "JSON", "Wording", mpi, argumentParser,
      ], swiftSettings: swiftSettings),
    .target(
      name: "NewsWorld", dependencies: ["ImageDecoding", "ContentDigest"],
      path: "Examples/OutOfContextNews/NewsWorld", swiftSettings: swiftSettings),
    .executableTarget(
      name: "OutOfContextNews",
      dependencies: [
        "NewsWorld", "Distillation", "StudentServer", "StudentModels", "Tokenization", "ImageDecoding", "Tensor",
        "Layers", argumentParser,
      ],
      path: "Examples/OutOfContextNews/Program", swiftSettings: swiftSettings),
    .target(
      name: "GreenWorld", dependencies: [], path: "Examples/GreenInnovation/GreenWorld", swiftSettings: swiftSettings),
    .executableTarget(
      name: "GreenInnovation",
      dependencies: ["GreenWorld", "Distillation", "DualChecker", "StudentServer", "TeacherProtocol", argumentParser],
      path: "Examples/GreenInnovation/Program", swiftSettings: swiftSettings),
    .executableTarget(name: "RealText", path: "Examples/RealText/Program", swiftSettings: swiftSettings),

    // Tests
    .target(name: "TestSupport", dependencies: ["Tensor"], path: "Tests/TestSupport", swiftSettings: swiftSettings),
    tests("ContentDigest", ["ContentDigest"]),
    tests("JSON", ["JSON"]),
    tests("LoopbackServer", ["LoopbackServer"]),
    tests("Tensor", ["Tensor"], exclude: ["Golden"]),
    tests("TeacherProtocol", ["TeacherProtocol", "JSON"], exclude: ["Replies", "Tables"]),
    tests("Tokenization", ["Tokenization", "JSON"], exclude: ["Golden"]),
    // Without TestSupport, so that no more than the tokenizers is built for it.
    .testTarget(name: "MeCabTests", dependencies: ["Tokenization", "JSON"], swiftSettings: swiftSettings),
    tests("Layers", ["Layers", "Tensor"]),
    tests("ImageDecoding", ["ImageDecoding", "Tensor"], exclude: ["Golden", "Corpus"]),
    tests("VisionEncoder", ["VisionEncoder", "Layers", "Tensor"]),
    tests("LanguageModel", ["LanguageModel", "Layers", "Tensor"]),
    tests("LoRA", ["LoRA", "Layers", "Tensor"]),
    tests("DPO", ["DPO", "Layers", "Tensor"]),
    tests("HTTPTeacher", ["HTTPTeacher", "TeacherProtocol", "JSON"]),
    tests("DualChecker", ["DualChecker", "TeacherProtocol", "JSON"], exclude: ["Golden"]),
    tests("Annotations", ["Annotations", "TeacherProtocol", "JSON"], exclude: ["Golden"]),
    tests("ReviewServer", ["ReviewServer", "Annotations", "TeacherProtocol", "JSON", "LoopbackServer"]),
    tests("SQLiteStore", ["SQLiteStore", "Annotations", "TeacherProtocol"]),
    tests("PostgreSQLStore", ["PostgreSQLStore", "Annotations", "TeacherProtocol"]),
    tests("Asking", ["HTTPTeacher", "SQLiteStore", "Annotations", "TeacherProtocol", "JSON"]),
    tests(
      "StudentModels",
      [
        "StudentModels", "LoRA", "DPO", "Layers", "Tensor", "Tokenization", "ImageDecoding", "LanguageModel",
        "VisionEncoder",
        "JSON",
      ],
      exclude: ["Golden"]),
    tests(
      "Distillation",
      [
        "Distillation", "DistillationConfiguration", "ConfigurationFiles", "TwoStage", "TextStudents", "Training",
        "Evaluation", "Reporting", "StudentModels", "Annotations", "SQLiteStore", "TeacherProtocol", "Layers", "Tensor",
        "LoRA", "DPO", "Tokenization", "ImageDecoding", "DualChecker", "StudentServer", "LoopbackServer", "JSON",
        "Wording",
      ]),
    tests("Reporting", ["Reporting", "Evaluation", "TeacherProtocol", "Tensor", "Wording"]),
    tests(
      "DistillationConfiguration",
      [
        "DistillationConfiguration", "ConfigurationFiles", "TwoStage", "TextStudents", "Training", "DualChecker",
        "LoRA",
        "DPO", "Layers", "TeacherProtocol", "Annotations",
      ]),
    tests(
      "StudentServer",
      [
        "StudentServer", "TwoStage", "Evaluation", "StudentModels", "ImageDecoding", "LanguageModel", "Layers",
        "Tensor", "Tokenization", "TeacherProtocol", "JSON", "HTTPTeacher", "LoopbackServer",
      ]),
    tests("NewsWorld", ["NewsWorld", "ImageDecoding"]),
    tests("GreenWorld", ["GreenWorld", "Distillation", "Evaluation", "DualChecker", "TeacherProtocol"]),
  ]
)

// DISTILLATION_TARGETS=TensorTests,LayersTests leaves out all targets but these and what they need: `make sanitize` and
// `make test-debug` build no more than they test.
if let chosen = Context.environment["DISTILLATION_TARGETS"], !chosen.isEmpty {
  var kept: Set<String> = []
  var open = chosen.split(separator: ",").map(String.init)
  while let name = open.popLast() {
    guard kept.insert(name).inserted, let target = package.targets.first(where: { $0.name == name }) else { continue }
    for case .targetItem(let name, _) in target.dependencies { open.append(name) }
    for case .byNameItem(let name, _) in target.dependencies { open.append(name) }
  }
  package.targets.removeAll { !kept.contains($0.name) }
  package.products.removeAll { !kept.contains($0.name) }
}
