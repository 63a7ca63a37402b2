import Annotations
import Distillation
import Foundation
import TeacherProtocol
import Testing

/// Several people who decide the same items of a run.
@Suite(.serialized) struct ReviewOpinionTests {
  private func decide(_ review: RunReview, _ item: Int, _ reviewer: String, _ label: String) async throws {
    let entry = ReviewEntry(
      item: review.questions[item].item.id, reviewer: reviewer, decision: .label(label))
    #expect(try await review.log.decide(entry, opinions: review.opinions) != nil)
  }

  @Test func `every opinion counts against the budget, and items with a tie or too few are told`() async throws {
    try await withRunWorld { world in
      let own = world.with {
        $0.review.source = .page
        $0.review.opinions = 2
        // Room for three items with two opinions each.
        $0.review.budget = .count(7)
      }
      let folder = world.folder.appending(path: "run")
      await #expect(throws: RunError.waitingForReview(folder.path, conflicts: 3)) { try await own.run().run() }
      let review = try await own.run().review()
      #expect(review.questions.count == 3 && review.opinions == 2)
      for (item, reviewer, label) in [
        (0, "anna", "pristine"), (0, "bea", "pristine"), (1, "anna", "pristine"), (1, "bea", "falsified"),
        (2, "anna", "falsified"),
      ] { try await decide(review, item, reviewer, label) }
      let said = Said()
      try await DistillationRun(own.configuration, folder: folder, reporter: said.reporter, plugins: own.plugins).run()
      #expect(said.text.contains("1 of 3 conflicts for people lack an opinion of the 2 that review.opinions wants"))
      #expect(said.text.contains("1 of 3 conflicts for people have as many opinions for one label as for another"))
      #expect(said.text.contains("people agree in 50.0 % of the pairs of labels on 2 items with two or more"))
      let evaluation = try #require(try own.run().evaluation)
      #expect(evaluation.labelsSpent == 5 && evaluation.results["two_stage"]?.labels == 5)
      let page = try String(decoding: world.bytes("report.html"), as: UTF8.self)
      #expect(page.contains("5 opinions of people came to 2 human labels"))
      #expect(page.contains("5 human labels on 3 conflicts; people agree in 50.0 %"))
      // A second opinion that changes no label is a label that was spent.
      try await decide(review, 2, "bea", "falsified")
      try await own.run().run()
      #expect(try own.run().evaluation?.labelsSpent == 6)
    }
  }

  @Test func `a budget counts labels, and is no more than all people can give`() {
    var review = ReviewConfiguration()
    (review.source, review.opinions, review.budget) = (.page, 3, .count(1000))
    #expect(review.labels(ofItems: 100) == 300 && review.opinionsOfItem == 3)
    review.budget = .fraction(0.29)
    #expect(review.labels(ofItems: 100) == 29)
    review.source = .oracle
    review.budget = .count(1000)
    #expect(review.labels(ofItems: 100) == 100 && review.opinionsOfItem == 1)
  }
}
