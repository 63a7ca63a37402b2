import Evaluation
import Foundation
import TestSupport
import Testing

@Suite struct ThresholdFileTests {
  private static let text = """
    {"version": 1, "confidence": 0.87, "precision": 0.95, "certainty": 0.9, "share": 0.6, "answers": 400, "accepted": 240,
     "right": 236, "bound": 0.962, "source": "dev", "adapter": "5f1c", "calibration": "77ab", "question": "90be"}
    """

  @Test func `a file is read as it was written`() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "threshold.json")
      try Data(Self.text.utf8).write(to: file)
      let read = try ThresholdFile(contentsOf: file)
      #expect(read.threshold.confidence == 0.87 && read.threshold.share == 0.6)
      #expect(read.question == "90be" && read.calibration == "77ab")
      try read.write(to: file)
      #expect(try ThresholdFile(contentsOf: file) == read)
      // Of a version that did not know what was asked.
      try Data(Self.text.replacing(#", "question": "90be""#, with: "").utf8).write(to: file)
      #expect(try ThresholdFile(contentsOf: file).question == nil)
    }
  }

  @Test(arguments: [
    (#""confidence": 0.87"#, #""confidence": 1.2"#, "confidence", "a number from 0 to 1", "1.2"),
    (#""precision": 0.95"#, #""precision": 1"#, "precision", "a number above 0 and below 1", "1"),
    (#""certainty": 0.9,"#, #""certainty": 0,"#, "certainty", "a number above 0 and below 1", "0"),
    (#""answers": 400"#, #""answers": 0"#, "answers", "1 or more", "0"),
    (#""accepted": 240"#, #""accepted": 401"#, "accepted", "1 to the 400 of 'answers'", "401"),
    (#""accepted": 240"#, #""accepted": 0"#, "accepted", "1 to the 400 of 'answers'", "0"),
    (#""right": 236"#, #""right": 241"#, "right", "0 to the 240 of 'accepted'", "241"),
    (#""right": 236"#, #""right": -1"#, "right", "0 to the 240 of 'accepted'", "-1"),
    (#""right": 236"#, #""right": "236""#, "right", "a whole number", "\"236\""),
    (#""bound": 0.962"#, #""bound": 0.9"#, "bound", "a number from the 0.95 of 'precision' to 1", "0.9"),
    (#""answers": 400"#, #""answers": 400.5"#, "answers", "a whole number that fits in 64 bits", "400.5"),
    (#""accepted": 240"#, #""accepted": 1e308"#, "accepted", "a whole number that fits in 64 bits", "1e308"),
    (#""bound": 0.962"#, #""bound": 1e308"#, "bound", "a number from the 0.95 of 'precision' to 1", "1e308"),
    (#", "adapter": "5f1c""#, "", "adapter", "a value", "nothing"),
    (#""source": "dev""#, #""source": null"#, "source", "a text", "null"),
    (#""version": 1"#, #""version": 2"#, "version", "1; the file is of a later version of the program", "2"),
  ])
  func `numbers that are none of a threshold are refused by field, with what is expected and what is there`(
    _ old: String, _ new: String, _ field: String, _ expected: String, _ found: String
  ) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "threshold.json")
      try Data(Self.text.replacing(old, with: new).utf8).write(to: file)
      #expect(
        throws: RunFileError.malformed(file: file.path, place: "field \(field)", expected: expected, found: found)
      ) { try ThresholdFile(contentsOf: file) }
    }
  }
}
