import DPO
import Distillation
import DualChecker
import Foundation
import ImageDecoding
import LanguageModel
import Layers
import LoRA
import StudentModels
import TeacherProtocol
import Tensor
import TestSupport
import Testing
import Training
import TwoStage

/// What is computed of an item is the same, bit for bit, whatever is computed beside it and on however many threads.
@Suite(.serialized) struct CompanyTests {
  private static let long = "Look at the caption and say whether it fits what the picture shows, and be careful. "

  /// Prompts that begin alike for a while, some for more than the 128 keys of a block, and some that are like no other.
  private func question(_ number: Int) -> String {
    let beginning = number % 5 == 0 ? "" : String(repeating: Self.long, count: number % 3)
    return beginning + "Caption \(number * number): " + String(repeating: "more ", count: number % 7)
  }

  private func references(_ student: some Student, _ trees: [PreferenceTree]) -> [[UInt32]] {
    student.referenceScores(of: trees).map {
      guard case .tokens(let tokens) = $0 else { return [] }
      return tokens.joined().map(\.bitPattern)
    }
  }

  /// Random subsets of 40 items against all of them.
  private func expectNoCompany(_ name: String, _ student: some Student, images: [PromptImage] = []) throws {
    var student = student
    var generator = Tensor.Generator(seed: 7)
    var adapter = LoRAConfiguration()
    adapter.rank = 2
    try student.attachAdapters(adapter, using: &generator)
    // A fresh adapter adds nothing.
    var unsettled = Unsettled(generator: Tensor.Generator(seed: 8))
    student.visit(&unsettled, at: "")
    func picture(_ number: Int) -> [PromptImage] { images.isEmpty ? [] : [images[number / 2 % images.count]] }
    // Answers of a token or two are the few rows that other kernels take.
    let trees = try (0..<40).map { number in
      PreferenceTree(
        tree: try student.tree(
          question: question(number), images: picture(number),
          answers: number % 2 == 0
            ? ["Yes", "No"] : ["Yes, out of context \(number).", String(repeating: "x", count: number)]),
        chosen: [0], rejected: [1])
    }
    let questions = try (0..<40).map {
      try student.labelQuestion(
        question($0), images: picture($0), labels: $0 % 2 == 0 ? ["Yes", "No"] : ["A", "B", "A C"])
    }
    let scores = references(student, trees)
    let answers = try student.labelAnswers(questions, rationaleTokens: 4)
    defer { Tensor.Compute.threads = 2 }
    for threads in [2, 1] {
      Tensor.Compute.threads = threads
      for size in [1, 1, 2, 3, 5, 17, 37] {
        let kept = Array((0..<40).shuffled(using: &generator).prefix(size)).sorted()
        let own = references(student, kept.map { trees[$0] })
        #expect(own == kept.map { scores[$0] }, "\(name): reference scores of \(kept) on \(threads)")
        let found = try student.labelAnswers(kept.map { questions[$0] }, rationaleTokens: 4)
        for (item, one) in zip(kept, found) {
          let place = "\(name): item \(item) of \(kept) on \(threads)"
          #expect(one.probabilities == answers[item].probabilities, "\(place)")
          #expect(one.rationale == answers[item].rationale, "\(place)")
        }
      }
    }
  }

  private func pictures(_ student: some Student) throws -> [PromptImage] {
    try (0..<5).map { number in
      var generator = Tensor.Generator(seed: UInt64(number))
      let pixels = (0..<(3 * 256)).map { _ in UInt8.random(in: 0...255, using: &generator) }
      return try student.image(RGBImage(width: 16, height: 16, pixels: pixels))
    }
  }

  private func roomy() throws -> SmolVLM {
    var sizes = TinyModels.sizes
    sizes.maxPositions = 512
    return try TinyModels.student(sizes: sizes)
  }

  @Test func `scores of a photo student do not depend on what is scored beside them`() throws {
    let student = try roomy()
    let photos = try pictures(student)
    try expectNoCompany("pixels", student, images: photos)
    try expectNoCompany("features", student, images: photos.map(student.encoded))
  }

  @Test func `scores of a text student do not depend on what is scored beside them`() async throws {
    try expectNoCompany("text", try roomy())
    try await withFolder { folder in
      try TinyModels.writeTextDecoder(to: folder.appending(path: "decoder"))
      var student = try TextDecoder(contentsOf: folder.appending(path: "decoder"))
      student.maximumTokens = 1000
      try expectNoCompany("decoder", student)
    }
  }

  @Test func `answers of encoder students and vectors of texts do not depend on what is read beside them`() async throws
  {
    try await withFolder { folder in
      let place = try DualCheckerFixture.encoder(in: folder)
      let texts = (0..<40).map { $0 % 4 == 0 ? "" : DualCheckerFixture.text($0) }
      let items = zip(0..., texts).map { Item(id: "\($0)", fields: ["text": $1]) }
      defer { Tensor.Compute.threads = 2 }
      for task in [try DualCheckerFixture.task(), try DualCheckerFixture.spans()] {
        let student = try EncoderStudent(task: task, encoderIn: place, options: DualCheckerFixture.options, seed: 1)
        let whole = try await student.predictions(for: items).map(\.probabilities)
        for threads in [2, 1] {
          Tensor.Compute.threads = threads
          for size in [1, 2, 3, 4, 5, 9, 33] {
            let kept = Array(items.shuffled().prefix(size))
            let own = try await student.predictions(for: kept).map(\.probabilities)
            #expect(own == kept.map { whole[Int($0.id) ?? 0] }, "\(kept.map(\.id)) on \(threads)")
          }
        }
      }
    }
  }
}

/// Fills the second matrices of adapters.
private struct Unsettled: ModuleVisitor {
  var generator: Tensor.Generator

  mutating func visit(_ parameter: inout Parameter, at path: String) {
    guard path.hasSuffix("lora_B.weight") else { return }
    parameter.value = .normal(parameter.value.shape, standardDeviation: 0.1, using: &generator)
  }
}
