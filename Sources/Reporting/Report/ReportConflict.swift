package import Foundation

extension ReportContent {
  /// An item on which the teachers disagree, as the gallery shows it.
  package struct Conflict: Codable, Sendable, Equatable {
    /// The answer of one teacher, or of the student, for the item.
    package struct Answer: Codable, Sendable, Equatable {
      /// Who says it.
      package var name: String
      /// The label; nil where the voter abstained or could not be read.
      package var label: String?
      /// The reasons given; nil where there are none.
      package var rationale: String?
      /// How sure the voter is, in 0...1; nil where it does not say.
      package var confidence: Double?

      package init(name: String, label: String?, rationale: String? = nil, confidence: Double? = nil) {
        (self.name, self.label, self.rationale, self.confidence) = (name, label, rationale, confidence)
      }
    }

    /// The item's `id` in its data set.
    package var id: String
    /// The photos; empty where there is none.
    package var photos: [Photo]
    /// The caption under question.
    package var caption: String
    /// What the teachers say.
    package var votes: [Answer]
    /// The label that a human gave; nil where none was asked.
    package var humanLabel: String?
    /// What the finished student says; nil where it was not asked.
    package var student: Answer?

    package init(
      id: String, photos: [Photo], caption: String, votes: [Answer], humanLabel: String? = nil, student: Answer? = nil
    ) {
      (self.id, self.photos, self.caption) = (id, photos, caption)
      (self.votes, self.humanLabel, self.student) = (votes, humanLabel, student)
    }
  }

  /// A small picture that the page carries within itself.
  package struct Photo: Codable, Sendable, Equatable {
    /// The file formats that every browser shows.
    package enum Format: String, Codable, Sendable {
      case jpeg = "image/jpeg"
      case png = "image/png"
    }

    /// The format of the file.
    package var format: Format
    /// The file's bytes; a thumbnail of some 10 kB keeps a page of 300 photos at 4 MB.
    package var data: Data
    /// What is to be seen, for those who can't see it. The default is empty: the page says that it is the item's photo.
    package var alternative: String
    /// What the photo is called among others of its item. The default is nil: it is the only one.
    package var name: String?

    package init(format: Format, bytes: [UInt8], alternative: String = "", name: String? = nil) {
      (self.name, self.format) = (name, format)
      data = Data(bytes)
      self.alternative = alternative
    }

    /// The picture as a `data:` address.
    var address: HTML { HTML(trusted: "data:\(format.rawValue);base64,\(data.base64EncodedString())") }
  }
}
