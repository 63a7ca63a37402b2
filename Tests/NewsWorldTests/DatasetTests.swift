import Foundation
import NewsWorld
import Testing

@Suite struct DatasetTests {
  static let small: NewsWorldConfiguration = {
    var configuration = NewsWorldConfiguration()
    configuration.side = 16
    configuration.trainGroups = 60
    configuration.devGroups = 8
    configuration.testGroups = 20
    configuration.teacherGroups = 10
    configuration.pretrainingPhotos = 12
    return configuration
  }()

  private func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "news-world-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func lines<Row: Decodable>(_ file: URL, as type: Row.Type) throws -> [Row] {
    try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(Row.self, from: Data($0.utf8))
    }
  }

  @Test
  func `every photo and every caption of a group is once pristine and once falsified, so neither tells the label`()
    throws
  {
    var configuration = NewsWorldConfiguration()
    configuration.pretrainingPhotos = 0
    let world = try NewsWorldDataset(configuration)
    for split in NewsSplit.allCases {
      let rows = world.rows(in: split)
      #expect(rows.count { $0.label == .pristine } * 2 == rows.count)
    }
    let byPhoto = Dictionary(grouping: world.rows, by: \.image)
    let byCaption = Dictionary(grouping: world.rows, by: { $0.group + $0.caption })
    for uses in Array(byPhoto.values) + Array(byCaption.values) {
      #expect(uses.count == 2 && Set(uses.map(\.label)).count == 2)
    }
    // The position inside the group says nothing either: half are pristine, within five standard deviations.
    for number in 1...4 {
      let here = world.rows.filter { $0.id.hasSuffix("-\(number)") }
      let pristine = Float(here.count { $0.label == .pristine })
      #expect(abs(pristine - Float(here.count) / 2) < 2.5 * Float(here.count).squareRoot())
    }
    let words = Dictionary(grouping: world.rows.flatMap { row in row.entities.map { ($0, row.label) } }, by: \.0)
    #expect(words.values.allSatisfy { uses in uses.count { $0.1 == .pristine } * 2 == uses.count })
  }

  @Test
  func `the two scenes of a group differ in exactly the facts that its rows name`() throws {
    let world = try NewsWorldDataset(Self.small)
    let scenes = Dictionary(uniqueKeysWithValues: world.photos.map { ($0.image, $0.scene) })
    for (_, rows) in Dictionary(grouping: world.rows, by: \.group) {
      #expect(rows.count == 4)
      let pair = Set(rows.compactMap { scenes[$0.image] })
      let (first, second) = (try #require(pair.first), try #require(pair.dropFirst().first))
      #expect(pair.count == 2)
      #expect(rows.allSatisfy { $0.fact == first.differences(from: second).name })
    }
    let double = world.rows.count { $0.fact.contains("+") }
    // 30 % of 98 groups.
    #expect((60...180).contains(double))
  }

  @Test
  func `no photo and no group is in two splits`() throws {
    let world = try NewsWorldDataset(Self.small)
    #expect(Set(world.photos.map(\.image)).count == world.photos.count)
    #expect(Set(world.photos.map(\.layout)).count == world.photos.count)
    let splits = Dictionary(uniqueKeysWithValues: world.photos.map { ($0.image, $0.split) })
    #expect(world.rows.allSatisfy { splits[$0.image] == $0.split })
    for rows in Dictionary(grouping: world.rows, by: \.group).values { #expect(Set(rows.map(\.split)).count == 1) }
    #expect(Set(world.rows.map(\.id)).count == world.rows.count)
    #expect(Set(world.captions.map(\.split)) == [.teacher, .pretrain])
  }

  @Test
  func `more training groups leave every other row as it was, another seed leaves none`() throws {
    let world = try NewsWorldDataset(Self.small)
    var larger = Self.small
    larger.trainGroups += 5
    #expect(try NewsWorldDataset(larger).rows(in: .test) == world.rows(in: .test))
    #expect(try NewsWorldDataset(larger).rows(in: .train).starts(with: world.rows(in: .train)))
    var reseeded = Self.small
    reseeded.seed = 2
    #expect(try zip(NewsWorldDataset(reseeded).rows, world.rows).count { $0.caption == $1.caption } < 5)
  }

  @Test
  func `rationales, which state the verdict, are with the teachers' rows alone and agree with the label`() throws {
    for row in try NewsWorldDataset(Self.small).rows {
      #expect((row.rationale != nil) == (row.split == .teacher))
      if let rationale = row.rationale {
        #expect(rationale.hasPrefix("Photo and caption both show") == (row.label == .pristine))
      }
    }
  }

  @Test
  func `writing twice gives the same bytes, also over an older world, and the files hold what the data set says`()
    throws
  {
    let world = try NewsWorldDataset(Self.small)
    try withTemporaryFolder { folder in
      let (first, second) = (folder.appending(path: "a"), folder.appending(path: "b"))
      var older = Self.small
      older.seed = 3
      older.trainGroups = 3
      try NewsWorldDataset(older).write(to: first)
      #expect(try world.write(to: first) == world.photos.map { world.image(of: $0) })
      try NewsWorldDataset(Self.small).write(to: second)
      let names = ["pairs.jsonl", "teacher.jsonl", "captions.jsonl"] + world.photos.map(\.image)
      for name in names {
        #expect(try Data(contentsOf: first.appending(path: name)) == Data(contentsOf: second.appending(path: name)))
      }
      for photo in world.photos {
        let start = Array(try Data(contentsOf: first.appending(path: photo.image)).prefix(2))
        #expect(start == (photo.isJPEG ? [0xff, 0xd8] : [0x89, 0x50]))
      }
      #expect(Set(world.photos.map(\.isJPEG)).count == 2)
      let pairs = try lines(first.appending(path: "pairs.jsonl"), as: PairRow.self)
      #expect(pairs == world.rows.filter { $0.split != .teacher })
      #expect(try lines(first.appending(path: "teacher.jsonl"), as: PairRow.self) == world.rows(in: .teacher))
      #expect(try lines(first.appending(path: "captions.jsonl"), as: CaptionRow.self) == world.captions)
    }
  }

  @Test
  func `a folder that can't be made is named in the error`() throws {
    try withTemporaryFolder { folder in
      try Data("in the way".utf8).write(to: folder)
      let error = #expect(throws: NewsWorldError.self) { try NewsWorldDataset(Self.small).write(to: folder) }
      #expect(error?.description.contains(folder.lastPathComponent) == true)
    }
  }

  @Test
  func `a configuration reads what is there, keeps defaults, and writes itself back`() throws {
    let read = try JSONDecoder().decode(
      NewsWorldConfiguration.self, from: Data(#"{"side": 32, "facts": ["colour", "time"]}"#.utf8))
    #expect(read.side == 32 && read.facts == [.colour, .time] && read.trainGroups == 1500)
    #expect(try JSONDecoder().decode(NewsWorldConfiguration.self, from: JSONEncoder().encode(read)) == read)
  }

  @Test(
    arguments: [
      (#"{"sede": 1}"#, "sede"), (#"{"side": 8}"#, "side"), (#"{"devGroups": -1}"#, "devGroups"),
      (#"{"facts": []}"#, "facts"), (#"{"facts": ["time"]}"#, "twoFactShare"), (#"{"jpegShare": 1.5}"#, "jpegShare"),
      (#"{"noise": 300}"#, "noise"), (#"{"clutter": -1}"#, "clutter"), (#"{"entityNoise": 2}"#, "entityNoise"),
    ])
  func `a wrong configuration is refused with the key and what is expected`(json: String, key: String) {
    let error = #expect(throws: NewsWorldError.self) {
      try JSONDecoder().decode(NewsWorldConfiguration.self, from: Data(json.utf8))
    }
    #expect(error?.description.contains(key) == true)
  }

  @Test
  func `a world without photos is empty, and facts that are not asked about never differ`() throws {
    var configuration = Self.small
    configuration.facts = [.colour]
    configuration.twoFactShare = 0
    #expect(try NewsWorldDataset(configuration).rows.allSatisfy { $0.fact == "colour" })
    configuration.trainGroups = 0
    configuration.devGroups = 0
    configuration.testGroups = 0
    configuration.teacherGroups = 0
    configuration.pretrainingPhotos = 0
    let empty = try NewsWorldDataset(configuration)
    #expect(empty.photos.isEmpty && empty.rows.isEmpty && empty.captions.isEmpty)
  }
}
