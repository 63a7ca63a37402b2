/// The part of a news world that a photo belongs to; no photo is in two.
public enum NewsSplit: String, CaseIterable, Codable, Sendable {
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
public enum NewsLabel: String, CaseIterable, Codable, Sendable {
  /// The caption is true of the photo.
  case pristine
  /// The caption belongs to another photo and is wrong about this one.
  case falsified
}

/// A photo of a news world: its scene, and the seed of all that is no fact.
public struct NewsPhoto: Sendable, Equatable {
  /// The file's path inside the data set's folder, such as `images/test-00012-a.png`.
  public let image: String
  /// The part it belongs to.
  public let split: NewsSplit
  /// What it shows.
  public let scene: Scene
  /// The layout for ``SceneRenderer/image(of:layout:)``.
  public let layout: UInt64
  /// What the recogniser says it shows.
  public let entities: [String]

  /// Whether the file is a JPEG; a PNG otherwise.
  public var isJPEG: Bool { image.hasSuffix(".jpg") }
}

/// A photo with a caption: one line of `pairs.jsonl` or `teacher.jsonl`.
public struct PairRow: Codable, Sendable, Equatable {
  /// A name of its own, such as `test-00012-3`.
  public let id: String
  /// The group; its four rows and two photos stay together.
  public let group: String
  /// The split.
  public let split: NewsSplit
  /// The photo's path inside the folder.
  public let image: String
  /// The caption.
  public let caption: String
  /// The truth.
  public let label: NewsLabel
  /// In what the group's two scenes differ, such as `colour` or `count+place`; the same for pristine rows, so that
  /// accuracy can be sliced by it.
  public let fact: String
  /// What an imperfect recogniser sees in the photo.
  public let entities: [String]
  /// The reason for the label; in `teacher.jsonl` alone, since it states the verdict.
  public let rationale: String?
}

/// A photo with everything true that is to be said of it: one line of `captions.jsonl`.
public struct CaptionRow: Codable, Sendable, Equatable {
  /// The photo's path inside the folder.
  public let image: String
  /// The split: `pretrain` or `teacher`.
  public let split: NewsSplit
  /// Short captions of all sets of facts, then three news captions.
  public let captions: [String]
}
