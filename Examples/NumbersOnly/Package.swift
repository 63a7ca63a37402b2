// swift-tools-version: 6.1
import PackageDescription

// A client of the numbers side alone: `swift package resolve` downloads nothing.
let package = Package(
  name: "numbers-only",
  dependencies: [.package(name: "swift-distillation", path: "../..", traits: [])],
  targets: [
    .executableTarget(
      name: "numbers-only",
      dependencies: ["Layers", "LoRA", "Tensor"].map { .product(name: $0, package: "swift-distillation") })
  ]
)
