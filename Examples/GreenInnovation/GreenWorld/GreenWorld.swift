/// Short records about inventions: which are green innovations, by which path, and what causes what in them.
///
/// ```swift
/// let records = GreenWorld.records(count: 800, seed: 1)
/// ```
///
/// The records are written by a seeded generator for this project and not collected anywhere; no firm, product or patent stands
/// behind them. Half are green innovations; about a third of all are deceptive or borderline.
package enum GreenWorld {
  /// The impact paths with their meanings, in the order of their labels.
  package static var paths: [(name: String, meaning: String)] { Effect.paths.map { ($0.name, $0.meaning) } }

  /// Records with ids from 1 on.
  package static func records(count: Int, seed: UInt64) -> [GreenRecord] {
    var generator = SeededGenerator(seed: seed)
    var seen: Set<String> = []
    var records: [GreenRecord] = []
    while records.count < count {
      let record = record(id: records.count + 1, isGreen: records.count % 2 == 0, using: &generator)
      if seen.insert(record.summary).inserted { records.append(record) }
    }
    return records.shuffled(using: &generator).enumerated().map { place, record in
      var record = record
      record.id = place + 1
      return record
    }
  }

  private static func record(id: Int, isGreen: Bool, using generator: inout SeededGenerator) -> GreenRecord {
    let thing = generator.pick(Thing.all)
    let mechanism = Mechanism.draw(for: thing, using: &generator)
    func fitting(_ effects: [Effect]) -> Effect? {
      let fitting = effects.filter { !$0.traits.isDisjoint(with: thing.traits) }
      return fitting.isEmpty ? nil : generator.pick(fitting)
    }
    let roll = Double.random(in: 0..<1, using: &generator)
    var (effect, path, kind, turn) = (Effect.other[0], Int?.none, GreenRecord.Kind.plain, String?.none)
    if isGreen {
      let open = Effect.hidden.filter { !$0.effect.traits.isDisjoint(with: thing.traits) }
      if roll < 0.14, !open.isEmpty {
        let chosen = generator.pick(open)
        (effect, path, kind) = (chosen.effect, chosen.path, .borderline)
      } else {
        repeat {
          let choice = Int.random(in: 0..<4, using: &generator)
          if let found = fitting(Effect.paths[choice].effects) { (effect, path) = (found, choice) }
        } while path == nil
      }
    } else if roll < 0.3, let found = fitting(Effect.deceptive) {
      (effect, kind) = (found, .deceptive)
    } else if roll < 0.44, let found = fitting(Effect.paths[0].effects + Effect.paths[1].effects) {
      (effect, kind, turn) = (found, .borderline, generator.pick(Effect.undone))
    } else {
      effect = fitting(Effect.other) ?? effect
    }
    let values = [
      "thing": thing.name, "part": generator.pick(thing.parts), "share": generator.pick(Phrases.shares),
    ]
    let told = Sentence.draw(
      mechanism: mechanism, effect: effect.clause.filled(values), using: &generator)
    // A borderline record's summary claims nothing: the longer text must be read.
    let words = Phrases(thing: thing, path: path, using: &generator)
    let claims = kind != .borderline && generator.happens(0.45)
    let summary = [words.opening, told.text, claims ? words.claim : words.closing].compactMap(\.self)
      .joined(separator: " ")
    var detail = [summary, words.setting, turn?.filled(values) ?? effect.again.filled(values)]
    if turn == nil, !claims { detail.append(words.claim) }
    if let remark = words.remark { detail.append(remark) }
    return GreenRecord(
      id: id, summary: summary, detail: detail.joined(separator: " "), isGreen: isGreen, path: path, cause: told.cause,
      effect: told.effect,
      kind: kind)
  }
}
