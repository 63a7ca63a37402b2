/// The part of a news world that a photo belongs to; no photo is in two.
package enum NewsSplit: String, CaseIterable, Codable, Sendable {
  /// Rows to train the student on; its labels are paid for one by one.
  case train
  /// Rows to choose by.
  case dev
  /// Rows to report on.
  case test
  /// Rows whose labels teachers may be trained with.
  case teacher
  /// Photos with captions alone.
  case pretrain
}

/// Whether a caption is printed with a photo of what it says.
package enum NewsLabel: String, CaseIterable, Codable, Sendable {
  /// The caption is true of the photo.
  case pristine
  /// The caption belongs to another photo and is wrong about this one.
  case falsified
}

/// A photo of a news world: its scene, and the seed of all that is no fact.
package struct NewsPhoto: Sendable, Equatable {
  /// The file's path inside the data set's folder, such as `images/test-00012-a.png`.
  package let image: String
  /// The part it belongs to.
  package let split: NewsSplit
  /// What it shows.
  package let scene: Scene
  /// The layout for ``SceneRenderer/image(of:layout:)``.
  package let layout: UInt64
  /// What the recogniser says it shows.
  package let entities: [String]

  /// Whether the file is a JPEG; a PNG otherwise.
  package var isJPEG: Bool { image.hasSuffix(".jpg") }
}

/// A photo with a caption: one line of `pairs.jsonl` or `teacher.jsonl`.
package struct PairRow: Codable, Sendable, Equatable {
  /// A name of its own, such as `test-00012-3`.
  package let id: String
  /// The group; its four rows and two photos stay together.
  package let group: String
  /// The split.
  package let split: NewsSplit
  /// The photo's path inside the folder.
  package let image: String
  /// The caption.
  package let caption: String
  /// The truth.
  package let label: NewsLabel
  /// In what the group's two scenes differ, such as `colour` or `count+place`; the same for pristine rows, so that
  /// accuracy can be sliced by it.
  package let fact: String
  /// What an imperfect recogniser sees in the photo.
  package let entities: [String]
  /// The reason for the label; in `teacher.jsonl` alone, since it states the verdict.
  package let rationale: String?
}

/// A photo with everything true that is to be said of it: one line of `captions.jsonl`.
package struct CaptionRow: Codable, Sendable, Equatable {
  /// The photo's path inside the folder.
  package let image: String
  /// The split: `pretrain` or `teacher`.
  package let split: NewsSplit
  /// Short captions of all sets of facts, then three news captions.
  package let captions: [String]
}
