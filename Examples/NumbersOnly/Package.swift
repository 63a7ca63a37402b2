// swift-tools-version: 6.1
import PackageDescription

// A client of the numbers side alone: `swift package resolve` downloads nothing. Its own trait hands on the library's.
let package = Package(
  name: "numbers-only",
  platforms: [.macOS(.v15)],
  traits: [.trait(name: "OneDNN", description: "bfloat16 products by oneDNN where the CPU has AMX.")],
  dependencies: [
    .package(
      name: "swift-distillation", path: "../..", traits: [.trait(name: "OneDNN", condition: .when(traits: ["OneDNN"]))])
  ],
  targets: [
    .executableTarget(
      name: "numbers-only",
      dependencies: ["Layers", "LoRA", "Tensor"].map { .product(name: $0, package: "swift-distillation") }),
    .testTarget(name: "OneDNNTests", dependencies: [.product(name: "Tensor", package: "swift-distillation")]),
  ]
)
