public import TeacherProtocol
internal import Wording

/// Faults of a run.
public enum RunError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A file or folder that is not there.
  case missing(String)
  /// A key of the configuration that a step needs and that is not set, with its choices, and the steps before that one.
  case unset(String, step: RunStep? = nil)
  /// A file none of whose items can be scored, or reviewed in place of people, as none has a label, and the rows that could
  /// not be used.
  case nothingLabelled(String, setAside: [RowProblem] = [], isReviewed: Bool = false)
  /// A split without items, and the rows that could not be used.
  case emptySplit(String, known: [String], setAside: [RowProblem] = [])
  /// A key of the configuration, `data.where` or a limit, by which no row is left: how many rows there are, and why.
  case nothingKept(key: String, rows: Int, reason: String)
  /// An id that two items of different data files have, where the files stand, what the run calls the items, and a file of
  /// replies on that id.
  case repeatedID(String, rows: [String], names: [String], replies: String)
  /// Images that services would be sent and that lie elsewhere than the data's images: the items that name them.
  case outsideImages([String])
  /// A teacher whose kind needs a maker that the caller did not give.
  case noMaker(teacher: String, kind: String)
  /// A teacher that answered no item, and why.
  case silentTeacher(String, String)
  /// A recorded teacher whose file has no reply on any training item: its name and the file.
  case noRecordedReplies(teacher: String, file: String)
  /// Teachers whose services left items unanswered, each with how many, of how many, and why.
  case missingReplies([String])
  /// A budget that did not suffice: what was used up, and which items are left.
  case budgetUsedUp([String])
  /// A run that another start carries out: its folder, and who.
  case underWay(String, holder: String)
  /// A student that nothing describes.
  case noStudent
  /// A student that reads text alone, in a run whose items have images: its folder.
  case readsNoImages(String)
  /// Nothing to train on, since the teachers agree on nothing that Stage 1 learns: how the items stand, and what helps.
  case nothingAgreed(String, remedy: String)
  /// Nothing to train on, since the student can take none of the agreed items: how many, and the first with its reason.
  case nothingUsable(Int, first: String)
  /// A file of which no row could be answered: its path, how many rows it has, and the first reason.
  case nothingPredicted(String, rows: Int, first: String)
  /// Conflicts wait for people: the file to fill in.
  case waitingForLabels(String, conflicts: Int)
  /// Conflicts wait for people at the page of `distill review`: the run's folder.
  case waitingForReview(String, conflicts: Int)
  /// A run whose labels do not come from its page.
  case noReview(String, source: String)
  /// An adapter that was trained elsewhere and is not what the run would train: the key that names it, its folder, and how it
  /// differs.
  case foreignAdapter(key: String, String, differences: [String])
  /// What can't be written for another trainer: the key of the configuration, and why.
  case notExported(String, String)
  /// A folder in which no run was begun, and how that shows.
  case notARun(String, String)
  /// A run that has not come as far as it takes: its folder, and what it lacks.
  case unfinished(String, lacks: String)
  /// A folder in which a run would replace what is not its own, and whose that is.
  case foreignFolder(String, String)
  /// A file of a run that can't be used: its path, and why with what to do.
  case unusableFile(String, String)

  /// How many rows could not be used, and the first; nil for none.
  private static func told(_ setAside: [RowProblem]) -> String? {
    setAside.first.map { "\(NumberText.counted(setAside.count, "row")) can't be used, the first: \($0)" }
  }

  /// The fault, its place, and the remedy.
  public var description: String {
    switch self {
    case .missing(let path): "\(path): there is no such file or folder"
    case .outsideImages(let items):
      "\(NumberText.counted(items.count, "item")) \(items.count == 1 ? "names" : "name") an image outside of the folder of the "
        + "data's images, which is not sent to services: \(items.prefix(3).joined(separator: "; "))\(items.count > 3 ? "; ..." : ""). "
        + "Put the images there, or set data.outside_images to true if they are meant to be sent"
    case .unset(let key, nil): "the configuration does not set \(key), which this step needs"
    case .unset(let key, let step?):
      "the configuration does not set \(key), which the step \(step.rawValue) needs"
        + (step.before.map { "; the steps up to \($0.rawValue) need none: distill run FILE --through \($0.rawValue)" }
          ?? "")
    case .emptySplit(let name, let known, let setAside):
      // Rows without a split are all in one that has no name.
      known.allSatisfy(\.isEmpty)
        ? "no item is in the split \"\(name)\", as the data has no splits. "
          + (Self.told(setAside) ?? "Name their column in data.fields.split, or divide the data by data.splits.")
        : "no item is in the split \"\(name)\"; the data has \(known.filter { !$0.isEmpty }.joined(separator: ", ")). "
          + (Self.told(setAside) ?? "Set data.splits.")
    case .nothingKept(let key, let rows, let reason):
      "\(key) keeps none of \(NumberText.counted(rows, "row")): \(reason)"
    case .nothingLabelled(let file, _, true):
      "\(file): no item has a label, and review.source: oracle reads labels; set it to page or file, for people to label the "
        + "conflicts"
    case .nothingLabelled(let file, let setAside, false):
      "\(file): no item has a label to be scored by; fill the column that the configuration names for it"
        + (Self.told(setAside).map { ". \($0)" } ?? "")
    case .repeatedID(let id, let rows, let names, let replies):
      "the id '\(id)' stands in \(rows.joined(separator: " and ")), and \(replies) has replies on '\(id)': on which of the "
        + "two can't be known. Write \(names.map { "'\($0)'" }.joined(separator: " or ")) as the id there, or give the items "
        + "ids that differ between the data files"
    case .noMaker(let teacher, let kind):
      "teacher \(teacher): nothing here makes teachers of the kind \(kind); run it with the distill command or pass a maker"
    case .silentTeacher(let teacher, let why):
      "teacher \(teacher) answered no item: \(why.withoutFullStop). Replies of the other teachers are kept; mend it and run again."
    case .noRecordedReplies(let teacher, let file):
      "teacher \(teacher): \(file) has no reply on any training item; give the rows of both files the same ids, or take the "
        + "teacher out. No teacher was asked"
    case .missingReplies(let teachers):
      "replies are missing, and nothing is trained without them: \(teachers.joined(separator: "; ")). What was answered is "
        + "kept: start again once the service answers, or set missing_replies to accept"
    case .budgetUsedUp(let teachers):
      "the budget is used up before all is answered: \(teachers.joined(separator: "; ")). What was answered is kept: raise "
        + "spending and start again, or set missing_replies to accept"
    case .underWay(let folder, let holder):
      "\(folder): this run is under way: \(holder). Wait for it, or give another folder by --out"
    case .noStudent: "the configuration names no student: set student.model to a model folder"
    case .readsNoImages(let path):
      "\(path): this model reads text alone, and the items have images; set data.fields.image to null, which leaves them "
        + "out for teachers and student, or take a model that reads images"
    case .nothingAgreed(let facts, let remedy):
      "\(facts), so Stage 1 has nothing to learn; \(remedy)"
    case .nothingUsable(let count, let first):
      "the student can take none of the \(count) training items that the teachers agree on, so Stage 1 has nothing to learn; "
        + "the first: \(first)"
    case .nothingPredicted(let file, let rows, let first):
      "\(file): none of the \(NumberText.counted(rows, "row")) has an answer; the first: \(first)"
    case .waitingForLabels(let file, let conflicts):
      "\(NumberText.counted(conflicts, "conflict")) \(conflicts == 1 ? "waits" : "wait") for labels: fill the column \"label\" of \(file), save it as the review file that the "
        + "configuration names (review.file), and run again"
    case .waitingForReview(let folder, let conflicts):
      "\(NumberText.counted(conflicts, "conflict")) \(conflicts == 1 ? "waits" : "wait") for people: decide them with distill review --run \(folder), and run again"
    case .noReview(let folder, let source):
      "\(folder): the labels of this run come from review.source: \(source); set it to page for people to give them here"
    case .foreignAdapter(let key, let folder, let differences):
      "\(key): \(folder) is not an adapter that this run would train: \(differences.prefix(6).joined(separator: "; "))"
        + (differences.count > 6 ? "; and \(differences.count - 6) more" : "")
        + ". Train from the folder start/ of distill export-training, or set student.lora to what it was trained with"
    case .notExported(let key, let why): "\(key): \(why)"
    case .notARun(let path, let why):
      "\(path): not a run's folder: \(why.withoutFullStop); give the folder that distill run wrote, the one of its --out or runs/NAME"
    case .unfinished(let path, let lacks):
      "\(path): this run is not finished: it has no \(lacks) yet; carry it out first, with distill run"
    case .foreignFolder(let path, let why):
      "\(path): no place for this run: \(why.withoutFullStop); give it a folder of its own with --out, such as runs/NAME"
    case .unusableFile(let path, let why): "\(path): \(why)"
    }
  }
}
