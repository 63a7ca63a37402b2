import Evaluation
import Reporting
import Foundation
import Testing
import TestSupport

@Suite struct ReportPageTests {
  let hostile = [
    "</title><script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onload='alert(1)", "<!-- ", "]]>",
    "&lt;b&gt;", "\u{202E}olleh\u{0}\u{1B}", String(repeating: "long", count: 500), "مرحبا", "",
  ]

  @Test func `every part is on the page, with its heading and a link to it`() {
    let page = ReportSample.content().html()
    for (id, title) in [
      ("results", "Results"), ("labels", "Accuracy per human label"), ("conflicts", "The conflicts"),
      ("agreement", "Agreement of the teachers"), ("confusion", "What is mistaken for what"), ("training", "Training"),
      ("run", "What was done"), ("aside", "Rows set aside"),
    ] {
      #expect(page.contains("<h2 id=\"\(id)-title\">\(title)</h2>"))
      #expect(page.contains("<a href=\"#\(id)\">\(title)</a>"))
    }
    #expect(page.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
    #expect(page.contains("<title>Photos</title>"))
  }

  @Test func `the page is well formed and asks nothing of the network`() {
    let page = ReportSample.content().html()
    let markup = MarkupChecker(page)
    #expect(markup.problems == [])
    #expect(markup.eventHandlers == [] && markup.duplicateIDs == [])
    #expect(markup.elements.isDisjoint(with: ["script", "link", "iframe", "object", "embed", "base", "form"]))
    #expect(markup.addresses.allSatisfy { $0.hasPrefix("#") || $0.hasPrefix("data:image/") })
    #expect(
      !page.contains("http://") && !page.contains("https://") && !page.contains("url(") && !page.contains("@import"))
    #expect(page.contains("default-src 'none'; img-src data:; style-src 'unsafe-inline'"))
  }

  @Test func `no text becomes markup, wherever it stands`() {
    let plain = MarkupChecker(ReportSample.content().html()).elements
    for text in hostile {
      var content = ReportSample.content()
      content.title = text
      content.summary = text
      content.configuration = text
      content.steps = [.init(name: text, detail: text, seconds: 1)]
      content.evaluation = ReportSample.evaluation(labels: ["a" + text, "b" + text, text])
      if let score = content.evaluation?.results["stage1"] {
        content.evaluation?.results["teacher:\(text)"] = score
        content.evaluation?.results[text] = score
        content.evaluation?.slices?[text] = .init(testItems: 1, results: ["x" + text: score])
        content.evaluation?.budgets = [
          .init(result: text, labels: 3, accuracy: score.accuracy, interval: score.interval)
        ]
      }
      content.curves.append(
        .init(stage: text, title: text, series: [.init(name: text, steps: [1, 2], values: [1, 2])]))
      content.curves.append(
        .init(
          stage: text, title: text,
          series: [.init(name: text, steps: [1], values: [1]), .init(name: "y" + text, steps: [1], values: [2])]))
      content.agreement = .init(
        teachers: ["a" + text, "b" + text],
        pairs: [.init(first: "a" + text, second: "b" + text, items: 1, agreement: 1, kappa: nil)], note: text)
      var conflict = ReportSample.conflict(text, caption: text, human: text)
      conflict.photos = [
        .init(format: .jpeg, bytes: Array(text.utf8), alternative: text),
        .init(format: .jpeg, bytes: [1], alternative: text, name: text),
      ]
      conflict.votes = [
        .init(name: text, label: text, rationale: text), .init(name: text, label: "b", rationale: text),
      ]
      conflict.student = .init(name: text, label: text, rationale: text, confidence: 1)
      content.conflicts = [conflict]
      content.setAside = [.init(place: text, reason: text)]

      let page = content.html()
      let markup = MarkupChecker(page)
      #expect(markup.problems == [], "with \(text)")
      #expect(markup.eventHandlers == [] && markup.duplicateIDs == [])
      #expect(markup.elements.subtracting(plain).subtracting(["details", "summary", "figcaption"]) == [])
      #expect(markup.addresses.allSatisfy { $0.hasPrefix("#") || $0.hasPrefix("data:image/") })
      #expect(!page.unicodeScalars.contains { $0.value < 32 && $0 != "\n" && $0 != "\t" })
    }
  }

  @Test func `our own markup is not escaped`() {
    let page = ReportSample.content().html()
    #expect(!page.contains("&lt;") && !page.contains("Optional(") && !page.contains("HTML("))
  }

  @Test func `equal contents give equal bytes, and a content survives its JSON`() throws {
    let content = ReportSample.content()
    let copy = try JSONDecoder().decode(ReportContent.self, from: JSONEncoder().encode(content))
    #expect(copy == content)
    #expect(copy.html() == content.html())
  }

  @Test func `a report of nothing is a whole page with its title alone`() {
    let page = ReportContent(title: "Nothing yet").html()
    #expect(MarkupChecker(page).problems == [])
    #expect(page.contains("<h1 dir=\"auto\">Nothing yet</h1>"))
    #expect(!page.contains("<section") && !page.contains("<nav"))
  }

  @Test func `the page is written whole, and an unwritable place is named`() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("report.html")
      try ReportSample.content().write(to: file)
      #expect(try String(contentsOf: file, encoding: .utf8) == ReportSample.content().html())
      #expect(throws: RunFileError.self) {
        try ReportSample.content().write(to: folder.appendingPathComponent("missing/report.html"))
      }
    }
  }
}
