/// How large a news world is and how hard.
///
/// ```swift
/// var configuration = NewsWorldConfiguration()
/// configuration.testGroups = 100
/// let world = try NewsWorldDataset(configuration)
/// ```
///
/// As JSON or YAML every key is optional and an unknown key is an error.
package struct NewsWorldConfiguration: Codable, Sendable, Equatable {
  /// The seed of everything. The default is 1.
  package var seed: UInt64 = 1
  /// Width and height of every photo in pixels, 16 to 1024. The default is 64.
  package var side = 64
  /// Groups of the split `train`; a group has two photos and four rows. The default is 1,500.
  package var trainGroups = 1500
  /// Groups of the split `dev`. The default is 150.
  package var devGroups = 150
  /// Groups of the split `test`. The default is 500, which makes 2,000 rows.
  package var testGroups = 500
  /// Groups of the split `teacher`, on whose labels teachers may be trained. The default is 600.
  package var teacherGroups = 600
  /// Photos of the split `pretrain`, which have captions and are in no pair. The default is 2,000.
  package var pretrainingPhotos = 2000
  /// The facts about which captions may be wrong. The default is all five.
  package var facts = Fact.allCases
  /// Share of groups whose scenes differ in two facts and not in one, 0 to 1. The default is 0.3.
  package var twoFactShare: Float = 0.3
  /// The largest number of unmentioned things in a photo, 0 to 20. The default is 3.
  package var clutter = 3
  /// Largest change of a pixel by the camera's noise, in levels, 0 to 255. The default is 7.
  package var noise: Float = 7
  /// Probability that the recogniser leaves out or mistakes a name, 0 to 1. The default is 0.3.
  package var entityNoise: Float = 0.3
  /// Share of photos that are JPEG files and not PNG, 0 to 1. The default is 0.5.
  package var jpegShare: Float = 0.5

  /// The default world.
  package init() {}

  /// Number of groups of a split; none for `pretrain`, whose photos are in no pair.
  package func groups(in split: NewsSplit) -> Int {
    switch split {
    case .train: trainGroups
    case .dev: devGroups
    case .test: testGroups
    case .teacher: teacherGroups
    case .pretrain: 0
    }
  }

  /// - Throws: ``NewsWorldError/value(key:expected:found:)`` for the first value out of range.
  package func validate() throws(NewsWorldError) {
    func check(_ key: CodingKeys, _ isGood: Bool, _ expected: String, _ found: some Any) throws(NewsWorldError) {
      if !isGood { throw .value(key: key.stringValue, expected: expected, found: "\(found)") }
    }
    try check(.side, (16...1024).contains(side), "16 to 1024 pixels", side)
    let amount = 0...1_000_000
    try check(.trainGroups, amount.contains(trainGroups), "0 to 1000000", trainGroups)
    try check(.devGroups, amount.contains(devGroups), "0 to 1000000", devGroups)
    try check(.testGroups, amount.contains(testGroups), "0 to 1000000", testGroups)
    try check(.teacherGroups, amount.contains(teacherGroups), "0 to 1000000", teacherGroups)
    try check(.pretrainingPhotos, amount.contains(pretrainingPhotos), "0 to 1000000", pretrainingPhotos)
    try check(
      .facts, !facts.isEmpty && Set(facts).count == facts.count, "one or more different facts", facts.map(\.rawValue))
    try check(.twoFactShare, (0...1).contains(twoFactShare), "0 to 1", twoFactShare)
    try check(.twoFactShare, twoFactShare == 0 || facts.count > 1, "0 where captions err about one fact", twoFactShare)
    try check(.clutter, (0...20).contains(clutter), "0 to 20", clutter)
    try check(.noise, (0...255).contains(noise), "0 to 255", noise)
    try check(.entityNoise, (0...1).contains(entityNoise), "0 to 1", entityNoise)
    try check(.jpegShare, (0...1).contains(jpegShare), "0 to 1", jpegShare)
  }

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case seed, side, trainGroups, devGroups, testGroups, teacherGroups, pretrainingPhotos
    case facts, twoFactShare, clutter, noise, entityNoise, jpegShare
  }

  /// Any key at all, to find those that are unknown.
  private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Reads a configuration; a missing key keeps its default.
  ///
  /// - Throws: ``NewsWorldError`` for an unknown key or a value out of range, `DecodingError` for a wrong type.
  package init(from decoder: any Decoder) throws {
    let known = CodingKeys.allCases.map(\.rawValue)
    let keys = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted()
    if let stranger = keys.first(where: { !known.contains($0) }) {
      throw NewsWorldError.unknownKey(stranger, known: known)
    }
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func read<Value: Decodable>(_ value: inout Value, _ key: CodingKeys) throws {
      value = try values.decodeIfPresent(Value.self, forKey: key) ?? value
    }
    try read(&seed, .seed)
    try read(&side, .side)
    try read(&trainGroups, .trainGroups)
    try read(&devGroups, .devGroups)
    try read(&testGroups, .testGroups)
    try read(&teacherGroups, .teacherGroups)
    try read(&pretrainingPhotos, .pretrainingPhotos)
    try read(&facts, .facts)
    try read(&twoFactShare, .twoFactShare)
    try read(&clutter, .clutter)
    try read(&noise, .noise)
    try read(&entityNoise, .entityNoise)
    try read(&jpegShare, .jpegShare)
    try validate()
  }
}
