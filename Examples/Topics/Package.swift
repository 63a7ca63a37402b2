// swift-tools-version: 6.1
import PackageDescription

/// A program in Sources/NAME/main.swift, and the libraries that it imports.
func topic(_ name: String, _ libraries: String..., targets: [Target.Dependency] = []) -> Target {
  .executableTarget(name: name, dependencies: targets + products(libraries))
}

func products(_ names: [String]) -> [Target.Dependency] {
  names.map { .product(name: $0, package: "swift-distillation") }
}

// One program for each topic, of 60 lines at most. Each ends with an error unless it did what it shows.
let package = Package(
  name: "swift-distillation-topics",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "swift-distillation", path: "../..", traits: [])],
  targets: [
    topic("own-teacher", "TeacherProtocol"),
    topic("own-agreement-rule", "Annotations", "TeacherProtocol"),
    topic("own-reply-check", "DualChecker", "TeacherProtocol"),
    topic("own-student-check", "DualChecker", "TeacherProtocol"),
    topic("own-student", "LanguageModel", "StudentModels", "Tensor", "Training", targets: ["LetterStudent"]),
    topic("two-stages-in-one-call", "Annotations", "TeacherProtocol", "TwoStage", targets: ["LetterStudent"]),
    .target(
      name: "LetterStudent",
      dependencies: products(["ImageDecoding", "LanguageModel", "Layers", "StudentModels", "Tensor"])),
    topic("own-preference-loss", "DPO", "Tensor"),
    topic("lora-on-any-module", "Layers", "LoRA", "Tensor"),
    topic("dpo-over-any-scorer", "DPO", "Layers", "Tensor"),
    topic("dualchecker-in-one-call", "DualChecker", "TeacherProtocol"),
  ]
)
