package import ImageDecoding

/// A data set of news photos with captions, some of them out of context, made from a seed.
///
/// ```swift
/// var configuration = NewsWorldConfiguration()
/// configuration.trainGroups = 100
/// let world = try NewsWorldDataset(configuration)
/// try world.write(to: folder)
/// ```
///
/// A group has two scenes A and B that differ in one or two facts, a photo of each, a caption of each, and all four
/// pairs of them: caption A with photo A and caption B with photo B are pristine, caption A with photo B and caption B
/// with photo A falsified. So each photo and each caption is once pristine and once falsified, and neither says
/// anything about the label without the other.
///
/// The captions of training photos are not given away in `captions.jsonl`: they would tell which pairs are pristine,
/// which is what labels are paid for. Pre-training has photos of its own.
package struct NewsWorldDataset: Sendable {
  /// The configuration it was made from.
  package let configuration: NewsWorldConfiguration
  /// All photos: two for each group, then those of `pretrain`.
  package let photos: [NewsPhoto]
  /// All pairs, split by split and group by group. Rows of `teacher` carry a rationale.
  package let rows: [PairRow]
  /// What may be said of the photos of `pretrain` and `teacher`.
  package let captions: [CaptionRow]

  /// Makes scenes, captions and rows; the photos are drawn when asked for.
  ///
  /// - Throws: ``NewsWorldError/value(key:expected:found:)`` where the configuration is out of range.
  package init(_ configuration: NewsWorldConfiguration = .init()) throws(NewsWorldError) {
    try configuration.validate()
    self.configuration = configuration
    var photos: [NewsPhoto] = []
    var rows: [PairRow] = []
    for split in NewsSplit.allCases {
      for index in 0..<configuration.groups(in: split) {
        let group = Group(index: index, split: split, configuration: configuration)
        photos += group.photos
        rows += group.rows
      }
    }
    for index in 0..<configuration.pretrainingPhotos {
      let name = "\(NewsSplit.pretrain.rawValue)-\(padded(index))"
      var generator = WorldGenerator(seed: configuration.seed, purpose: "photo", name)
      photos.append(
        NewsPhoto(
          .random(using: &generator), name: name, split: .pretrain, configuration: configuration, using: &generator))
    }
    (self.photos, self.rows) = (photos, rows)
    captions = photos.filter { $0.split == .pretrain || $0.split == .teacher }.map { photo in
      var generator = WorldGenerator(seed: configuration.seed, purpose: "captions", photo.image)
      let news = (0..<3).map { _ in photo.scene.newsCaption(using: &generator) }
      return CaptionRow(image: photo.image, split: photo.split, captions: photo.scene.factCaptions + news)
    }
  }

  /// The rows of a split.
  package func rows(in split: NewsSplit) -> [PairRow] {
    rows.filter { $0.split == split }
  }

  /// Draws a photo, before any compression.
  package func image(of photo: NewsPhoto) -> RGBImage {
    SceneRenderer(side: configuration.side, clutter: configuration.clutter, noise: configuration.noise)
      .image(of: photo.scene, layout: photo.layout)
  }
}

/// Two scenes with their photos and four rows.
private struct Group {
  var photos: [NewsPhoto]
  var rows: [PairRow]

  init(index: Int, split: NewsSplit, configuration: NewsWorldConfiguration) {
    let name = "\(split.rawValue)-\(padded(index))"
    var generator = WorldGenerator(seed: configuration.seed, purpose: "group", name)
    let isDouble = generator.chance(configuration.twoFactShare)
    let facts = Set(generator.shuffle(configuration.facts).prefix(isDouble ? 2 : 1))
    let scene = Scene.random(using: &generator)
    let scenes = [scene, scene.twin(differingIn: facts, using: &generator)]
    var photos: [NewsPhoto] = []
    for (scene, letter) in zip(scenes, ["a", "b"]) {
      photos.append(
        NewsPhoto(scene, name: "\(name)-\(letter)", split: split, configuration: configuration, using: &generator))
    }
    let captions = scenes.map { $0.newsCaption(using: &generator) }
    // In random order, so that a row's number does not tell its label.
    let pairs = generator.shuffle([(0, 0), (0, 1), (1, 0), (1, 1)])
    rows = pairs.enumerated().map { number, pair in
      let (caption, photo) = pair
      return PairRow(
        id: "\(name)-\(number + 1)", group: name, split: split, image: photos[photo].image,
        caption: captions[caption], label: caption == photo ? .pristine : .falsified, fact: facts.name,
        entities: photos[photo].entities,
        rationale: split == .teacher ? Rationale.text(caption: scenes[caption], photo: scenes[photo]) : nil)
    }
    self.photos = photos
  }
}

extension NewsPhoto {
  fileprivate init(
    _ scene: Scene, name: String, split: NewsSplit, configuration: NewsWorldConfiguration,
    using generator: inout some RandomNumberGenerator
  ) {
    image = "images/\(name).\(generator.chance(configuration.jpegShare) ? "jpg" : "png")"
    self.split = split
    self.scene = scene
    layout = generator.next()
    entities = Recogniser(noise: configuration.entityNoise).entities(of: scene, using: &generator)
  }
}

/// The number with at least five digits, so that names sort as numbers do.
private func padded(_ index: Int) -> String {
  let digits = String(index)
  return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
}
