// swift-tools-version: 6.1
import PackageDescription

// A package as somebody else would write it: nothing in here is known to swift-distillation.
let package = Package(
  name: "swift-distillation-downstream",
  platforms: [.macOS(.v15)],
  dependencies: [
    // Released versions are taken by URL: .package(url: "https://…/swift-distillation", from: "0.1.0", traits: []).
    // Without traits there is no command, runs keep replies in JSON Lines, and no other package is downloaded.
    .package(name: "swift-distillation", path: "../..", traits: [])
  ],
  targets: [
    .target(
      name: "HelpDesk",
      dependencies: [
        "Annotations", "DualChecker", "Evaluation", "ImageDecoding", "LanguageModel", "Layers", "LoRA", "StudentModels",
        "TeacherProtocol", "Tensor", "Training", "TwoStage",
      ].map { .product(name: $0, package: "swift-distillation") }),
    .executableTarget(name: "help-desk", dependencies: ["HelpDesk"]),
    .testTarget(
      name: "HelpDeskTests",
      dependencies: ["HelpDesk"]
        + [
          "Annotations", "DualChecker", "ImageDecoding", "LanguageModel", "Layers", "StudentModels", "TeacherProtocol",
          "Tensor", "Training",
        ].map { .product(name: $0, package: "swift-distillation") }),
  ]
)
