// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that nobody who depends on swift-distillation resolves or builds it.
let package = Package(
  name: "benchmarks",
  platforms: [.macOS(.v15)],
  traits: [.trait(name: "OneDNN", description: "Products by oneDNN beside our own.")],
  dependencies: [
    .package(
      name: "swift-distillation", path: "..", traits: [.trait(name: "OneDNN", condition: .when(traits: ["OneDNN"]))])
  ],
  targets: [
    .executableTarget(
      name: "benchmarks",
      dependencies: ["Layers", "StudentModels", "Tensor"].map { .product(name: $0, package: "swift-distillation") })
  ]
)
