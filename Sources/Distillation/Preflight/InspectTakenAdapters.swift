internal import DistillationConfiguration
internal import Foundation
internal import LoRA
internal import StudentModels
internal import Wording

extension RunCheck {
  /// Looks whether adapters that are taken in place of training are such as the run would train.
  ///
  /// - Parameter student: what they are to fit; of one that is not at hand their files alone are looked for.
  static func inspectTakenAdapters(
    _ run: RunConfiguration, student: InspectedStudent?, into findings: inout [CheckFinding]
  ) {
    for (path, key) in run.takenAdapters {
      do {
        let taken = try TakenAdapter(URL(filePath: path), key: key)
        guard let model = student?.model, let folder = run.student.model else {
          findings.ok(key, "\(path): an adapter; whether it fits is seen once the student is at hand")
          continue
        }
        var doubts: [String] = []
        _ = try taken.load(on: model, run.baseKey(ofModelIn: URL(filePath: folder)), run.student.lora.asLoRA) {
          doubts.append($0)
        }
        for doubt in doubts { findings.warn(key, doubt) }
        findings.ok(key, "\(path): an adapter that fits the student")
      } catch {
        findings.fail(key, FaultText.sentence(for: error))
      }
    }
  }

  /// Looks whether the adapter that Stage 2 is held to can be put on the student.
  ///
  /// - Parameter student: nil where it is not at hand: the adapter's files alone are looked for then.
  static func inspectReference(
    _ run: RunConfiguration, student: InspectedStudent?, into findings: inout [CheckFinding]
  ) {
    guard case .adapter(let path) = run.stage2.reference else { return }
    let folder = URL(filePath: path)
    do {
      if var model = student?.model {
        try model.loadAdapter(from: folder)
        findings.ok("stage2.reference", "\(path): an adapter that fits the student")
      } else {
        try ModelFolder.checkAdapter(folder)
        findings.ok("stage2.reference", "\(path): an adapter; whether it fits is seen once the student is at hand")
      }
    } catch {
      findings.fail("stage2.reference", FaultText.sentence(for: error))
    }
  }
}

extension RunConfiguration {
  /// Adapters that are taken in place of training, with the keys that name them.
  var takenAdapters: [(path: String, key: String)] {
    [(stage1.adapter, "stage1.adapter"), (stage2.adapter, "stage2.adapter")].compactMap { path, key in
      path.map { ($0, key) }
    }
  }
}
